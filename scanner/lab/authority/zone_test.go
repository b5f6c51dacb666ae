package authority

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The zone has what makes proofs hard: empty non-terminals, wildcards, signed
// and unsigned delegations with glue, names with dots and zero octets in labels.
const testRecords = `
@ 3600 SOA ns1 hostmaster 1 7200 3600 1209600 300
@ NS ns1
@ NS ns.elsewhere.example.net.
@ MX 10 mail
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail A 192.0.2.2
a.b.c TXT "below two empty non-terminals"
*.wild TXT "wildcard"
*.wild MX 5 mail
deep.sub.wild A 192.0.2.9
alias CNAME mail
chain CNAME alias
far CNAME www.example.org.
loop CNAME loop2
loop2 CNAME loop
tree DNAME other
x.other A 192.0.2.7
signed NS ns.signed
signed DS 1234 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF
ns.signed A 192.0.2.3
unsigned NS ns.unsigned
ns.unsigned A 192.0.2.4
ns.unsigned AAAA 2001:db8::4
ent.unsigned2 NS ns1
self NS self
self A 192.0.2.5
\000\001\255\046odd TXT "every octet"
zz TYPE65534 \# 3 010203
`

func testZone(t testing.TB, signing *Signing) *Zone {
	t.Helper()
	return fillZone(t, NewZone(MustName("example.com")), signing)
}

func fillZone(t testing.TB, z *Zone, signing *Signing) *Zone {
	t.Helper()
	z.Signing = signing
	parser := dns.NewZoneParser(strings.NewReader(testRecords), "example.com.", "")
	parser.SetDefaultTTL(3600)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if err := z.AddRR(rr); err != nil {
			t.Fatal(err)
		}
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	if err := z.Finish(); err != nil {
		t.Fatal(err)
	}
	return z
}

// signWith returns a signing with one key for each of the algorithms.
func signWith(t testing.TB, split bool, nsec3 *NSEC3, algorithms ...uint8) *Signing {
	t.Helper()
	s := &Signing{NSEC3: nsec3, Inception: time.Now().Add(-time.Hour), Expiration: time.Now().Add(24 * time.Hour)}
	var ring KeyRing
	for _, a := range algorithms {
		flags := []uint16{EntryPoint}
		if split {
			flags = append(flags, ZoneKey)
		}
		for _, f := range flags {
			k, err := ring.New(a, f, 1024, string(rune('a'+f-256)))
			if err != nil {
				t.Fatal(err)
			}
			s.Keys = append(s.Keys, k)
		}
	}
	return s
}
