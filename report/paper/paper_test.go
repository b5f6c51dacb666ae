//go:build !alone

package paper_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adopt6/report/e2e"
	"adopt6/report/paper"
	"adopt6/report/words"
)

// TestFontless asks on a machine that has DejaVu alone, as a Debian with nothing
// but what other packages bring, and on one with the fonts of the tests.
func TestFontless(t *testing.T) {
	page, err := os.ReadFile("fonts.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range words.Languages {
		if !strings.Contains(string(page), " "+lang+": '") {
			t.Errorf("the page that asks for fonts has no letter of %s", lang)
		}
	}
	for _, test := range []struct {
		fonts e2e.Fonts
		want  []string
	}{{e2e.DejaVu, []string{"zh"}}, {e2e.Noto, nil}} {
		t.Run(string(test.fonts), func(t *testing.T) {
			file, err := test.fonts.Config(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("FONTCONFIG_FILE", file)
			p, err := paper.New()
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			got, err := p.Fontless(t.Context(), words.Languages)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("no font for %q, want %q: %v", got, test.want, err)
			}
			if len(got) > 0 && paper.FontPackage(got[0]) != "fonts-noto-cjk" {
				t.Errorf("%s needs %s", got[0], paper.FontPackage(got[0]))
			}
		})
	}
}

func TestPrint(t *testing.T) {
	p, err := paper.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	page, pdf := filepath.Join(dir, "a page.html"), filepath.Join(dir, "a page.pdf")
	if err := os.WriteFile(page, []byte("<!doctype html><p>Hello</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Print(t.Context(), page, pdf); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(pdf); err != nil || string(text[:5]) != "%PDF-" {
		t.Errorf("the file begins with %.5q: %v", text, err)
	}
	if err := p.Print(t.Context(), filepath.Join(dir, "none.html"), filepath.Join(dir, "no folder", "none.pdf")); err == nil {
		t.Error("a PDF that cannot be written is not an error")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
