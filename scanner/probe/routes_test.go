package probe_test

import (
	"testing"

	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

// TestVantagesOfThePreflight measures a domain that has everything, from
// vantages that lack something: what needs it is unmeasured, and nothing else.
func TestVantagesOfThePreflight(t *testing.T) {
	l := startLab(t, "about: Sound.\ndomains: {sound.gov.ar: healthy_v6}\n")
	all := observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK, UDP53V4: observation.OK, UDP53V6: observation.OK,
		TCP53V4: observation.OK, TCP53V6: observation.OK, SMTPV4: observation.OK, SMTPV6: observation.Unmeasured}
	const ok, noRoute, filtered = "ok", "unmeasured/no_route", "unmeasured/port_filtered"
	for name, test := range map[string]struct {
		lacks                  func(*observation.Capabilities)
		dns, web, mail, v6Only string
	}{
		"nothing":               {func(*observation.Capabilities) {}, ok, ok, ok, ok},
		"IPv6":                  {func(c *observation.Capabilities) { c.IPv6 = observation.Absent }, noRoute, noRoute, noRoute, noRoute},
		"answers over IPv6":     {func(c *observation.Capabilities) { c.IPv6 = observation.Broken }, noRoute, noRoute, noRoute, noRoute},
		"IPv4":                  {func(c *observation.Capabilities) { c.IPv4 = observation.Absent }, ok, ok, ok, ok},
		"UDP port 53 over IPv6": {func(c *observation.Capabilities) { c.UDP53V6 = observation.Broken }, filtered, ok, ok, filtered},
		"EDNS over IPv6":        {func(c *observation.Capabilities) { c.UDP53V6 = observation.Partial }, filtered, ok, ok, filtered},
		"TCP port 53 over IPv6": {func(c *observation.Capabilities) { c.TCP53V6 = observation.Broken }, ok, ok, ok, filtered},
		"UDP port 53 over IPv4": {func(c *observation.Capabilities) { c.UDP53V4 = observation.Broken }, ok, ok, ok, ok},
		"port 25 over IPv6":     {func(c *observation.Capabilities) { c.SMTPV6 = observation.Broken }, ok, ok, filtered, ok},
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
