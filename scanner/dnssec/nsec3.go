package dnssec

import (
	"adopt6/scanner/observation"
	"bytes"
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/miekg/dns"
)

const hashSize = sha1.Size

// nsec3Record is an NSEC3 record, RFC 5155 section 3: no name exists whose
// hash lies between owner and next.
type nsec3Record struct {
	record
	owner, next [hashSize]byte
	optOut      bool
}

// hashed is a name and its hash.
type hashed struct {
	name name
	hash [hashSize]byte
}

var base32hex = base32.HexEncoding.WithPadding(base32.NoPadding)

// addNSEC3 takes a record of SHA-1 (the only hash there is), of known flags,
// and of the same parameters as the first one, RFC 5155 section 8.2.
func (d *denial) addNSEC3(set *rrset) {
	rr, ok := set.rrs[0].(*dns.NSEC3)
	if !ok || !single(set) || rr.Hash != dns.SHA1 || rr.Flags > 1 || set.owner.parent() != d.zone.name {
		return
	}
	r := nsec3Record{record: record{set: set, types: rr.TypeBitMap}, optOut: rr.Flags&1 != 0}
	if !decodeHash(&r.owner, string(set.owner[1:1+set.owner[0]])) || !decodeHash(&r.next, rr.NextDomain) {
		return
	}
	if d.params == nil {
		d.params = rr
	} else if d.params.Iterations != rr.Iterations || !strings.EqualFold(d.params.Salt, rr.Salt) {
		return
	}
	if rr.Iterations > maxIterations {
		d.steep = true
	}
	d.nsec3 = append(d.nsec3, r)
}

// decodeHash decodes the base32 form of a hash, of either case.
func decodeHash(hash *[hashSize]byte, text string) bool {
	if len(text) != base32hex.EncodedLen(hashSize) {
		return false
	}
	n, err := base32hex.Decode(hash[:], []byte(strings.ToUpper(text)))
	return err == nil && n == hashSize
}

// trust checks the record's signature and notes its parameters.
func (d *denial) trust(r *nsec3Record) bool {
	if !d.good(&r.record) {
		return false
	}
	d.facts.addNSEC3(NSEC3Fact{Zone: d.zone.Name, Iterations: d.params.Iterations,
		Salt: strings.ToLower(d.params.Salt), OptOut: r.optOut})
	return true
}

// tooSteep reports whether the records ask for too many iterations, and one
// of them is truly the zone's (RFC 9276 section 3.2).
func (d *denial) tooSteep() bool {
	if !d.steep {
		return false
	}
	for i := range d.nsec3 {
		if d.trust(&d.nsec3[i]) {
			return true
		}
	}
	return false
}

// hash returns the hash of n, RFC 5155 section 5. ok is false when the budget
// does not allow it.
func (d *denial) hash(n name) (h [hashSize]byte, ok bool) {
	for i := range d.hashes {
		if d.hashes[i].name == n {
			return d.hashes[i].hash, true
		}
	}
	var buf [255 + 255]byte
	salt, err := hex.AppendDecode(buf[:0], []byte(saltText(d.params)))
	if err != nil {
		return h, false
	}
	iterations := int(d.params.Iterations)
	if !d.v.budget.takeHashes(blocks(len(n)+len(salt)) + iterations*blocks(hashSize+len(salt))) {
		d.fault = observation.BudgetExceeded
		return h, false
	}
	var in [255 + 255]byte
	h = sha1.Sum(append(append(in[:0], n...), salt...))
	for range iterations {
		h = sha1.Sum(append(append(in[:0], h[:]...), salt...))
	}
	d.hashes = append(d.hashes, hashed{n, h})
	return h, true
}

// saltText returns the salt in hexadecimal; "-" stands for none.
func saltText(rr *dns.NSEC3) string {
	if rr.Salt == "-" {
		return ""
	}
	return rr.Salt
}

// blocks returns how many blocks SHA-1 takes for n bytes.
func blocks(n int) int { return (n + 9 + 63) / 64 }

// nsec3At returns the trusted record whose owner is the hash of n.
func (d *denial) nsec3At(n name) *nsec3Record {
	if len(d.nsec3) == 0 {
		return nil
	}
	h, ok := d.hash(n)
	if !ok {
		return nil
	}
	for i := range d.nsec3 {
		if r := &d.nsec3[i]; r.owner == h && d.trust(r) {
			return r
		}
	}
	return nil
}

// nsec3Over returns a trusted record in whose gap the hash of n lies.
func (d *denial) nsec3Over(n name) *nsec3Record {
	h, ok := d.hash(n)
	if !ok {
		return nil
	}
	for i := range d.nsec3 {
		r := &d.nsec3[i]
		afterOwner := bytes.Compare(r.owner[:], h[:]) < 0
		beforeNext := bytes.Compare(h[:], r.next[:]) < 0
		inside := afterOwner && beforeNext
		if bytes.Compare(r.owner[:], r.next[:]) >= 0 { // the last record wraps round
			inside = (afterOwner || beforeNext) && r.owner != h
		}
		if inside && d.trust(r) {
			return r
		}
	}
	return nil
}

// encloser finds the closest encloser of qname, which does not exist, and the
// record that covers the next closer name: RFC 5155 section 8.3.
func (d *denial) encloser(qname name) (closest name, nextCloser *nsec3Record) {
	next := qname
	for next != d.zone.name {
		n := next.parent()
		if at := d.nsec3At(n); at != nil {
			if at.has(dns.TypeDNAME) || at.delegation() {
				return "", nil
			}
			return n, d.nsec3Over(next)
		}
		if d.fault == observation.BudgetExceeded {
			return "", nil
		}
		next = n
	}
	return "", nil
}

// through returns the proof that rests on the record over the next closer
// name: weaker when that has opt-out, RFC 5155 section 9.2.
func through(nextCloser *nsec3Record) proof {
	if nextCloser.optOut {
		return optOut
	}
	return proved
}

// nsec3Usable says whether there are NSEC3 records to prove anything with;
// where there are none, or they cost too much, p is what that amounts to.
func (d *denial) nsec3Usable() (p proof, ok bool) {
	switch {
	case len(d.nsec3) == 0:
		return unproved, false
	case d.steep && d.tooSteep():
		return tooSteep, false
	}
	return unproved, !d.steep
}

func (d *denial) nsec3NoData(qname name, qtype uint16) proof {
	if p, ok := d.nsec3Usable(); !ok {
		return p
	}
	if at := d.nsec3At(qname); at != nil {
		d.nxname = at.has(dns.TypeNXNAME)
		return provedIf(at.lacks(qtype, qname == d.zone.name && qname == root))
	}
	closest, over := d.encloser(qname)
	switch {
	case over == nil:
		return unproved
	case qtype == dns.TypeDS && over.optOut:
		// Section 8.6: a wildcard makes no delegations, so its record says
		// nothing of the DS records that are asked for.
		return optOut
	}
	if wild := closest.wildcard(); wild != "" {
		if at := d.nsec3At(wild); at != nil {
			if at.lacks(qtype, false) {
				return through(over)
			}
			return unproved
		}
	}
	// Erratum 3441: qname may be an empty non-terminal above unsigned
	// delegations only, which opt-out leaves without a record.
	if over.optOut {
		return optOut
	}
	return unproved
}

func (d *denial) nsec3NoName(qname name) proof {
	if p, ok := d.nsec3Usable(); !ok {
		return p
	}
	closest, over := d.encloser(qname)
	if over == nil {
		return unproved
	}
	if wild := closest.wildcard(); wild != "" && d.nsec3Over(wild) == nil {
		return unproved
	}
	return through(over)
}

func (d *denial) nsec3Expansion(qname name, labels int) proof {
	if p, ok := d.nsec3Usable(); !ok {
		return p
	}
	if over := d.nsec3Over(qname.ancestor(labels + 1)); over != nil {
		return through(over)
	}
	return unproved
}
