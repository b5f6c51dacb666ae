package resolve

import (
	"adopt6/scanner/observation"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const (
	maxNS        = 32 // name servers of a zone that are taken note of
	maxAddresses = 16 // addresses of a name server that are taken note of
	maxRecords   = 512
	maxNegative  = 3 * 3600 // seconds, RFC 2308 section 5
)

// kind is what a response comes down to.
type kind uint8

const (
	isAnswer kind = iota
	isAlias
	isNoData
	isNXDomain
	isReferral
)

// answer is what a zone says to a question. It is shared and never changed.
type answer struct {
	kind    kind
	rcode   int
	rrs     []dns.RR // of the answer section: the set asked for, or the alias; with RRSIGs when validating
	proof   []dns.RR // of the authority section, when validating
	target  string   // of an alias
	zone    string   // the zone that answered, as far as can be told
	servers string   // the zone whose servers were asked: zone or one above
	from    *server
	expires int64 // Unix seconds
	weak    bool  // not authoritative
	// cut is the zone that a referral leads to, or the zone itself as its own
	// NS records describe it when those were asked for.
	cut  *cut
	glue map[string][]netip.Addr // with all the parent's addresses, on demand
}

// bytes estimates the memory that a takes.
func (a *answer) bytes() int {
	n := 160
	for _, rrs := range [][]dns.RR{a.rrs, a.proof} {
		for _, rr := range rrs {
			n += 120 + 2*dns.Len(rr)
		}
	}
	return n
}

// reader turns a response of the servers of a zone into an answer.
type reader struct {
	m        *message
	zone     string // of the servers
	name     string
	qtype    uint16
	mode     Mode
	now      int64
	full     bool // keep signatures and proofs
	keepGlue bool
}

// read returns the answer, or the reason why the response is none.
func (r *reader) read() (*answer, observation.Reason) {
	switch r.m.rcode {
	case dns.RcodeSuccess, dns.RcodeNameError, dns.RcodeYXDomain:
	case dns.RcodeServerFailure:
		return nil, observation.ServFail
	case dns.RcodeRefused, dns.RcodeNotAuth:
		return nil, observation.Refused
	case dns.RcodeFormatError, dns.RcodeBadVers:
		return nil, observation.FormErr
	default:
		return nil, observation.NotImp
	}
	if len(r.m.records) > maxRecords {
		return nil, observation.BadResponse
	}
	a := &answer{zone: r.zone, servers: r.zone, rcode: r.m.rcode, weak: !r.m.authoritative(), expires: r.now + maxTTL}
	reason := r.answerSection(a)
	if reason == "" && a.rrs == nil {
		reason = r.authoritySection(a)
	}
	if reason == "" && r.full {
		reason = r.proof(a)
	}
	if reason != "" {
		return nil, reason
	}
	return a, ""
}

// answerSection looks for the records asked for or an alias. What else is
// there, such as the rest of a chain of aliases, is not trusted.
func (r *reader) answerSection(a *answer) observation.Reason {
	var cname, dname *record
	var dnameOwner string
	for i := range r.m.answer {
		rec := &r.m.answer[i]
		if rec.class != dns.ClassINET {
			continue
		}
		owner, err := r.m.owner(rec)
		if err != nil {
			return observation.BadResponse
		}
		switch {
		case owner == r.name && (rec.kind == r.qtype || r.qtype == dns.TypeANY):
			if reason := r.add(a, rec); reason != "" {
				return reason
			}
		case owner == r.name && rec.kind == dns.TypeCNAME:
			cname = rec
		case rec.kind == dns.TypeDNAME && below(r.name, owner) && inZone(owner, r.zone):
			dname, dnameOwner = rec, owner
		}
	}
	switch {
	case dname != nil && r.qtype == dns.TypeCNAME:
		// The CNAME asked for is the one that the DNAME makes. It is the
		// answer: a question for a CNAME ends there (RFC 1034 section 4.3.2).
		a.rrs = nil
		reason := r.dname(a, dname, dnameOwner)
		if a.kind == isAlias {
			a.kind, a.target = isAnswer, ""
		}
		return reason
	case a.rrs != nil:
		a.kind, a.rcode = isAnswer, dns.RcodeSuccess
		if r.qtype == dns.TypeNS {
			r.ownNS(a)
		}
		return r.signatures(a, r.name, r.qtype)
	case dname != nil && r.qtype != dns.TypeANY:
		return r.dname(a, dname, dnameOwner)
	case cname != nil:
		a.kind, a.rcode = isAlias, dns.RcodeSuccess
		var err error
		if a.target, err = r.m.target(cname); err != nil {
			return observation.BadResponse
		}
		if reason := r.add(a, cname); reason != "" {
			return reason
		}
		return r.signatures(a, r.name, dns.TypeCNAME)
	}
	return ""
}

// dname follows a DNAME record (RFC 6672). The CNAME record that servers add
// is made anew here: it need not be believed.
func (r *reader) dname(a *answer, dname *record, owner string) observation.Reason {
	a.kind = isAlias
	if reason := r.add(a, dname); reason != "" {
		return reason
	}
	target, err := r.m.target(dname)
	if err != nil {
		return observation.BadResponse
	}
	prefix := strings.TrimSuffix(r.name, owner)
	if owner == "." {
		prefix = r.name
	}
	a.target = prefix + target
	if target == "." {
		a.target = prefix
	}
	if wire, err := appendName(nil, a.target); err != nil || len(wire) > maxNameWire {
		a.kind, a.target, a.rcode = isNXDomain, "", dns.RcodeYXDomain
		return r.signatures(a, owner, dns.TypeDNAME)
	}
	a.rcode = dns.RcodeSuccess
	if reason := r.signatures(a, owner, dns.TypeDNAME); reason != "" {
		return reason
	}
	a.rrs = append(a.rrs, &dns.CNAME{
		Hdr:    dns.RR_Header{Name: r.name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: clampTTL(dname.ttl)},
		Target: a.target,
	})
	return ""
}

// add appends a record of the answer section, unless it is there already.
func (r *reader) add(a *answer, rec *record) observation.Reason {
	rr, err := r.m.rr(rec)
	if err != nil {
		return observation.BadResponse
	}
	if len(a.rrs) < 16 && slices.ContainsFunc(a.rrs, func(have dns.RR) bool { return dns.IsDuplicate(have, rr) }) {
		return ""
	}
	a.rrs = append(a.rrs, rr)
	a.expires = min(a.expires, r.now+int64(rr.Header().Ttl))
	return ""
}

// signatures appends the RRSIG records of the answer section over the set of
// owner and type.
func (r *reader) signatures(a *answer, owner string, kind uint16) observation.Reason {
	return r.signaturesIn(a, r.m.answer, owner, kind)
}

func (r *reader) signaturesIn(a *answer, section []record, owner string, kind uint16) observation.Reason {
	if !r.full || kind == dns.TypeRRSIG || kind == dns.TypeANY {
		return ""
	}
	for i := range section {
		rec := &section[i]
		if rec.kind != dns.TypeRRSIG || rec.class != dns.ClassINET || rec.end-rec.rdata < 18 ||
			uint16(r.m.wire[rec.rdata])<<8|uint16(r.m.wire[rec.rdata+1]) != kind {
			continue
		}
		if name, err := r.m.owner(rec); err != nil || name != owner {
			continue
		}
		rr, err := r.m.rr(rec)
		if err != nil {
			return observation.BadResponse
		}
		a.rrs = append(a.rrs, rr)
	}
	return ""
}

// authoritySection tells a referral, a negative answer and a lame server
// apart when the answer section holds nothing of use.
func (r *reader) authoritySection(a *answer) observation.Reason {
	var soa, ns *record
	var soaOwner, nsOwner string
	for i := range r.m.authority {
		rec := &r.m.authority[i]
		if rec.class != dns.ClassINET || rec.kind != dns.TypeSOA && rec.kind != dns.TypeNS {
			continue
		}
		owner, err := r.m.owner(rec)
		if err != nil {
			return observation.BadResponse
		}
		if !inZone(r.name, owner) {
			continue
		}
		if rec.kind == dns.TypeSOA {
			soa, soaOwner = rec, owner
		} else if ns == nil || labels(owner) > labels(nsOwner) {
			ns, nsOwner = rec, owner
		}
	}
	if soa != nil && inZone(soaOwner, r.zone) {
		return r.negative(a, soa, soaOwner)
	}
	delegated := ns != nil && below(nsOwner, r.zone)
	switch {
	case delegated && r.qtype == dns.TypeDS && nsOwner == r.name:
		return r.delegationSigner(a)
	case delegated && r.m.rcode == dns.RcodeSuccess:
		a.kind = isReferral
		return r.referral(a, nsOwner)
	case r.m.authoritative() && r.m.rcode == dns.RcodeSuccess && ns != nil && below(r.zone, nsOwner):
		// A load balancer that does not know the type, and where to send the
		// asker: to the root, or to another zone above (RFC 4074 section 4.5).
		return observation.Lame
	case r.m.authoritative():
		a.kind, a.expires = isNoData, r.now // without SOA nothing is kept (RFC 2308 section 5)
		if r.m.rcode == dns.RcodeNameError {
			a.kind = isNXDomain
		}
	default:
		return observation.Lame
	}
	return ""
}

// delegationSigner reads a referral that came where DS records were asked for: it
// may carry them. A server that knows nothing of them refers to the child as
// well (RFC 4035 section 3.1.4.1).
func (r *reader) delegationSigner(a *answer) observation.Reason {
	for i := range r.m.authority {
		rec := &r.m.authority[i]
		if rec.kind != dns.TypeDS || rec.class != dns.ClassINET {
			continue
		}
		if owner, err := r.m.owner(rec); err != nil || owner != r.name {
			continue
		}
		if reason := r.add(a, rec); reason != "" {
			return reason
		}
	}
	if a.rrs == nil {
		a.kind, a.expires = isNoData, r.now
		return ""
	}
	a.kind, a.weak = isAnswer, false // no referral has the AA bit
	return r.signaturesIn(a, r.m.authority, r.name, dns.TypeDS)
}

// negative reads the SOA record of a negative answer (RFC 2308).
func (r *reader) negative(a *answer, soa *record, owner string) observation.Reason {
	rr, err := r.m.rr(soa)
	if err != nil {
		return observation.BadResponse
	}
	a.kind = isNoData
	if r.m.rcode == dns.RcodeNameError {
		a.kind = isNXDomain
	}
	// The SOA's owner shows a zone that the same servers host below theirs.
	a.zone = owner
	ttl := min(rr.Header().Ttl, rr.(*dns.SOA).Minttl, maxNegative)
	a.expires = r.now + int64(ttl)
	return ""
}

// proof keeps the authority section for validation.
func (r *reader) proof(a *answer) observation.Reason {
	for i := range r.m.authority {
		rec := &r.m.authority[i]
		switch rec.kind {
		case dns.TypeSOA, dns.TypeNS, dns.TypeDS, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeRRSIG:
		default:
			continue
		}
		rr, err := r.m.rr(rec)
		if err != nil {
			return observation.BadResponse
		}
		a.proof = append(a.proof, rr)
	}
	return ""
}

// referral reads a delegation.
func (r *reader) referral(a *answer, zone string) observation.Reason {
	a.cut = &cut{zone: zone, parent: r.zone, expires: r.now + maxTTL}
	return r.nameServers(a, r.m.authority)
}

// ownNS makes a cut of the NS records that a zone has for itself.
func (r *reader) ownNS(a *answer) {
	a.cut = &cut{zone: r.name, parent: r.name, expires: r.now + maxTTL}
	if reason := r.nameServers(a, r.m.answer); reason != "" {
		a.cut = nil
	}
}

// nameServers fills in a.cut from the NS records of a section and the
// addresses sent along.
func (r *reader) nameServers(a *answer, section []record) observation.Reason {
	c := a.cut
	for i := range section {
		rec := &section[i]
		if rec.kind != dns.TypeNS || rec.class != dns.ClassINET || len(c.ns) == maxNS {
			continue
		}
		owner, err := r.m.owner(rec)
		if err != nil {
			return observation.BadResponse
		}
		if owner != c.zone {
			continue
		}
		host, err := r.m.target(rec)
		if err != nil {
			return observation.BadResponse
		}
		c.expires = min(c.expires, r.now+int64(clampTTL(rec.ttl)))
		if !slices.ContainsFunc(c.ns, func(h nsHost) bool { return h.name == host }) {
			c.ns = append(c.ns, nsHost{name: host})
		}
	}
	a.expires = min(a.expires, c.expires)
	r.addresses(a)
	return ""
}

// addresses takes glue from the additional section: for the name servers of
// the delegation only, and only for names in or below the zone of the servers
// that sent it, which covers a sibling's names. Over others they have no say.
func (r *reader) addresses(a *answer) {
	for i := range r.m.additional {
		rec := &r.m.additional[i]
		if rec.kind != dns.TypeA && rec.kind != dns.TypeAAAA || rec.class != dns.ClassINET {
			continue
		}
		addr, ok := netip.AddrFromSlice(r.m.wire[rec.rdata:rec.end])
		if !ok || addr.Is4() != (rec.kind == dns.TypeA) {
			continue
		}
		owner, err := r.m.owner(rec)
		if err != nil || !inZone(owner, r.zone) {
			continue
		}
		n := slices.IndexFunc(a.cut.ns, func(h nsHost) bool { return h.name == owner })
		if n < 0 {
			continue
		}
		if r.keepGlue && len(a.glue[owner]) < maxAddresses {
			if a.glue == nil {
				a.glue = make(map[string][]netip.Addr)
			}
			a.glue[owner] = append(a.glue[owner], addr)
		}
		host := &a.cut.ns[n]
		host.glued = true
		if r.mode.uses(addr) && len(host.addrs) < maxAddresses && !slices.Contains(host.addrs, addr) {
			host.addrs = append(host.addrs, addr)
		}
	}
}
