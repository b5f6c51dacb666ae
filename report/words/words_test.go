package words_test

import (
	"strings"
	"testing"

	"adopt6/lists/translationtest"
	"adopt6/report/words"
)

// TestEveryTextIsThereInEveryLanguage fails for a hole that a reader would see.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	for key, text := range words.Texts() {
		for _, lang := range words.Languages {
			// Languages may say the values in another order: %[2]s.
			if in := text.In(lang); in == "" || strings.Count(in, "%") != strings.Count(text.En, "%") {
				t.Errorf("%s in %s is %q, and %q in English", key, lang, in, text.En)
			}
			translationtest.Typography(t, key, lang, text.In(lang))
		}
	}
	seen := make(map[string]bool)
	for _, term := range words.Glossary() {
		if seen[term.ID] {
			t.Errorf("the glossary has %s twice", term.ID)
		}
		seen[term.ID] = true
		for _, lang := range words.Languages {
			if term.Term.In(lang) == "" || term.Text.In(lang) == "" {
				t.Errorf("the glossary does not explain %s in %s", term.ID, lang)
			}
			translationtest.Typography(t, term.ID, lang, term.Term.In(lang), term.Text.In(lang))
		}
	}
	if len(words.Texts()) < 100 || len(seen) < 10 {
		t.Errorf("%d texts and %d terms: the test looks in the wrong place", len(words.Texts()), len(seen))
	}
}
