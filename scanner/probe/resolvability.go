package probe

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// resolvability finds out whether the target's site and mail would work without
// IPv4: by the records alone, on the graph of delegations, and by answers,
// resolving the target once more as a host without IPv4 would. Where they would
// not, the graph names the zone to blame.
func resolvability(ctx context.Context, v *measurement) {
	switch {
	case v.obs.DNS.Reason == observation.NXDomain:
		v.withoutIPv4(v.obs.DNS)
		return
	case v.parent == nil:
		v.withoutIPv4(unmeasured(v.obs.DNS.Reason))
		return
	}
	s := v.site(ctx)
	m := v.mailSite(ctx, s)
	s.graph = v.collect(ctx, newCut(v.parent), append(s.zones(), m.zones()...)...)
	if ctx.Err() != nil {
		v.withoutGraph()
		return
	}
	v.obs.Operators = s.graph.Operators(v.zone)
	v.obs.FreedBy = s.graph.FreedBy(s.needed()...)
	chain := s.chain(false)
	v.obs.V6OnlyRecords = s.byRecords(chain)
	v.obs.V6Only = s.byAnswers(ctx, chain)
	m.graph = s.graph
	m.judgeMail(ctx)
}

// withoutIPv4 gives all verdicts on use without IPv4, where one fact decides
// them.
func (v *measurement) withoutIPv4(verdict observation.Verdict) {
	v.obs.V6Only, v.obs.V6OnlyRecords = verdict, verdict
	v.obs.MailV6Only, v.obs.MailV6OnlyRecords = verdict, verdict
}

// withoutGraph judges where the time or the budget of the target ended before
// its zones were known: half a graph proves nothing, but name servers without
// any IPv6 address need no graph.
func (v *measurement) withoutGraph() {
	if v.obs.DNS == absent(observation.NoNSAAAA) {
		v.withoutIPv4(broken(observation.NoNSAAAA))
		v.obs.V6OnlyZone = strings.TrimSuffix(v.zone, ".")
		v.obs.MailV6OnlyZone = v.obs.V6OnlyZone
		if hasNoMail(v.obs.Mail) {
			v.obs.MailV6Only, v.obs.MailV6OnlyRecords, v.obs.MailV6OnlyZone = v.obs.Mail, v.obs.Mail, ""
		}
	}
}

// site is what a host without IPv4 would look for: the web site, or the mail
// exchangers.
type site struct {
	*measurement
	siteKind
	hosts []siteHost // the apex and www, or the exchangers, those that exist
	// intent says that a name server or a host of the target publishes an
	// IPv6 address; failure why the hosts of the site are not known.
	intent  bool
	failure observation.Reason
	graph   *reach.Graph
}

// siteKind is what tells a web site from mail.
type siteKind struct {
	lacking observation.Reason // its hosts have no IPv6 address
	fails   observation.Reason // they are found, and do not serve
	blamed  *string            // where the zone to blame is kept
	mail    bool
}

// siteHost is a host of the web site, or an exchanger.
type siteHost struct {
	*host
	zones   []string            // that have to be reached to find its addresses
	service observation.Verdict // over IPv6
}

// site looks up, mostly from caches, what the target publishes.
func (v *measurement) site(ctx context.Context) *site {
	s := &site{measurement: v, siteKind: siteKind{lacking: observation.NoAAAA, fails: observation.SiteFailsV6, blamed: &v.obs.V6OnlyZone}}
	if !v.obs.Target.Kind.IsZone() {
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
		zones = s.measurement.zonesOf(ctx, name)
	}
	s.hosts = append(s.hosts, siteHost{h, zones, web})
}

// zonesOf returns the zones that a resolver must reach for the AAAA records of
// a name: the target's, that of each alias, and that of the records.
func (v *measurement) zonesOf(ctx context.Context, name string) []string {
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

// published returns the hosts with an IPv6 address, those that serve first.
func (s *site) published() (hosts []siteHost) {
	for _, works := range []bool{true, false} {
		for _, h := range s.hosts {
			if len(h.aaaa) > 0 && (s.serves(h.service).Status == observation.OK) == works {
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
	case s.obs.Target.Kind.IsZone():
		return observation.Verdict{Status: observation.OK}
	case s.failure != "":
		return unresolved(s.failure)
	case len(s.hosts) > 0:
		return absent(s.lacking)
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

// serves judges a host that is found without IPv4 by its service over IPv6.
func (s *site) serves(v observation.Verdict) observation.Verdict {
	switch {
	case v.Status == observation.Unmeasured:
		return v
	case v.Status == observation.OK, v.Status == observation.Partial && v.Reason != observation.RedirectToV4Only && v.Reason != observation.HTTPError:
		return observation.Verdict{Status: observation.OK}
	}
	return broken(s.fails)
}
