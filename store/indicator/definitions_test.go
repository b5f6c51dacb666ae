package indicator

import (
	"testing"

	"adopt6/lists/translationtest"
)

// TestDefinitionsAreTranslated fails for a definition that a reader would miss
// in their language.
func TestDefinitionsAreTranslated(t *testing.T) {
	t.Parallel()
	english := make(map[string][]string)
	for _, i := range all {
		english[i.ID] = []string{i.Numerator, i.Denominator, i.Unmeasured}
	}
	translationtest.CompareAll(t, english, definitions())
}
