package preflight

import (
	"strings"
	"testing"

	"adopt6/scanner/observation"
)

// TestVerdict tells what makes a scan wrong from what leaves it incomplete, and
// advice from both.
func TestVerdict(t *testing.T) {
	t.Parallel()
	clock := Check{Title: "Clock", Status: observation.Broken, Stops: true}
	mail := Check{Title: "Mail", Status: observation.Absent}
	contact := Check{Title: "Contact", Status: observation.Absent, Advice: true}
	unknown := Check{Title: "Opinion", Status: observation.Unmeasured}
	for _, test := range []struct {
		name    string
		checks  []Check
		missing int
		want    string
	}{
		{"everything is there", []Check{{Title: "Clock", Status: observation.OK}}, 0, ""},
		{"advice and what could not be told", []Check{contact, unknown}, 0, ""},
		{"incomplete", []Check{mail, contact}, 1, "not complete: Mail"},
		{"wrong", []Check{mail, clock, contact}, 2, "would be wrong, and does not run: Clock"},
	} {
		r := Result{Checks: test.checks}
		err := r.Verdict()
		if len(r.Missing()) != test.missing || (err == nil) != (test.want == "") || err != nil && !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: %d missing, verdict %v", test.name, len(r.Missing()), err)
		}
	}
}
