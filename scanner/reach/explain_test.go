package reach

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// global returns an address for a name server: that name's alone.
func global(name string) []netip.Addr {
	h := fnv.New64a()
	h.Write([]byte(name))
	a := netip.MustParseAddr("2a0f::").As16()
	binary.BigEndian.PutUint64(a[8:], h.Sum64())
	return []netip.Addr{netip.AddrFrom16(a)}
}

// glued returns a zone whose server lies in it and has an AAAA record and
// glue.
func glued(name, parent string) *Zone {
	home := "ns." + strings.TrimPrefix(name, ".")
	return &Zone{Name: name, Parent: parent, Servers: []Server{{Name: home, Glue: global(home), Addrs: global(home), Zone: name, Operator: strings.TrimSuffix(name, ".")}}}
}

// hosted returns a zone whose server lies in another zone and has an AAAA
// record there.
func hosted(name, parent, home string) *Zone {
	return &Zone{Name: name, Parent: parent, Servers: []Server{{Name: "ns." + home, Addrs: global("ns." + home), Zone: home, Operator: strings.TrimSuffix(home, ".")}}}
}

// without takes the addresses of a zone's servers away.
func without(z *Zone) *Zone {
	for i := range z.Servers {
		z.Servers[i].Glue, z.Servers[i].Addrs = nil, nil
	}
	return z
}

func changed(z *Zone, change func(*Zone)) *Zone {
	change(z)
	return z
}

// TestEveryCauseNamesTheZoneToBlame has one small graph for every cause; the
// zone asked about is x.tg.
func TestEveryCauseNamesTheZoneToBlame(t *testing.T) {
	root, tg, net := glued(".", ""), glued("tg.", "."), glued("net.", ".")
	for _, test := range []struct {
		about string
		view  View
		zones []*Zone
		want  string // cause, zone to blame, path
		freed []string
	}{
		{about: "works", zones: []*Zone{glued("x.tg.", "tg.")}, want: " at  by []"},
		{about: "no AAAA record", zones: []*Zone{without(glued("x.tg.", "tg."))},
			want: "no_ns_aaaa at x.tg. by [x.tg.]", freed: []string{"x.tg"}},
		{about: "a special-purpose address", zones: []*Zone{changed(glued("x.tg.", "tg."), func(z *Zone) {
			z.Servers[0].Glue = []netip.Addr{netip.MustParseAddr("fd00::1")}
			z.Servers[0].Addrs = z.Servers[0].Glue
		})}, want: "special_purpose_address at x.tg. by [x.tg.]", freed: []string{"x.tg"}},
		{about: "no glue", zones: []*Zone{changed(glued("x.tg.", "tg."), func(z *Zone) { z.Servers[0].Glue = nil })},
			want: "glue_missing_aaaa at x.tg. by [x.tg.]", freed: []string{"x.tg"}},
		{about: "the provider's zone has no IPv6", zones: []*Zone{hosted("x.tg.", "tg.", "host.net."), without(glued("host.net.", "net."))},
			want: "ns_zone_v4_only at host.net. by [x.tg. host.net.]", freed: []string{"host.net"}},
		{about: "the provider is itself hosted by one without IPv6",
			zones: []*Zone{hosted("x.tg.", "tg.", "host.net."), hosted("host.net.", "net.", "deep.net."), without(glued("deep.net.", "net."))},
			want:  "ns_zone_v4_only at deep.net. by [x.tg. host.net. deep.net.]", freed: []string{"deep.net"}},
		{about: "a zone without AAAA on a provider without IPv6",
			zones: []*Zone{without(hosted("x.tg.", "tg.", "host.net.")), without(hosted("host.net.", "net.", "deep.net.")), without(glued("deep.net.", "net."))},
			want:  "no_ns_aaaa at x.tg. by [x.tg.]"},
		{about: "the parent has no IPv6", zones: []*Zone{without(glued("tg.", ".")), glued("x.tg.", "tg.")},
			want: "parent_v4_only at tg. by [x.tg. tg.]", freed: []string{"tg"}},
		{about: "the provider's parent has no IPv6", zones: []*Zone{hosted("x.tg.", "tg.", "host.cd."), glued("host.cd.", "cd."), without(glued("cd.", "."))},
			want: "ns_zone_v4_only at cd. by [x.tg. host.cd. cd.]", freed: []string{"cd"}},
		{about: "two zones wait for each other", zones: []*Zone{hosted("x.tg.", "tg.", "y.tg."), hosted("y.tg.", "tg.", "x.tg.")},
			want: "ns_cycle at x.tg. by [x.tg.]", freed: []string{"x.tg", "y.tg"}},
		{about: "a zone that hangs on a circle", zones: []*Zone{hosted("x.tg.", "tg.", "y.tg."), hosted("y.tg.", "tg.", "z.tg."), hosted("z.tg.", "tg.", "y.tg.")},
			want: "ns_zone_v4_only at y.tg. by [x.tg. y.tg.]", freed: []string{"y.tg", "z.tg"}},
		{about: "a circle through a parent", zones: []*Zone{hosted("x.tg.", "tg.", "host.net."), hosted("host.net.", "net.", "d.x.tg."), glued("d.x.tg.", "x.tg.")},
			want: "ns_cycle at x.tg. by [x.tg.]", freed: nil},
		{about: "nothing answers", view: View{Answers: true}, zones: []*Zone{changed(glued("x.tg.", "tg."), func(z *Zone) { z.Servers[0].Silent = z.Servers[0].Glue })},
			want: "ns_unreachable_v6 at x.tg. by [x.tg.]"},
		{about: "nothing answers for the provider's zone", view: View{Answers: true},
			zones: []*Zone{hosted("x.tg.", "tg.", "host.net."), changed(glued("host.net.", "net."), func(z *Zone) { z.Servers[0].Silent = z.Servers[0].Glue })},
			want:  "ns_unreachable_v6 at host.net. by [x.tg. host.net.]"},
		{about: "nothing answers for the parent", view: View{Answers: true},
			zones: []*Zone{changed(glued("tg.", "."), func(z *Zone) { z.Servers[0].Silent = z.Servers[0].Glue }), glued("x.tg.", "tg.")},
			want:  "ns_unreachable_v6 at tg. by [x.tg. tg.]"},
		{about: "the parent's server answers for the zone", zones: []*Zone{changed(hosted("x.tg.", "tg.", "x.tg."), func(z *Zone) { z.Hosting = []string{"ns.tg."} })},
			want: " at  by []"},
		{about: "one server is enough", zones: []*Zone{changed(without(glued("x.tg.", "tg.")), func(z *Zone) {
			z.Servers = append(z.Servers, hosted("", "", "net.").Servers...)
		})}, want: " at  by []"},
	} {
		g := New(append(test.zones, root, tg, net)...)
		e := g.Decide(test.view).Explain("x.tg.")
		if got := fmt.Sprintf("%s at %s by %v", e.Cause, e.Zone, e.Path); got != test.want {
			t.Errorf("%s: %s, want %s", test.about, got, test.want)
		}
		if freed := g.FreedBy("x.tg."); !slices.Equal(freed, test.freed) {
			t.Errorf("%s: freed by %v, want %v", test.about, freed, test.freed)
		}
	}
}

// TestWhatIsUnknownDecidesNothing: an unknown zone or server is neither for
// nor against.
func TestWhatIsUnknownDecidesNothing(t *testing.T) {
	unknown := changed(without(glued("x.tg.", "tg.")), func(z *Zone) { z.Servers[0].Unknown = true })
	for about, zones := range map[string][]*Zone{
		"a server whose addresses are not known": {unknown},
		"a parent that is not in the graph":      {glued("x.tg.", "gov.tg.")},
		"a provider that is not in the graph":    {hosted("x.tg.", "tg.", "host.net.")},
		"a zone of which nothing is known":       {{Name: "x.tg.", Parent: "tg.", Unknown: true}},
	} {
		g := New(append(zones, glued(".", ""), glued("tg.", "."))...)
		if g.Decide(View{}).Reached("x.tg.") || !g.Decide(View{Trusting: true}).Reached("x.tg.") {
			t.Errorf("%s: decided", about)
		}
	}
	g := New(glued(".", ""), glued("tg.", "."), without(glued("x.tg.", "tg.")))
	if g.Decide(View{Trusting: true}).Reached("x.tg.") {
		t.Error("a zone without AAAA records is reached by trust alone")
	}
}

func TestOperator(t *testing.T) {
	for _, test := range []struct{ name, zone, want string }{
		{"ns1.provider.com.", "provider.com.", "provider.com"},
		{"a.b.ns.provider.co.uk.", "", "provider.co.uk"},
		{"ns1.health.gov.tg.", "health.gov.tg.", "health.gov.tg"}, // gov.tg is not in the public suffix list
		{"ns1.health.gouv.sn.", "health.gouv.sn.", "health.gouv.sn"},
		{"ns1.gouv.sn.", "gouv.sn.", "gouv.sn"}, // a host of the suffix itself
		{"ns1.gov.tg.", "gov.tg.", "gov.tg"},
		{"health.gov.tg.", "health.gov.tg.", "health.gov.tg"}, // a zone whose name is its server's
		{"example.com.", "example.com.", "example.com"},
		{"ns1.tg.", "tg.", "tg"},
		{"ns1.foo.eu.org.", "foo.eu.org.", "foo.eu.org"}, // private suffix, everybody runs their own
		{"ns1.dyndns.org.", "dyndns.org.", "dyndns.org"}, // private suffix, a host of its owner
		{"a.nic.tg.", "nic.tg.", "nic.tg"},
		{"gouv.sn.", "gouv.sn.", "gouv.sn"},
		{"tg.", "tg.", "tg"},
		{".", ".", ""},
	} {
		if got := Operator(test.name, test.zone); got != test.want {
			t.Errorf("%s in %s: %q, want %q", test.name, test.zone, got, test.want)
		}
	}
	for name, want := range map[string]bool{"ns1.gouv.sn.": true, "example.com.": true, "ns1.provider.com.": false, "tg.": false} {
		if NeedsZone(name) != want {
			t.Errorf("%s needs its zone: %v", name, !want)
		}
	}
}
