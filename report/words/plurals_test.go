package words_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"

	"adopt6/lists/translationtest"
	"adopt6/report/words"
)

// TestEveryPluralIsThere fails for a number that a reader would see beside the
// wrong word: a language has one text for all numbers, or one for each form.
func TestEveryPluralIsThere(t *testing.T) {
	value := regexp.MustCompile(`%(?:\[\d\])?[a-z]`)
	for key, text := range words.Plurals() {
		for _, lang := range words.Languages {
			used := make(map[plural.Form]bool)
			for n := range uint64(1000) {
				used[words.Form(lang, n)] = true
			}
			used[plural.Other] = true
			has := make(map[plural.Form]bool)
			for form, names := range text {
				in := names.In(lang)
				if in == "" {
					continue
				}
				has[form] = true
				for _, place := range value.FindAllString(in, -1) {
					if !slices.Contains(value.FindAllString(text[plural.Other].En, -1), place) {
						t.Errorf("%s in %s has the value %s, which it does not in English: %q", key, lang, place, in)
					}
				}
				translationtest.Typography(t, key, lang, in)
			}
			if !maps.Equal(has, used) && !(len(has) == 1 && has[plural.Other]) {
				t.Errorf("%s in %s has texts for the forms %v, and the language uses %v", key, lang, has, used)
			}
		}
		if _, twice := words.Texts()[key]; twice {
			t.Errorf("%s is a plain text as well", key)
		}
	}
	if len(words.Plurals()) < 5 {
		t.Errorf("%d plurals: the test looks in the wrong place", len(words.Plurals()))
	}
}

// TestForm checks the forms against what speakers say: 21 домен, 2 домена, 11
// доменов; نطاقان, 3 نطاقات, 11 نطاقا, 100 نطاق.
func TestForm(t *testing.T) {
	for _, test := range []struct {
		lang string
		want map[uint64]plural.Form
	}{
		{"ru", map[uint64]plural.Form{0: plural.Many, 1: plural.One, 2: plural.Few, 5: plural.Many, 11: plural.Many, 21: plural.One, 112: plural.Many, 1_000_021: plural.One}},
		{"ar", map[uint64]plural.Form{0: plural.Zero, 1: plural.One, 2: plural.Two, 3: plural.Few, 11: plural.Many, 100: plural.Other, 103: plural.Few, 5_000_000_111: plural.Many}},
		{"zh", map[uint64]plural.Form{1: plural.Other, 2: plural.Other}},
		{"en", map[uint64]plural.Form{0: plural.Other, 1: plural.One, 21: plural.Other, 1_000_001: plural.Other}},
		{"fr", map[uint64]plural.Form{0: plural.One, 1: plural.One, 2: plural.Other}},
		{"es", map[uint64]plural.Form{0: plural.Other, 1: plural.One}},
	} {
		for n, want := range test.want {
			if got := words.Form(test.lang, n); got != want {
				t.Errorf("%d in %s is of form %v, want %v", n, test.lang, got, want)
			}
		}
	}
}

// TestCountWithoutAPlace writes a number that a language says in a word.
func TestCountWithoutAPlace(t *testing.T) {
	for _, lang := range words.Languages {
		for n := range uint64(3) {
			if text := words.NewLocale(lang).Count(n, "unmeasured.note", "7"); strings.Contains(text, "%!") {
				t.Errorf("%d in %s: %s", n, lang, text)
			}
		}
	}
}
