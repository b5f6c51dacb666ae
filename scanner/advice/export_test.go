package advice

import "adopt6/scanner/observation"

// Known says whether a reason has a rule.
func Known(r observation.Reason) bool { _, ok := rules[r]; return ok }

// Ruled returns the reasons that have a rule.
func Ruled() (all []observation.Reason) {
	for r := range rules {
		all = append(all, r)
	}
	return all
}
