package probe_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

// observe measures targets and returns the observations by name.
func observe(t *testing.T, prober *probe.Prober, names []string) map[string]*observation.Observation {
	t.Helper()
	found := make(map[string]*observation.Observation)
	var mu sync.Mutex
	pool := scanner.Pool{Workers: 16, Timeout: 30 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			mu.Lock()
			defer mu.Unlock()
			found[o.Target.Name] = o
			return nil
		}}
	err := pool.Run(t.Context(), func(yield func(scanner.Pending, error) bool) {
		for i, name := range names {
			p := scanner.Pending{Position: uint64(i)}
			p.Target.Name = name
			if !yield(p, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// reasonsOfProbe returns the reasons of a probe's findings, sorted.
func reasonsOfProbe(o *observation.Observation, probe string) []observation.Reason {
	var reasons []observation.Reason
	for _, e := range o.Endpoints {
		if e.Probe == probe && !e.Addr.IsValid() {
			reasons = append(reasons, e.Verdict.Reason)
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

func TestPractice(t *testing.T) {
	const p256, rsa = uint8(dns.ECDSAP256SHA256), uint8(dns.RSASHA256)
	sha256 := []uint8{dns.SHA256}
	for name, want := range map[string]struct {
		dnssec   string
		practice observation.DNSSECPractice
		reasons  []observation.Reason
	}{
		"plain.gov.ar":   {"signed", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec"}, nil},
		"nsec3.gov.ar":   {"{nsec3: true}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec3"}, nil},
		"costly.gov.ar":  {"{nsec3: {iterations: 10, salt: abcd}}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec3", NSEC3Iterations: 10, NSEC3Salt: 2}, []observation.Reason{observation.NSEC3Costly}},
		"short.gov.ar":   {"{algorithm: RSASHA256, bits: 1024, split: true}", observation.DNSSECPractice{Algorithms: []uint8{rsa}, KeyBits: 1024, Digests: sha256, Denial: "nsec"}, []observation.Reason{observation.ShortKey}},
		"long.gov.ar":    {"{algorithm: RSASHA256, bits: 2048}", observation.DNSSECPractice{Algorithms: []uint8{rsa}, KeyBits: 2048, Digests: sha256, Denial: "nsec"}, nil},
		"rolling.gov.ar": {"{algorithms: [RSASHA256, ECDSAP256SHA256], bits: 2048}", observation.DNSSECPractice{Algorithms: []uint8{rsa, p256}, KeyBits: 2048, Digests: sha256, Denial: "nsec"}, nil},
		"sha1ds.gov.ar":  {"{digests: [SHA1]}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: []uint8{dns.SHA1}, Denial: "nsec"}, []observation.Reason{observation.WeakDigest}},
		"two-ds.gov.ar":  {"{digests: [SHA1, SHA256]}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: []uint8{dns.SHA1, dns.SHA256}, Denial: "nsec"}, nil},
		"island.gov.ar":  {"{ds: none, nsec3: true}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Denial: "nsec3"}, []observation.Reason{observation.IslandOfSecurity}},
		"old.gov.ar":     {"{algorithm: RSASHA1, bits: 2048}", observation.DNSSECPractice{Algorithms: []uint8{dns.RSASHA1}, KeyBits: 2048, Digests: sha256, Denial: "nsec"}, []observation.Reason{observation.WeakAlgorithm}},
		"soon.gov.ar":    {"{fault: expires_soon}", observation.DNSSECPractice{Algorithms: []uint8{p256}, KeyBits: 256, Digests: sha256, Denial: "nsec"}, []observation.Reason{observation.SignatureExpires}},
		"none.gov.ar":    {"unsigned", observation.DNSSECPractice{}, nil},
		"lost.gov.ar":    {"{fault: missing_dnskey}", observation.DNSSECPractice{Digests: sha256}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := startLab(t, "about: Practice.\ndomains:\n  "+name+": {like: healthy_v6, dnssec: "+want.dnssec+"}\n")
			o := observe(t, newProber(t, l), []string{name})[name]
			got := o.Practice
			left := got.Expires.Sub(l.Now())
			if soon := left < 3*24*time.Hour; name != "none.gov.ar" && (got.Expires.IsZero() || soon != (name == "soon.gov.ar")) {
				t.Errorf("the first signature expires at %s", got.Expires)
			}
			got.Expires = time.Time{}
			if name == "none.gov.ar" && !o.Practice.Expires.IsZero() {
				t.Error("an unsigned zone has signatures")
			}
			if !reflect.DeepEqual(got, want.practice) {
				t.Errorf("got %+v\nwant %+v", got, want.practice)
			}
			if reasons := reasonsOfProbe(o, "dnssec"); !slices.Equal(reasons, want.reasons) {
				t.Errorf("found %v, want %v", reasons, want.reasons)
			}
		})
	}
}

// TestStatesOfWWWAndMail has the state of www and of the MX records differ
// from that of the zone.
func TestStatesOfWWWAndMail(t *testing.T) {
	l := startLab(t, `about: States.
domains:
  sound.gov.ar: healthy_v6
  plain.gov.ar: {like: healthy_v6, dnssec: unsigned}
  broken-www.gov.ar: {like: healthy_v6, dnssec: {fault: {do: corrupt_rrsig, types: [A, AAAA]}}, truth: none}
  broken-mx.gov.ar: {like: healthy_v6, dnssec: {fault: {do: expired, types: [MX]}}, truth: none}
  elsewhere.gov.ar: {like: healthy_v6, web: {apex: both, www: {cname: www.plain.gov.ar.}}, truth: none}
  v4-www.gov.ar: {like: healthy_v6, web: {apex: both, www: v4}, truth: none}
`)
	type states struct{ zone, www, mx observation.State }
	want := map[string]states{
		"sound.gov.ar":      {observation.Secure, observation.Secure, observation.Secure},
		"plain.gov.ar":      {observation.Insecure, observation.Insecure, observation.Insecure},
		"broken-www.gov.ar": {observation.Secure, observation.Bogus, observation.Secure},
		"broken-mx.gov.ar":  {observation.Secure, observation.Secure, observation.Bogus},
		"elsewhere.gov.ar":  {observation.Secure, observation.Insecure, observation.Secure},
		"v4-www.gov.ar":     {observation.Secure, observation.Secure, observation.Secure},
	}
	for name, o := range observe(t, newProber(t, l), slices.Collect(maps.Keys(want))) {
		if got := (states{o.DNSSEC, o.DNSSECWWW, o.DNSSECMX}); got != want[name] {
			t.Errorf("%s: zone %s, www %s, MX %s; want %+v", name, got.zone, got.www, got.mx, want[name])
		}
	}
}
