package authority

import (
	"fmt"
	"sync"

	"github.com/miekg/dns"
)

// Zone is one zone's authoritative data. Fill it with Add and AddRR, then call
// Finish; after that it is safe for use by many goroutines.
type Zone struct {
	Origin Name
	// Signing holds the keys; nil for an unsigned zone.
	Signing *Signing
	// Children are delegations that are made when they are asked for; may be
	// nil. Their names lie below the origin and not in the records.
	Children Children

	nodes       map[Name]*node
	negativeTTL uint32 // RFC 2308: the smaller of the SOA's TTL and minimum

	chain   sync.Once   // builds owners or hashed
	owners  []owner     // of the NSEC chain, without the children
	hashed  []hashEntry // the NSEC3 chain, children included
	denials sync.Map    // Name of the owner -> *RRset, NSEC or NSEC3
}

// Prepare sorts or hashes what denial of existence needs, which otherwise the
// first question for a name that does not exist has to wait for.
func (z *Zone) Prepare() {
	if z.Signing != nil {
		z.chain.Do(z.buildChain)
	}
}

// Children are the delegations of a zone that has too many to keep.
type Children interface {
	// Delegation returns the delegation that name owns, nil when it owns none.
	Delegation(name Name) *Delegation
	// Len and At give the owners in canonical order (RFC 4034 section 6.1).
	Len() int
	At(i int) Name
	// Signed says whether the delegation of At(i) has a DS record.
	Signed(i int) bool
}

// Delegation is a zone cut as the parent sees it.
type Delegation struct{ node node }

// NewDelegation returns a cut with its NS and DS rdata (no DS: unsigned) and
// the addresses of its name servers as glue.
func NewDelegation(owner Name, ttl uint32, ns, ds [][]byte, glue []*RRset) *Delegation {
	d := &Delegation{node{sets: []*RRset{newRRset(owner, dns.TypeNS, ttl, ns...)}, glue: glue}}
	if len(ds) > 0 {
		d.node.sets = append(d.node.sets, newRRset(owner, dns.TypeDS, ttl, ds...))
	}
	return d
}

// NewRRset returns a set of records; use it for glue.
func NewRRset(owner Name, rrtype uint16, ttl uint32, rdata ...[]byte) *RRset {
	return newRRset(owner, rrtype, ttl, rdata...)
}

// NewZone returns an empty zone.
func NewZone(origin Name) *Zone {
	return &Zone{Origin: origin, nodes: map[Name]*node{origin: {}}}
}

// Add puts one record into the zone. The first record of a set gives the TTL.
func (z *Zone) Add(owner Name, rrtype uint16, ttl uint32, rdata []byte) error {
	if !owner.In(z.Origin) {
		return fmt.Errorf("record at %s is not in zone %s", owner, z.Origin)
	}
	n := z.touch(owner)
	s := n.set(rrtype)
	if s == nil {
		s = &RRset{Owner: owner, Type: rrtype, TTL: ttl}
		n.sets = append(n.sets, s)
	}
	s.add(rdata)
	return nil
}

// AddRR puts one parsed record into the zone.
func (z *Zone) AddRR(rr dns.RR) error {
	owner, rdata, err := fromRR(rr)
	if err != nil {
		return err
	}
	return z.Add(owner, rr.Header().Rrtype, rr.Header().Ttl, rdata)
}

// Has says whether the zone has records of a type at owner.
func (z *Zone) Has(owner Name, rrtype uint16) bool {
	n := z.nodes[owner]
	return n != nil && n.set(rrtype) != nil
}

// AddEmpty makes owner an empty non-terminal, for names that exist only
// because a generated delegation lies below them.
func (z *Zone) AddEmpty(owner Name) {
	for ; len(owner) > len(z.Origin); owner = owner.Parent() {
		z.touch(owner)
	}
}

func (z *Zone) touch(owner Name) *node {
	n := z.nodes[owner]
	if n == nil {
		n = &node{}
		z.nodes[owner] = n
	}
	return n
}

// Finish checks the zone, adds what signing adds (DNSKEY, NSEC3PARAM) and the
// empty non-terminals, and marks what lies below delegations.
func (z *Zone) Finish() error {
	apex := z.nodes[z.Origin]
	soa := apex.set(dns.TypeSOA)
	if soa == nil {
		return fmt.Errorf("zone %s has no SOA record", z.Origin)
	}
	rdata := soa.Data[0]
	z.negativeTTL = min(soa.TTL, be32(rdata[len(rdata)-4:]))
	if z.Signing != nil {
		z.Signing.addApex(z)
	}
	for _, name := range z.names() {
		n := z.nodes[name]
		if cut := z.cutAbove(name); cut != "" {
			n.occluded = true
			continue
		}
		if err := checkNode(name, n); err != nil {
			return err
		}
		z.AddEmpty(name)
	}
	return nil
}

// names returns every owner, in no order.
func (z *Zone) names() []Name {
	all := make([]Name, 0, len(z.nodes))
	for name := range z.nodes {
		all = append(all, name)
	}
	return all
}

// cutAbove returns the delegation point above name, or "".
func (z *Zone) cutAbove(name Name) Name {
	for name != z.Origin {
		name = name.Parent()
		if n := z.nodes[name]; name != z.Origin && n != nil && n.set(dns.TypeNS) != nil {
			return name
		}
	}
	return ""
}

// checkNode refuses what no server loads: a CNAME beside other data
// (RFC 1034 section 3.6.2) and two CNAME or DNAME records at one name.
func checkNode(name Name, n *node) error {
	for _, rrtype := range []uint16{dns.TypeCNAME, dns.TypeDNAME} {
		s := n.set(rrtype)
		if s == nil {
			continue
		}
		if len(s.Data) > 1 {
			return fmt.Errorf("%s has %d %s records", name, len(s.Data), dns.TypeToString[rrtype])
		}
		if rrtype == dns.TypeCNAME && len(n.sets) > 1 {
			return fmt.Errorf("%s has a CNAME record beside other records", name)
		}
	}
	return nil
}

// at returns the node of an existing name that is not below a cut, or nil.
func (z *Zone) at(name Name) *node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	if z.Children != nil {
		if d := z.Children.Delegation(name); d != nil {
			return &d.node
		}
	}
	return nil
}

// found is where the search for a name in a zone ended.
type found struct {
	name Name  // the name itself, the cut, the DNAME owner or the closest encloser
	node *node // what is there
	kind foundKind
	next Name // one label more than the closest encloser, towards the name
}

type foundKind uint8

const (
	exact foundKind = iota
	cut
	dname
	missing
)

// find walks from the origin down to name. For a DS question the cut at the
// name itself does not count: the parent answers it (RFC 4035 section 3.1.4.1).
func (z *Zone) find(name Name, forDS bool) found {
	var path [128]Name
	depth := 0
	for n := name; len(n) > len(z.Origin); n = n.Parent() {
		path[depth] = n
		depth++
	}
	here := found{name: z.Origin, node: z.nodes[z.Origin], kind: exact}
	for i := depth - 1; i >= 0; i-- {
		if here.node.set(dns.TypeDNAME) != nil {
			here.kind = dname
			return here
		}
		n := z.at(path[i])
		if n == nil {
			here.kind, here.next = missing, path[i]
			return here
		}
		here = found{name: path[i], node: n, kind: exact}
		if n.set(dns.TypeNS) != nil && !(forDS && i == 0) {
			here.kind = cut
			return here
		}
	}
	return here
}

// isCut says whether the node delegates; the apex does not, though it has NS.
func (z *Zone) isCut(name Name, n *node) bool {
	return name != z.Origin && n.set(dns.TypeNS) != nil
}
