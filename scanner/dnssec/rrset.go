package dnssec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/miekg/dns"
)

// Response is what of a DNS message matters for validation.
type Response struct {
	RCode     int
	Answer    []dns.RR
	Authority []dns.RR
}

// FromMsg returns the Response in m.
func FromMsg(m *dns.Msg) Response {
	return Response{RCode: m.Rcode, Answer: m.Answer, Authority: m.Ns}
}

// rrset is the records of one owner and type, with the signatures over them.
type rrset struct {
	owner name
	text  string // the owner as the message has it
	typ   uint16
	rrs   []dns.RR
	sigs  []*dns.RRSIG
}

// group sorts a section into RR sets, in the order of their first record. It
// reuses sets. ok is false when the section holds more sets than allowed.
// Records of another class than IN, and records whose owner is not a domain
// name, are left out.
func group(sets []rrset, section []dns.RR) (_ []rrset, ok bool) {
	sets = sets[:0]
	var text string
	var owner name
	for _, rr := range section {
		h := rr.Header()
		if h.Class != dns.ClassINET {
			continue
		}
		if owner == "" || h.Name != text {
			parsed, err := parseName(h.Name)
			if err != nil {
				continue
			}
			text, owner = h.Name, parsed
		}
		typ := h.Rrtype
		sig, isSig := rr.(*dns.RRSIG)
		if isSig {
			typ = sig.TypeCovered
		}
		s := find(sets, owner, typ)
		if s == nil {
			if len(sets) == maxSets {
				return sets, false
			}
			if len(sets) < cap(sets) {
				sets = sets[:len(sets)+1]
				s = &sets[len(sets)-1]
				*s = rrset{owner, text, typ, s.rrs[:0], s.sigs[:0]}
			} else {
				sets = append(sets, rrset{owner: owner, text: text, typ: typ})
				s = &sets[len(sets)-1]
			}
		}
		if isSig {
			s.sigs = append(s.sigs, sig)
		} else {
			s.rrs = append(s.rrs, rr)
		}
	}
	return sets, true
}

// find returns the set of owner and type, or nil.
func find(sets []rrset, owner name, typ uint16) *rrset {
	for i := range sets {
		if sets[i].typ == typ && sets[i].owner == owner {
			return &sets[i]
		}
	}
	return nil
}

// findRRs is find for a set that holds records and not signatures alone.
func findRRs(sets []rrset, owner name, typ uint16) *rrset {
	if s := find(sets, owner, typ); s != nil && len(s.rrs) > 0 {
		return s
	}
	return nil
}

// canonical builds the data that signatures cover, RFC 4034 section 3.1.8.1,
// in memory that it reuses.
type canonical struct {
	rdata []byte // the RDATA of the set's records, one after the other
	spans []span
	// signed holds the records in canonical form and order from prefixRoom
	// on; the RRSIG's own RDATA goes right before them.
	signed []byte

	set   *rrset // whose RDATA rdata holds
	owner name   // and ttl: what signed was built for
	ttl   uint32

	message dns.Msg // that records are packed with
}

// messageHeader is the length of a DNS message's header (RFC 1035 section
// 4.1.1).
const messageHeader = 12

type span struct{ from, to int }

// prefixRoom is the greatest length of an RRSIG's RDATA without the signature.
const prefixRoom = 18 + 255

// forget must be called before an rrset's memory is used again.
func (c *canonical) forget() { c.set, c.owner = nil, "" }

// data returns what sig covers, for a set whose owner was owner when it was
// signed. ok is false when a record has no wire form.
func (c *canonical) data(s *rrset, sig *dns.RRSIG, owner, signer name) (_ []byte, ok bool) {
	if c.set != s {
		c.forget()
		if !c.load(s) {
			return nil, false
		}
		c.set = s
	}
	if c.owner != owner || c.ttl != sig.OrigTtl {
		c.build(s.typ, owner, sig.OrigTtl)
	}
	from := prefixRoom - 18 - len(signer)
	p := c.signed[from:prefixRoom]
	binary.BigEndian.PutUint16(p[0:], sig.TypeCovered)
	p[2], p[3] = sig.Algorithm, sig.Labels
	binary.BigEndian.PutUint32(p[4:], sig.OrigTtl)
	binary.BigEndian.PutUint32(p[8:], sig.Expiration)
	binary.BigEndian.PutUint32(p[12:], sig.Inception)
	binary.BigEndian.PutUint16(p[16:], sig.KeyTag)
	copy(p[18:], signer)
	return c.signed[from:], true
}

// load packs the RDATA of every record, puts it into canonical form and
// order, and drops duplicates (RFC 4034 sections 6.2 and 6.3).
func (c *canonical) load(s *rrset) bool {
	c.spans = c.spans[:0]
	end := 0
	for _, rr := range s.rrs {
		from, to, ok := c.pack(rr, end)
		if !ok {
			return false
		}
		lowerNames(s.typ, c.rdata[from:to])
		c.spans = append(c.spans, span{from, to})
		end = to
	}
	if len(c.spans) > 1 {
		slices.SortFunc(c.spans, func(a, b span) int {
			return bytes.Compare(c.rdata[a.from:a.to], c.rdata[b.from:b.to])
		})
		c.spans = slices.CompactFunc(c.spans, func(a, b span) bool {
			return bytes.Equal(c.rdata[a.from:a.to], c.rdata[b.from:b.to])
		})
	}
	return true
}

// pack writes rr into c.rdata from off on and returns where its RDATA lies. It
// goes through a message because dns.PackRR writes into the record, which other
// goroutines read.
func (c *canonical) pack(rr dns.RR, off int) (from, to int, ok bool) {
	need := messageHeader + dns.Len(rr) + 16
	c.message.Answer = append(c.message.Answer[:0], rr)
	for range 2 {
		if grow := off + need - len(c.rdata); grow > 0 {
			c.rdata = append(c.rdata, make([]byte, grow)...)
		}
		room := c.rdata[off:]
		wire, err := c.message.PackBuffer(room)
		if err == nil && &wire[0] == &room[0] {
			from = off + messageHeader
			for c.rdata[from] != 0 {
				from += 1 + int(c.rdata[from])
			}
			return from + 1 + 10, off + len(wire), true
		}
		need = 1 << 17 // more than any record takes
	}
	return 0, 0, false
}

// build writes the records with the owner and TTL that were signed.
func (c *canonical) build(typ uint16, owner name, ttl uint32) {
	if cap(c.signed) < prefixRoom {
		c.signed = make([]byte, prefixRoom, 4096)
	}
	out := c.signed[:prefixRoom]
	for _, at := range c.spans {
		out = append(out, owner...)
		out = binary.BigEndian.AppendUint16(out, typ)
		out = binary.BigEndian.AppendUint16(out, dns.ClassINET)
		out = binary.BigEndian.AppendUint32(out, ttl)
		out = binary.BigEndian.AppendUint16(out, uint16(at.to-at.from))
		out = append(out, c.rdata[at.from:at.to]...)
	}
	c.signed, c.owner, c.ttl = out, owner, ttl
}

// lowerNames converts the domain names in RDATA to lower case for the types
// that RFC 4034 section 6.2 lists, as amended by RFC 6840 section 5.1 (not in
// NSEC; HINFO holds no names).
func lowerNames(typ uint16, rdata []byte) {
	skip, names := 0, 1
	switch typ {
	case dns.TypeNS, dns.TypeMD, dns.TypeMF, dns.TypeCNAME, dns.TypeMB, dns.TypeMG,
		dns.TypeMR, dns.TypePTR, dns.TypeDNAME, dns.TypeNXT:
	case dns.TypeSOA, dns.TypeMINFO, dns.TypeRP:
		names = 2
	case dns.TypeMX, dns.TypeAFSDB, dns.TypeRT, dns.TypeKX:
		skip = 2
	case dns.TypePX:
		skip, names = 2, 2
	case dns.TypeSRV:
		skip = 6
	case dns.TypeSIG, dns.TypeRRSIG:
		skip = 18
	case dns.TypeNAPTR:
		skip = 4
		for range 3 { // flags, services, regexp
			if skip >= len(rdata) {
				return
			}
			skip += 1 + int(rdata[skip])
		}
	default:
		return
	}
	for ; names > 0 && skip < len(rdata); names-- {
		from := skip
		for skip < len(rdata) && rdata[skip] != 0 {
			skip += 1 + int(rdata[skip])
		}
		skip = min(skip+1, len(rdata))
		lower(rdata[from:skip])
	}
}
