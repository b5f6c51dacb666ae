package probe

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// resolvability finds out whether the target would be there if IPv4 were gone:
// by the records alone, on the graph of delegations, and by answers, resolving
// the target once more as a host without IPv4 would. Where it would not, the
// graph names the zone to blame.
func resolvability(ctx context.Context, v *visit) {
	switch {
	case v.obs.DNS.Reason == observation.NXDomain:
		v.obs.V6Only, v.obs.V6OnlyRecords = v.obs.DNS, v.obs.DNS
		return
	case v.parent == nil:
		v.obs.V6Only = unmeasured(v.obs.DNS.Reason)
		v.obs.V6OnlyRecords = v.obs.V6Only
		return
	}
	s := v.site(ctx)
	s.graph = v.collect(ctx, newCut(v.parent), s.zones()...)
	if ctx.Err() != nil {
		v.withoutGraph()
		return
	}
	v.obs.Operators = s.graph.Operators(v.zone)
	v.obs.FreedBy = s.graph.FreedBy(s.needed()...)
	chain := s.chain(false)
	v.obs.V6OnlyRecords = s.byRecords(chain)
	v.obs.V6Only = s.byAnswers(ctx, chain)
}

// withoutGraph judges where the time or the budget of the target ended before
// its zones were known: half a graph says nothing, but name servers without any
// IPv6 address need none.
func (v *visit) withoutGraph() {
	if v.obs.DNS == absent(observation.NoNSAAAA) {
		v.obs.V6Only = broken(observation.NoNSAAAA)
		v.obs.V6OnlyRecords, v.obs.V6OnlyZone = v.obs.V6Only, strings.TrimSuffix(v.zone, ".")
	}
}

// site is what a host without IPv4 would look for.
type site struct {
	*visit
	hosts []siteHost // the apex and www, those that exist
	// intent says that a name server or a host of the target publishes an
	// IPv6 address; failure why the hosts of the site are not known.
	intent  bool
	failure observation.Reason
	graph   *reach.Graph
}

// siteHost is a host of the web site.
type siteHost struct {
	*host
	zones []string // that have to be reached to find its addresses
	web   observation.Verdict
}

// site looks up, mostly from caches, what the target publishes.
func (v *visit) site(ctx context.Context) *site {
	s := &site{visit: v}
	if v.obs.Target.Kind != lists.CCTLD {
		s.add(ctx, v.name(), v.obs.WebApex)
		s.add(ctx, "www."+v.name(), v.obs.WebWWW)
	}
	for _, name := range append(slices.Clone(v.obs.NameServers), v.obs.MX...) {
		s.intent = s.intent || len(v.host(ctx, name).aaaa) > 0
	}
	for _, glue := range v.parent.Glue {
		for _, a := range glue {
			s.intent = s.intent || a.Is6()
		}
	}
	return s
}

// add adds a host of the web site, if it has addresses.
func (s *site) add(ctx context.Context, name string, web observation.Verdict) {
	h := s.host(ctx, name)
	s.intent = s.intent || len(h.aaaa) > 0
	s.failure = cmp.Or(s.failure, h.failed[v6])
	if len(h.a)+len(h.aaaa) == 0 {
		s.failure = cmp.Or(s.failure, h.failed[v4])
		return
	}
	if web.Reason == observation.NotProbed {
		web = s.obs.Web
	}
	zones := []string{s.zone}
	if len(h.aaaa) > 0 {
		zones = s.visit.zonesOf(ctx, name)
	}
	s.hosts = append(s.hosts, siteHost{h, zones, web})
}

// zonesOf returns the zones that a resolver must reach for the AAAA records of
// a name: the target's, that of each alias, and that of the records.
func (v *visit) zonesOf(ctx context.Context, name string) []string {
	zones := []string{v.zone}
	answer, failure := v.lookup(ctx, resolve.Dual, name, dns.TypeAAAA)
	if failure != "" {
		return zones
	}
	aliases := slices.DeleteFunc(slices.Clone(answer.Answer), func(rr dns.RR) bool { return rr.Header().Rrtype != dns.TypeCNAME })
	for _, rr := range aliases {
		owner := strings.ToLower(rr.Header().Name)
		if !reach.In(owner, v.zone) {
			if zone := v.nsHost(ctx, owner).zone; zone != "" && !slices.Contains(zones, zone) {
				zones = append(zones, zone)
			}
		}
	}
	if !slices.Contains(zones, answer.Zone) {
		zones = append(zones, answer.Zone)
	}
	return zones
}

// zones returns all the zones that matter for the site.
func (s *site) zones() (zones []string) {
	for _, h := range s.hosts {
		zones = append(zones, h.zones...)
	}
	return zones
}

// needed returns the zones that must be reached for the target to be found:
// its own, and those of the first host that has an IPv6 address.
func (s *site) needed() []string {
	for _, h := range s.hosts {
		if len(h.aaaa) > 0 {
			return h.zones
		}
	}
	return []string{s.zone}
}

// published returns the hosts with an IPv6 address, those whose web site works
// first.
func (s *site) published() (hosts []siteHost) {
	for _, works := range []bool{true, false} {
		for _, h := range s.hosts {
			if len(h.aaaa) > 0 && (serves(h.web).Status == observation.OK) == works {
				hosts = append(hosts, h)
			}
		}
	}
	return hosts
}

// missing is the verdict on a target whose name servers are in order and whose
// site has no IPv6 address; ok for a ccTLD, which has no site.
func (s *site) missing() observation.Verdict {
	switch {
	case s.obs.Target.Kind == lists.CCTLD:
		return observation.Verdict{Status: observation.OK}
	case s.failure != "":
		return unresolved(s.failure)
	case len(s.hosts) > 0:
		return absent(observation.NoAAAA)
	}
	return absent(observation.NoAddress)
}

// noIntent is the verdict on a target that publishes no IPv6 address; ok is
// false for one that does.
func (s *site) noIntent() (verdict observation.Verdict, ok bool) {
	switch {
	case s.intent:
		return verdict, false
	case s.failure != "":
		return unresolved(s.failure), true
	case s.obs.DNS == unmeasured(observation.DNSFailure), s.obs.DNS == unmeasured(observation.OptedOut):
		return s.obs.DNS, true
	}
	return absent(observation.NoIntent), true
}

// byRecords judges by what is published alone.
func (s *site) byRecords(chain reach.Explanation) observation.Verdict {
	if verdict, ok := s.noIntent(); ok {
		return verdict
	}
	switch {
	case chain.Cause == observation.DNSFailure:
		return unmeasured(observation.DNSFailure)
	case chain.Cause != "":
		return broken(chain.Cause)
	}
	hosts := s.published()
	if len(hosts) == 0 {
		return s.missing()
	}
	for _, h := range hosts {
		if reach.Usable(h.aaaa) {
			return observation.Verdict{Status: observation.OK}
		}
	}
	return broken(observation.SpecialPurposeAddress)
}

// serves judges a web site that is found without IPv4.
func serves(web observation.Verdict) observation.Verdict {
	switch {
	case web.Status == observation.Unmeasured:
		return web
	case web.Status == observation.OK, web.Status == observation.Partial && web.Reason != observation.RedirectToV4Only && web.Reason != observation.HTTPError:
		return observation.Verdict{Status: observation.OK}
	}
	return broken(observation.SiteFailsV6)
}
