package indicator

import (
	"strings"
	"testing"
)

// TestWordsAreWhole holds the translations complete: a missing string would be
// a hole in a report.
func TestWordsAreWhole(t *testing.T) {
	if len(words()) != 2*len(all) {
		t.Errorf("%d words for %d indicators, want a name and a text for each", len(words()), len(all))
	}
	for _, i := range all {
		if i.Names().En != i.Name {
			t.Errorf("%s is called %q in the declaration and %q in the words", i.ID, i.Name, i.Names().En)
		}
		for _, lang := range []string{"ar", "zh", "en", "fr", "ru", "es"} {
			name, text := i.Names().In(lang), i.Text().In(lang)
			if name == "" || text == "" || strings.TrimSpace(name) != name || !strings.ContainsAny(text[len(text)-3:], ".。") {
				t.Errorf("%s in %s: name %q, text %q", i.ID, lang, name, text)
			}
		}
	}
}
