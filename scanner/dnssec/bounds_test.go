package dnssec

import (
	"adopt6/scanner/observation"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// collide returns n further keys of the tag of k: same length, other octets.
// Swapping two octets at even distance leaves the sum, and so the tag, as is.
func collide(t testing.TB, k *dns.DNSKEY, n int) []dns.RR {
	t.Helper()
	public, err := base64.StdEncoding.DecodeString(k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{k.PublicKey: true}
	var keys []dns.RR
	for i := 0; i < len(public) && len(keys) < n; i++ {
		for j := i + 2; j < len(public) && len(keys) < n; j += 2 {
			other := append([]byte{}, public...)
			other[i], other[j] = other[j], other[i]
			c := dns.Copy(k).(*dns.DNSKEY)
			c.PublicKey = base64.StdEncoding.EncodeToString(other)
			if c.KeyTag() != k.KeyTag() || seen[c.PublicKey] {
				continue
			}
			seen[c.PublicKey] = true
			keys = append(keys, c)
		}
	}
	return keys
}

// trapKey makes an RSA DNSKEY of the zone: any odd modulus is a key, and all
// have the tag that the last two octets are chosen for.
func trapKey(zone string, bits, salt int) *dns.DNSKEY {
	n := make([]byte, bits/8)
	for i := range n {
		n[i] = byte(i * 7)
	}
	n[0] |= 0x80
	n[10], n[12] = byte(salt), byte(255-salt) // their sum, and so the tag, stays
	n[len(n)-1] |= 1
	public := append([]byte{3, 1, 0, 1}, n...)
	return &dns.DNSKEY{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300},
		Flags: 256, Protocol: 3, Algorithm: dns.RSASHA512, PublicKey: base64.StdEncoding.EncodeToString(public)}
}

// keyTrap is the worst message for signature checks: as many keys of one tag
// as allowed, and as many signatures over each of many sets, all wrong.
func keyTrap(t testing.TB, keys, sigs int) (*Zone, Response) {
	t.Helper()
	z := &Zone{Name: "example.", State: observation.Secure, name: "\x07example\x00", memo: new(memo)}
	var tag uint16
	for i := range keys {
		k := trapKey("example.", 4096, i)
		z.keys = append(z.keys, parseKey(k))
		if i > 0 && k.KeyTag() != tag {
			t.Fatal("key tags differ")
		}
		tag = k.KeyTag()
	}
	r := Response{Answer: records(t, "www.example. 300 IN A 192.0.2.1")}
	for i := range sigs {
		n := make([]byte, 512)
		n[1], n[2] = byte(i), byte(i>>8)
		r.Answer = append(r.Answer, &dns.RRSIG{
			Hdr:         dns.RR_Header{Name: "www.example.", Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 300},
			TypeCovered: dns.TypeA, Algorithm: dns.RSASHA512, Labels: 2, OrigTtl: 300,
			Inception: uint32(now.Add(-time.Hour).Unix()), Expiration: uint32(now.Add(time.Hour).Unix()),
			KeyTag: tag, SignerName: "example.", Signature: base64.StdEncoding.EncodeToString(n)})
	}
	return z, r
}

// TestKeyTrap: keys of one tag and signatures in any number cost a fixed
// number of checks (CVE-2023-50387).
func TestKeyTrap(t *testing.T) {
	for _, c := range []struct {
		keys, sigs, checks int
		reason             observation.Reason
	}{
		{1, 1, 1, observation.RRSIGInvalid},
		{2, 2, 4, observation.RRSIGInvalid},
		{4, 2, 8, observation.RRSIGInvalid},
		{5, 1, 4, observation.BudgetExceeded},
		{1, 9, 8, observation.BudgetExceeded},
		{50, 100, 4, observation.BudgetExceeded},
	} {
		z, r := keyTrap(t, c.keys, c.sigs)
		v := NewValidator(now, DefaultBudget())
		got := v.Answer(z, "www.example.", dns.TypeA, r)
		if used := DefaultBudget().Signatures - v.Left().Signatures; got.Reason != c.reason || used != c.checks {
			t.Errorf("%d keys, %d signatures: %s after %d checks, want %s after %d", c.keys, c.sigs, got.Reason, used, c.reason, c.checks)
		}
	}
}

// TestFailuresAddUp: however many answers a resolution takes, failing checks
// end with the budget.
func TestFailuresAddUp(t *testing.T) {
	z, r := keyTrap(t, 4, 2)
	v := NewValidator(now, DefaultBudget())
	for range 10 {
		v.Answer(z, "www.example.", dns.TypeA, r)
	}
	if got := v.Answer(z, "www.example.", dns.TypeA, r); got.Reason != observation.BudgetExceeded {
		t.Error(got.summary())
	}
	if used := DefaultBudget().Signatures - v.Left().Signatures; used != DefaultBudget().Failures {
		t.Errorf("%d checks", used)
	}
}

// TestCollidingKeysStillValidate: two keys of one tag are rare and no fault.
func TestCollidingKeysStillValidate(t *testing.T) {
	w := newWorld(t)
	others := collide(t, w.root.rr, 40)
	if len(others) == 0 {
		t.Fatal("no octets to swap in this key")
	}
	w.set(".", dns.TypeDNSKEY, Response{Answer: w.root.with(t, append(others[:1:1], w.root.rr)...)})
	if got := w.verdict(DefaultBudget(), "www.example.", dns.TypeA, "example."); got.State != observation.Secure {
		t.Error(got.summary())
	}
}

func TestTooMuchOfEverything(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(w *world)
	}{
		{"keys", func(w *world) {
			rrs := []dns.RR{w.zone.rr}
			for i := range maxKeys {
				rrs = append(rrs, trapKey("example.", 1024, i))
			}
			w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, rrs...)})
		}},
		{"DS records", func(w *world) {
			rrs := []dns.RR{w.zone.rr.ToDS(dns.SHA256)}
			for i := range maxDS {
				ds := w.zone.rr.ToDS(dns.SHA256)
				ds.KeyTag = uint16(i)
				rrs = append(rrs, ds)
			}
			w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, rrs...)})
		}},
		{"keys of the tag in the DS", func(w *world) {
			var rrs []dns.RR
			for i := range maxKeysPerTag + 1 {
				rrs = append(rrs, trapKey("example.", 1024, i))
			}
			w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, rrs[0].(*dns.DNSKEY).ToDS(dns.SHA256))})
			w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, rrs...)})
		}},
		{"sets", func(w *world) {
			r := w.answers[labQuestion{"www.example.", dns.TypeA}]
			for i := range maxSets {
				r.Answer = append(r.Answer, records(w.t, fmt.Sprintf("x%d.example. 300 IN A 192.0.2.1", i))...)
			}
			w.set("www.example.", dns.TypeA, r)
		}},
	} {
		w := newWorld(t)
		c.breaks(w)
		if got := w.verdict(DefaultBudget(), "www.example.", dns.TypeA, "example."); got.Reason != observation.BudgetExceeded {
			t.Errorf("%s: %s", c.name, got.summary())
		}
	}
}

// TestSurplusDenials: records beyond the bound are not looked at.
func TestSurplusDenials(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for i := range maxDenials {
		lines = append(lines, fmt.Sprintf("a%d.plain. 300 IN NSEC a%d0.plain. A", i, i))
	}
	r := w.denied(w.nsec, dns.RcodeSuccess, append(lines, "x.plain. 300 IN NSEC plain. TXT")...)
	w.set("x.plain.", dns.TypeA, r)
	if got := w.verdict(DefaultBudget(), "x.plain.", dns.TypeA, "plain."); got.Reason != observation.NSECProofMissing {
		t.Error(got.summary())
	}
}

// TestLongChain: a message's chain of aliases is followed so far and no
// further; the caller continues.
func TestLongChain(t *testing.T) {
	w := newWorld(t)
	var r Response
	for i := range maxAliases + 5 {
		r.Answer = append(r.Answer, w.nsec.with(t, records(t, fmt.Sprintf("c%d.plain. 300 IN CNAME c%d.plain.", i, i+1))...)...)
	}
	w.set("c0.plain.", dns.TypeA, r)
	got := w.verdict(DefaultBudget(), "c0.plain.", dns.TypeA, "plain.")
	if got.State != observation.Secure || got.Kind != Alias || got.Target != fmt.Sprintf("c%d.plain.", maxAliases+1) {
		t.Errorf("%s, target %s", got.summary(), got.Target)
	}
	w.set("c0.plain.", dns.TypeA, Response{Answer: w.nsec.with(t, records(t, "c0.plain. 300 IN CNAME c0.plain.")...)})
	if got := w.verdict(DefaultBudget(), "c0.plain.", dns.TypeA, "plain."); got.Kind != Alias || got.Target != "c0.plain." {
		t.Errorf("%s, target %s", got.summary(), got.Target)
	}
}

// hashTrap is the worst message for hashing (CVE-2023-50868): the longest
// name, the longest salt, the most iterations, and records that never match.
func hashTrap(t testing.TB) (z *Zone, qname string, r Response) {
	t.Helper()
	s := newSigner(t, "example.", 256)
	z = &Zone{Name: "example.", State: observation.Secure, name: "\x07example\x00", keys: []*key{parseKey(s.rr)}, memo: new(memo)}
	salt := strings.Repeat("ab", 255)
	r.RCode = dns.RcodeNameError
	for i := range maxDenials {
		line := fmt.Sprintf("%s%02d.example. 300 IN NSEC3 1 0 150 %s %s A", strings.Repeat("0", 30), i, salt, strings.Repeat("0", 31)+"1")
		r.Authority = append(r.Authority, s.with(t, records(t, line)...)...)
	}
	return z, strings.Repeat("a.", 120) + "example.", r
}

func TestHashTrap(t *testing.T) {
	z, qname, r := hashTrap(t)
	v := NewValidator(now, DefaultBudget())
	if got := v.Answer(z, qname, dns.TypeA, r); got.Reason != observation.BudgetExceeded {
		t.Errorf("%s, left %+v", got.summary(), v.Left())
	}
}

// TestDefaultBudgetSuffices: the longest name with 150 iterations and a short
// salt is proved absent within the budget.
func TestDefaultBudgetSuffices(t *testing.T) {
	w := newWorld(t)
	qname := strings.Repeat("a.", 123) + "example."
	w.set(qname, dns.TypeA, w.denied(w.zone, dns.RcodeNameError, nsec3("example.", true, 150, "ab", "0", "NS SOA"),
		nsec3("a.example.", false, 150, "ab", "0", "A"), nsec3("*.example.", false, 150, "ab", "0", "A")))
	v := NewValidator(now, DefaultBudget())
	zone := &Zone{Name: "example.", State: observation.Secure, name: mustName(t, "example."), keys: []*key{parseKey(w.zone.rr)}, memo: new(memo)}
	if got := v.Answer(zone, qname, dns.TypeA, w.answers[labQuestion{qname, dns.TypeA}]); got.Kind != NoName || got.State != observation.Secure {
		t.Error(got.summary())
	}
	t.Logf("%d blocks", DefaultBudget().Hashes-v.Left().Hashes)
}

// TestNegativeTTL: a denial lasts as long as the shortest of its records.
func TestNegativeTTL(t *testing.T) {
	w := newWorld(t)
	w.set("gone.plain.", dns.TypeA, w.denied(w.nsec, dns.RcodeNameError, "plain. 77 IN NSEC x.plain. NS SOA",
		"plain. 300 IN SOA a. b. 1 2 3 4 5"))
	if got := w.verdict(DefaultBudget(), "gone.plain.", dns.TypeA, "plain."); got.TTL != 77 || got.Kind != NoName {
		t.Error(got.summary(), got.TTL)
	}
}

func TestMemo(t *testing.T) {
	var m memo
	a, b := sum([]byte("data"), []byte("sig")), sum([]byte("datas"), []byte("ig"))
	if a == b {
		t.Error("data and signature run together")
	}
	if m.has(&a) {
		t.Error("empty memo knows something")
	}
	m.add(a)
	if !m.has(&a) || m.has(&b) {
		t.Error("memo mixes fingerprints up")
	}
	for i := range memoSlots {
		m.add(sum([]byte{byte(i)}, nil))
	}
	if m.has(&a) {
		t.Error("memo grows")
	}
}

// TestRSABounds: the sizes of RFC 3110 and 5702, and signatures that must be
// exactly one number below the modulus.
func TestRSABounds(t *testing.T) {
	for _, c := range []struct {
		algorithm uint8
		bits      int
		exponent  []byte
		ok        bool
	}{
		{dns.RSASHA256, 504, []byte{3}, false},
		{dns.RSASHA256, 512, []byte{3}, true},
		{dns.RSASHA512, 1016, []byte{3}, false},
		{dns.RSASHA512, 1024, []byte{3}, true},
		{dns.RSASHA256, 4096, []byte{1, 0, 1}, true},
		{dns.RSASHA256, 4104, []byte{1, 0, 1}, false},
		{dns.RSASHA256, 2048, []byte{1, 0, 0, 0, 1}, true},     // 2^32+1
		{dns.RSASHA256, 2048, []byte{0x10, 0, 0, 0, 1}, false}, // 37 bits
		{dns.RSASHA256, 2048, []byte{1}, false},
		{dns.RSASHA256, 2048, []byte{4}, false},
		{dns.RSAMD5, 2048, []byte{3}, false},
	} {
		n := trapKey(".", c.bits, 1)
		public, _ := base64.StdEncoding.DecodeString(n.PublicKey)
		public = append(append([]byte{byte(len(c.exponent))}, c.exponent...), public[4:]...)
		if got, bits := parsePublic(c.algorithm, public); (got != nil) != c.ok || c.ok && bits != c.bits {
			t.Errorf("algorithm %d, %d bits, exponent %v: %v, %d bits", c.algorithm, c.bits, c.exponent, got, bits)
		}
	}
	for _, public := range [][]byte{nil, {0}, {0, 0}, {0, 1, 0}, {3, 1, 0, 1}, {200, 1}, make([]byte, 600)} {
		if got, _ := parsePublic(dns.RSASHA256, public); got != nil {
			t.Errorf("%v is a key", public)
		}
	}
}

// TestWeakRSA: keys that crypto/rsa refuses are checked all the same, and as
// strictly: a signature is as long as the modulus and below it.
func TestWeakRSA(t *testing.T) {
	for _, e := range []int64{3, 1<<32 + 1} {
		n, d := weakRSA(t, e)
		public := append([]byte{byte(len(big.NewInt(e).Bytes()))}, append(big.NewInt(e).Bytes(), n.Bytes()...)...)
		v, bits := parsePublic(dns.RSASHA256, public)
		k, ok := v.(*rsaKey)
		if !ok || bits != 512 || k.exponent == nil {
			t.Fatalf("%d bits, %v", bits, v)
		}
		limit := new(big.Int).Lsh(big.NewInt(1), 512)
		for i := 0; ; i++ {
			data := []byte(fmt.Sprint("data ", i))
			digest := sha256.Sum256(data)
			padded := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 64-3-19-32)...)
			padded = append(append(append(padded, 0), digestInfo[crypto.SHA256]...), digest[:]...)
			s := new(big.Int).Exp(new(big.Int).SetBytes(padded), d, n)
			over := new(big.Int).Add(s, n)
			if over.Cmp(limit) >= 0 {
				continue // does not fit into 64 octets; take other data
			}
			if !k.verify(data, s.FillBytes(make([]byte, 64))) {
				t.Error("a signature does not verify")
			}
			for _, bad := range [][]byte{over.FillBytes(make([]byte, 64)), s.FillBytes(make([]byte, 65)), padded, nil} {
				if k.verify(data, bad) {
					t.Errorf("%x is a signature", bad)
				}
			}
			break
		}
	}
}

// weakRSA makes a 512-bit modulus and the private exponent for e.
func weakRSA(t testing.TB, e int64) (n, d *big.Int) {
	t.Helper()
	one := big.NewInt(1)
	for range 1000 {
		p, err1 := rand.Prime(rand.Reader, 256)
		q, err2 := rand.Prime(rand.Reader, 256)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		n = new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one))
		// A small modulus leaves room for a number above it of the same length.
		if d = new(big.Int).ModInverse(big.NewInt(e), phi); d != nil && n.BitLen() == 512 && n.Bit(510) == 0 {
			return n, d
		}
	}
	t.Fatal("no key found")
	return nil, nil
}
