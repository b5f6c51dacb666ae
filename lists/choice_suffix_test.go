package lists

import "testing"

// TestChooseSuffixes asserts that suffixes come when they are asked for, alone
// or beside other kinds, and not otherwise.
func TestChooseSuffixes(t *testing.T) {
	t.Parallel()
	count := func(c Choice) map[Kind]int {
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		kinds := make(map[Kind]int)
		for target, err := range c.Builtin() {
			if err != nil {
				t.Fatal(err)
			}
			kinds[target.Kind]++
		}
		return kinds
	}
	if got := count(Choice{Kinds: []string{"suffix"}, Countries: []string{"ug"}}); got[Suffix] != 2 || len(got) != 1 {
		t.Errorf("the suffixes of Uganda: %v", got)
	}
	if got := count(Choice{Kinds: []string{"cctld", "suffix"}}); got[CCTLD] != 309 || got[Suffix] < 190 || len(got) != 2 {
		t.Errorf("ccTLDs and suffixes: %v", got)
	}
	if got := count(Choice{}); got[Suffix] != 0 {
		t.Errorf("suffixes that were not asked for: %v", got)
	}
	for kind, zone := range map[Kind]bool{CCTLD: true, Suffix: true, Government: false, Custom: false} {
		if text, err := kind.MarshalText(); kind.IsZone() != zone || err != nil || string(text) != string(kind) {
			t.Errorf("%s: a zone %v, stored as %s, %v", kind, kind.IsZone(), text, err)
		}
	}
}
