package dnssec

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// labZone is one zone of the lab and how it is signed.
type labZone struct {
	name string
	tool func(l *lab, z *labZone, text string) []dns.RR // nil: not signed
	// algorithm is a mnemonic of the tool; bits is 0 for the tool's default.
	algorithm  string
	bits       int
	nsec3      bool
	optOut     bool
	iterations int
	salt       string        // hexadecimal; empty for none
	inception  time.Duration // from now
	expiration time.Duration // from now

	damage func(t testing.TB, rrs []dns.RR) []dns.RR // after signing
	ds     func(t testing.TB, rrs []dns.RR) []dns.RR // instead of SHA-256 of every SEP key
}

// labText is the content of every lab zone, with the cases that denial proofs
// turn on. Names are relative to the zone.
const labText = `
@ 300 IN SOA ns1 hostmaster 1 7200 3600 1209600 300
@ 300 IN NS ns1
@ 300 IN MX 10 mail.other.
ns1 300 IN A 192.0.2.53
WWW 300 IN A 192.0.2.80
www 300 IN AAAA 2001:db8::80
deep.empty.ent 300 IN A 192.0.2.1
*.wild 300 IN TXT "from the wildcard"
real.wild 300 IN TXT "not from the wildcard"
*.alias.wild 300 IN CNAME www
below.*.star 300 IN A 192.0.2.2
alias 300 IN CNAME www
chain 300 IN CNAME alias
towild 300 IN CNAME any.wild
dangling 300 IN CNAME nothing-here
away 300 IN CNAME www.bind.
tree 300 IN DNAME wild
big 300 IN TXT "0123456789" "abcdefghij"
big 300 IN TXT "one" "two"
big 300 IN TXT "One" "two"
unsigned 300 IN NS ns.unsigned
ns.unsigned 300 IN A 192.0.2.54
`

// unsignedText is the content of the unsigned zone below every lab zone.
const unsignedText = `
@ 300 IN SOA ns hostmaster 1 7200 3600 1209600 300
@ 300 IN NS ns
@ 300 IN A 192.0.2.3
ns 300 IN A 192.0.2.54
www 300 IN A 192.0.2.4
`

const day = 24 * time.Hour

// labZones returns the zones of the lab, children before their parents.
func labZones() []*labZone {
	zones := []*labZone{
		// One zone per algorithm.
		{name: "rsasha1.bind.", tool: bindSign, algorithm: "RSASHA1", bits: 1024},
		{name: "nsec3rsasha1.bind.", tool: bindSign, algorithm: "NSEC3RSASHA1", bits: 1024, nsec3: true},
		{name: "rsasha256.bind.", tool: bindSign, algorithm: "RSASHA256", bits: 2048},
		{name: "rsasha512.bind.", tool: bindSign, algorithm: "RSASHA512", bits: 1024},
		{name: "rsa512bit.bind.", tool: ldnsSign, algorithm: "RSASHA256", bits: 512},
		{name: "p256.bind.", tool: bindSign, algorithm: "ECDSAP256SHA256"},
		{name: "p384.bind.", tool: bindSign, algorithm: "ECDSAP384SHA384"},
		{name: "ed25519.bind.", tool: bindSign, algorithm: "ED25519"},
		{name: "ed448.bind.", tool: bindSign, algorithm: "ED448"},

		// Denial.
		{name: "nsec3salt.bind.", tool: bindSign, algorithm: "ECDSAP256SHA256", nsec3: true, iterations: 10, salt: "AABBCCDD"},
		{name: "optout.bind.", tool: bindSign, algorithm: "ECDSAP256SHA256", nsec3: true, optOut: true},
		{name: "iter150.bind.", tool: bindSign, algorithm: "ECDSAP256SHA256", nsec3: true, iterations: 150},
		{name: "iter151.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", nsec3: true, iterations: 151, salt: "ab"},
		{name: "nonsec.bind.", tool: bindSign, algorithm: "ECDSAP256SHA256", damage: without(dns.TypeNSEC)},
		{name: "nonsec3.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", nsec3: true, damage: without(dns.TypeNSEC3)},

		// Faults of signatures and keys.
		{name: "expired.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", inception: -30 * day, expiration: -day},
		{name: "future.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", inception: 10 * day, expiration: 30 * day},
		{name: "forged.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: forge},
		{name: "nosig.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: stripWWW},
		{name: "nokey.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: without(dns.TypeDNSKEY)},
		{name: "rolled.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: dropZSK},
		{name: "labels.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: moreLabels},
		{name: "signer.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", damage: otherSigner},

		// Faults and varieties of delegation.
		{name: "wrongds.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: digests(dns.SHA256, spoil)},
		{name: "sha1.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: digests(dns.SHA1, nil)},
		{name: "sha384.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: digests(dns.SHA384, nil)},
		{name: "sha1good.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: both(digests(dns.SHA1, nil), digests(dns.SHA256, spoil))},
		{name: "spare.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: both(digests(dns.SHA256, nil), digests(dns.SHA256, spoil))},
		{name: "gost.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: digests(dns.SHA256, func(ds *dns.DS) { ds.DigestType = dns.GOST94 })},
		{name: "private.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", ds: digests(dns.SHA256, func(ds *dns.DS) { ds.Algorithm = dns.PRIVATEDNS })},
		{name: "mixed.bind.", tool: ldnsSign, algorithm: "ECDSAP256SHA256",
			ds: both(digests(dns.SHA256, nil), digests(dns.SHA256, func(ds *dns.DS) { ds.Algorithm = dns.PRIVATEDNS }))},
		{name: "plain.bind."},
		{name: "revoked.bind.", tool: bindRevoked, algorithm: "ECDSAP256SHA256"},
		{name: "wasrevoked.bind.", tool: bindRevoked, algorithm: "ECDSAP256SHA256", ds: beforeRevocation},

		// The top: each tool signs one, NSEC and NSEC3 with and without opt-out.
		{name: "knot.", tool: knotSign, algorithm: "ecdsap256sha256", nsec3: true},
		{name: "ldns.", tool: ldnsSign, algorithm: "ECDSAP256SHA256", nsec3: true, optOut: true, iterations: 5, salt: "0102"},
		{name: "bind.", tool: bindSign, algorithm: "RSASHA256", bits: 2048},
		{name: "plain."},
		{name: ".", tool: ldnsSign, algorithm: "ECDSAP256SHA256"},
	}
	for _, z := range zones {
		if z.expiration == 0 {
			z.inception, z.expiration = -time.Hour, 30*day
		}
	}
	return zones
}

// labNames returns what is asked of one zone: every kind of answer.
func labNames(zone string) []labQuestion {
	var qs []labQuestion
	for _, q := range []labQuestion{
		{"www", dns.TypeA}, {"www", dns.TypeAAAA}, {"big", dns.TypeTXT}, {"@", dns.TypeMX}, {"@", dns.TypeSOA},
		{"www", dns.TypeTXT}, {"@", dns.TypeTXT}, // no data
		{"empty.ent", dns.TypeA}, {"ent", dns.TypeA}, // empty non-terminals
		{"nothing", dns.TypeA}, {"a.nothing", dns.TypeA}, {"x.www", dns.TypeA}, {"*", dns.TypeA}, // no name
		{"any.wild", dns.TypeTXT}, {"a.b.wild", dns.TypeTXT}, {"*.wild", dns.TypeTXT}, // wildcard
		{"any.wild", dns.TypeA}, {"a.b.wild", dns.TypeA}, {"wild", dns.TypeA}, // wildcard, no data
		{"real.wild", dns.TypeTXT}, {"x.real.wild", dns.TypeTXT},
		{"any.star", dns.TypeA}, {"x.below.star", dns.TypeA}, // the wildcard is an empty non-terminal
		{"any.alias.wild", dns.TypeA}, {"alias", dns.TypeA}, {"chain", dns.TypeA}, {"alias", dns.TypeCNAME},
		{"towild", dns.TypeTXT}, {"dangling", dns.TypeA}, {"alias", dns.TypeTXT},
		{"real.tree", dns.TypeTXT}, {"tree", dns.TypeDNAME}, {"tree", dns.TypeA}, {"any.tree", dns.TypeA},
		{"away", dns.TypeA},
		{"unsigned", dns.TypeDS}, {"unsigned", dns.TypeA}, {"www.unsigned", dns.TypeA}, {"nothing", dns.TypeDS}, {"www", dns.TypeDS},
	} {
		if q.name == "@" {
			q.name = zone
		} else {
			q.name += "." + strings.TrimPrefix(zone, ".")
		}
		qs = append(qs, q)
	}
	return qs
}

type labQuestion struct {
	name  string
	qtype uint16
}

// without returns a damage that removes a type and the signatures over it.
func without(typ uint16) func(testing.TB, []dns.RR) []dns.RR {
	return func(_ testing.TB, rrs []dns.RR) []dns.RR {
		return keep(rrs, func(rr dns.RR) bool {
			sig, ok := rr.(*dns.RRSIG)
			return rr.Header().Rrtype != typ && !(ok && sig.TypeCovered == typ)
		})
	}
}

func keep(rrs []dns.RR, wanted func(dns.RR) bool) []dns.RR {
	var kept []dns.RR
	for _, rr := range rrs {
		if wanted(rr) {
			kept = append(kept, rr)
		}
	}
	return kept
}

// over reports whether rr signs the A records of www.
func over(rr dns.RR) (*dns.RRSIG, bool) {
	sig, ok := rr.(*dns.RRSIG)
	return sig, ok && sig.TypeCovered == dns.TypeA && strings.HasPrefix(strings.ToLower(sig.Hdr.Name), "www.")
}

func stripWWW(_ testing.TB, rrs []dns.RR) []dns.RR {
	return keep(rrs, func(rr dns.RR) bool { _, is := over(rr); return !is })
}

// forge changes an address under its signature.
func forge(_ testing.TB, rrs []dns.RR) []dns.RR {
	for _, rr := range rrs {
		if a, ok := rr.(*dns.A); ok && strings.HasPrefix(strings.ToLower(a.Hdr.Name), "www.") {
			a.A = net.IPv4(192, 0, 2, 81)
		}
	}
	return rrs
}

func moreLabels(_ testing.TB, rrs []dns.RR) []dns.RR {
	for _, rr := range rrs {
		if sig, is := over(rr); is {
			sig.Labels++
		}
	}
	return rrs
}

func otherSigner(_ testing.TB, rrs []dns.RR) []dns.RR {
	for _, rr := range rrs {
		if sig, is := over(rr); is {
			sig.SignerName = "bind."
		}
	}
	return rrs
}

// dropZSK makes the signatures over www name a key that is not there.
func dropZSK(_ testing.TB, rrs []dns.RR) []dns.RR {
	for _, rr := range rrs {
		if sig, is := over(rr); is {
			sig.KeyTag++
		}
	}
	return rrs
}

// digests makes DS records of a zone's SEP keys; edit may change them.
func digests(digest uint8, edit func(*dns.DS)) func(testing.TB, []dns.RR) []dns.RR {
	return func(t testing.TB, rrs []dns.RR) []dns.RR {
		var out []dns.RR
		for _, rr := range rrs {
			if k, ok := rr.(*dns.DNSKEY); ok && k.Flags&dns.SEP != 0 {
				ds := k.ToDS(digest)
				ds.Hdr.Ttl = 300
				if edit != nil {
					edit(ds)
				}
				out = append(out, ds)
			}
		}
		if len(out) == 0 {
			t.Error("no key to make a DS record of")
		}
		return out
	}
}

// beforeRevocation makes DS records of the SEP keys as they were.
func beforeRevocation(t testing.TB, rrs []dns.RR) []dns.RR {
	var before []dns.RR
	for _, rr := range rrs {
		if k, ok := dns.Copy(rr).(*dns.DNSKEY); ok {
			k.Flags &^= dns.REVOKE
			before = append(before, k)
		}
	}
	return digests(dns.SHA256, nil)(t, before)
}

func both(a, b func(testing.TB, []dns.RR) []dns.RR) func(testing.TB, []dns.RR) []dns.RR {
	return func(t testing.TB, rrs []dns.RR) []dns.RR { return append(a(t, rrs), b(t, rrs)...) }
}

// spoil changes the first octet of the digest.
func spoil(ds *dns.DS) {
	flip := byte('0')
	if ds.Digest[0] == '0' {
		flip = '1'
	}
	ds.Digest = string(flip) + ds.Digest[1:]
}
