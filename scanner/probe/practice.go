package probe

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

const (
	// expiresSoon is when the end of a signature is called near. Signatures
	// that never last long are renewed often, so it is near only in the last
	// quarter of their validity.
	expiresSoon    = 7 * 24 * time.Hour
	expiresQuarter = 4

	maxAlgorithms = 16 // kept of one zone
)

// practice records how the zone is signed, and finds what does not follow
// recommended practice.
func (v *measurement) practice(found *signed) {
	p := &v.obs.Practice
	keys := slices.DeleteFunc(recordsOf[*dns.DNSKEY](found.keys), func(k *dns.DNSKEY) bool { return k.Flags&dns.ZONE == 0 })
	ds := recordsOf[*dns.DS](found.ds)
	for _, k := range keys {
		p.Algorithms = append(p.Algorithms, k.Algorithm)
	}
	p.Algorithms = tidyNumbers(p.Algorithms)
	for _, d := range ds {
		p.Digests = append(p.Digests, d.DigestType)
	}
	p.Digests = tidyNumbers(p.Digests)
	p.KeyBits = shortestKey(keys)
	p.Denial, p.NSEC3Iterations, p.NSEC3Salt = denialOf(v.zone, found.params)
	for _, answer := range []*resolve.Result{found.keys, found.ds, found.params, found.cds, found.mx} {
		if answer != nil && !answer.Facts.Expires.IsZero() && (p.Expires.IsZero() || answer.Facts.Expires.Before(p.Expires)) {
			p.Expires = answer.Facts.Expires
		}
	}
	p.CDS = len(recordsOf[*dns.CDS](found.cds))+len(recordsOf[*dns.CDNSKEY](found.cdnskey)) > 0

	v.findWeakness(keys, p)
	v.findExpiry(found)
	if len(keys) > 0 && len(ds) == 0 && found.dsReason == "" && v.zone != "." {
		v.find("dnssec", v.zone, partial(observation.IslandOfSecurity), fmt.Sprintf("%d DNSKEY records and no DS record", len(keys)))
	}
}

// findWeakness compares algorithms, keys, digests and NSEC3 parameters with
// what is recommended.
func (v *measurement) findWeakness(keys []*dns.DNSKEY, p *observation.DNSSECPractice) {
	var weak []string
	for _, a := range p.Algorithms {
		if code := dnssec.Algorithm(a); code.Advice == dnssec.Deprecated || code.Advice == dnssec.NotRecommended {
			weak = append(weak, fmt.Sprintf("%s (%d)", code.Name, a))
		}
	}
	if len(weak) > 0 {
		v.find("dnssec", v.zone, partial(observation.WeakAlgorithm), strings.Join(weak, ", "))
	}
	short := 0
	for _, k := range keys {
		if bits := dnssec.KeyBits(k); bits > 0 && dnssec.IsRSA(k.Algorithm) && bits < dnssec.MinRSABits {
			short++
		}
	}
	if short > 0 {
		v.find("dnssec", v.zone, partial(observation.ShortKey), fmt.Sprintf("%d of %d keys; the shortest has %d bits", short, len(keys), p.KeyBits))
	}
	weak = nil
	for _, d := range p.Digests {
		code := dnssec.Digest(d)
		if code.Advice == dnssec.Recommended || code.Advice == dnssec.Optional {
			weak = nil
			break
		}
		weak = append(weak, fmt.Sprintf("%s (%d)", code.Name, d))
	}
	if len(weak) > 0 {
		v.find("dnssec", v.zone, partial(observation.WeakDigest), strings.Join(weak, ", "))
	}
	if p.NSEC3Iterations > 0 || p.NSEC3Salt > 0 {
		v.find("dnssec", v.zone, partial(observation.NSEC3Costly), fmt.Sprintf("%d iterations, salt of %d bytes", p.NSEC3Iterations, p.NSEC3Salt))
	}
}

// findExpiry finds the signature of the zone that ends first, where it should
// have been renewed by now.
func (v *measurement) findExpiry(found *signed) {
	var first dnssec.SignatureFact
	var at time.Time
	for _, answer := range []*resolve.Result{found.keys, found.params, found.cds, found.mx, found.www} {
		if answer == nil {
			continue
		}
		for _, end := range answer.Facts.Ends {
			if end.Zone == v.zone && (first.Until.IsZero() || end.Until.Before(first.Until)) {
				first, at = end, answer.At
			}
		}
	}
	if !first.Until.IsZero() && endsSoon(first, at) {
		v.find("dnssec", v.zone, partial(observation.SignatureExpires), "at "+first.Until.UTC().Format(time.RFC3339))
	}
}

// endsSoon says whether a signature should have been renewed by now.
func endsSoon(s dnssec.SignatureFact, at time.Time) bool {
	left := s.Until.Sub(at)
	return left <= expiresSoon && left <= s.Until.Sub(s.From)/expiresQuarter
}

// shortestKey returns the size in bits of the shortest RSA key, or where there
// is none of the shortest key; 0 where no key can be read.
func shortestKey(keys []*dns.DNSKEY) uint16 {
	rsa, other := math.MaxUint16, math.MaxUint16
	for _, k := range keys {
		bits := dnssec.KeyBits(k)
		switch {
		case bits == 0:
		case dnssec.IsRSA(k.Algorithm):
			rsa = min(rsa, bits)
		default:
			other = min(other, bits)
		}
	}
	switch {
	case rsa < math.MaxUint16:
		return uint16(rsa)
	case other < math.MaxUint16:
		return uint16(other)
	}
	return 0
}

// denialOf says how the zone denies names, from the answer to a question for
// its NSEC3PARAM record: that record, or the proof that there is none. Of
// several records the costliest counts. The proof tells only where it was
// validated.
func denialOf(zone string, params *resolve.Result) (denial string, iterations uint16, salt uint8) {
	for _, p := range recordsOf[*dns.NSEC3PARAM](params) {
		if p.Flags == 0 { // RFC 5155 section 4.1.2
			denial = "nsec3"
			iterations, salt = max(iterations, p.Iterations), max(salt, uint8(min(len(p.Salt)/2, 255)))
		}
	}
	if denial != "" || params.State != observation.Secure {
		return denial, iterations, salt
	}
	for _, fact := range params.Facts.NSEC3 {
		if fact.Zone == zone {
			return "nsec3", fact.Iterations, uint8(min(len(fact.Salt)/2, 255))
		}
	}
	return "nsec", 0, 0
}

// tidyNumbers returns the numbers sorted, each once, at most maxAlgorithms.
func tidyNumbers(numbers []uint8) []uint8 {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return numbers[:min(len(numbers), maxAlgorithms)]
}
