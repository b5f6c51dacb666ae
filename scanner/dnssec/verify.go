package dnssec

import (
	"adopt6/scanner/observation"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// outcome is what came of checking an RR set.
type outcome struct {
	reason  observation.Reason // empty when a signature holds
	sig     *dns.RRSIG
	key     *key
	from    time.Time // start of the signature's validity
	expires time.Time // end of it
	ttl     uint32    // seconds, RFC 4035 section 5.3.3
	// expanded is set when the set was made from a wildcard; sig.Labels then
	// says from which.
	expanded bool
}

// severity orders the reasons for which signatures fail, from the one that
// says most about what is wrong.
var severity = []observation.Reason{observation.BudgetExceeded, observation.RRSIGInvalid, observation.RRSIGExpired, observation.RRSIGNotYetValid, observation.KeyRevoked,
	observation.DNSKEYInvalid, observation.RRSIGKeyMissing, observation.RRSIGLabelsInvalid, observation.RRSIGSignerInvalid, observation.RRSIGMissing}

// graver returns the one of a and b that comes first in severity.
func graver(a, b observation.Reason) observation.Reason {
	if slices.Index(severity, b) < slices.Index(severity, a) {
		return b
	}
	return a
}

// check looks for one signature over s by z that holds now.
func (v *Validator) check(s *rrset, z *Zone) outcome {
	return v.checkWith(s, z.name, z.keys, z.memo)
}

// checkWith looks for one signature over s, made by zone with one of keys,
// that holds now (RFC 4035 section 5.3). A single one is enough, RFC 6840
// section 5.11. known may be nil.
func (v *Validator) checkWith(s *rrset, zone name, keys []*key, known *memo) outcome {
	if !s.owner.within(zone) {
		return outcome{reason: observation.RRSIGSignerInvalid}
	}
	labels := s.owner.labels()
	worst := observation.RRSIGMissing
	tries := 0
	for _, sig := range s.sigs {
		if !SupportsAlgorithm(sig.Algorithm) {
			continue
		}
		if reason := v.precheck(sig, labels, zone); reason != "" {
			worst = graver(worst, reason)
			continue
		}
		worst = graver(worst, observation.RRSIGKeyMissing)
		sameTag := 0
		for _, k := range keys {
			if k.tag != sig.KeyTag || k.algorithm != sig.Algorithm || !k.zoneKey() {
				continue
			}
			if sameTag++; sameTag > maxKeysPerTag || tries == maxSigsPerSet {
				return outcome{reason: observation.BudgetExceeded}
			}
			if reason := unusable(k); reason != "" {
				worst = graver(worst, reason)
				continue
			}
			tries++
			switch reason := v.try(s, sig, labels, zone, k, known); reason {
			case "":
				return v.accept(s, sig, k, labels)
			case observation.BudgetExceeded:
				return outcome{reason: observation.BudgetExceeded}
			}
			worst = observation.RRSIGInvalid
		}
	}
	return outcome{reason: worst}
}

// SignedBy says why no signature by one of the zone's keys over the records of
// name and type in answer holds now; empty where one does. It is for single
// servers of a zone whose keys are known to be good.
func (v *Validator) SignedBy(zone string, keys []*dns.DNSKEY, name string, qtype uint16, answer []dns.RR) observation.Reason {
	signer, err := parseName(zone)
	owner, err2 := parseName(name)
	if err != nil || err2 != nil || !v.load(Response{Answer: answer}) {
		return observation.ResponseUnusable
	}
	set := findRRs(v.answer, owner, qtype)
	if set == nil {
		return observation.ResponseUnusable
	}
	var parsed []*key
	for _, rr := range keys[:min(len(keys), maxKeys)] {
		if k := parseKey(rr); k != nil && k.zoneKey() {
			parsed = append(parsed, k)
		}
	}
	return v.checkWith(set, signer, parsed, nil).reason
}

// unusable says why no signature of k can count, or "".
func unusable(k *key) observation.Reason {
	switch {
	case k.revoked():
		return observation.KeyRevoked
	case k.verifier == nil:
		return observation.DNSKEYInvalid
	}
	return ""
}

// precheck makes the checks of RFC 4035 section 5.3.1 that need no key.
func (v *Validator) precheck(sig *dns.RRSIG, labels int, zone name) observation.Reason {
	var buf [256]byte
	n, err := packName(sig.SignerName, buf[:])
	switch {
	case err != nil || string(buf[:n]) != string(zone) || sig.Hdr.Class != dns.ClassINET:
		return observation.RRSIGSignerInvalid
	case int(sig.Labels) > labels || int(sig.Labels) < zone.labels():
		return observation.RRSIGLabelsInvalid
	}
	// Serial number arithmetic, RFC 1982 and RFC 4034 section 3.1.5.
	now := uint32(v.at.Unix())
	switch {
	case int32(sig.Expiration-sig.Inception) < 0:
		return observation.RRSIGInvalid
	case int32(sig.Expiration-now) < 0:
		return observation.RRSIGExpired
	case int32(now-sig.Inception) < 0:
		return observation.RRSIGNotYetValid
	}
	return ""
}

// try verifies one signature with one key. known may be nil.
func (v *Validator) try(s *rrset, sig *dns.RRSIG, labels int, zone name, k *key, known *memo) observation.Reason {
	signature, err := base64.StdEncoding.AppendDecode(v.signature[:0], []byte(sig.Signature))
	v.signature = signature
	if err != nil {
		return observation.RRSIGInvalid
	}
	owner := s.owner
	if int(sig.Labels) < labels {
		owner = s.owner.ancestor(int(sig.Labels)).wildcard()
	}
	data, ok := v.canonical.data(s, sig, owner, zone)
	if !ok {
		return observation.RRSIGInvalid
	}
	var fingerprint [sha256.Size]byte
	if known != nil {
		if fingerprint = sum(data, signature); known.has(&fingerprint) {
			return ""
		}
	}
	if !v.budget.takeSignature() {
		return observation.BudgetExceeded
	}
	if !k.verifier.verify(data, signature) {
		v.budget.Failures--
		return observation.RRSIGInvalid
	}
	if known != nil {
		known.add(fingerprint)
	}
	return ""
}

// accept describes a signature that holds.
func (v *Validator) accept(s *rrset, sig *dns.RRSIG, k *key, labels int) outcome {
	left := int32(sig.Expiration - uint32(v.at.Unix()))
	ttl := min(sig.Hdr.Ttl, sig.OrigTtl, uint32(left))
	for _, rr := range s.rrs {
		ttl = min(ttl, rr.Header().Ttl)
	}
	if s.owner.isWildcard() {
		labels--
	}
	expires := v.at.Truncate(time.Second).Add(time.Duration(left) * time.Second)
	return outcome{
		sig:      sig,
		key:      k,
		from:     expires.Add(-time.Duration(int32(sig.Expiration-sig.Inception)) * time.Second),
		expires:  expires,
		ttl:      ttl,
		expanded: int(sig.Labels) < labels,
	}
}

// rely records a checked set in facts.
func (o *outcome) rely(f *Facts, zone string) {
	f.Algorithms = insert(f.Algorithms, o.sig.Algorithm)
	f.addKey(o.key.fact(zone))
	f.expire(o.expires, zone)
	f.addEnd(SignatureFact{Zone: zone, From: o.from, Until: o.expires})
}
