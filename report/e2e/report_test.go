//go:build !alone

package e2e_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"adopt6/report/e2e"
	"adopt6/store/indicator"
)

// TestReport reads a report as people do, in a real browser, from a folder and
// without a network. Every complaint of the browser fails it: see open.
func TestReport(t *testing.T) {
	w := newWorld(t, "testdata/world.yaml", 2)
	t.Run("missing fonts are named", func(t *testing.T) { missingFontsAreNamed(t, w) })
	dejavu := w.with(t, e2e.DejaVu)
	withDejaVu := func(run func(*testing.T, *world)) func(*testing.T, *world) {
		return func(t *testing.T, _ *world) { run(t, dejavu) }
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"figures are those of the store", figuresAreThoseOfTheStore},
		{"tables sort by value", tablesSortByValue},
		{"tables filter and search", tablesFilterAndSearch},
		{"a country is reached by keyboard", countryByKeyboard},
		{"a country is reached by click in every language", countryByClick},
		{"charts show what their tables say", chartsShowWhatTablesSay},
		{"charts show what their tables say with DejaVu alone", withDejaVu(chartsShowWhatTablesSay)},
		{"figures stand without scripts", figuresStandWithoutScripts},
		{"pages are light", pagesAreLight},
		{"hostile names are text", hostileNamesAreText},
		{"no page scrolls sideways on a phone", noPageScrollsSideways},
		{"no page scrolls sideways on a phone with DejaVu alone", withDejaVu(noPageScrollsSideways)},
		{"pages print whole", pagesPrintWhole},
		{"pages print whole with DejaVu alone", withDejaVu(pagesPrintWhole)},
		{"served pages are those of the folder", servedPagesAreThose},
		{"accessible in light", accessibleInLight},
		{"accessible in dark", accessibleInDark},
		{"accessible in Arabic on a phone", accessibleInArabic},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, w)
		})
	}
}

// must fails the test at once.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eval evaluates an expression on a page.
func eval[T any](t *testing.T, tab *e2e.Tab, expression string) (value T) {
	t.Helper()
	must(t, tab.Eval(expression, &value))
	return value
}

// percent writes a share as the pages do in English.
func percent(n, of uint64) string {
	share := 100 * float64(n) / float64(of)
	switch {
	case of < indicator.SmallNumber:
		return fmt.Sprintf("%d of %d", n, of)
	case share > 0 && share < 1 || share > 99 && share < 100:
		return fmt.Sprintf("%.1f%%", share)
	}
	return fmt.Sprintf("%.0f%%", math.Round(share))
}

// rowOf returns the texts of the cells of a row without intervals, by the head
// of their column, as a JavaScript function of a table and the text of its first
// cell.
const rowOf = `((table, first) => {
	const heads = [...table.tHead.rows[0].cells].map(c => c.textContent.trim())
	const row = [...table.tBodies[0].rows].find(r => r.cells[0].textContent.trim() === first)
	return row ? Object.fromEntries(heads.map((h, i) => [h, (row.cells[i].firstChild?.textContent ?? '').trim()])) : {}
})`

func figuresAreThoseOfTheStore(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("en/index.html")))
	names := map[string]string{"TG": "Togo", "SN": "Senegal", "EG": "Egypt", "FR": "France", "KE": "Kenya"}
	if len(w.figures) < 9 {
		t.Fatalf("the store has figures of %d places only", len(w.figures))
	}
	for p, f := range w.figures {
		row := eval[map[string]string](t, tab, fmt.Sprintf(`%s(document.getElementById("t-%s"), %q)`, rowOf, p.kind, names[p.country]))
		want := map[string]string{"Domains": fmt.Sprint(f.targets), "Ready": percent(f.ready, f.targets), "Name servers over IPv6": percent(f.dns, f.targets),
			"Works without IPv4": percent(f.v6Only, f.targets), "DNSSEC secure": percent(f.secure, f.targets)}
		for head, text := range want {
			if row[head] != text {
				t.Errorf("%s of %s in %s is %q on the world page, %q in the store", head, p.kind, p.country, row[head], text)
			}
		}
	}
	for p, f := range w.figures {
		if p.kind != "government" {
			continue
		}
		must(t, tab.Go(w.page("en/"+strings.ToLower(p.country)+".html")))
		headline := eval[string](t, tab, `document.querySelector(".headline .big").textContent.replace(/\s+/g, " ").trim()`)
		if text := fmt.Sprintf("%d of %d domains ready for IPv6", f.ready, f.targets); !strings.HasSuffix(headline, text) ||
			f.targets >= indicator.SmallNumber && !strings.HasPrefix(headline, percent(f.ready, f.targets)) {
			t.Errorf("the headline of %s is %q, in the store it is %q", p.country, headline, text)
		}
		if blocked := eval[[]string](t, tab, `[...document.querySelectorAll(".blockers tbody tr")]
			.filter(r => r.querySelector(".why").textContent === "no_aaaa").map(r => r.dataset.held)`); f.blocked > 0 &&
			!slices.Equal(blocked, []string{fmt.Sprint(f.blocked)}) {
			t.Errorf("no_aaaa holds back %v in %s, %d in the store", blocked, p.country, f.blocked)
		}
	}
}

func tablesSortByValue(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("en/index.html")))
	for _, head := range []string{"Domains", "Ready", "DNSSEC secure", "Country or territory"} {
		for _, want := range []string{"descending", "ascending", "descending"} {
			if head == "Country or territory" { // names begin with A
				want = map[string]string{"descending": "ascending", "ascending": "descending"}[want]
			}
			got := eval[struct {
				Sort   string
				Values []float64
				Names  []string
				Others int
			}](t, tab, fmt.Sprintf(`(() => {
				const table = document.getElementById("t-government")
				const heads = [...table.tHead.rows[0].cells], column = heads.findIndex(c => c.textContent.trim() === %q)
				heads[column].querySelector("button").click()
				const cells = [...table.tBodies[0].rows].map(r => r.cells[column])
				return {sort: heads[column].getAttribute("aria-sort"), names: cells.map(c => c.textContent.trim()),
					values: cells.map(c => { const [, n, d] = c.textContent.match(/^\s*(\d+) of (\d+)/) ?? []; return d ? 100 * n / d : parseFloat(c.textContent) || 0 }),
					others: table.querySelectorAll("[aria-sort]").length - 1}
			})()`, head))
			sorted := slices.IsSorted(got.Values)
			slices.Reverse(got.Values)
			down := slices.IsSorted(got.Values)
			if head == "Country or territory" {
				sorted = slices.IsSorted(got.Names)
				slices.Reverse(got.Names)
				down = slices.IsSorted(got.Names)
			}
			if got.Sort != want || got.Others != 0 || map[string]bool{"ascending": sorted, "descending": down}[want] == false {
				t.Errorf("sorted by %s, %s wanted: %+v", head, want, got)
			}
		}
	}
}

// shownRows are the rows of a table that are to be seen.
const shownRows = `[...document.querySelectorAll("#%s tbody tr")].filter(r => r.checkVisibility())`

func tablesFilterAndSearch(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("en/tg.html")))
	domains := fmt.Sprintf(shownRows, "t-government")
	filter := `document.querySelector('.filter[data-for="t-government"]')`
	count := func() (rows int, said string) {
		return eval[int](t, tab, domains+".length"), eval[string](t, tab, filter+`.querySelector("output b").textContent`)
	}
	all := int(w.figures[place{"TG", "government"}].targets)
	if rows, said := count(); rows != all || said != fmt.Sprint(all) {
		t.Errorf("%d domains are shown and %q counted, the store has %d", rows, said, all)
	}
	// Unicode and ASCII names are both found, and the count is said.
	const search = `.filter[data-for="t-government"] input`
	for _, typed := range []string{"SANTÉ", "xn--sant"} {
		eval[any](t, tab, filter+`.querySelector("input").select()`)
		must(t, tab.Do(chromedp.SendKeys(search, typed, chromedp.ByQuery)))
		if rows, said := count(); rows != 1 || said != "1" {
			t.Errorf("searching for %q shows %d domains and says %q", typed, rows, said)
		}
	}
	eval[any](t, tab, filter+`.querySelector("input").select()`)
	must(t, tab.Do(chromedp.SendKeys(search, kb.Backspace, chromedp.ByQuery)))
	got := eval[struct{ Shown, Broken int }](t, tab, fmt.Sprintf(`(() => {
		const rows = %[1]s.filter(r => r.querySelector(".chip.broken")).length
		const select = %[2]s.querySelector("select")
		select.value = "broken"
		select.dispatchEvent(new Event("change", {bubbles: true}))
		return {shown: %[1]s.length, broken: rows}
	})()`, domains, filter))
	if got.Shown != got.Broken || got.Broken == 0 || got.Broken == all {
		t.Errorf("%d domains are shown of those with something broken, there are %d", got.Shown, got.Broken)
	}
}

// countryByKeyboard goes from the top of the world page to Togo with a keyboard
// only: past the skip link, into the search, to the one country that is left.
func countryByKeyboard(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("en/index.html")))
	// The browser may swallow a key before the page has the focus.
	for range 5 {
		must(t, tab.Do(chromedp.KeyEvent(kb.Tab)))
		if eval[bool](t, tab, `document.activeElement !== document.body`) {
			break
		}
	}
	if skip := eval[bool](t, tab, `document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().left >= 0`); !skip {
		t.Error("the first stop is not a visible link past the menu: " + eval[string](t, tab, `document.activeElement.outerHTML.slice(0, 200)`))
	}
	const most = 120
	reach := func(where string) {
		t.Helper()
		for range most {
			if eval[bool](t, tab, "document.activeElement.matches("+where+")") {
				if !eval[bool](t, tab, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
					t.Errorf("nothing shows that %s has the focus", where)
				}
				return
			}
			must(t, tab.Do(chromedp.KeyEvent(kb.Tab)))
		}
		t.Fatalf("%d tabs lead nowhere near %s", most, where)
	}
	reach(`'.filter[data-for="t-government"] input'`)
	must(t, tab.Do(chromedp.KeyEvent("tog")))
	reach(`'#t-government th button'`)
	must(t, tab.Do(chromedp.KeyEvent(" ")))
	if sort := eval[string](t, tab, `document.activeElement.closest("th").getAttribute("aria-sort")`); sort == "" {
		t.Error("the space bar does not sort")
	}
	reach(`'#t-government tbody a'`)
	must(t, tab.Follow(chromedp.KeyEvent(kb.Enter)))
	if title := eval[string](t, tab, `document.querySelector("h1").textContent`); title != "Togo" {
		t.Errorf("the keyboard leads to %q", title)
	}
}

// countryByClick goes from the front page to the world, a region and a country.
func countryByClick(t *testing.T, w *world) {
	tab := w.open(t)
	for lang, want := range map[string][]string{
		"en": {"ltr", "IPv6 readiness of public domains", "Africa", "Togo"},
		"fr": {"ltr", "IPv6", "Afrique", "Togo"},
		"ar": {"rtl", "IPv6", "إفريقيا", "توغو"},
	} {
		must(t, tab.Go(w.page("index.html")))
		seen := []string{}
		for _, link := range []string{lang + "/index.html", "region-africa.html", "tg.html"} {
			must(t, tab.Follow(chromedp.Click(fmt.Sprintf(`main a[href=%q]:not(svg a)`, link), chromedp.ByQuery)))
			seen = append(seen, eval[string](t, tab, `document.querySelector("h1").textContent`))
		}
		if dir := eval[string](t, tab, `document.documentElement.lang + getComputedStyle(document.body).direction`); dir != lang+want[0] {
			t.Errorf("the pages in %s are %s", lang, dir)
		}
		if !strings.Contains(seen[0], want[1]) || seen[1] != want[2] || seen[2] != want[3] {
			t.Errorf("in %s the pages are called %q, want %q", lang, seen, want[1:])
		}
		// The map leads to countries as well.
		must(t, tab.Follow(chromedp.Click(`header a[href="index.html"]`, chromedp.ByQuery)))
		must(t, tab.Follow(chromedp.Click(`.map a[href="eg.html"] path`, chromedp.ByQuery)))
		if address := eval[string](t, tab, "location.pathname"); !strings.HasSuffix(address, "/"+lang+"/eg.html") {
			t.Errorf("Egypt on the map leads to %s", address)
		}
	}
}

func hostileNamesAreText(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("en/tg.html")))
	// The name of an operator and the address of a redirect.
	for _, text := range []string{"<script>alert", "<img src=x onerror=alert(2)>"} {
		if n := eval[int](t, tab, fmt.Sprintf(`[...document.querySelectorAll("main bdi")].filter(e => e.textContent.includes(%q)).length`, text)); n == 0 {
			t.Errorf("%s is not on the page, so nothing is tested", text)
		}
	}
	if n := eval[int](t, tab, `document.querySelectorAll("script:not([src$='assets/site.js'], [src$='assets/charts.js'])").length`); n != 0 {
		t.Errorf("%d scripts are not those of the site", n)
	}
}

// pages are one of each kind.
var pages = []string{"index", "region-africa", "tg", "ke", "idn", "method", "glossary"}

// noPageScrollsSideways is WCAG 2.2, 1.4.10: at 320 pixels only tables may.
func noPageScrollsSideways(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Show(e2e.Screen{Width: 320, Height: 640}))
	addresses := []string{w.page("index.html")}
	for _, lang := range []string{"en", "fr", "ar"} {
		for _, page := range pages {
			addresses = append(addresses, w.page(lang+"/"+page+".html"))
		}
	}
	for _, address := range addresses {
		must(t, tab.Go(address))
		if wide := eval[[]string](t, tab, `(() => {
			const root = document.documentElement
			return root.scrollWidth <= 320 && document.body.scrollWidth <= 320 ? [] : [...document.querySelectorAll("body *")].filter(e => {
				const box = e.getBoundingClientRect()
				return (box.right > 320.5 || box.left < -0.5) && !e.closest(".scroll, .skip")
			}).map(e => e.tagName + "." + e.getAttribute("class") + " " + e.textContent.trim().slice(0, 40))
		})()`); len(wide) > 0 {
			t.Errorf("%s is wider than 320 pixels: %.300q", address, wide)
		}
	}
}
