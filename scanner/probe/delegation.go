package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// maxNameServers is how many name servers of a zone are measured.
const maxNameServers = 20

// delegation finds the zone that the target lies in and judges what the parent
// and the zone itself publish of its name servers.
func delegation(ctx context.Context, v *measurement) {
	d, err := v.Resolver.WholeDelegation(ctx, resolve.Dual, v.name())
	if err == nil {
		v.obs.Queries += uint32(d.Queries)
	}
	switch {
	case err != nil:
		v.withoutNameServers(unmeasured(interrupted(ctx)))
		return
	case d.Reason != "":
		v.find("delegation", v.name(), unmeasured(d.Reason), "lookup of the zone")
		v.withoutNameServers(unresolved(d.Reason))
		return
	case d.RCode == dns.RcodeNameError:
		v.withoutNameServers(absent(observation.NXDomain))
		return
	}
	v.zone, v.parent = d.Zone, d
	v.obs.Zone = strings.ToLower(strings.TrimSuffix(d.Zone, "."))
	v.obs.DS = uint16(min(len(d.DS), 1<<16-1))
	s := v.nameServerSet(ctx, d)
	if len(v.obs.NameServers) == 0 {
		v.withoutNameServers(absent(observation.NoNS))
		return
	}
	v.obs.NameServersV6 = uint16(len(s.withV6()))
	v.obs.Delegation = v.judgeDelegation(ctx, s)
}

// withoutNameServers gives every verdict that rests on name servers the same:
// there are none, or they could not be found.
func (v *measurement) withoutNameServers(verdict observation.Verdict) {
	o := v.obs
	o.Delegation, o.DNS, o.DNSV4, o.SameSerial = verdict, verdict, verdict, verdict
}

// serverSet is the name servers of a zone as both sides of the zone cut name
// them.
type serverSet struct {
	parent, child []string // tidy; child is nil where the zone did not answer
	hosts         []*host  // of all that are measured
}

// nameServerSet asks the zone itself for its name servers and looks up the
// addresses of all that the parent or the zone names: a resolver may be sent to
// any of them.
func (v *measurement) nameServerSet(ctx context.Context, d *resolve.Delegation) serverSet {
	s := serverSet{parent: tidyNames(d.NS)}
	if own, reason := v.lookup(ctx, resolve.Dual, d.Zone, dns.TypeNS); reason == "" {
		s.child = tidyNames(nsNames(own.Answer, d.Zone))
	}
	names := slices.Clone(s.parent)
	for _, name := range s.child {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > maxNameServers {
		v.find("delegation", d.Zone, partial(observation.TooManyRecords), fmt.Sprintf("%d name servers, %d are measured", len(names), maxNameServers))
		names = names[:maxNameServers]
	}
	slices.Sort(names)
	v.obs.NameServers = names
	s.hosts = make([]*host, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { s.hosts[i] = v.host(ctx, name) })
	}
	all.Wait()
	return s
}

// withV6 returns the name servers that publish a usable IPv6 address.
func (s serverSet) withV6() []*host {
	var have []*host
	for _, h := range s.hosts {
		if len(h.usable()) > 0 && !h.alias {
			have = append(have, h)
		}
	}
	return have
}

// failure returns why the IPv6 addresses of a name server are not known; empty
// when those of all are.
func (s serverSet) failure() observation.Reason {
	for _, h := range s.hosts {
		if reason := h.failed[v6]; reason != "" {
			return reason
		}
	}
	return ""
}

func nsNames(records []dns.RR, zone string) []string {
	var names []string
	for _, rr := range records {
		if ns, ok := rr.(*dns.NS); ok && strings.EqualFold(ns.Hdr.Name, zone) {
			names = append(names, ns.Ns)
		}
	}
	return names
}

// tidyNames returns names in lower case without the final dot, sorted, each
// once. The root is not a host: a zone that names it has no name server there.
func tidyNames(names []string) []string {
	tidy := make([]string, 0, len(names))
	for _, name := range names {
		if name != "." {
			tidy = append(tidy, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	slices.Sort(tidy)
	return slices.Compact(tidy)
}
