package authority

import (
	"github.com/miekg/dns"
)

// Zones are the zones of one server.
type Zones interface {
	// Enclosing returns the zone with the longest origin at or above name,
	// nil when the server has none.
	Enclosing(name Name) *Zone
}

// Options shape one answer.
type Options struct {
	// Limit is the most octets that the answer may have: 65,535 over TCP,
	// UDPLimit over UDP.
	Limit int
	// Cookie is the COOKIE option to send back, if any.
	Cookie []byte
}

// UDPLimit returns the size that an answer to q over UDP may have.
func UDPLimit(q *Query) int { return min(q.Size, ServerSize) }

// maxChain is how many CNAME and DNAME records one answer follows.
const maxChain = 16

// Responder writes answers, one at a time. Its memory is used again for the
// next one. The zero value is ready.
type Responder struct{ reply reply }

// Error appends an answer without records.
func Error(dst []byte, q *Query, rcode int, o Options) []byte {
	var r reply
	r.start(dst, q, o.Limit, o.Cookie)
	r.flags.rcode = rcode
	return r.finish()
}

// Answer appends the answer to q from zones.
func (p *Responder) Answer(dst []byte, q *Query, zones Zones, o Options) []byte {
	r := &p.reply
	r.start(dst, q, o.Limit, o.Cookie)
	if q.Class != dns.ClassINET || q.Type == dns.TypeAXFR || q.Type == dns.TypeIXFR {
		r.flags.rcode = dns.RcodeRefused
		return r.finish()
	}
	zone := zoneFor(zones, q.Name, q.Type)
	if zone == nil {
		r.flags.rcode = dns.RcodeRefused
		return r.finish()
	}
	if !r.answer(zones, zone) || !r.provePending() {
		r.rewind()
		r.flags.truncated = true
	}
	return r.finish()
}

// zoneFor returns the zone that answers: for DS at an apex the parent's, when
// this server has it too (RFC 4035 section 3.1.4.1).
func zoneFor(zones Zones, name Name, qtype uint16) *Zone {
	zone := zones.Enclosing(name)
	if qtype == dns.TypeDS && zone != nil && zone.Origin == name && name != Root {
		if parent := zones.Enclosing(name.Parent()); parent != nil {
			return parent
		}
	}
	return zone
}

// answer fills in the sections; false means that they do not fit.
func (r *reply) answer(zones Zones, zone *Zone) bool {
	name := r.q.Name
	r.flags.authoritative = true
	for range maxChain {
		f := zone.find(name, r.q.Type == dns.TypeDS)
		var target Name
		fits := true
		switch f.kind {
		case cut:
			return r.referral(zone, f, name == r.q.Name)
		case dname:
			target, fits = r.synthesise(zone, f, name)
		case missing:
			wildcard := zone.at(f.name.Child("*"))
			if wildcard == nil {
				r.flags.rcode = dns.RcodeNameError
				return r.negative(zone, r.denial(zone, func() []*RRset { return zone.proveNoName(name, f) }))
			}
			target, fits = r.wildcard(zone, f, name, wildcard)
		case exact:
			target, fits = r.exact(zone, name, f.node)
		}
		if target == "" || !fits {
			return fits
		}
		name = target
		if zone = zoneFor(zones, name, r.q.Type); zone == nil {
			return true // the chain leaves the server's zones
		}
	}
	return true
}

// denial returns the proof when the zone is signed and the asker wants it.
func (r *reply) denial(z *Zone, proof func() []*RRset) []*RRset {
	if !r.q.DO || z.Signing == nil || z.Signing.has(MissingDenial, dns.TypeNSEC) {
		return nil
	}
	if z.Signing.has(WrongDenial, dns.TypeNSEC) {
		return z.proveNoData(z.Origin)
	}
	return proof()
}

// exact answers from a name that exists. target is where a CNAME leads.
func (r *reply) exact(zone *Zone, name Name, n *node) (target Name, fits bool) {
	if alias := n.set(dns.TypeCNAME); alias != nil && r.q.Type != dns.TypeCNAME && r.q.Type != dns.TypeANY {
		return Name(alias.Data[0]), r.put(zone, answerSection, name, alias)
	}
	set := n.set(r.q.Type)
	if r.q.Type == dns.TypeANY && len(n.sets) > 0 {
		set = n.sets[0] // one set is enough of an answer, RFC 8482 section 4.1
	}
	if set == nil {
		return "", r.negative(zone, r.denial(zone, func() []*RRset { return zone.proveNoData(name) }))
	}
	if !r.put(zone, answerSection, name, set) {
		return "", false
	}
	r.last, r.lastZone = set, zone
	return "", true
}

// wildcard answers a name that does not exist from the wildcard below its
// closest encloser (RFC 1034 section 4.3.3, RFC 4592).
func (r *reply) wildcard(zone *Zone, f found, name Name, n *node) (target Name, fits bool) {
	set := n.set(dns.TypeCNAME)
	if set != nil && r.q.Type != dns.TypeCNAME {
		target = Name(set.Data[0])
	} else {
		set = n.set(r.q.Type)
	}
	if r.q.Type == dns.TypeANY && len(n.sets) > 0 {
		set, target = n.sets[0], ""
	}
	if set == nil {
		return "", r.negative(zone, r.denial(zone, func() []*RRset { return zone.proveWildcardNoData(name, f) }))
	}
	if !r.put(zone, answerSection, name, set) {
		return "", false
	}
	r.last, r.lastZone = set, zone
	for _, proof := range r.denial(zone, func() []*RRset { return zone.proveExpansion(name, f) }) {
		r.pending = append(r.pending, zoneSet{zone, proof})
	}
	return target, true
}

// synthesise answers from a DNAME above name (RFC 6672 section 3.2).
func (r *reply) synthesise(zone *Zone, f found, name Name) (target Name, fits bool) {
	alias := f.node.set(dns.TypeDNAME)
	if !r.put(zone, answerSection, f.name, alias) {
		return "", false
	}
	target = name[:len(name)-len(f.name)] + Name(alias.Data[0])
	if len(target) > 255 {
		r.flags.rcode = dns.RcodeYXDomain
		return "", true
	}
	made := newRRset(name, dns.TypeCNAME, alias.TTL, []byte(target))
	return target, r.add(answerSection, name, made, nil)
}

// negative adds the SOA record, with the TTL of RFC 2308, and the proof.
func (r *reply) negative(zone *Zone, proof []*RRset) bool {
	soa := zone.nodes[zone.Origin].set(dns.TypeSOA)
	capped := soa
	if soa.TTL != zone.negativeTTL {
		capped = &RRset{Owner: soa.Owner, Type: soa.Type, TTL: zone.negativeTTL, Data: soa.Data}
	}
	var sigs [][]byte
	if r.q.DO {
		sigs = zone.signatures(soa)
	}
	return r.add(authoritySection, zone.Origin, capped, sigs) && r.prove(zone, proof)
}

func (r *reply) prove(zone *Zone, proof []*RRset) bool {
	for _, set := range proof {
		if !r.put(zone, authoritySection, set.Owner, set) {
			return false
		}
	}
	return true
}

// zoneSet is a set with the zone that signs it.
type zoneSet struct {
	zone *Zone
	set  *RRset
}

// provePending writes what had to wait until the answer section was complete.
func (r *reply) provePending() bool {
	for _, p := range r.pending {
		if !r.put(p.zone, authoritySection, p.set.Owner, p.set) {
			return false
		}
	}
	if r.last != nil {
		r.additional(r.lastZone, r.last, nil)
	}
	return true
}

// put adds a set with its signatures when they are asked for.
func (r *reply) put(zone *Zone, section int, owner Name, set *RRset) bool {
	var sigs [][]byte
	if r.q.DO {
		sigs = zone.signatures(set)
	}
	return r.add(section, owner, set, sigs)
}

// referral sends the asker on to the zone cut at f. first is false after an
// alias, where the answer keeps its authority (RFC 1034 section 4.3.2).
func (r *reply) referral(zone *Zone, f found, first bool) bool {
	if first {
		r.flags.authoritative = false
	}
	ns := f.node.set(dns.TypeNS)
	if !r.add(authoritySection, f.name, ns, nil) {
		return false
	}
	if ds := f.node.set(dns.TypeDS); ds != nil {
		if r.q.DO && !r.put(zone, authoritySection, f.name, ds) {
			return false
		}
	} else if !r.prove(zone, r.denial(zone, func() []*RRset { return zone.proveNoData(f.name) })) {
		return false
	}
	r.additional(zone, ns, f.node)
	return true
}

// additional adds the addresses that the zone holds for the hosts in set. In a
// referral (cut is its node) addresses of hosts below the cut are required:
// when one does not fit the answer is marked truncated (RFC 9471).
func (r *reply) additional(zone *Zone, set *RRset, cut *node) {
	before := 0
	switch set.Type {
	case dns.TypeNS:
	case dns.TypeMX:
		before = 2
	default:
		return
	}
	for _, required := range []bool{true, false} {
		for _, rdata := range set.Data {
			host := Name(rdata[before:])
			if (cut != nil && host.In(set.Owner)) != required {
				continue
			}
			for _, rrtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
				addresses, signed := zone.addresses(host, rrtype, cut)
				if addresses == nil {
					continue
				}
				var sigs [][]byte
				if signed && r.q.DO {
					sigs = zone.signatures(addresses)
				}
				if !r.add(additionalSection, host, addresses, sigs) && required {
					r.flags.truncated = true
				}
			}
		}
	}
}

// addresses finds what the zone has for host: glue of a generated delegation,
// glue, or its own authoritative (then signed) data.
func (z *Zone) addresses(host Name, rrtype uint16, cut *node) (set *RRset, signed bool) {
	if cut != nil {
		for _, g := range cut.glue {
			if g.Owner == host && g.Type == rrtype {
				return g, false
			}
		}
	}
	n := z.nodes[host]
	if n == nil {
		return nil, false
	}
	return n.set(rrtype), !n.occluded && !z.isCut(host, n)
}
