//go:build !alone

package e2e_test

import (
	"fmt"
	"os"
	"testing"

	"adopt6/report/e2e"
)

// axeFile is the accessibility checker; `make test` installs it with npm, as its
// package-lock.json says.
const axeFile = "axe/node_modules/axe-core/axe.min.js"

// checkRules runs rules of axe-core. Of long tables it sees the first rows: the
// others are made like them, and contrasts are slow to find.
const checkRules = `axe.run({exclude: ["tbody tr:nth-child(n+9)"]}, {preload: false, resultTypes: ["violations"], %s})
	.then(r => r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 3).map(n => n.target.join(" ") + "\n" + n.failureSummary).join("\n")))`

// Rules of WCAG 2.2, levels A and AA: all, those about colours, and the others.
const (
	allRules    = `runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}`
	colourRules = `runOnly: ["color-contrast", "link-in-text-block"]`
	otherRules  = allRules + `, rules: {"color-contrast": {enabled: false}}`
)

func accessibleInLight(t *testing.T, w *world) {
	accessible(t, w, e2e.Screen{Width: 1280, Height: 900}, allRules,
		"index.html", "en/index.html", "en/region-africa.html", "en/tg.html", "en/ke.html", "en/idn.html", "en/tg-memo.html", "en/method.html", "en/glossary.html")
}

func accessibleInDark(t *testing.T, w *world) {
	accessible(t, w, e2e.Screen{Width: 1280, Height: 900, Dark: true}, colourRules, "index.html", "fr/index.html", "fr/tg.html", "fr/glossary.html")
}

func accessibleInArabic(t *testing.T, w *world) {
	accessible(t, w, e2e.Screen{Width: 360, Height: 800}, otherRules, "ar/index.html", "ar/region-africa.html", "ar/tg.html", "ar/method.html", "ar/glossary.html")
}

// accessible holds pages against rules.
func accessible(t *testing.T, w *world, screen e2e.Screen, rules string, pages ...string) {
	t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatalf("axe-core is not installed (cd report/e2e/axe && npm ci): %v", err)
	}
	tab := w.open(t)
	must(t, tab.Show(screen))
	for _, page := range pages {
		must(t, tab.Go(w.page(page)))
		must(t, tab.Eval(string(axe)+"; undefined", nil))
		for _, violation := range eval[[]string](t, tab, fmt.Sprintf(checkRules, rules)) {
			t.Errorf("%s: %s", page, violation)
		}
	}
}
