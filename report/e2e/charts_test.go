//go:build !alone

package e2e_test

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adopt6/report/e2e"
)

// shares reads the history chart: how high each point is between its lines of 0
// and 100 per cent and where it lies between the left and the right end.
const shares = `(() => {
	const chart = document.querySelector("[data-chart=history] svg"), middle = e => { const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] }
	const lines = [...chart.querySelectorAll(".grid line")].map(l => middle(l)[1])
	const points = [...chart.querySelectorAll(".point")].map(middle)
	return {
		role: chart.getAttribute("role"), label: chart.getAttribute("aria-label"), shares: points.map(p => (Math.max(...lines) - p[1]) / (Math.max(...lines) - Math.min(...lines))),
		x: points.map(p => p[0]), days: [...chart.querySelectorAll(".axis:not(.grid) .tick text")].map(e => e.textContent),
		value: chart.querySelector(".value").textContent, last: [...document.querySelectorAll("#ht-government tbody tr")].at(-1).cells[1].textContent,
		whiskers: chart.querySelectorAll(".whisker").length,
		table: [...document.querySelectorAll("#ht-government tbody tr")].map(r => { const [n, d] = r.cells[3].textContent.match(/\d+/g); return n / d }),
	}
})()`

// bars reads the chart of reasons: the lengths of the bars, held back and freed,
// and the numbers of the table.
const bars = `(() => {
	const figure = document.querySelector("[data-chart=reasons]"), width = c => [...figure.querySelectorAll(".plot " + c)].map(e => e.getBoundingClientRect().width)
	const column = i => [...document.querySelectorAll("#bt-government tbody tr")].map(r => Number(r.cells[i].textContent))
	return { held: width(".held"), freed: width(".freed"), tableHeld: column(3), tableFreed: column(2), alt: figure.querySelector("svg[role=img]").ariaLabel,
		outside: [...figure.querySelectorAll("text")].filter(e => { const b = e.getBoundingClientRect(), f = figure.getBoundingClientRect(); return b.left < f.left - 1 || b.right > f.right + 1 }).map(e => e.textContent) }
})()`

// chartsShowWhatTablesSay measures the charts on the screen.
func chartsShowWhatTablesSay(t *testing.T, w *world) {
	tab := w.open(t)
	for _, view := range []struct {
		lang   string
		screen e2e.Screen
	}{
		{"en", e2e.Screen{Width: 1280, Height: 900}}, {"ar", e2e.Screen{Width: 1280, Height: 900}}, {"ar", e2e.Screen{Width: 320, Height: 640, Dark: true}},
	} {
		must(t, tab.Show(view.screen))
		must(t, tab.Go(w.page(view.lang+"/tg.html")))
		h := eval[struct {
			Role, Label      string
			Shares, Table, X []float64
			Days             []string
			Whiskers         int
			Value, Last      string
		}](t, tab, shares)
		if h.Role != "img" || h.Label == "" || len(h.Shares) != 3 || h.Whiskers != 3 || len(h.Days) == 0 || h.Value != h.Last || strings.Count(h.Days[0], "-") != 2 {
			t.Errorf("the history in %s is %+v", view.lang, h)
		}
		for i, share := range h.Shares {
			if math.Abs(share-h.Table[i]) > 0.01 {
				t.Errorf("point %d of the history in %s is at %.3f, the table says %.3f", i, view.lang, share, h.Table[i])
			}
		}
		if rtl := view.lang == "ar"; slices.IsSorted(h.X) == rtl {
			t.Errorf("the history in %s runs the wrong way: %v", view.lang, h.X)
		}
		b := eval[struct {
			Held, Freed, TableHeld, TableFreed []float64
			Alt                                string
			Outside                            []string
		}](t, tab, bars)
		if len(b.Held) != len(b.TableHeld) || len(b.Held) == 0 || b.Alt == "" || len(b.Outside) > 0 {
			t.Fatalf("the reasons in %s are %+v", view.lang, b)
		}
		scale := b.Held[0] / b.TableHeld[0]
		b.TableFreed = slices.DeleteFunc(b.TableFreed, func(n float64) bool { return n == 0 })
		for name, pair := range map[string][2][]float64{"held back": {b.Held, b.TableHeld}, "freed": {b.Freed, b.TableFreed}} {
			for i, n := range pair[1] {
				if i >= len(pair[0]) || math.Abs(pair[0][i]-n*scale) > 2 {
					t.Errorf("bars of domains %s in %s are %v long for %v", name, view.lang, pair[0], pair[1])
					break
				}
			}
		}
	}
}

// figuresStandWithoutScripts reads the page as a browser without scripts.
func figuresStandWithoutScripts(t *testing.T, w *world) {
	tab := w.open(t)
	must(t, tab.WithoutScripts())
	must(t, tab.Go(w.page("en/tg.html")))
	got := eval[struct{ Domains, Reasons, History, Empty int }](t, tab, `({
		domains: document.querySelectorAll("#t-government tbody tr").length, reasons: document.querySelectorAll("#bt-government tbody tr").length,
		history: document.querySelectorAll("#ht-government tbody tr").length,
		empty: [...document.querySelectorAll("figure, .filter")].filter(e => e.checkVisibility()).length,
	})`)
	if got.Domains != int(w.figures[place{"TG", "government"}].targets) || got.Reasons == 0 || got.History != 3 || got.Empty != 0 {
		t.Errorf("without scripts there are %+v", got)
	}
}

// pagesAreLight measures pages with all that they load, compressed, as a server
// sends them or a stick holds them.
func pagesAreLight(t *testing.T, w *world) {
	tab := w.open(t)
	for page, most := range map[string]int{"en/index": 400_000, "ar/index": 400_000, "en/tg": 150_000, "ar/tg": 150_000} {
		must(t, tab.Go(w.page(page+".html")))
		total := 0
		for _, address := range append(eval[[]string](t, tab, `[...document.querySelectorAll("script, link[rel=stylesheet], link[rel=icon], img")].map(e => e.src || e.href)`), w.page(page+".html")) {
			total += packed(t, filepath.Join(w.site, strings.TrimPrefix(address, w.page(""))))
		}
		if total > most {
			t.Errorf("%s weighs %d bytes with what it loads, at most %d are allowed", page, total, most)
		}
		t.Logf("%s: %d bytes", page, total)
	}
}

func packed(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	_, err = out.Write(text)
	must(t, err)
	must(t, out.Close())
	return b.Len()
}
