package e2e_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"adopt6/report/e2e"
)

var picturesFolder = flag.String("pictures", "", "folder that TestPictures draws the pictures of the documentation to")

// TestPictures draws pages of the scenario demo, for `make screenshot`. Without
// -pictures there is nothing to draw.
func TestPictures(t *testing.T) {
	if *picturesFolder == "" {
		return
	}
	w := newWorld(t, "demo", 7)
	tab := w.open(t)
	for name, p := range map[string]struct {
		page   string
		screen e2e.Screen
		whole  bool
	}{
		"report":         {"en/index", e2e.Screen{Width: 1280, Height: 1000}, false},
		"report-country": {"en/in", e2e.Screen{Width: 1280, Height: 1900}, false},
		"report-arabic":  {"ar/in", e2e.Screen{Width: 1280, Height: 1400}, false},
		"report-dark":    {"fr/in", e2e.Screen{Width: 1280, Height: 1400, Dark: true}, false},
		"report-phone":   {"es/in", e2e.Screen{Width: 375, Height: 1600}, false},
		"x-whole":        {"en/in", e2e.Screen{Width: 1280, Height: 900}, true},
		"x-phone":        {"ar/in", e2e.Screen{Width: 375, Height: 900}, true},
		"x-dark":         {"en/index", e2e.Screen{Width: 1280, Height: 1500, Dark: true}, false},
		"x-indexphone":   {"en/index", e2e.Screen{Width: 375, Height: 1500}, false},
		"x-method":       {"en/method", e2e.Screen{Width: 1280, Height: 1800}, false},
		"x-glossary":     {"en/glossary", e2e.Screen{Width: 1280, Height: 1500}, false},
		"x-front":        {"index", e2e.Screen{Width: 1280, Height: 700}, false},
	} {
		must(t, tab.Show(p.screen))
		address := w.page(p.page + ".html")
		must(t, tab.Go(address))
		png, err := tab.Picture(p.whole)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(*picturesFolder, name+".png"), png, 0o644))
	}
	must(t, tab.Go(w.page("en/in.html")))
	pdf, err := tab.PDF()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(*picturesFolder, "x.pdf"), pdf, 0o644))
}
