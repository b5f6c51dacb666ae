package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

const (
	// maxZones is how many zones are looked at for one target, and
	// maxZoneServers how many name servers of each. What lies beyond is
	// unknown.
	maxZones       = 48
	maxZoneServers = 16
	// maxNames is how many names of name servers are looked up for one target,
	// and maxWalkQueries how many queries may have been sent for its graph
	// before nothing more is asked: hostile zones make look-ups dear.
	maxNames       = 200
	maxWalkQueries = 400
	// maxHosting is how many name servers of a parent are asked whether they
	// hold the child as well.
	maxHosting = 4
)

// cut is what the DNS says of a zone: what [reach.Zone] needs and can be
// shared between targets.
type cut struct {
	zone    string // empty: unknown
	parent  string // the name right above zone: not always a zone
	servers []cutServer
	// same says that the parent's servers answered for the zone, so that its
	// glue was not to be seen.
	same bool
}

type cutServer struct {
	name   string
	glue   []netip.Addr // AAAA records
	glueV4 []netip.Addr
}

// nsHost is what the DNS says of the name of a name server.
type nsHost struct {
	zone    string // that the name lies in; empty: unknown
	aaaa    []netip.Addr
	unknown bool
}

// delegationFacts are what targets share of the graph of delegations.
type delegationFacts struct {
	cuts     shared[*cut]         // by a name at or below the zone
	hosts    shared[nsHost]       // by name
	referred shared[*hosting]     // by zone
	silent   shared[[]netip.Addr] // by zone
}

// walk is the collection of a graph for one target.
type walk struct {
	v     *visit
	sent  uint32     // queries for the target before
	mu    sync.Mutex // guards what follows
	names int        // looked up
	zones map[string]*reach.Zone
	next  []string        // names whose zones are still to be looked at
	asked map[string]bool // names that were in next
}

// collect learns the graph of zones that a resolver may have to reach in order
// to answer for the given ones: they, the zones above, and those of the name
// servers' names where these need looking up. own is the target's own cut,
// known already.
func (v *visit) collect(ctx context.Context, own *cut, zones ...string) *reach.Graph {
	w := &walk{v: v, sent: v.sent(), zones: make(map[string]*reach.Zone), asked: make(map[string]bool)}
	w.add(ctx, own)
	for _, zone := range zones {
		w.enqueue(zone)
	}
	for len(w.next) > 0 && len(w.zones) < maxZones && w.may(0) && ctx.Err() == nil {
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
	// The deciding passes are fewest when parents come first; and the same
	// facts make the same graph.
	slices.SortFunc(list, func(a, b *reach.Zone) int {
		if d := dns.CountLabel(a.Name) - dns.CountLabel(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return reach.New(list...)
}

// may takes a number of names to look up from what is allowed.
func (w *walk) may(names int) bool {
	if w.v.sent()-w.sent >= maxWalkQueries {
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

// enqueue has the zone at or above a name looked at.
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
		if home == "" && reach.NeedsZone(s.Name) {
			home = w.v.nsHost(ctx, s.Name).zone
		}
		s.Operator = reach.Operator(s.Name, home)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.zones[c.zone] = z
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
		if !w.may(1) {
			s.Unknown = true
			continue
		}
		all.Go(func() {
			if reach.In(s.Name, z.Name) {
				h := w.v.host(ctx, s.Name)
				s.Zone, s.Addrs, s.Unknown = z.Name, h.aaaa, h.failure != ""
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

// cutAt returns the zone cut at or above a name, from what all targets share.
func (v *visit) cutAt(ctx context.Context, name string) *cut {
	c, ok := v.delegations.cuts.get(ctx, name, func() (*cut, bool) {
		for range dns.CountLabel(name) + 1 {
			d, err := v.Resolver.Delegation(ctx, resolve.Dual, name)
			if err != nil {
				return new(cut), true
			}
			v.count(d.Queries)
			switch {
			case d.Reason != "":
				return new(cut), true
			case d.RCode == dns.RcodeNameError:
				// A server that denies the empty names between two zones.
				name = d.Parent
			default:
				return newCut(d), false
			}
		}
		return new(cut), true
	})
	if !ok {
		return new(cut)
	}
	return c
}

func newCut(d *resolve.Delegation) *cut {
	c := &cut{zone: d.Zone, same: d.SameServers}
	if d.Zone != "." {
		c.parent = d.Zone[nextLabel(d.Zone):]
		if c.parent == "" {
			c.parent = "."
		}
	}
	for _, name := range d.NS[:min(len(d.NS), maxZoneServers)] {
		s := cutServer{name: name}
		for _, a := range d.Glue[name] {
			if a.Is4() {
				s.glueV4 = append(s.glueV4, a)
			} else {
				s.glue = append(s.glue, a)
			}
		}
		c.servers = append(c.servers, s)
	}
	return c
}

// nextLabel returns where the second label of a name begins.
func nextLabel(name string) int {
	next, end := dns.NextLabel(name, 0)
	if end {
		return len(name)
	}
	return next
}

// nsHost looks up the name of a name server, from what all targets share. A
// name server must not be an alias (RFC 2181 section 10.3): one that is has no
// addresses.
func (v *visit) nsHost(ctx context.Context, name string) nsHost {
	h, ok := v.delegations.hosts.get(ctx, name, func() (nsHost, bool) {
		aaaa, failure := v.lookup(ctx, resolve.Dual, name, dns.TypeAAAA)
		if failure != "" {
			return nsHost{unknown: true}, true
		}
		h := nsHost{}
		own := aaaa.Answer[:0:0]
		for _, rr := range aaaa.Answer {
			if strings.EqualFold(rr.Header().Name, name) {
				own = append(own, rr)
			}
		}
		h.aaaa = addressesIn(own)
		// The zone of an answer can be one above, where one server has both.
		// The SOA record that comes with the absence of another has its name.
		soa, failure := v.lookup(ctx, resolve.Dual, name, dns.TypeSOA)
		if failure != "" {
			return h, true
		}
		h.zone = soa.Zone
		for _, rr := range soa.Answer {
			if rr.Header().Rrtype == dns.TypeSOA && strings.EqualFold(rr.Header().Name, name) {
				h.zone = name
			}
		}
		return h, false
	})
	if !ok {
		return nsHost{unknown: true}
	}
	return h
}

// hosting is what the parent's servers say of a zone of which they hold a copy.
type hosting struct {
	names []string                // those that answer for it themselves
	glue  map[string][]netip.Addr // AAAA records in a referral by one that does not
}

// refer completes a zone for which servers of the parent answered themselves:
// by the parent's servers that do so without being named for the zone, and by
// the glue that the others send.
func (v *visit) refer(ctx context.Context, z *reach.Zone, above *cut) {
	h, ok := v.delegations.referred.get(ctx, z.Name, func() (*hosting, bool) { return v.hosting(ctx, z, above), false })
	if !ok {
		return
	}
	z.Hosting = h.names
	for i := range z.Servers {
		z.Servers[i].Glue = append(z.Servers[i].Glue, h.glue[z.Servers[i].Name]...)
	}
}

// hosting asks servers of the parent that are not named for the zone.
func (v *visit) hosting(ctx context.Context, z *reach.Zone, above *cut) *hosting {
	h := &hosting{glue: make(map[string][]netip.Addr)}
	asked := 0
	for _, p := range above.servers {
		if asked == maxHosting {
			break
		}
		addr, ok := v.reachable(ctx, p)
		if !ok || slices.ContainsFunc(z.Servers, func(s reach.Server) bool { return s.Name == p.name }) {
			continue
		}
		asked++
		reply, err := v.exchange(ctx, resolve.Query{Server: netip.AddrPortFrom(addr, portDNS), Name: z.Name, Type: dns.TypeNS})
		switch {
		case err != nil || reply.Msg.Rcode != dns.RcodeSuccess:
		case reply.Msg.Authoritative:
			h.names = append(h.names, p.name)
		case len(h.glue) == 0:
			h.take(z, reply.Msg)
		}
	}
	return h
}

// take takes the AAAA records that a referral brings for servers with names in
// the zone: over others the parent has less say.
func (h *hosting) take(z *reach.Zone, referral *dns.Msg) {
	for _, rr := range referral.Extra {
		name := strings.ToLower(rr.Header().Name)
		if rr.Header().Rrtype == dns.TypeAAAA && reach.In(name, z.Name) && len(h.glue[name]) < maxAddresses {
			h.glue[name] = append(h.glue[name], addressesIn([]dns.RR{rr})...)
		}
	}
}

// reachable returns an address of a name server that this vantage can ask.
func (v *visit) reachable(ctx context.Context, s cutServer) (netip.Addr, bool) {
	addrs := append(slices.Clone(s.glue), s.glueV4...)
	if len(addrs) == 0 {
		h := v.host(ctx, s.name)
		addrs = append(h.usable(), h.a...)
	}
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return v.Routes.lacksDNS(a, resolve.UDP) == "" })
	if i < 0 {
		return netip.Addr{}, false
	}
	return addrs[i], true
}

// sent is the number of queries sent for the target.
func (v *visit) sent() uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.obs.Queries
}

// count adds to the number of queries sent.
func (v *visit) count(queries int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.obs.Queries += uint32(queries)
}
