package reach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// world is a small Internet as its servers have it.
type world struct {
	zones []*worldZone // parents before their children; the first is the root
	hosts map[string]*worldHost
}

type worldZone struct {
	name, parent string
	servers      []string
	glue         map[string]bool // of the servers, those for which the parent has AAAA glue
}

type worldHost struct {
	zone string // that the name lies in
	addr netip.Addr
	aaaa bool // the zone publishes the address
	dead map[string]bool
	also []string // zones that it holds without being named for them
}

func (w *world) zone(name string) *worldZone {
	return w.zones[slices.IndexFunc(w.zones, func(z *worldZone) bool { return z.name == name })]
}

// holder returns the deepest zone at or above name among those that the server
// at addr answers for; empty if there is none.
func (w *world) holder(addr netip.Addr, name string, answers bool) string {
	deepest := ""
	for _, z := range w.zones {
		if !In(name, z.name) {
			continue
		}
		for host, h := range w.hosts {
			if h.addr == addr && (slices.Contains(z.servers, host) || slices.Contains(h.also, z.name)) && !(answers && h.dead[z.name]) {
				deepest = z.name
			}
		}
	}
	return deepest
}

// resolves is a resolver without IPv4 that knows nothing: it asks its way down
// from the root for name, tries every server at every step, and looks the
// addresses of name servers up on the way. pending are the names that it is
// looking up already.
func (w *world) resolves(name string, pending []string, answers bool) bool {
	return w.ask(w.zones[0], name, w.addresses(w.zones[0], pending, answers), pending, answers)
}

func (w *world) ask(at *worldZone, name string, addrs []netip.Addr, pending []string, answers bool) bool {
	for _, addr := range addrs {
		held := w.holder(addr, name, answers)
		if held == "" || !In(held, at.name) || answers && w.dead(addr, at.name) {
			continue
		}
		next := w.cut(held, name)
		if next == nil {
			return true // held is the zone of name
		}
		for _, met := range w.zones {
			// The NS records of the zones between come with answers to other
			// questions.
			if met != at && In(met.name, at.name) && In(held, met.name) && w.ask(met, name, w.addresses(met, pending, answers), pending, answers) {
				return true
			}
		}
		if w.ask(next, name, w.addresses(next, pending, answers), pending, answers) {
			return true
		}
	}
	return false
}

// dead says whether the server at addr does not answer for a zone.
func (w *world) dead(addr netip.Addr, zone string) bool {
	for _, h := range w.hosts {
		if h.addr == addr {
			return h.dead[zone]
		}
	}
	return false
}

// cut returns the zone below held on the way to name, if there is one.
func (w *world) cut(held, name string) *worldZone {
	for _, z := range w.zones {
		if z.parent == held && z.name != "." && In(name, z.name) {
			return z
		}
	}
	return nil
}

// addresses finds the addresses of a zone's servers as a resolver would.
func (w *world) addresses(z *worldZone, pending []string, answers bool) (addrs []netip.Addr) {
	for _, name := range z.servers {
		h := w.hosts[name]
		switch {
		case !Usable([]netip.Addr{h.addr}):
		case z.glue[name]:
			addrs = append(addrs, h.addr)
		case h.aaaa && !slices.Contains(pending, name) && w.resolves(name, append(slices.Clone(pending), name), answers):
			addrs = append(addrs, h.addr)
		}
	}
	return addrs
}

// graph is what a scan would learn of the world.
func (w *world) graph() *Graph {
	var zones []*Zone
	for _, z := range w.zones {
		zone := &Zone{Name: z.name, Parent: z.parent}
		for _, name := range z.servers {
			h := w.hosts[name]
			s := Server{Name: name, Zone: h.zone, Operator: Operator(name, h.zone)}
			if z.glue[name] {
				s.Glue = []netip.Addr{h.addr}
			}
			if h.aaaa {
				s.Addrs = []netip.Addr{h.addr}
			}
			if h.dead[z.name] {
				s.Silent = []netip.Addr{h.addr}
			}
			zone.Servers = append(zone.Servers, s)
		}
		for name, h := range w.hosts {
			if slices.Contains(h.also, z.name) && !h.dead[z.name] {
				zone.Hosting = append(zone.Hosting, name)
			}
		}
		slices.Sort(zone.Hosting)
		zones = append(zones, zone)
	}
	return New(zones...)
}

// randomWorld makes a world in which few things are right: zones three levels
// deep, servers that each lie in any of them, and AAAA records and glue here
// and there.
func randomWorld(r *rand.Rand) *world {
	w := &world{hosts: make(map[string]*worldHost)}
	names := []string{"."}
	for i := range 2 + r.IntN(3) {
		tld := fmt.Sprintf("t%d.", i)
		names = append(names, tld)
		for k := range r.IntN(3) {
			names = append(names, fmt.Sprintf("z%d.%s", k, tld))
			if r.IntN(3) == 0 {
				names = append(names, fmt.Sprintf("c.z%d.%s", k, tld))
			}
		}
	}
	for _, name := range names {
		z := &worldZone{name: name, glue: make(map[string]bool)}
		for _, above := range w.zones {
			if In(name, above.name) {
				z.parent = above.name
			}
		}
		w.zones = append(w.zones, z)
	}
	var all []string
	for i := range len(names) + r.IntN(4) {
		home := names[r.IntN(len(names))]
		name := fmt.Sprintf("h%d.%s", i, strings.TrimPrefix(home, "."))
		h := &worldHost{zone: home, addr: netip.MustParseAddr(fmt.Sprintf("2a0f::%d", i+1)), dead: make(map[string]bool)}
		if r.IntN(8) == 0 {
			h.addr = netip.MustParseAddr(fmt.Sprintf("fd00::%d", i+1))
		}
		h.aaaa = r.IntN(3) > 0
		w.hosts[name] = h
		all = append(all, name)
	}
	for _, z := range w.zones {
		for range 1 + r.IntN(2) {
			if name := all[r.IntN(len(all))]; !slices.Contains(z.servers, name) {
				z.servers = append(z.servers, name)
			}
		}
		for _, name := range z.servers {
			h := w.hosts[name]
			z.glue[name] = z.name == "." && r.IntN(8) > 0 || z.name != "." && h.aaaa && In(name, z.parent) && r.IntN(2) == 0
			h.dead[z.name] = r.IntN(6) == 0
		}
		if z.name != "." && r.IntN(4) == 0 {
			above := w.zone(z.parent)
			if h := w.hosts[above.servers[0]]; !slices.Contains(z.servers, above.servers[0]) {
				h.also = append(h.also, z.name)
			}
		}
	}
	return w
}
