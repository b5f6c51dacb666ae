package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// glueCount is what was seen of the parent's addresses of name servers.
type glueCount struct {
	published [2]int // name servers with an address at the parent
	lacking   [2]int // name servers in or below the zone that have addresses and no glue
}

// compareGlue compares the parent's addresses of the name servers with their
// own. Glue is needed for names in or below the zone, which cannot be found
// without it; for others below the parent it is optional, and only has to be
// correct. Nothing follows where the parent's servers serve the zone as well.
func (v *measurement) compareGlue(ctx context.Context, s serverSet, note noteFunc) glueCount {
	var count glueCount
	if v.parent.SameServers {
		return count
	}
	glue := v.parent.Glue
	if slices.ContainsFunc(s.hosts, func(h *host) bool { return v.lacksGlue(h, glue, v4) || v.lacksGlue(h, glue, v6) }) {
		glue = v.wholeGlue(ctx)
	}
	for _, h := range s.hosts {
		for f, missing := range []observation.Reason{v4: observation.GlueMissingA, v6: observation.GlueMissingAAAA} {
			f := family(f)
			own, parents := h.addrs(f), glueOf(glue, dns.Fqdn(h.name), f)
			if len(parents) > 0 {
				count.published[f]++
			}
			switch {
			case v.lacksGlue(h, glue, f):
				if len(glueOf(v.parent.AtParent, dns.Fqdn(h.name), f)) == 0 {
					count.lacking[f]++ // resolvers that ask the parent for it find it
				}
				note(h.name, missing, joinAddrs(own))
			case h.failed[f] == "" && len(parents) > 0 && len(own) < maxAddresses && !slices.Equal(own, parents):
				note(h.name, observation.GlueDiffers, "parent: "+joinAddrs(parents)+"; own: "+joinAddrs(own))
			}
		}
	}
	return count
}

// lacksGlue says whether the parent names a host that lies in or below the zone
// without one of its addresses of a family.
func (v *measurement) lacksGlue(h *host, glue map[string][]netip.Addr, f family) bool {
	name := dns.Fqdn(h.name)
	return !h.alias && dns.IsSubDomain(v.zone, name) && slices.Contains(v.parent.NS, name) &&
		len(h.addrs(f)) > 0 && len(glueOf(glue, name, f)) == 0
}

// glueOf returns the parent's addresses of a name server, sorted, each once.
func glueOf(glue map[string][]netip.Addr, name string, f family) []netip.Addr {
	var addrs []netip.Addr
	for _, a := range glue[name] {
		if f.of(a) {
			addrs = append(addrs, a)
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}

// wholeGlue asks one of the parent's servers for the delegation once more, over
// TCP: a referral over UDP may lack glue that did not fit, and not every server
// says so (RFC 9471). It returns what both had.
func (v *measurement) wholeGlue(ctx context.Context) map[string][]netip.Addr {
	all := make(map[string][]netip.Addr, len(v.parent.Glue))
	for name, addrs := range v.parent.Glue {
		all[name] = slices.Clone(addrs)
	}
	server, ok := v.serverOf(ctx, v.parent.Parent)
	if !ok {
		return all
	}
	reply, err := v.exchange(ctx, resolve.Query{Server: server, Transport: resolve.TCP, Name: v.zone, Type: dns.TypeNS})
	if err != nil {
		return all
	}
	for _, rr := range reply.Msg.Extra {
		name := strings.ToLower(rr.Header().Name)
		if slices.Contains(v.parent.NS, name) && dns.IsSubDomain(v.parent.Parent, name) && len(all[name]) < maxAddresses {
			all[name] = append(all[name], addressesIn([]dns.RR{rr})...)
		}
	}
	return all
}

// serverOf returns an address of a zone's name servers that the vantage can
// reach.
func (v *measurement) serverOf(ctx context.Context, zone string) (netip.AddrPort, bool) {
	ns, reason := v.lookup(ctx, resolve.Dual, zone, dns.TypeNS)
	if reason != "" {
		return netip.AddrPort{}, false
	}
	const tries = 3 // name servers whose addresses are looked up
	names := nsNames(ns.Answer, zone)
	for _, name := range names[:min(len(names), tries)] {
		h := v.host(ctx, name)
		for _, a := range slices.Concat(h.usableOf(v4), h.usable()) {
			if v.Routes.has(a) {
				return netip.AddrPortFrom(a, portDNS), true
			}
		}
	}
	return netip.AddrPort{}, false
}
