package zonefile

import (
	"bytes"
	"encoding/binary"
	"slices"

	"adopt6/scanner/dnssec"
)

// Delegation is what the zone says of one zone cut below its apex.
type Delegation struct {
	Name    Name     // valid, with all it leads to, until the call it was passed to returns
	Servers []Server // the distinct name servers, in canonical order
	DS      []DS     // the distinct DS records, in order of their data
	Country string   // ISO 3166-1 alpha-2 of a ccTLD in a root zone; else empty

	DuplicateNS int // NS records beyond the first of the same name server
	DuplicateDS int // DS records beyond the first of the same data
}

// Server is a name server of a delegation.
type Server struct {
	Name Name
	Kind ServerKind
	Glue Glue
	// OwnOnly says that it lies in the delegated domain, and that no other
	// name has it as a name server.
	OwnOnly bool
}

// ServerKind says where a name server's name lies (RFC 9499 section 7).
type ServerKind uint8

// The kinds of name server.
const (
	// Outside the zone: its addresses are not in the zone file.
	Outside ServerKind = iota
	// Sibling: inside the zone, but not at or below the delegated name. Its
	// glue may be in the zone file, and then counts; it need not be there.
	Sibling
	// InDomain: at or below the delegated name, so that the delegation
	// cannot be followed without its glue (RFC 9471).
	InDomain
)

var kindWords = [...]string{"outside", "sibling", "in_domain"}

// String returns the word for k.
func (k ServerKind) String() string { return kindWords[k] }

// Glue says which addresses of a host the zone file holds.
type Glue uint8

// The bits of Glue.
const (
	GlueV4        Glue = 1 << iota // A
	GlueV6                         // AAAA that a public host can have
	GlueV6Special                  // AAAA in a special-purpose block (RFC 6890)
)

// ServerState is the IPv6 state of a name server as far as the zone file tells.
type ServerState uint8

// The states of a name server. Each has exactly one.
const (
	StateUnknown   ServerState = iota // its addresses are not in this zone
	StateIPv6                         // has a usable AAAA record
	StateSpecial                      // has AAAA records, all of special-purpose addresses
	StateIPv4Only                     // has A records and no AAAA
	StateNoAddress                    // its glue is missing
)

var stateWords = [...]string{"unknown", "ipv6", "special_purpose", "ipv4_only", "glue_missing"}

// String returns the word for s.
func (s ServerState) String() string { return stateWords[s] }

// State returns the state of s. A sibling without any address is unknown,
// because a registry need not publish sibling glue.
func (s Server) State() ServerState {
	switch {
	case s.Glue&GlueV6 != 0:
		return StateIPv6
	case s.Glue&GlueV6Special != 0:
		return StateSpecial
	case s.Glue&GlueV4 != 0:
		return StateIPv4Only
	case s.Kind == InDomain:
		return StateNoAddress
	}
	return StateUnknown
}

// Count returns the number of name servers in a state.
func (d *Delegation) Count(state ServerState) (n int) {
	for _, s := range d.Servers {
		if s.State() == state {
			n++
		}
	}
	return n
}

// InDomain returns the number of name servers that need glue.
func (d *Delegation) InDomain() (n int) {
	for _, s := range d.Servers {
		if s.Kind == InDomain {
			n++
		}
	}
	return n
}

// Advice returns what is said of a DS record as a whole: the worse of the
// advice on its algorithm and on its digest. A digest of the wrong length is
// as good as an unknown one.
func (ds DS) Advice() dnssec.Advice {
	a, d := dnssec.Algorithm(ds.Algorithm), dnssec.Digest(ds.DigestType)
	if d.DigestSize != 0 && d.DigestSize != len(ds.Digest) {
		return dnssec.UnknownCode
	}
	for _, worst := range []dnssec.Advice{dnssec.UnknownCode, dnssec.Deprecated, dnssec.NotRecommended, dnssec.Optional} {
		if a.Advice == worst || d.Advice == worst {
			return worst
		}
	}
	return dnssec.Recommended
}

// Usable reports whether the record can secure the delegation in the eyes of
// today's rules: neither deprecated nor unknown.
func (ds DS) Usable() bool {
	a := ds.Advice()
	return a != dnssec.Deprecated && a != dnssec.UnknownCode
}

// The kinds of facts that an item's payload holds about an owner name.
const (
	factNS = 0
	factDS = 1
)

// maxFacts bounds what one owner name may have in NS and DS records, in bytes.
// No response could carry as much.
const maxFacts = 1 << 20

// maxDigest is the longest digest that is kept; no digest in use is longer
// than 48 bytes. Of longer ones, appendDS keeps a hash.
const maxDigest = 64

// group collects the facts about one owner name.
type group struct {
	owner Name
	facts []byte
	d     Delegation
}

func (g *group) reset(owner Name) {
	g.owner = append(g.owner[:0], owner...)
	g.facts = g.facts[:0]
}

// resolve turns the facts into g.d: distinct, in order, with the kind of each
// name server, but without glue.
func (g *group) resolve(apex Name) {
	d := &g.d
	d.Name, d.Country = g.owner, ""
	d.Servers, d.DS = d.Servers[:0], d.DS[:0]
	for facts := g.facts; len(facts) > 0; {
		kind, fact, rest := nextFact(facts)
		facts = rest
		if kind == factNS {
			d.Servers = append(d.Servers, Server{Name: fact, Kind: serverKind(fact, g.owner, apex)})
		} else {
			d.DS = append(d.DS, dsFromFact(fact))
		}
	}
	servers, records := len(d.Servers), len(d.DS)
	slices.SortFunc(d.Servers, func(a, b Server) int { return bytes.Compare(a.Name, b.Name) })
	d.Servers = slices.CompactFunc(d.Servers, func(a, b Server) bool { return bytes.Equal(a.Name, b.Name) })
	slices.SortFunc(d.DS, compareDS)
	d.DS = slices.CompactFunc(d.DS, func(a, b DS) bool { return compareDS(a, b) == 0 })
	d.DuplicateNS, d.DuplicateDS = servers-len(d.Servers), records-len(d.DS)
}

func serverKind(server, owner, apex Name) ServerKind {
	switch {
	case server.Within(owner):
		return InDomain
	case server.Within(apex):
		return Sibling
	}
	return Outside
}

// appendFact appends a fact about an owner to its payload: its length and
// kind, then the fact.
func appendFact(b []byte, kind byte, fact []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(fact))<<1|uint64(kind))
	return append(b, fact...)
}

// nextFact returns the first of some facts, and the others.
func nextFact(facts []byte) (kind byte, fact, rest []byte) {
	n, header := binary.Uvarint(facts)
	end := header + int(n>>1)
	return byte(n & 1), facts[header:end:end], facts[end:]
}
