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
		{3, 40, 8}, {13, 40, 33}, {1, 200, 0.5}, {29, 200, 15}, {57, 200, 29}, {9, 12, 75}, {0, 7, 0}, {7, 7, 100}, {149, 1000, 15}, {1, 3, 33},
		{399, 400, 99.8}, {1, 300, 0.3}, {9_999, 10_000, 99.9}, {1, 100_000, 0.1}, {99, 100, 99}, {1, 100, 1},
	} {
		if got, _ := Percent(test.n / test.of); got != test.want {
			t.Errorf("%v of %v is %v%%, want %v%%", test.n, test.of, got, test.want)
		}
	}
}

// TestPercentIsNeverAllOrNone holds every quotient of counts to itself: it
// reads as all or none only where it is.
func TestPercentIsNeverAllOrNone(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{1, 3, 10, 400, 1_000, 71_760, 10_000_000} {
		for _, k := range []uint64{0, 1, n / 2, n - 1, n} {
			share := float64(k) / float64(n)
			if text := PercentText(share); (text == "0%") != (k == 0) || (text == "100%") != (k == n) {
				t.Errorf("%d of %d reads %s", k, n, text)
			}
			if low, high := Wilson(k, n); low > 0 && strings.HasPrefix(IntervalText(low, high), "100-") && k < n {
				t.Errorf("the interval of %d of %d reads %s", k, n, IntervalText(low, high))
			}
		}
	}
}
