package indicator

import (
	"slices"
	"testing"

	"adopt6/lists"
	"adopt6/lists/translationtest"
)

// TestPolicyMatchesDeclarations holds every tie of a clause to an indicator
// that there is, and every indicator of the Internet to a clause. The package lists cannot: it
// does not know indicators.
func TestPolicyMatchesDeclarations(t *testing.T) {
	t.Parallel()
	for _, c := range lists.Policy() {
		for _, lang := range translationtest.Languages {
			translationtest.Typography(t, c.Part, lang, c.Instrument.Names.In(lang), c.Paraphrase.In(lang))
		}
		for _, tie := range c.Ties {
			if _, ok := ByID(tie.Indicator); !ok {
				t.Errorf("%s, %s is tied to %q, which is not an indicator", c.Instrument.Key, c.Part, tie.Indicator)
			}
		}
	}
	for _, ind := range all {
		if len(ind.Serves()) == 0 && ind.Topic != Coverage { // what a list is worth serves no clause
			t.Errorf("no clause is tied to %s", ind.ID)
		}
	}
}

// TestTiesSayNoMoreThanTheClauses holds the strengths to what the texts were
// found to say.
func TestTiesSayNoMoreThanTheClauses(t *testing.T) {
	t.Parallel()
	multilingual := false
	for _, ind := range all {
		for _, s := range ind.Serves() {
			where := ind.ID + ": " + s.Clause.Instrument.Key + ", " + s.Clause.Part
			// No clause of ITU that was read names what adopt6 counts.
			if s.Clause.Instrument.Body == lists.ITU && s.Strength == lists.Direct {
				t.Errorf("%s is tied directly", where)
			}
			// None that was read whole speaks of DNSSEC or of who operates what.
			if (ind.Topic == Security || ind.Topic == Concentration) && s.Clause.Verified && s.Strength != lists.Thin {
				t.Errorf("%s is tied by more than the subject", where)
			}
			if ind.ID == "smtputf8" && s.Strength == lists.ByReading {
				multilingual = true
			}
		}
	}
	if !multilingual {
		t.Error("smtputf8 is tied to no clause on languages or universal acceptance")
	}
	if s := progress(t); !s.OfChange {
		t.Error("progress is tied to the state that one scan finds")
	}
}

// progress is the clause on the progress of past years.
func progress(t *testing.T) lists.Clause {
	i := slices.IndexFunc(lists.Policy(), func(c lists.Clause) bool { return c.Instrument.Key == "wtsa-64" && c.Part == "noting e" })
	if i < 0 {
		t.Fatal("noting e of Resolution 64 is missing")
	}
	return lists.Policy()[i]
}
