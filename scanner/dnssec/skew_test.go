package dnssec

import (
	"crypto"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

// TestClockSkew: a signature holds from the second of its inception to that of
// its expiration, and not a second longer (RFC 4035 section 5.3.1).
func TestClockSkew(t *testing.T) {
	const day = 24 * 3600
	begin := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300}, Flags: 256, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	soa, err := dns.NewRR("example. 300 IN SOA ns.example. host.example. 1 2 3 4 5")
	if err != nil {
		t.Fatal(err)
	}
	sig := &dns.RRSIG{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 300}, Algorithm: key.Algorithm,
		KeyTag: key.KeyTag(), SignerName: "example.", Inception: uint32(begin.Unix()), Expiration: uint32(begin.Unix() + 14*day)}
	if err := sig.Sign(private.(crypto.Signer), []dns.RR{soa}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		seconds int64 // after inception
		answer  []dns.RR
		want    observation.Reason
	}{
		{-1, []dns.RR{soa, sig}, observation.RRSIGNotYetValid},
		{0, []dns.RR{soa, sig}, ""},
		{14 * day, []dns.RR{soa, sig}, ""},
		{14*day + 1, []dns.RR{soa, sig}, observation.RRSIGExpired},
		{day, []dns.RR{soa}, observation.RRSIGMissing},
		{day, nil, observation.ResponseUnusable},
	} {
		v := NewValidator(begin.Add(time.Duration(test.seconds)*time.Second), DefaultBudget())
		if got := v.SignedBy("example.", []*dns.DNSKEY{key}, "example.", dns.TypeSOA, test.answer); got != test.want {
			t.Errorf("%d s after its inception: %q, want %q", test.seconds, got, test.want)
		}
	}
}
