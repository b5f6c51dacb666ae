package probe

import (
	"slices"
	"strings"

	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/resolve"
)

// Reasons returns every reason that an observation can carry: those of the
// probes, the resolver and the validator, in the order of their tokens. A
// token that two of them use means the same in both and stands here once.
func Reasons() []scanner.ReasonInfo {
	all := scanner.Reasons()
	for _, r := range resolve.Reasons() {
		all = append(all, scanner.ReasonInfo{Reason: scanner.Reason(r.Reason), Text: r.Text, Fix: r.Fix})
	}
	for _, r := range dnssec.Reasons() {
		all = append(all, scanner.ReasonInfo{Reason: scanner.Reason(r.Reason), Text: r.Text, Fix: r.Fix})
	}
	slices.SortStableFunc(all, func(a, b scanner.ReasonInfo) int { return strings.Compare(string(a.Reason), string(b.Reason)) })
	return slices.CompactFunc(all, func(a, b scanner.ReasonInfo) bool { return a.Reason == b.Reason })
}
