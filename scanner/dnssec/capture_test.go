package dnssec_test

import (
	"crypto"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
)

var captureTime = time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)

type question struct {
	name  string
	qtype uint16
}

// capture makes the answers of a signed root and a signed zone below it, and
// the trust anchor they hang on.
func capture() (map[question]dnssec.Response, string, error) {
	sign := func(key *dns.DNSKEY, private crypto.Signer, days int, rrs ...dns.RR) (dnssec.Response, error) {
		sig := &dns.RRSIG{Hdr: dns.RR_Header{Ttl: rrs[0].Header().Ttl}, Algorithm: key.Algorithm,
			KeyTag: key.KeyTag(), SignerName: key.Hdr.Name,
			Inception:  uint32(captureTime.AddDate(0, 0, -1).Unix()),
			Expiration: uint32(captureTime.AddDate(0, 0, days).Unix())}
		err := sig.Sign(private, rrs)
		return dnssec.Response{Answer: append(rrs, sig)}, err
	}
	newKey := func(zone string) (*dns.DNSKEY, crypto.Signer, error) {
		key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
			Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
		private, err := key.Generate(256)
		if err != nil {
			return nil, nil, err
		}
		return key, private.(crypto.Signer), nil
	}

	rootKey, rootPrivate, err := newKey(".")
	if err != nil {
		return nil, "", err
	}
	key, private, err := newKey("example.")
	if err != nil {
		return nil, "", err
	}
	address, err := dns.NewRR("www.example. 300 IN AAAA 2001:db8::80")
	if err != nil {
		return nil, "", err
	}
	captured := map[question]dnssec.Response{}
	for q, make := range map[question]func() (dnssec.Response, error){
		{".", dns.TypeDNSKEY}:          func() (dnssec.Response, error) { return sign(rootKey, rootPrivate, 9, rootKey) },
		{"example.", dns.TypeDS}:       func() (dnssec.Response, error) { return sign(rootKey, rootPrivate, 12, key.ToDS(dns.SHA256)) },
		{"example.", dns.TypeDNSKEY}:   func() (dnssec.Response, error) { return sign(key, private, 20, key) },
		{"www.example.", dns.TypeAAAA}: func() (dnssec.Response, error) { return sign(key, private, 20, address) },
	} {
		if captured[q], err = make(); err != nil {
			return nil, "", err
		}
	}
	return captured, rootKey.ToDS(dns.SHA256).String(), nil
}
