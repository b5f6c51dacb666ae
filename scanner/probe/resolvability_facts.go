package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// maxHosting is how many name servers of a parent are asked whether they hold
// the child as well.
const maxHosting = 4

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
	name  string
	glue  []netip.Addr // AAAA records of the parent
	addrs []netip.Addr // of both families, whoever they came from
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

// cutAt returns the zone cut at or above a name, from what all targets share.
func (v *measurement) cutAt(ctx context.Context, name string) *cut {
	if v.OptOut.Covers(name) {
		return new(cut)
	}
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
	c := &cut{zone: d.Zone, same: d.SameServers || slices.ContainsFunc(d.Referrals, func(r resolve.Referral) bool { return r.Child })}
	if d.Zone != "." {
		c.parent = d.Zone[nextLabel(d.Zone):]
		if c.parent == "" {
			c.parent = "."
		}
	}
	for _, name := range d.NS[:min(len(d.NS), maxZoneServers)] {
		s := cutServer{name: name, addrs: d.Glue[name]}
		for _, a := range s.addrs {
			// What comes with the zone's own NS records is not glue.
			if a.Is6() && !d.SameServers {
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
func (v *measurement) nsHost(ctx context.Context, name string) nsHost {
	h, ok := v.delegations.hosts.get(ctx, name, func() (nsHost, bool) {
		aaaa, failure := v.lookup(ctx, resolve.Dual, name, dns.TypeAAAA)
		if failure != "" {
			return nsHost{unknown: notAsked(failure)}, true
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
			h.unknown = true
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

// notAsked says whether a lookup failed for reasons of our own. One that fails
// over both families leads to no name server over one of them either.
func notAsked(failure observation.Reason) bool {
	switch failure {
	case observation.TargetTimeout, observation.LocalFault, observation.OptedOut, observation.BackedOff, observation.LimitQueries, observation.LimitTime:
		return true
	}
	return false
}

// hosting is what the parent's servers say of a zone of which they hold a copy.
type hosting struct {
	names []string                // those that answer for it themselves
	glue  map[string][]netip.Addr // AAAA records in a referral by one that does not
}

// refer completes a zone for which servers of the parent answered themselves:
// by the parent's servers that do so without being named for the zone, and by
// the glue that the others send.
func (v *measurement) refer(ctx context.Context, z *reach.Zone, above *cut) {
	h, ok := v.delegations.referred.get(ctx, z.Name, func() (*hosting, bool) { return v.hosting(ctx, z, above) })
	if !ok {
		return
	}
	z.Hosting = h.names
	for i := range z.Servers {
		z.Servers[i].Glue = h.glue[z.Servers[i].Name]
	}
}

// hosting asks servers of the parent that are not named for the zone. failed
// says that one did not answer.
func (v *measurement) hosting(ctx context.Context, z *reach.Zone, above *cut) (h *hosting, failed bool) {
	h = &hosting{glue: make(map[string][]netip.Addr)}
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
		reply, err := v.exchangeWhole(ctx, resolve.Query{Server: netip.AddrPortFrom(addr, portDNS), Name: z.Name, Type: dns.TypeNS})
		switch {
		case err != nil:
			failed = true
		case reply.Msg.Rcode != dns.RcodeSuccess:
		case reply.Msg.Authoritative:
			h.names = append(h.names, p.name)
		case len(h.glue) == 0:
			h.take(z, reply.Msg)
		}
	}
	return h, failed
}

// take keeps the AAAA records of a referral for servers with names in the zone:
// for others the parent is not authoritative.
func (h *hosting) take(z *reach.Zone, referral *dns.Msg) {
	for _, rr := range referral.Extra {
		name := strings.ToLower(rr.Header().Name)
		if rr.Header().Rrtype == dns.TypeAAAA && reach.In(name, z.Name) && len(h.glue[name]) < maxAddresses {
			h.glue[name] = append(h.glue[name], addressesIn([]dns.RR{rr})...)
		}
	}
}

// reachable returns an address of a name server that this vantage can ask.
func (v *measurement) reachable(ctx context.Context, s cutServer) (netip.Addr, bool) {
	addrs := s.addrs
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

// queriesSent is the number of DNS queries sent for the target.
func (v *measurement) queriesSent() uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.obs.Queries
}

// count adds to the number of queries sent.
func (v *measurement) count(queries int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.obs.Queries += uint32(queries)
}
