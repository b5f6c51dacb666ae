//go:build !alone

package e2e_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/report/e2e"
)

// paper is A4 between the margins of the style sheet, 16 mm, at 96 dpi.
var paper = e2e.Screen{Width: 673, Height: 1001, Print: true}

// clipped lists what a reader of paper would miss: elements that hold more than
// they show, and text beside the page.
const clipped = `(() => {
	const name = e => e.tagName + "." + e.getAttribute("class") + " " + e.textContent.trim().slice(0, 40)
	const lost = [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && e instanceof HTMLElement &&
		e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && (getComputedStyle(e).overflowX !== "visible" || e.matches("main, section, table"))).map(name)
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange()
	for (let node; node = walker.nextNode();) {
		if (!node.data.trim() || !node.parentElement.checkVisibility()) continue
		range.selectNodeContents(node)
		for (const box of range.getClientRects()) {
			if (box.width && (box.left < -0.5 || box.right > innerWidth + 0.5)) { lost.push(name(node.parentElement)); break }
		}
	}
	return lost
})()`

func pagesPrintWhole(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.Show(paper))
	for _, page := range []string{"en/tg", "ar/tg", "fr/index", "en/ke", "fr/tg", "zh/tg"} {
		must(t, tab.Go(w.page(page+".html")))
		if lost := eval[[]string](t, tab, clipped); len(lost) > 0 {
			t.Errorf("on paper, %s loses %d texts: %.400q", page, len(lost), lost)
		}
	}
	must(t, tab.Go(w.page("en/tg.html")))
	pdf, err := tab.PDF()
	must(t, err)
	name := filepath.Join(t.TempDir(), "tg.pdf")
	must(t, os.WriteFile(name, pdf, 0o600))
	liesOnPaper(t, name)
	raw, err := exec.CommandContext(t.Context(), "pdftotext", "-raw", name, "-").Output()
	must(t, err)
	words := strings.Join(strings.Fields(string(raw)), "")
	for _, want := range eval[[]string](t, tab, `[...document.querySelectorAll("#t-government tbody th bdi")].map(e => e.textContent)`) {
		if !strings.Contains(words, want) {
			t.Errorf("the PDF does not have the domain %s", want)
		}
	}
	// The head of the table of domains stands on every sheet that it goes over.
	for i, sheet := range strings.Split(string(raw), "\f") {
		if strings.Count(sheet, "ds_absent") > 3 && !strings.Contains(sheet, "Without IPv4") {
			t.Errorf("page %d has domains and no head above them", i+1)
		}
	}
	if eval[int](t, tab, `document.querySelectorAll("th button").length`) == 0 {
		t.Error("once it is printed the page sorts no more")
	}
	f := w.figures[place{"TG", "government"}]
	if want := fmt.Sprintf("%dof%ddomainsreadyforIPv6", f.ready, f.targets); !strings.Contains(words, want) {
		t.Errorf("the PDF does not have the headline %s", want)
	}
}

// missingFontsAreNamed prints a report on a machine without Chinese.
func missingFontsAreNamed(t *testing.T, w *world) {
	fonts, err := e2e.DejaVu.Config(t.TempDir())
	must(t, err)
	out := t.TempDir()
	report := exec.CommandContext(t.Context(), w.program, "report", "--store", w.store, "--out", filepath.Join(out, "site"), "--pdf", "--country", "SN", "--lang", "fr,zh")
	report.Env = append(os.Environ(), "FONTCONFIG_FILE="+fonts)
	said, err := report.CombinedOutput()
	if err != nil {
		t.Fatalf("adopt6 report --pdf: %v\n%s", err, said)
	}
	if !strings.Contains(string(said), "no font here has the letters of zh,") || !strings.Contains(string(said), "apt install fonts-noto-cjk") || strings.Contains(string(said), "letters of fr") {
		t.Errorf("adopt6 report --pdf says\n%s", said)
	}
	for _, name := range []string{"fr/sn.pdf", "zh/sn.pdf"} {
		liesOnPaper(t, filepath.Join(out, "site", name))
	}
}

// liesOnPaper fails where a word of a PDF does not lie on its page.
func liesOnPaper(t *testing.T, pdf string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-bbox", pdf, "-").Output()
	if err != nil {
		t.Fatalf("read the PDF with pdftotext (apt install poppler-utils): %v", err)
	}
	var document struct {
		Pages []struct {
			Width  float64 `xml:"width,attr"`
			Height float64 `xml:"height,attr"`
			Words  []struct {
				Left   float64 `xml:"xMin,attr"`
				Right  float64 `xml:"xMax,attr"`
				Bottom float64 `xml:"yMax,attr"`
				Text   string  `xml:",chardata"`
			} `xml:"word"`
		} `xml:"body>doc>page"`
	}
	decoder := xml.NewDecoder(bytes.NewReader(out))
	decoder.Strict = false
	must(t, decoder.Decode(&document))
	for i, page := range document.Pages {
		if page.Width < 594 || page.Width > 597 || page.Height < 841 || page.Height > 843 {
			t.Errorf("page %d is %g by %g points, no A4", i+1, page.Width, page.Height)
		}
		for _, word := range page.Words {
			if word.Left < 0 || word.Right > page.Width || word.Bottom > page.Height {
				t.Errorf("%q on page %d lies beside the paper", word.Text, i+1)
			}
		}
	}
	if len(document.Pages) < 2 {
		t.Errorf("the PDF has %d pages", len(document.Pages))
	}
}
