package probe_test

import (
	"adopt6/scanner/observation"
	"net/netip"
	"slices"
	"testing"
)

// TestSystems looks the addresses of a site up in a table of two networks,
// which also claims to know a special-purpose one.
func TestSystems(t *testing.T) {
	l := startLab(t, `about: Hosting.
domains:
  host.gov.ar:
    web: {apex: [v4, "2600:1::80"], www: ["185.1.0.1", "2600:2::80", "2600:1::81"]}
    truth: none
  special.gov.ar: {web: {apex: ["10.1.2.3", "fd00::1"], www: none}, truth: none}
`)
	prober := newProber(t, l)
	one, two := observation.AS{Number: 64496, Name: "One"}, observation.AS{Number: 4200000000}
	prober.ASN = func(a netip.Addr) (uint32, string, bool) {
		for network, as := range map[string]observation.AS{"2600:1::/32": one, "185.1.0.0/16": two, "10.0.0.0/8": two, "fc00::/7": two} {
			if netip.MustParsePrefix(network).Contains(a) {
				return as.Number, as.Name, true
			}
		}
		return 0, "", false
	}
	found := observe(t, prober, []string{"host.gov.ar", "special.gov.ar"})
	o := found["host.gov.ar"]
	if !slices.Equal(o.Hosting, []observation.AS{one, two}) || !slices.Equal(o.HostingV6, []uint32{one.Number}) {
		t.Errorf("hosted in %v, over IPv6 in %v", o.Hosting, o.HostingV6)
	}
	contacts := make(map[string]observation.AS)
	for _, e := range o.Endpoints {
		contacts[e.Addr.String()] = e.AS
	}
	if contacts["2600:1::80"] != one || contacts["185.1.0.1"] != two || contacts["2600:2::80"] != (observation.AS{}) {
		t.Errorf("contacts lie in %v", contacts)
	}
	if o := found["special.gov.ar"]; o.Hosting != nil || o.HostingV6 != nil {
		t.Errorf("special-purpose addresses %v %v lie in %v", o.A, o.AAAA, o.Hosting)
	}
	prober.ASN = nil
	if o := observe(t, prober, []string{"host.gov.ar"})["host.gov.ar"]; o.Hosting != nil {
		t.Errorf("without a table the site lies in %v", o.Hosting)
	}
}
