package reach

import (
	"net/netip"
	"slices"

	"adopt6/scanner/netaddr"
)

// View is what a decision goes by. The zero view goes by the records alone.
type View struct {
	// Answers leaves out the addresses that do not answer.
	Answers bool
	// Trusting assumes that everything unknown works. A zone on which the zero
	// view and the trusting one differ cannot be decided.
	Trusting bool
	// Enabled is an operator taken to have enabled IPv6 on all its name
	// servers: with AAAA records, glue wherever the parent zone can hold it,
	// and answers.
	Enabled string
}

// Decision says which zones of a graph a resolver without IPv4 can reach.
type Decision struct {
	g    *Graph
	view View
	// at holds the servers through which each zone is reached, and met those
	// that a resolver may ask on its way down to it. A zone without any in at
	// is not reached.
	at, met map[string][]via
}

// via is a server that a resolver can ask, at an address that it knows. The
// address is invalid where it is only supposed.
type via struct {
	name string
	addr netip.Addr
}

// Decide finds the zones that can be reached: the least set in which the root
// is reached through the root hints of every resolver, and any other zone if
// its parent is, and one of its servers at an address that the resolver can
// learn: from glue, or from the zone of the server's name where that zone is
// reached. A zone is reached as well if a server that is asked on the way down
// answers for it itself, without a referral. Zones that can only be found
// through each other are not in the set.
func (g *Graph) Decide(view View) *Decision {
	d := &Decision{g: g, view: view, at: make(map[string][]via, len(g.order)), met: make(map[string][]via, len(g.order))}
	// What is reached only ever grows, so this ends.
	for grown := true; grown; {
		grown = false
		for _, z := range g.order {
			grown = d.reach(z) || grown
		}
	}
	return d
}

// Reached says whether a zone can be reached.
func (d *Decision) Reached(zone string) bool {
	if z := d.g.zones[zone]; z == nil || z.Unknown {
		return d.view.Trusting
	}
	return len(d.at[zone]) > 0
}

// reach adds the servers through which z is reached, by what is reached so
// far, and says whether there are new ones.
func (d *Decision) reach(z *Zone) (grown bool) {
	at, met := len(d.at[z.Name]), len(d.met[z.Name])
	for _, v := range d.met[z.Parent] {
		d.met[z.Name] = with(d.met[z.Name], v)
		if z.serves(v, d.view) {
			d.at[z.Name] = with(d.at[z.Name], v)
		}
	}
	// The NS records come from the parent or, once it is reached, from the zone.
	if z.Parent == "" || d.Reached(z.Parent) || d.Reached(z.Name) {
		for i := range z.Servers {
			for _, v := range d.learn(z, &z.Servers[i]) {
				d.met[z.Name], d.at[z.Name] = with(d.met[z.Name], v), with(d.at[z.Name], v)
			}
		}
	}
	return len(d.at[z.Name]) > at || len(d.met[z.Name]) > met
}

func with(all []via, v via) []via {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}

// learn returns the addresses of a server of z that a resolver can learn, the
// parent being reached.
func (d *Decision) learn(z *Zone, s *Server) []via {
	found := d.usable(s, s.Glue)
	home := d.homeReached(s)
	if home {
		found = append(found, d.usable(s, s.Addrs)...)
	}
	enabled := d.view.Enabled != "" && s.Operator == d.view.Enabled && (home || In(s.Name, z.Parent))
	if enabled || s.Unknown && d.view.Trusting {
		found = append(found, via{name: s.Name})
	}
	return found
}

// homeReached says whether the zone of a server's name is reached, so that a
// lookup of the name finds its AAAA records. Where that is the zone itself,
// something else must have led to it before.
func (d *Decision) homeReached(s *Server) bool { return s.Zone != "" && d.Reached(s.Zone) }

// usable returns those of the addresses of s that can be dialled and, where
// the view goes by it, answer.
func (d *Decision) usable(s *Server, addrs []netip.Addr) []via {
	var found []via
	for _, a := range addrs {
		if a.Is6() && netaddr.Classify(a).Usable && !(d.view.Answers && slices.Contains(s.Silent, a)) {
			found = append(found, via{s.Name, a})
		}
	}
	return found
}

// serves says whether a server of the parent, met on the way, answers for the
// zone itself: it is one of the zone's own by name or by address, or is known
// to.
func (z *Zone) serves(v via, view View) bool {
	if slices.Contains(z.Hosting, v.name) {
		return true
	}
	for i := range z.Servers {
		s := &z.Servers[i]
		same := v.name == s.Name || v.addr.IsValid() && (slices.Contains(s.Addrs, v.addr) || slices.Contains(s.Glue, v.addr))
		if same && !(view.Answers && slices.Contains(s.Silent, v.addr)) {
			return true
		}
	}
	return false
}
