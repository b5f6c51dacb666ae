package indicator

import (
	"strings"
	"testing"

	"adopt6/lists/translationtest"
)

// TestWordsAreWhole holds the translations complete: a missing string would be
// a hole in a report.
func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
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
			translationtest.Typography(t, i.ID, lang, name, text)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ n, of, want float64 }{
		{3, 40, 8}, {13, 40, 33}, {1, 200, 1}, {29, 200, 15}, {57, 200, 29}, {9, 12, 75}, {0, 7, 0}, {7, 7, 100}, {149, 1000, 15}, {1, 3, 33},
	} {
		if got := Percent(test.n / test.of); got != test.want {
			t.Errorf("%v of %v is %v%%, want %v%%", test.n, test.of, got, test.want)
		}
	}
}
