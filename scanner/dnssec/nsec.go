package dnssec

import "github.com/miekg/dns"

// nsecRecord is an NSEC record, RFC 4034 section 4: nothing exists between
// owner and next.
type nsecRecord struct {
	record
	next name
}

func (d *denial) addNSEC(set *rrset) {
	rr, ok := set.rrs[0].(*dns.NSEC)
	if !ok || !single(set) {
		return // one owner has one NSEC record
	}
	next, err := parseName(rr.NextDomain)
	if err != nil || !next.within(d.zone.name) {
		return
	}
	d.nsec = append(d.nsec, nsecRecord{record{set: set, types: rr.TypeBitMap}, next})
}

// single reports whether all records of the set are the same.
func single(set *rrset) bool {
	for _, rr := range set.rrs[1:] {
		if !dns.IsDuplicate(rr, set.rrs[0]) {
			return false
		}
	}
	return true
}

// nsecAt returns the trusted record whose owner is n.
func (d *denial) nsecAt(n name) *nsecRecord {
	for i := range d.nsec {
		if r := &d.nsec[i]; r.set.owner == n && d.good(&r.record) {
			return r
		}
	}
	return nil
}

// nsecOver returns a trusted record in whose gap n lies.
func (d *denial) nsecOver(n name) *nsecRecord {
	for i := range d.nsec {
		r := &d.nsec[i]
		owner := r.set.owner
		if compare(owner, n) >= 0 || compare(n, r.next) >= 0 && r.next != d.zone.name {
			continue
		}
		// Below a zone cut or a DNAME the names are not the zone's own
		// (RFC 6840 section 4.1).
		if n.below(owner) && (r.delegation() || r.has(dns.TypeDNAME)) {
			continue
		}
		if d.good(&r.record) {
			return r
		}
	}
	return nil
}

// encloser returns the closest encloser of n, which lies in the gap of r: the
// longest ancestor that exists.
func (r *nsecRecord) encloser(n name) name {
	a, b := common(n, r.set.owner), common(n, r.next)
	if len(a) > len(b) {
		return a
	}
	return b
}

// emptyNonTerminal reports whether n, which lies in the gap of r, exists
// because a name below it does.
func (r *nsecRecord) emptyNonTerminal(n name) bool { return r.next.below(n) }

func (d *denial) nsecNoData(qname name, qtype uint16) proof {
	if len(d.nsec) == 0 {
		return unproved
	}
	if at := d.nsecAt(qname); at != nil {
		d.nxname = at.has(dns.TypeNXNAME)
		return provedIf(at.lacks(qtype, qname == d.zone.name && qname == root))
	}
	over := d.nsecOver(qname)
	if over == nil {
		return unproved
	}
	if over.emptyNonTerminal(qname) {
		return proved
	}
	wild := over.encloser(qname).wildcard()
	if wild == "" {
		return unproved
	}
	if at := d.nsecAt(wild); at != nil {
		return provedIf(at.lacks(qtype, false))
	}
	// The wildcard itself may be an empty non-terminal.
	if gap := d.nsecOver(wild); gap != nil {
		return provedIf(gap.emptyNonTerminal(wild))
	}
	return unproved
}

func (d *denial) nsecNoName(qname name) proof {
	over := d.nsecOver(qname)
	if over == nil || over.emptyNonTerminal(qname) {
		return unproved
	}
	wild := over.encloser(qname).wildcard()
	if wild == "" {
		return proved // too long to exist
	}
	gap := d.nsecOver(wild)
	return provedIf(gap != nil && !gap.emptyNonTerminal(wild))
}

func (d *denial) nsecExpansion(qname name, labels int) proof {
	over := d.nsecOver(qname)
	return provedIf(over != nil && !over.emptyNonTerminal(qname) &&
		over.encloser(qname).labels() == labels)
}

func provedIf(ok bool) proof {
	if ok {
		return proved
	}
	return unproved
}
