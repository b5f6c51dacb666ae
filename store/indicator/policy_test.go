package indicator

import (
	"slices"
	"testing"

	"adopt6/lists"
	"adopt6/lists/translationtest"
)

// TestPolicyMatchesDeclarations compares the table of clauses with what the
// indicators declare. The package lists cannot: it does not know indicators.
func TestPolicyMatchesDeclarations(t *testing.T) {
	type tie struct{ id, key string }
	tied := make(map[tie]bool)
	for _, c := range lists.Policy() {
		for _, lang := range translationtest.Languages {
			translationtest.Typography(t, c.Part, lang, c.Instrument.Names.In(lang), c.Paraphrase.In(lang))
		}
		for _, id := range c.Indicators {
			ind, ok := ByID(id)
			if !ok {
				t.Errorf("%s, %s speaks to %q, which is no indicator", c.Instrument.Key, c.Part, id)
				continue
			}
			if !slices.Contains(ind.Clauses, c.Instrument.Key) {
				t.Errorf("%s, %s speaks to %s, which declares only %v", c.Instrument.Key, c.Part, id, ind.Clauses)
			}
			tied[tie{id, c.Instrument.Key}] = true
		}
	}
	for _, ind := range all {
		if len(ind.Clauses) == 0 {
			t.Errorf("%s declares no policy text", ind.ID)
		}
		for _, key := range ind.Clauses {
			if !tied[tie{ind.ID, key}] {
				t.Errorf("%s declares %s, of which no clause speaks to it", ind.ID, key)
			}
		}
	}
}
