package authority

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/miekg/dns"
)

// RRset is the records of one name and type. It is not changed once served.
type RRset struct {
	Owner Name
	Type  uint16
	TTL   uint32   // seconds
	Data  [][]byte // rdata in canonical form and order, without duplicates

	signatures atomic.Pointer[[][]byte] // rdata of the RRSIGs, made when first asked for
}

// add inserts rdata at its place in canonical order (RFC 4034 section 6.3).
func (s *RRset) add(rdata []byte) {
	i, found := slices.BinarySearchFunc(s.Data, rdata, bytes.Compare)
	if !found {
		s.Data = slices.Insert(s.Data, i, rdata)
	}
}

// newRRset builds a set from rdata in any order.
func newRRset(owner Name, rrtype uint16, ttl uint32, rdata ...[]byte) *RRset {
	s := &RRset{Owner: owner, Type: rrtype, TTL: ttl}
	for _, d := range rdata {
		s.add(d)
	}
	return s
}

// node is what a zone has at one name.
type node struct {
	sets []*RRset
	glue []*RRset // addresses below a generated delegation
	// occluded marks a name below a delegation: glue, never an answer.
	occluded bool
}

func (n *node) set(rrtype uint16) *RRset {
	for _, s := range n.sets {
		if s.Type == rrtype {
			return s
		}
	}
	return nil
}

// Address returns the rdata and type of an A or AAAA record.
func Address(a netip.Addr) (rrtype uint16, rdata []byte) {
	if a.Is4() {
		return dns.TypeA, a.AsSlice()
	}
	return dns.TypeAAAA, a.AsSlice()
}

// MX returns the rdata of an MX record.
func MX(preference uint16, host Name) []byte {
	return append(binary.BigEndian.AppendUint16(nil, preference), host...)
}

// SOA returns the rdata of an SOA record. minimum is the TTL of negative
// answers in seconds (RFC 2308); the other timers are customary values.
func SOA(primary, mailbox Name, serial, minimum uint32) []byte {
	rdata := append([]byte(primary), mailbox...)
	for _, v := range []uint32{serial, 7200, 3600, 1209600, minimum} {
		rdata = binary.BigEndian.AppendUint32(rdata, v)
	}
	return rdata
}

// fromRR takes a parsed record apart. Names in the rdata of the types that
// RFC 4034 section 6.2 lists (as amended by RFC 6840 section 5.1) become lower
// case, so that the stored form is the canonical one.
func fromRR(rr dns.RR) (owner Name, rdata []byte, err error) {
	rr = dns.Copy(rr)
	lowerNames(rr)
	wire := make([]byte, dns.Len(rr)+64)
	end, err := dns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		return "", nil, fmt.Errorf("record %q: %w", rr.String(), err)
	}
	_, at, err := dns.UnpackDomainName(wire, 0)
	if err != nil {
		return "", nil, fmt.Errorf("record %q: %w", rr.String(), err)
	}
	lower(wire[:at])
	return Name(wire[:at]), wire[at+10 : end], nil
}

func lowerNames(rr dns.RR) {
	switch rr := rr.(type) {
	case *dns.NS:
		rr.Ns = dns.CanonicalName(rr.Ns)
	case *dns.CNAME:
		rr.Target = dns.CanonicalName(rr.Target)
	case *dns.DNAME:
		rr.Target = dns.CanonicalName(rr.Target)
	case *dns.PTR:
		rr.Ptr = dns.CanonicalName(rr.Ptr)
	case *dns.MX:
		rr.Mx = dns.CanonicalName(rr.Mx)
	case *dns.SOA:
		rr.Ns, rr.Mbox = dns.CanonicalName(rr.Ns), dns.CanonicalName(rr.Mbox)
	case *dns.SRV:
		rr.Target = dns.CanonicalName(rr.Target)
	case *dns.RP:
		rr.Mbox, rr.Txt = dns.CanonicalName(rr.Mbox), dns.CanonicalName(rr.Txt)
	case *dns.AFSDB:
		rr.Hostname = dns.CanonicalName(rr.Hostname)
	case *dns.KX:
		rr.Exchanger = dns.CanonicalName(rr.Exchanger)
	case *dns.NAPTR:
		rr.Replacement = dns.CanonicalName(rr.Replacement)
	}
}

// ToRR returns the parsed form of one record.
func ToRR(owner Name, rrtype uint16, ttl uint32, rdata []byte) (dns.RR, error) {
	wire := append([]byte(owner), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	at := len(owner)
	binary.BigEndian.PutUint16(wire[at:], rrtype)
	binary.BigEndian.PutUint16(wire[at+2:], dns.ClassINET)
	binary.BigEndian.PutUint32(wire[at+4:], ttl)
	binary.BigEndian.PutUint16(wire[at+8:], uint16(len(rdata)))
	rr, _, err := dns.UnpackRR(append(wire, rdata...), 0)
	if err != nil {
		return nil, fmt.Errorf("record of %s type %d: %w", owner, rrtype, err)
	}
	return rr, nil
}
