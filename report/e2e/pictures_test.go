//go:build !alone

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
	}{
		"report":         {"en/index", e2e.Screen{Width: 1280, Height: 1000}},
		"report-country": {"en/in", e2e.Screen{Width: 1280, Height: 1640}},
		"report-arabic":  {"ar/in", e2e.Screen{Width: 1280, Height: 1320}},
		"report-dark":    {"fr/in", e2e.Screen{Width: 1280, Height: 900, Dark: true}},
	} {
		must(t, tab.Show(p.screen))
		must(t, tab.Go(w.page(p.page+".html")))
		png, err := tab.Picture()
		must(t, err)
		must(t, os.WriteFile(filepath.Join(*picturesFolder, name+".png"), png, 0o644))
	}
}
