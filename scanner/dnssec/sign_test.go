package dnssec

import (
	"crypto"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// now is the time the tests live in.
var now = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

// signer is a key that tests sign with.
type signer struct {
	rr      *dns.DNSKEY
	private crypto.Signer
}

// newSigner makes an ECDSA P-256 key of a zone.
func newSigner(t testing.TB, zone string, flags uint16) signer {
	t.Helper()
	return newSignerOf(t, zone, flags, dns.ECDSAP256SHA256, 256)
}

// newSignerOf makes a key of any algorithm that miekg/dns can sign with.
func newSignerOf(t testing.TB, zone string, flags uint16, algorithm uint8, bits int) signer {
	t.Helper()
	rr := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: flags, Protocol: 3, Algorithm: algorithm,
	}
	private, err := rr.Generate(bits)
	if err != nil {
		t.Fatal(err)
	}
	return signer{rr, private.(crypto.Signer)}
}

// sign returns a signature over rrs, valid for a month around now; edit may
// change it before it is made.
func (s signer) sign(t testing.TB, rrs []dns.RR, edit func(*dns.RRSIG)) *dns.RRSIG {
	t.Helper()
	h := rrs[0].Header()
	sig := &dns.RRSIG{
		Hdr:        dns.RR_Header{Ttl: h.Ttl},
		Algorithm:  s.rr.Algorithm,
		Inception:  uint32(now.AddDate(0, 0, -10).Unix()),
		Expiration: uint32(now.AddDate(0, 0, 20).Unix()),
		KeyTag:     s.rr.KeyTag(),
		SignerName: s.rr.Hdr.Name,
	}
	if edit != nil {
		edit(sig)
	}
	if err := sig.Sign(s.private, rrs); err != nil {
		t.Fatal(err)
	}
	return sig
}

// with returns rrs and a signature over them.
func (s signer) with(t testing.TB, rrs ...dns.RR) []dns.RR {
	t.Helper()
	return append(rrs, s.sign(t, rrs, nil))
}

// records parses zone file lines.
func records(t testing.TB, lines ...string) []dns.RR {
	t.Helper()
	var rrs []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rrs = append(rrs, rr)
	}
	return rrs
}
