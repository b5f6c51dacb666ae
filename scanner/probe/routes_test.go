package probe_test

import (
	"testing"

	"adopt6/scanner"
	"adopt6/scanner/probe"
)

// TestVantagesOfThePreflight measures a domain that has everything, from
// vantages that lack something: what needs it is unmeasured, and nothing else.
func TestVantagesOfThePreflight(t *testing.T) {
	l := startLab(t, "about: Sound.\ndomains: {sound.gov.ar: healthy_v6}\n")
	all := scanner.Capabilities{IPv4: scanner.OK, IPv6: scanner.OK, UDP53V4: scanner.OK, UDP53V6: scanner.OK,
		TCP53V4: scanner.OK, TCP53V6: scanner.OK, SMTPV4: scanner.OK, SMTPV6: scanner.Unmeasured}
	const ok, noRoute, filtered = "ok", "unmeasured/no_route", "unmeasured/port_filtered"
	for name, test := range map[string]struct {
		lacks                  func(*scanner.Capabilities)
		dns, web, mail, v6Only string
	}{
		"nothing":               {func(*scanner.Capabilities) {}, ok, ok, ok, ok},
		"IPv6":                  {func(c *scanner.Capabilities) { c.IPv6 = scanner.Absent }, noRoute, noRoute, noRoute, noRoute},
		"answers over IPv6":     {func(c *scanner.Capabilities) { c.IPv6 = scanner.Broken }, noRoute, noRoute, noRoute, noRoute},
		"IPv4":                  {func(c *scanner.Capabilities) { c.IPv4 = scanner.Absent }, ok, ok, ok, ok},
		"UDP port 53 over IPv6": {func(c *scanner.Capabilities) { c.UDP53V6 = scanner.Broken }, filtered, ok, ok, filtered},
		"EDNS over IPv6":        {func(c *scanner.Capabilities) { c.UDP53V6 = scanner.Partial }, filtered, ok, ok, filtered},
		"TCP port 53 over IPv6": {func(c *scanner.Capabilities) { c.TCP53V6 = scanner.Broken }, ok, ok, ok, filtered},
		"UDP port 53 over IPv4": {func(c *scanner.Capabilities) { c.UDP53V4 = scanner.Broken }, ok, ok, ok, ok},
		"port 25 over IPv6":     {func(c *scanner.Capabilities) { c.SMTPV6 = scanner.Broken }, ok, ok, filtered, ok},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			can := all
			test.lacks(&can)
			prober := newProber(t, l)
			prober.Routes = probe.RoutesOf(can)
			o := observe(t, prober, []string{"sound.gov.ar"})["sound.gov.ar"]
			got := [...]string{word(o.DNS), word(o.Web), word(o.Mail), word(o.V6Only)}
			if want := [...]string{test.dns, test.web, test.mail, test.v6Only}; got != want {
				t.Errorf("dns, web, mail and v6_only are %v, want %v", got, want)
			}
		})
	}
}
