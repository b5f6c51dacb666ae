// Package reach decides which zones a resolver without IPv4 can reach, and
// whose zone is to blame for those that it cannot.
//
// In: a graph of zones, their name servers, and the AAAA records and glue
// published for them. Out: per zone a decision by the records alone or by what
// answers, with its cause. It asks nothing of the network and always ends.
package reach

import (
	"net/netip"
	"strings"

	"adopt6/scanner/netaddr"
)

// Zone is what is published of one zone. Names are in lower case and end with
// the final dot.
type Zone struct {
	Name    string
	Parent  string // the closest zone above; empty for the root
	Servers []Server
	// Hosting are name servers of the parent that answer for this zone too,
	// without being named among its servers.
	Hosting []string
	// Unknown says that the zone's servers could not be learnt.
	Unknown bool
}

// Server is one name server of a zone.
type Server struct {
	Name string
	// Glue are the AAAA records that the parent sends along with the
	// delegation: a resolver knows them without asking anybody.
	Glue []netip.Addr
	// Addrs are the AAAA records of the name itself, and Zone the zone that
	// holds them; empty when that was not found out.
	Addrs []netip.Addr
	Zone  string
	// Silent are those of the addresses that do not answer for the zone over
	// IPv6.
	Silent []netip.Addr
	// Unknown says that the AAAA records could not be looked up.
	Unknown bool
	// Operator is who runs the server: the domain of [Operator], or the name
	// of whoever has that and other domains.
	Operator string
}

// Graph is a set of zones. A zone that is named as a parent or as the home of
// a name server and is not in the graph is unknown.
type Graph struct {
	zones map[string]*Zone
	order []*Zone
}

// New returns a graph of zones; of two with one name the first counts.
func New(zones ...*Zone) *Graph {
	g := &Graph{zones: make(map[string]*Zone, len(zones))}
	for _, z := range zones {
		if g.zones[z.Name] == nil {
			g.zones[z.Name] = z
			g.order = append(g.order, z)
		}
	}
	return g
}

// Zone returns a zone by its name; nil if the graph does not have it.
func (g *Graph) Zone(name string) *Zone { return g.zones[name] }

// In says whether name is zone or below it. Both end with the final dot.
func In(name, zone string) bool {
	return zone == "." || name == zone || strings.HasSuffix(name, "."+zone)
}

// publishes says whether the server has any IPv6 address, usable or not.
func (s *Server) publishes() bool { return len(s.Glue)+len(s.Addrs) > 0 }

// Usable reports whether one of the addresses is an IPv6 address that a public
// service can have.
func Usable(addrs []netip.Addr) bool {
	for _, a := range addrs {
		if a.Is6() && netaddr.Classify(a).Usable {
			return true
		}
	}
	return false
}

// Zones returns the zones, in the order in which they were given.
func (g *Graph) Zones() []*Zone { return g.order }
