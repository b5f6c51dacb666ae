package lab_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
)

const generatedScenario = `
about: test
seed: 7
cctlds: {targets: [ar, cd, xn--p1ai]}
hosts: {ns.host.net: both}
zones: {gov.ar: suffix}
profiles:
  hosted: {like: healthy_insecure, ns: [ns.host.net.]}
domains:
  one.gov.ar: {like: v4_only, country: UY, level: central}
generate:
  - {count: 500, under: {gov.ar: 3, cd: 1}, profiles: {healthy_v6: 2, hosted: 1}, words: [alpha, beta]}
  - {count: 20, under: [xn--p1ai], profiles: v4_only, kind: custom, country: KZ}
`

// TestAttach: another process sees the same laboratory.
func TestAttach(t *testing.T) {
	l := start(t, generatedScenario)
	file := filepath.Join(t.TempDir(), "lab.json")
	if err := l.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	other, err := lab.Attach(file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if !bytes.Equal(l.RootHints(), other.RootHints()) || !bytes.Equal(l.TrustAnchor(), other.TrustAnchor()) || len(l.TrustAnchor()) == 0 {
		t.Errorf("hints or anchors differ")
	}
	if !l.CertPool().Equal(other.CertPool()) || !l.Now().Equal(other.Now()) {
		t.Errorf("certificate authority or clock differ")
	}
	// The answers of the one hold for the addresses of the other.
	r, err := ask(t, other, "udp", "198.41.0.4", "ar.", dns.TypeDS, true)
	if err != nil || len(r.Answer) != 2 {
		t.Errorf("ask through the attached laboratory: %v, %v", r, err)
	}
	var names []string
	for target := range l.Targets() {
		names = append(names, target.Name)
	}
	i := 0
	for target := range other.Targets() {
		if target.Name != names[i] {
			t.Fatalf("target %d is %s and %s", i, names[i], target.Name)
		}
		i++
	}
	if i != len(names) || i != 3+1+520 {
		t.Errorf("%d and %d targets", len(names), i)
	}
}

func TestAttachErrors(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":                    "not written by adopt6 lab up",
		"{}":                  "version 0",
		`{"version": 1}`:      "is empty",
		`{"version": 1, "x":`: "not written by adopt6 lab up",
	} {
		file := filepath.Join(dir, "lab.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := lab.Attach(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := lab.Attach(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing file is not an error")
	}
}

// TestTargets: what the scenario says of its targets, and what follows for
// those below ccTLDs without IPv6 or DNSSEC.
func TestTargets(t *testing.T) {
	l := start(t, generatedScenario)
	seen := map[string]int{}
	for target := range l.Targets() {
		truth, ok := l.Truth(target.Name)
		if !ok {
			t.Errorf("%s has no truth", target.Name)
		}
		switch {
		case target.Name == "one.gov.ar":
			if target.Country != "UY" || target.Level != "central" || target.Kind != "government" {
				t.Errorf("%+v", target)
			}
		case target.Name == "xn--p1ai":
			if target.Unicode != "рф" || target.Country != "RU" || target.Kind != "cctld" {
				t.Errorf("%+v", target)
			}
		case target.Name == "cd":
			if truth.DNS.Status != observation.Absent || *truth.DNSSEC != observation.Insecure {
				t.Errorf("cd: %+v", truth)
			}
		case strings.HasSuffix(target.Name, ".cd"):
			if truth.V6Only.Status != observation.Broken || *truth.DNSSEC != observation.Insecure || *truth.Readiness != 3 {
				t.Errorf("%s: %v %v %d", target.Name, truth.V6Only, *truth.DNSSEC, *truth.Readiness)
			}
			seen["cd"]++
		case strings.HasSuffix(target.Name, ".gov.ar"):
			if truth.V6Only.Status != observation.OK || *truth.Readiness != 5 || target.Country != "AR" {
				t.Errorf("%s: %v %d", target.Name, truth.V6Only, *truth.Readiness)
			}
			seen["ar"]++
		case strings.HasSuffix(target.Name, ".xn--p1ai"):
			if target.Kind != "custom" || target.Country != "KZ" || !strings.HasPrefix(target.Name, "agency-") {
				t.Errorf("%+v", target)
			}
		}
	}
	if seen["cd"] < 80 || seen["ar"] < 300 || seen["cd"]+seen["ar"] != 500 {
		t.Errorf("the weights 3 and 1 gave %v", seen)
	}
	if _, ok := l.Truth("nobody.gov.ar"); ok {
		t.Error("a name that is not a target has a truth")
	}
}

// TestGenerated asks for generated domains: at their parent, at a server of
// their own, and at a shared one.
func TestGenerated(t *testing.T) {
	l := start(t, generatedScenario)
	shared, own := 0, 0
	for target := range l.Targets() {
		if !strings.HasSuffix(target.Name, ".gov.ar") || target.Name == "one.gov.ar" {
			continue
		}
		name := target.Name + "."
		r, err := ask(t, l, "udp", "2801:140:10::10", "www."+name, dns.TypeAAAA, true)
		if err != nil || len(r.Ns) == 0 || r.Ns[0].Header().Name != name {
			t.Fatalf("%s: no referral: %v, %v", name, r, err)
		}
		server := ""
		for _, rr := range r.Extra {
			if glue, ok := rr.(*dns.AAAA); ok {
				server = glue.AAAA.String()
			}
		}
		if server == "" {
			r, err := ask(t, l, "udp", netOf(t, l), "ns.host.net.", dns.TypeAAAA, false)
			if err != nil || len(r.Answer) != 1 {
				t.Fatalf("ns.host.net: %v, %v", r, err)
			}
			server = r.Answer[0].(*dns.AAAA).AAAA.String()
			shared++
		} else {
			own++
		}
		r, err = ask(t, l, "udp", server, "www."+name, dns.TypeAAAA, true)
		if err != nil || !r.Authoritative || len(r.Answer) == 0 {
			t.Fatalf("%s at %s: %v, %v", name, server, r, err)
		}
		web := r.Answer[0].(*dns.AAAA).AAAA.String()
		if page, _, err := browse(t, l, web, "http://www."+target.Name+"/"); err != nil || page.StatusCode != 301 {
			t.Fatalf("%s at %s: %v, %v", name, web, page, err)
		}
		if own > 0 {
			r, err = ask(t, l, "udp", server, "beta-999.gov.ar.", dns.TypeA, false)
			if err != nil || r.Rcode != dns.RcodeRefused {
				t.Fatalf("%s answers for a domain that is not its own: %v, %v", server, r, err)
			}
		}
		if shared > 5 && own > 5 {
			return
		}
	}
	t.Errorf("%d shared and %d own", shared, own)
}

// netOf returns the address of a server of the zone net.
func netOf(t *testing.T, l *lab.Lab) string {
	t.Helper()
	r, err := ask(t, l, "udp", "198.41.0.4", "net.", dns.TypeNS, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, rr := range r.Extra {
		if a, ok := rr.(*dns.A); ok {
			return netip.MustParseAddr(a.A.String()).String()
		}
	}
	t.Fatal("no server of net")
	return ""
}

// TestReproducible: equal scenarios have equal keys and addresses.
func TestReproducible(t *testing.T) {
	var zones [2]bytes.Buffer
	for i := range zones {
		l := start(t, "about: test\nclock: 2026-11-01T00:00:00Z\ndomains: {example.gov.ar: dnssec_rsa}\n")
		for _, zone := range []string{".", "example.gov.ar"} {
			if err := l.ServedZone(zone, &zones[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !bytes.Equal(zones[0].Bytes(), zones[1].Bytes()) {
		t.Error("two runs of one scenario serve different zones")
	}
}
