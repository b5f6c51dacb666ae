package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// compareParents notes the servers of the parent zone that do not say what the
// others do: one may be out of date, or leave out glue (RFC 9471). What a
// resolver finds then depends on the server that it asked. Servers that hold
// the zone itself answer with its own records, and are excluded.
func (v *measurement) compareParents(ctx context.Context, note noteFunc) {
	var refer []resolve.Referral
	sets := make(map[string]int) // how many name the same servers
	for _, r := range v.parent.Referrals {
		if r.Reason == "" && !r.Child {
			refer = append(refer, r)
			sets[strings.Join(r.NS, " ")]++
		}
	}
	most := 0
	for _, n := range sets {
		most = max(most, n)
	}
	for _, r := range refer {
		named := sets[strings.Join(r.NS, " ")]
		switch {
		case len(sets) > 1 && len(r.NS) == 0:
			note(r.Server, observation.ParentsDiffer, "does not know the delegation")
		case len(sets) > 1 && (named < most || 2*named <= len(refer)):
			note(r.Server, observation.ParentsDiffer, "names "+strings.Join(tidyNames(r.NS), " "))
		default:
			if lacks := v.missingGlue(ctx, r); lacks != "" {
				note(r.Server, observation.ParentsDiffer, lacks)
			}
		}
	}
}

// missingGlue names the glue for servers in or below the zone that others of the
// parent's servers have and r lacks, over TCP as well, where all of it fits.
func (v *measurement) missingGlue(ctx context.Context, r resolve.Referral) string {
	missing := func(glue map[string][]netip.Addr) (lacks []string) {
		for _, name := range r.NS {
			for _, a := range v.parent.Glue[name] {
				if dns.IsSubDomain(v.zone, name) && !slices.Contains(glue[name], a) {
					lacks = append(lacks, fmt.Sprintf("%s for %s", a, strings.TrimSuffix(name, ".")))
				}
			}
		}
		return lacks
	}
	if len(missing(r.Glue)) == 0 || v.Routes.lacksDNS(r.Addr.Addr(), resolve.TCP) != "" {
		return ""
	}
	reply, err := v.exchange(ctx, resolve.Query{Server: r.Addr, Transport: resolve.TCP, Name: v.zone, Type: dns.TypeNS})
	if err != nil {
		return ""
	}
	glue := make(map[string][]netip.Addr)
	for _, rr := range reply.Msg.Extra {
		name := strings.ToLower(rr.Header().Name)
		glue[name] = append(glue[name], everyAddressIn([]dns.RR{rr})...)
	}
	if lacks := missing(glue); len(lacks) > 0 {
		slices.Sort(lacks)
		return "leaves out the glue " + strings.Join(lacks, ", ")
	}
	return ""
}
