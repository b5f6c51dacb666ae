package probe_test

import (
	"adopt6/scanner/observation"
	"slices"
	"testing"
)

// TestOperatorOfManyDomains has a domain at one operator with name servers
// under two domains: it is one operator, whom enabling IPv6 on both frees the
// domain, and beside it one that the table does not know.
func TestOperatorOfManyDomains(t *testing.T) {
	l := startLab(t, `about: Operators.
zones:
  awsdns-01.net: {dnssec: unsigned}
  awsdns-63.net: {dnssec: unsigned}
  plainhost.net: {dnssec: unsigned}
hosts:
  ns-7.awsdns-01.net: v4
  ns-9.awsdns-63.net: v4
  a.plainhost.net: v4
domains:
  one.gov.ar: {like: healthy_insecure, ns: [ns-7.awsdns-01.net., ns-9.awsdns-63.net.], truth: none}
  two.gov.ar: {like: healthy_insecure, ns: [ns-7.awsdns-01.net., ns-9.awsdns-63.net., a.plainhost.net.], truth: none}
`)
	found := observe(t, newProber(t, l), []string{"one.gov.ar", "two.gov.ar"})
	for name, want := range map[string][]string{"one.gov.ar": {"Amazon Route 53"}, "two.gov.ar": {"Amazon Route 53", "plainhost.net"}} {
		o := found[name]
		if !slices.Equal(o.Operators, want) || !slices.Equal(o.FreedBy, want) || o.V6OnlyRecords != (observation.Verdict{Status: observation.Broken, Reason: observation.NoNSAAAA}) {
			t.Errorf("%s is run by %v, freed by %v, by the records %v", name, o.Operators, o.FreedBy, o.V6OnlyRecords)
		}
	}
}
