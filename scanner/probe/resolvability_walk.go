package probe

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner/reach"
)

const (
	// maxZones is how many zones are looked at for one target, and
	// maxZoneServers how many name servers of each. What lies beyond is
	// unknown.
	maxZones       = 48
	maxZoneServers = 16
	// maxNames is how many names of name servers are looked up for one target,
	// and maxWalkQueries after how many queries for its graph no lookup is
	// begun any more: hostile zones make lookups costly.
	maxNames       = 200
	maxWalkQueries = 250
)

// walk is the collection of a graph for one target.
type walk struct {
	v             *measurement
	queriesBefore uint32     // queries for the target before
	mu            sync.Mutex // guards what follows
	names         int        // looked up
	zones         map[string]*reach.Zone
	next          []string        // names whose zones are still to be looked at
	asked         map[string]bool // names that were in next
}

// collect learns the graph of zones that a resolver may have to reach in order
// to answer for the given ones: they, the zones above, and those of the name
// servers' names where these need looking up. own is the target's own cut,
// known already.
func (v *measurement) collect(ctx context.Context, own *cut, zones ...string) *reach.Graph {
	w := &walk{v: v, queriesBefore: v.queriesSent(), zones: make(map[string]*reach.Zone), asked: make(map[string]bool)}
	w.add(ctx, own)
	for _, zone := range zones {
		w.enqueue(zone)
	}
	for len(w.next) > 0 && len(w.zones) < maxZones && w.reserveNames(0) && ctx.Err() == nil {
		wave := w.next[:min(len(w.next), maxZones-len(w.zones))]
		w.next = slices.Clone(w.next[len(wave):])
		var all sync.WaitGroup
		for _, name := range wave {
			all.Go(func() { w.add(ctx, v.cutAt(ctx, name)) })
		}
		all.Wait()
	}
	var list []*reach.Zone
	for _, z := range w.zones {
		list = append(list, z)
	}
	// Deciding takes the fewest passes when parents come first; and the same
	// facts make the same graph.
	slices.SortFunc(list, func(a, b *reach.Zone) int {
		if d := dns.CountLabel(a.Name) - dns.CountLabel(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return reach.New(list...)
}

// reserveNames takes a number of lookups from what is left of the limits, and
// says whether there was enough.
func (w *walk) reserveNames(names int) bool {
	if w.v.queriesSent()-w.queriesBefore >= maxWalkQueries {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.names+names > maxNames {
		return false
	}
	w.names += names
	return true
}

// enqueue queues the zone at or above a name.
func (w *walk) enqueue(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.asked[name] {
		w.asked[name] = true
		w.next = append(w.next, name)
	}
}

// add puts a zone into the graph and enqueues what it depends on.
func (w *walk) add(ctx context.Context, c *cut) {
	w.mu.Lock()
	known := c.zone == "" || w.zones[c.zone] != nil
	if !known {
		w.zones[c.zone] = &reach.Zone{Name: c.zone, Unknown: true}
		w.asked[c.zone] = true
	}
	w.mu.Unlock()
	if known {
		return
	}
	z := &reach.Zone{Name: c.zone}
	var above *cut
	if c.zone != "." {
		above = w.v.cutAt(ctx, c.parent)
		if z.Parent = above.zone; z.Parent == "" {
			return // stays unknown
		}
		w.enqueue(z.Parent)
	}
	for _, s := range c.servers {
		z.Servers = append(z.Servers, reach.Server{Name: s.name, Glue: s.glue})
	}
	if !found(c, above) {
		w.lookUpServers(ctx, z)
		if c.same {
			w.v.refer(ctx, z, above)
		}
	}
	for i := range z.Servers {
		s := &z.Servers[i]
		home := s.Zone
		if home == "" && reach.NeedsZone(s.Name) && w.reserveNames(1) {
			home = w.v.nsHost(ctx, s.Name).zone
		}
		s.Operator = operatorOf(s.Name, home)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.zones[c.zone] = z
}

// operatorOf names who runs a name server whose name lies in the zone home:
// the operator of the domain it is called under, or else that domain.
func operatorOf(name, home string) string {
	domain := reach.Operator(name, home)
	if operator, known := lists.Operator(domain); known {
		return operator
	}
	return domain
}

// found says whether a resolver finds a server of the zone as soon as it
// reaches the parent, so that the servers' names need no looking up.
func found(c, above *cut) bool {
	for _, s := range c.servers {
		if reach.Usable(s.glue) {
			return true
		}
		if above != nil && slices.ContainsFunc(above.servers, func(p cutServer) bool { return p.name == s.name && reach.Usable(p.glue) }) {
			return true
		}
	}
	return false
}

// lookUpServers finds the AAAA records of the names of a zone's servers and,
// outside of the zone, where the names lie.
func (w *walk) lookUpServers(ctx context.Context, z *reach.Zone) {
	var all sync.WaitGroup
	for i := range z.Servers {
		s := &z.Servers[i]
		if !w.reserveNames(1) {
			s.Unknown = true
			continue
		}
		all.Go(func() {
			if reach.In(s.Name, z.Name) {
				h := w.v.host(ctx, s.Name)
				s.Zone, s.Addrs, s.Unknown = z.Name, h.aaaa, notAsked(h.failed[v6])
				return
			}
			h := w.v.nsHost(ctx, s.Name)
			s.Zone, s.Addrs, s.Unknown = h.zone, h.aaaa, h.unknown
			if h.zone != "" {
				w.enqueue(h.zone)
			}
		})
	}
	all.Wait()
}
