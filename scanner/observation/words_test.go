package observation

import (
	"maps"
	"strings"
	"testing"

	"adopt6/lists/translationtest"
)

// TestReasonsAreTranslated fails for an explanation that a reader would miss
// in their language.
func TestReasonsAreTranslated(t *testing.T) {
	english := make(map[string][]string)
	for _, r := range Reasons() {
		english[string(r.Reason)] = []string{r.Text, r.Fix}
	}
	others := maps.Clone(words())
	delete(others, "en")
	translationtest.CompareAll(t, english, others)
	for lang := range words() {
		for _, r := range ReasonsIn(lang) {
			for _, text := range []string{r.Text, r.Fix} {
				if text != "" && !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "。") {
					t.Errorf("%s in %s is not a sentence: %q", r.Reason, lang, text)
				}
			}
		}
	}
}
