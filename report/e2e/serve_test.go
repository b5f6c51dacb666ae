//go:build !alone

package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"adopt6/report/e2e"
)

// servedPagesAreThose reads the pages of adopt6 serve as those of the folder
// are read. What its Content-Security-Policy forbids, the browser complains of.
func servedPagesAreThose(t *testing.T, w *world) {
	live := w.served(t)
	figuresAreThoseOfTheStore(t, live)
	chartsShowWhatTablesSay(t, live)
	domainIsFound(t, live)
	accessible(t, live, e2e.Screen{Width: 1280, Height: 900}, allRules, "en/search?q=demo-0", "en/domain?name=xn--sant-epa.gouv.tg")
}

// domainIsFound looks for a domain by a part of its name, and reads its history.
func domainIsFound(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Go(w.page("")))
	must(t, tab.Follow(chromedp.Click(`main a[href="en/index.html"]`, chromedp.ByQuery)))
	must(t, tab.Do(chromedp.SendKeys(`form[role=search] input`, "sant", chromedp.ByQuery)))
	must(t, tab.Follow(chromedp.KeyEvent(kb.Enter)))
	must(t, tab.Follow(chromedp.Click(`main tbody th a`, chromedp.ByQuery)))
	page := eval[struct {
		Title, Ascii string
		Scans        int
		Shown        string
	}](t, tab, `({title: document.querySelector("h1").textContent, ascii: document.querySelector(".lead").textContent,
		scans: document.querySelectorAll("table.domains tbody tr").length, shown: document.querySelector("table.domains tbody tr .chip").textContent})`)
	if page.Title != "santé.gouv.tg" || page.Ascii != "xn--sant-epa.gouv.tg" || page.Scans != 3 || !strings.Contains(page.Shown, "works") {
		t.Errorf("the search leads to %+v", page)
	}
	// A search that looks like a script is shown as text.
	must(t, tab.Do(chromedp.SendKeys(`form[role=search] input`, `"><img onerror=alert(2) src=x>`, chromedp.ByQuery)))
	must(t, tab.Follow(chromedp.KeyEvent(kb.Enter)))
	if text := eval[string](t, tab, `document.querySelector("main").textContent`); !strings.Contains(text, "<img onerror=alert(2) src=x>") {
		t.Error("the search is not on the page, so nothing is tested")
	}
}
