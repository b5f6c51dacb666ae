package resolve

import "testing"

// TestEveryReasonIsExplained holds the explanations to the table by which
// reasons are weighed against each other.
func TestEveryReasonIsExplained(t *testing.T) {
	explained := make(map[string]bool)
	for _, r := range Reasons() {
		if explained[r.Reason] || r.Text == "" {
			t.Errorf("%q is explained twice or not at all", r.Reason)
		}
		explained[r.Reason] = true
	}
	for reason := range severity {
		if !explained[reason] {
			t.Errorf("%q is not explained", reason)
		}
	}
}
