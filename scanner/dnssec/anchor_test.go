package dnssec

import (
	"adopt6/scanner/observation"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestBuiltinAnchors: the embedded DS records and keys are of each other.
func TestBuiltinAnchors(t *testing.T) {
	a := BuiltinAnchors()
	at := a.zones[root]
	if !slices.Equal(a.Zones(), []string{"."}) || len(at.ds) != 2 || len(at.keys) != 2 {
		t.Fatalf("%v: %d DS records, %d keys", a.Zones(), len(at.ds), len(at.keys))
	}
	for i, ds := range at.ds {
		if k := at.keys[i]; ds.tag != k.tag || string(digestOf(nil, ds.digest, root, k)) != string(ds.sum) {
			t.Errorf("DS %d is not of key %d", ds.tag, k.tag)
		}
	}
}

func TestParseAnchors(t *testing.T) {
	const (
		ds  = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
		key = "example. 3600 IN DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
	)
	for _, c := range []struct{ name, text, err string }{
		{"DS and DNSKEY of two zones", ds + "\n" + key + "\n", ""},
		{"BOM, CRLF, comments, parentheses", "\ufeff; keys (\r\n\r\n" + strings.Replace(ds, " 8 2 ", " ( 8 2 ; comment )\r\n ", 1) + ")\r\n", ""},
		{"no TTL, no class", "example DS 55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17", ""},
		{"an unsupported one beside a good one", ds + "\n. IN DS 1 12 3 ABCD", ""},
		{"empty", "\n; nothing\n", "f: no trust anchor; give DS or DNSKEY records, such as those of `dig . DNSKEY`"},
		{"only unsupported ones", "\n\n. IN DS 1 12 3 ABCD", "f:3: the anchors of . use only unsupported algorithms or digest types"},
		{"short digest", ds + "\n. IN DS 1 8 2 ABCD", "f:2: DS digest of type 2 is malformed or not 32 octets long"},
		{"other type", ds + "\n\nwww. IN A 192.0.2.1", "f:3: record type A is not a trust anchor; want DS or DNSKEY"},
		{"directive", "$INCLUDE /etc/passwd", "f:1: directives are not allowed in a trust anchor file; write full records"},
		{"revoked", strings.Replace(key, " 257 ", " 385 ", 1), "f:1: DNSKEY is revoked (RFC 5011) and cannot be a trust anchor"},
		{"not a zone key", strings.Replace(key, " 257 ", " 1 ", 1), "f:1: DNSKEY is not a zone key (flags 256 or 257, protocol 3)"},
		{"bad key", strings.Replace(key, "Goj", "Gok", 1), "f:1: DNSKEY of algorithm 13 is malformed or of a size outside the standard"},
		{"garbage", ds + "\n\nthis is not a record", "f:3: not a record in zone file form: "},
		{"too large", strings.Repeat(";\n", maxAnchorFile/2+1), "f: trust anchor file is larger than 1048576 bytes"},
		{"too many", strings.Repeat(ds+"\n", maxAnchorRecords+1), "f:1025: more than 1024 trust anchors"},
	} {
		_, err := ParseAnchors(strings.NewReader(c.text), "f")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.err && (c.err == "" || !strings.HasPrefix(got, c.err)) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.err)
		}
	}
}

// TestClosest: the deepest anchor at or above a name counts, unless a name
// below it was declared insecure.
func TestClosest(t *testing.T) {
	w := newWorld(t)
	a, err := ParseAnchors(strings.NewReader(w.root.rr.String()+"\n"+w.zone.rr.ToDS(dns.SHA256).String()), "f")
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.WithInsecure("lab", "x.example.")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.WithInsecure("a..b"); err == nil {
		t.Error("an empty label is accepted")
	}
	for _, c := range []struct {
		anchors       *Anchors
		domain, start string
		reason        observation.Reason
	}{
		{a, "www.EXAMPLE", "example.", ""},
		{a, "example.", "example.", ""},
		{a, "www.plain.", ".", ""},
		{a, ".", ".", ""},
		{b, "www.lab.", "", observation.PolicyInsecure},
		{b, "lab.", "", observation.PolicyInsecure},
		{b, "xlab.", ".", ""},
		{b, "a.x.example.", "", observation.PolicyInsecure},
		{b, "y.example.", "example.", ""},
		{a, "a..b", "", observation.ResponseUnusable},
		{&Anchors{}, "www.plain.", "", observation.NoAnchor},
	} {
		start, zone, ok := c.anchors.Closest(c.domain)
		if start != c.start || ok != (c.reason == "") || !ok && zone.Reason != c.reason {
			t.Errorf("%s: %q %v %+v", c.domain, start, ok, zone)
		}
	}
}

func TestFacts(t *testing.T) {
	a := Facts{Algorithms: []uint8{8}, Expires: now.Add(50 * 3600e9), ExpiresZone: "a.", NSEC3: []NSEC3Fact{{Zone: "z.", Iterations: 1}}}
	b := Facts{Algorithms: []uint8{5, 8, 13}, Expires: now.Add(-3600e9), ExpiresZone: "b.", NSEC3: []NSEC3Fact{{Zone: "z.", Iterations: 1, OptOut: true}}}
	m := a.Merge(b)
	if !slices.Equal(m.Algorithms, []uint8{5, 8, 13}) || m.ExpiresZone != "b." || len(m.NSEC3) != 1 || !m.NSEC3[0].OptOut {
		t.Errorf("%+v", m)
	}
	if !slices.Equal(a.Algorithms, []uint8{8}) || a.NSEC3[0].OptOut {
		t.Error("Merge changed what it was given")
	}
	for _, c := range []struct {
		facts Facts
		days  int
		ok    bool
	}{{a, 2, true}, {b, -1, true}, {Facts{}, 0, false}} {
		if days, ok := c.facts.DaysLeft(now); days != c.days || ok != c.ok {
			t.Errorf("%d days, %v; want %d, %v", days, ok, c.days, c.ok)
		}
	}
}
