package probe

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// answerSize says how large the largest answer is that every validating
// resolver asks of a zone: that with its keys.
type answerSize uint8

const (
	smallAnswer  answerSize = iota // as small as answers without EDNS: nothing to see
	largeAnswer                    // above 512 bytes
	largerAnswer                   // above udpBuffer: truncated or too large
)

// keySize estimates the size of the zone's DNSKEY answer from its keys, which
// the resolver has fetched in any case. Where they cannot be fetched, the
// parent's DS records say whether there should be any.
func (v *measurement) keySize(ctx context.Context) answerSize {
	result, reason := v.lookup(ctx, resolve.Dual, v.zone, dns.TypeDNSKEY)
	switch {
	case ownFault(reason):
		return smallAnswer
	case reason != "" && v.obs.DS > 0:
		return largerAnswer
	}
	return sizeOf(keyAnswerBytes(v.zone, result.Answer))
}

func sizeOf(bytes int) answerSize {
	switch {
	case bytes > udpBuffer:
		return largerAnswer
	case bytes > dns.MinMsgSize:
		return largeAnswer
	}
	return smallAnswer
}

// keyAnswerBytes estimates the size of a response with keys and a signature by
// each that has the SEP flag, or by one where none has; 0 without keys.
func keyAnswerBytes(zone string, records []dns.RR) int {
	const header, question, opt, record, dnskey, rrsig = 12, 4, 11, 12, 4, 18
	name := len(zone) + 1
	keys, signatures, one := 0, 0, 0
	for _, rr := range records {
		key, ok := rr.(*dns.DNSKEY)
		if !ok {
			continue
		}
		bytes := base64.StdEncoding.DecodedLen(len(key.PublicKey))
		keys += record + dnskey + bytes
		one = record + rrsig + name + signatureBytes(key.Algorithm, bytes)
		if key.Flags&dns.SEP != 0 {
			signatures += one
		}
	}
	if keys == 0 {
		return 0
	}
	return header + name + question + keys + max(signatures, one) + opt
}

// signatureBytes is the size of a signature by a key of some size.
func signatureBytes(algorithm uint8, key int) int {
	switch algorithm {
	case dns.ECDSAP256SHA256, dns.ECDSAP384SHA384:
		return key
	case dns.ED25519:
		return 64
	case dns.ED448:
		return 114
	}
	return max(key-4, 0) // RSA: the modulus, without the usual exponent
}

// askLarge asks for the zone's keys with their signatures, where that answer is
// large: it should come whole within the buffer, or truncated, and then over
// TCP. How a server sends such answers holds for all its zones.
func (v *measurement) askLarge(ctx context.Context, server netip.AddrPort, size answerSize, tcpWorks bool, udp *dnsReply) {
	if size == smallAnswer {
		return
	}
	kind := sendsLarge
	if size == largerAnswer {
		kind = sendsLarger
	}
	known, ok := v.serverFact(ctx, server.Addr(), kind, func() serverFact {
		got, err := v.exchange(ctx, resolve.Query{Server: server, Transport: resolve.UDP, Name: v.zone, Type: dns.TypeDNSKEY, DO: true})
		fact := serverFact{verdict: observation.Verdict{Status: observation.OK}}
		switch {
		case err != nil:
			fact.verdict = exchangeVerdict(ctx, err)
			if fact.verdict.Status != observation.Unmeasured {
				fact.verdict, fact.detail = partial(observation.LargeAnswerFails), "DNSKEY: "+string(fact.verdict.Reason)
			}
		case got.Bytes > udpBuffer:
			fact.verdict, fact.detail = partial(observation.AnswerTooLarge), fmt.Sprintf("DNSKEY: %d bytes or more to a buffer of %d", got.Bytes, udpBuffer)
		case got.Truncated:
			fact.truncated, fact.detail = true, "DNSKEY: truncated"
		default:
			fact.detail = fmt.Sprintf("DNSKEY: %d bytes", got.Bytes)
		}
		fact.zoneOnly = fact.verdict.Status == observation.Unmeasured
		return fact
	})
	switch {
	case !ok, known.verdict.Status == observation.Unmeasured:
		return
	case known.truncated && !tcpWorks:
		known.verdict = partial(observation.LargeAnswerFails)
	}
	udp.verdict, udp.detail = known.verdict, known.detail
}
