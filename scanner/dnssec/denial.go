package dnssec

import (
	"adopt6/scanner/observation"
	"math"
	"slices"

	"github.com/miekg/dns"
)

// denial holds the NSEC and NSEC3 records of a message's authority section,
// and proves with them what does not exist. A record's signature is checked
// when a proof first rests on it.
type denial struct {
	v      *Validator
	zone   *Zone
	facts  *Facts // gains what proofs rest on
	nsec   []nsecRecord
	nsec3  []nsec3Record
	params *dns.NSEC3 // of the first NSEC3 record; the others must equal it
	hashes []hashed
	// steep is set when the NSEC3 records ask for more iterations than allowed.
	steep bool
	// nxname is set when the record of the queried name says that there is no
	// such name: compact denial, RFC 9824.
	nxname bool
	fault  observation.Reason // gravest reason for which a record was refused
	ttl    uint32             // least TTL of the records relied on
}

// record is one NSEC or NSEC3 record and whether it can be relied on.
type record struct {
	set     *rrset
	types   []uint16
	checked bool
	good    bool
}

func (r *record) has(typ uint16) bool { return slices.Contains(r.types, typ) }

// delegation reports whether the record is the parent's at a zone cut. It then
// says nothing about the child's side, RFC 6840 section 4.1.
func (r *record) delegation() bool { return r.has(dns.TypeNS) && !r.has(dns.TypeSOA) }

// denial collects the records of v.authority that can belong to zone.
func (v *Validator) denial(zone *Zone, facts *Facts) *denial {
	d := &denial{v: v, zone: zone, facts: facts, ttl: math.MaxUint32}
	for i := range v.authority {
		set := &v.authority[i]
		if len(set.rrs) == 0 || !set.owner.within(zone.name) || len(d.nsec)+len(d.nsec3) == maxDenials {
			continue
		}
		switch set.typ {
		case dns.TypeNSEC:
			d.addNSEC(set)
		case dns.TypeNSEC3:
			d.addNSEC3(set)
		}
	}
	return d
}

// good checks the record's signature, once.
func (d *denial) good(r *record) bool {
	if r.checked {
		return r.good
	}
	r.checked = true
	got := d.v.check(r.set, d.zone)
	if got.reason == "" && got.expanded {
		// Made from a wildcard: the owner is not one of the zone's names
		// (RFC 4035 section 5.4, CVE-2017-15105).
		got.reason = observation.RRSIGLabelsInvalid
	}
	if got.reason != "" {
		if d.fault == "" {
			d.fault = got.reason
		}
		d.fault = graver(d.fault, got.reason)
		return false
	}
	got.rely(d.facts, d.zone.Name)
	d.ttl = min(d.ttl, got.ttl)
	r.good = true
	return true
}

// missing says why nothing was proved.
func (d *denial) missing() observation.Reason {
	switch {
	case d.fault != "":
		return d.fault
	case len(d.nsec3) > 0:
		return observation.NSEC3ProofMissing
	case len(d.nsec) > 0:
		return observation.NSECProofMissing
	}
	return observation.DenialMissing
}

// verdict turns a proof's outcome into state and reason.
func (d *denial) verdict(p proof) (observation.State, observation.Reason) {
	switch p {
	case proved:
		return observation.Secure, ""
	case optOut:
		return observation.Insecure, observation.NSEC3OptOut
	case tooSteep:
		return observation.Insecure, observation.NSEC3IterationsHigh
	}
	return observation.Bogus, d.missing()
}

// proof is how far the records prove a claim.
type proof uint8

const (
	unproved proof = iota
	proved
	optOut   // proved but for unsigned names under an opt-out record
	tooSteep // not looked into, for the iterations
)

// noData proves that qname exists and has no records of type qtype, or that a
// wildcard which applies to it has none.
func (d *denial) noData(qname name, qtype uint16) (observation.State, observation.Reason) {
	p := d.nsecNoData(qname, qtype)
	if p == unproved {
		p = d.nsec3NoData(qname, qtype)
	}
	return d.verdict(p)
}

// noName proves that neither qname nor a wildcard which applies to it exists.
func (d *denial) noName(qname name) (observation.State, observation.Reason) {
	p := d.nsecNoName(qname)
	if p == unproved {
		p = d.nsec3NoName(qname)
	}
	return d.verdict(p)
}

// expansion proves that an answer for qname was rightly made from the
// wildcard below the ancestor of qname that has the given number of labels:
// nothing that exists is closer to qname.
func (d *denial) expansion(qname name, labels int) (observation.State, observation.Reason) {
	p := d.nsecExpansion(qname, labels)
	if p == unproved {
		p = d.nsec3Expansion(qname, labels)
	}
	return d.verdict(p)
}

// noDS proves that qname has no DS records. cut tells whether it is a zone
// cut nevertheless: an unsigned delegation, or possibly one.
func (d *denial) noDS(qname name, noSuchName bool) (state observation.State, reason observation.Reason, cut bool) {
	if r := d.matchAny(qname); r != nil {
		cut = r.delegation()
	}
	if noSuchName {
		if state, reason = d.noName(qname); state != observation.Bogus {
			return state, reason, state == observation.Insecure
		}
	}
	state, reason = d.noData(qname, dns.TypeDS)
	if state == observation.Insecure {
		if reason == observation.NSEC3OptOut {
			reason = observation.DSAbsent
		}
		cut = true
	}
	return state, reason, cut
}

// matchAny returns the trusted record whose owner is qname, of either kind.
func (d *denial) matchAny(qname name) *record {
	if r := d.nsecAt(qname); r != nil {
		return &r.record
	}
	if d.steep {
		return nil
	}
	if r := d.nsec3At(qname); r != nil {
		return &r.record
	}
	return nil
}

// lacks reports whether a record whose owner is the queried name, or the
// wildcard in its place, denies qtype. apex is the zone's own name.
func (r *record) lacks(qtype uint16, atApex bool) bool {
	switch {
	case r.has(qtype) || r.has(dns.TypeCNAME):
		return false
	case qtype == dns.TypeDS:
		// The child's record says nothing of the parent's DS.
		return !r.has(dns.TypeSOA) || atApex
	}
	return !r.delegation()
}
