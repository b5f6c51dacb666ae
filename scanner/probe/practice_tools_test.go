//go:build linux && !alone

package probe_test

import (
	"net/netip"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab/netns"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// TestPracticeOfSigningTools has ldns, BIND and Knot sign zones as they are
// told, NSD serve them, and finds again what they were told.
func TestPracticeOfSigningTools(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	now := time.Now()
	key := func(zone string, algorithm uint8, flags uint16, bits int) *netns.Key {
		k, err := netns.NewKeyOf(zone, algorithm, flags, bits)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	type truth struct {
		zone     *netns.Zone
		practice observation.DNSSECPractice
		reasons  []observation.Reason
	}
	zone := func(name string, by netns.Signer, nsec3 *netns.NSEC3, days int, keys ...*netns.Key) *netns.Zone {
		return &netns.Zone{Name: name, Hosts: []string{"leaf"}, Records: "www AAAA 2a01:100:9::1\n",
			Signing: netns.Signing{By: by, Keys: keys, NSEC3: nsec3, Inception: now.AddDate(0, 0, -3), Expiration: now.AddDate(0, 0, days)}}
	}
	const p256, rsa = uint8(dns.ECDSAP256SHA256), uint8(dns.RSASHA256)
	sha256 := []uint8{dns.SHA256}
	truths := []truth{
		{zone("bind.org.", netns.SignerBIND, &netns.NSEC3{Iterations: 5, Salt: "AABBCC"}, 20,
			key("bind.org.", rsa, netns.EntryPoint, 2048), key("bind.org.", rsa, netns.ZoneKey, 1280)),
			observation.DNSSECPractice{Algorithms: []uint8{rsa}, KeyBits: 1280, Digests: sha256, Denial: "nsec3", NSEC3Iterations: 5, NSEC3Salt: 3},
			[]observation.Reason{observation.NSEC3Costly, observation.ShortKey}},
		{zone("ldns.org.", netns.SignerLDNS, nil, 20, key("ldns.org.", p256, netns.EntryPoint, 0)),
			observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec"}, nil},
		{zone("ldns3.org.", netns.SignerLDNS, &netns.NSEC3{Iterations: 1}, 20, key("ldns3.org.", dns.RSASHA512, netns.EntryPoint, 3072)),
			observation.DNSSECPractice{Algorithms: []uint8{dns.RSASHA512}, KeyBits: 3072, Digests: sha256, Denial: "nsec3", NSEC3Iterations: 1},
			[]observation.Reason{observation.NSEC3Costly, observation.WeakAlgorithm}},
		{zone("knot.org.", netns.SignerKnot, &netns.NSEC3{}, 20, key("knot.org.", dns.ED25519, netns.EntryPoint, 0)),
			observation.DNSSECPractice{Algorithms: []uint8{dns.ED25519}, KeyBits: 256, Digests: sha256, Denial: "nsec3"}, nil},
		{zone("daily.org.", netns.SignerLDNS, nil, 2, key("daily.org.", p256, netns.EntryPoint, 0)),
			observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec"}, nil},
	}
	sha384 := zone("sha384.org.", netns.SignerBIND, nil, 20, key("sha384.org.", dns.ECDSAP384SHA384, netns.EntryPoint, 0))
	sha384.DS = func(keys []*dns.DNSKEY) []dns.RR { return netns.Digests(keys, dns.SHA1, dns.SHA384) }
	cds := key("sha384.org.", p256, netns.EntryPoint, 0).DNSKEY.ToDS(dns.SHA256).ToCDS()
	sha384.Records += cds.String() + "\n"
	truths = append(truths, truth{sha384, observation.DNSSECPractice{Algorithms: []uint8{dns.ECDSAP384SHA384}, KeyBits: 384,
		Digests: []uint8{dns.SHA1, dns.SHA384}, Denial: "nsec", CDS: true}, nil})

	world := netns.Internet{
		Hosts: map[string]netns.Host{
			"root": {Program: netns.NSD, Addrs: []netip.Addr{netip.MustParseAddr("185.1.0.1"), netip.MustParseAddr("2a01:100::1")}},
			"leaf": {Program: netns.NSD, Addrs: []netip.Addr{netip.MustParseAddr("185.1.2.1"), netip.MustParseAddr("2a01:100:2::1")}},
		},
		Zones: []*netns.Zone{
			{Name: ".", Hosts: []string{"root"}, Signing: netns.Signing{By: netns.SignerLDNS, Keys: []*netns.Key{key(".", p256, netns.EntryPoint, 0)},
				Inception: now.AddDate(0, 0, -3), Expiration: now.AddDate(0, 0, 20)}},
			{Name: "org.", Hosts: []string{"root"}, Signing: netns.Signing{By: netns.SignerLDNS, Keys: []*netns.Key{key("org.", p256, netns.EntryPoint, 0)},
				Inception: now.AddDate(0, 0, -3), Expiration: now.AddDate(0, 0, 20)}},
		},
	}
	var names []string
	for _, truth := range truths {
		world.Zones = append(world.Zones, truth.zone)
		names = append(names, truth.zone.Name[:len(truth.zone.Name)-1])
	}
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	observations := observe(t, proberOf(t, root), names)
	for i, truth := range truths {
		o := observations[names[i]]
		if o.DNSSEC != observation.Secure {
			t.Errorf("%s is %s: %s", names[i], o.DNSSEC, o.DNSSECReason)
		}
		got := o.Practice
		if got.Expires.IsZero() {
			t.Errorf("%s: no end of a signature", names[i])
		}
		got.Expires = time.Time{}
		if !reflect.DeepEqual(got, truth.practice) {
			t.Errorf("%s: got %+v\nwant %+v", names[i], got, truth.practice)
		}
		if reasons := reasonsOfProbe(o, "dnssec"); !reflect.DeepEqual(reasons, truth.reasons) {
			t.Errorf("%s: found %v, want %v", names[i], reasons, truth.reasons)
		}
	}
}

// proberOf measures in a namespace of real servers.
func proberOf(t *testing.T, root *netns.Root) *probe.Prober {
	t.Helper()
	hints, err := os.Open(root.Hints)
	if err != nil {
		t.Fatal(err)
	}
	defer hints.Close()
	roots, err := resolve.ParseHints(hints)
	if err != nil {
		t.Fatal(err)
	}
	anchor, err := os.Open(root.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	defer anchor.Close()
	anchors, err := dnssec.ParseAnchors(anchor, root.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	dialer := new(netaddr.Dialer)
	resolver, err := resolve.New(resolve.Config{Dialer: dialer, Roots: roots, Anchors: anchors, Timeout: time.Second, Retries: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resolver.Close() })
	return &probe.Prober{Vantage: "namespace", Resolver: resolver, Dialer: dialer, Routes: probe.Routes{V4: true, V6: true},
		ConnectTimeout: 300 * time.Millisecond, StepTimeout: time.Second, Country: lists.CountryByCode}
}
