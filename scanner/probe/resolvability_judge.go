package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// chain explains why the target cannot be found without IPv4: by the records,
// or by what answers. The cause is empty where it can be found, and
// dns_failure where too little is known.
func (s *site) chain(answers bool) reach.Explanation {
	sure := s.graph.Decide(reach.View{Answers: answers})
	if s.found(sure) == "" {
		return reach.Explanation{}
	}
	// Assume that whatever is not known works, so that the cause is certain.
	hope := s.graph.Decide(reach.View{Answers: answers, Trusting: true})
	fails := s.found(hope)
	if fails == "" {
		return reach.Explanation{Cause: observation.DNSFailure, Zone: s.found(sure)}
	}
	return hope.Explain(fails)
}

// found returns a zone that keeps the target from being found; empty if there
// is none. One host of the site that can be found is enough.
func (s *site) found(d *reach.Decision) (fails string) {
	if !d.Reached(s.zone) {
		return s.zone
	}
	for _, h := range s.hosts {
		if len(h.aaaa) == 0 {
			continue
		}
		i := slices.IndexFunc(h.zones, func(zone string) bool { return !d.Reached(zone) })
		if i < 0 {
			return ""
		}
		if fails == "" {
			fails = h.zones[i]
		}
	}
	return fails
}

// byAnswers resolves the target without IPv4 and judges the result. chain is
// what the records say.
func (s *site) byAnswers(ctx context.Context, chain reach.Explanation) observation.Verdict {
	if verdict := s.missing(); len(s.hosts) == 0 && verdict.Status != observation.OK {
		return verdict // there is no site to be found, or it is not known
	}
	if verdict, ok := s.noIntent(); ok {
		return verdict
	}
	if !s.Routes.V6 {
		s.blame(chain, "")
		return unmeasured(observation.NoRoute)
	}
	if s.Routes.NoUDP53V6 || s.Routes.NoTCP53V6 {
		s.blame(chain, "")
		return unmeasured(observation.PortFiltered)
	}
	if s.parentsDiffer {
		// What is found without IPv4 shall not depend on the server that happens
		// to be asked: later lookups begin with what all of them say.
		if d, err := s.Resolver.WholeDelegation(ctx, resolve.V6Only, s.zone); err == nil {
			s.count(d.Queries)
		}
	}
	verdict, failedAt := s.resolve(ctx)
	if failedAt != "" {
		return s.explain(ctx, chain, failedAt)
	}
	if !s.mail && chain.Cause != "" && chain.Cause != observation.DNSFailure && verdict.Status != observation.Unmeasured {
		// Servers do not all say the same: what a resolver found counts.
		s.find("resolvability", chain.Zone, partial(chain.Cause), "by the records; a resolver without IPv4 finds the name all the same")
	}
	if verdict == broken(s.fails) {
		*s.blamed = strings.TrimSuffix(s.zone, ".")
	}
	return verdict
}

// resolve looks the hosts of the site up without IPv4, or the zone where there
// are none to be found. failedAt is the zone at which that failed.
func (s *site) resolve(ctx context.Context) (verdict observation.Verdict, failedAt string) {
	hosts := s.published()
	if len(hosts) == 0 {
		if verdict, failedAt = s.without4(ctx, s.zone, dns.TypeSOA); verdict.Status == observation.OK {
			verdict = s.missing()
		}
		return verdict, failedAt
	}
	if s.mail && len(s.obs.MX) > 0 {
		if verdict, failedAt = s.without4(ctx, s.name(), dns.TypeMX); verdict.Status != observation.OK {
			return verdict, failedAt
		}
	}
	var fails []observation.Verdict // of hosts that are found
	for _, h := range hosts {
		found, at := s.without4(ctx, h.name+".", dns.TypeAAAA)
		switch {
		case found.Status != observation.OK && at == "":
			return found, ""
		case at != "":
			failedAt = at
			continue
		}
		verdict = s.serves(h.service)
		if verdict.Status == observation.OK {
			return verdict, ""
		}
		fails = append(fails, verdict)
	}
	if len(fails) > 0 {
		return worst(fails), ""
	}
	return verdict, failedAt
}

// without4 resolves a name as a host without IPv4. failedAt is set where the
// network prevents it.
func (s *site) without4(ctx context.Context, name string, qtype uint16) (verdict observation.Verdict, failedAt string) {
	answer, reason := s.lookup(ctx, resolve.V6Only, name, qtype)
	has := slices.ContainsFunc(answer.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == qtype })
	switch {
	case ownFault(reason), reason == observation.OptedOut,
		reason == observation.BackedOff:
		return unmeasured(reason), ""
	case reason == "" && has:
		return observation.Verdict{Status: observation.OK}, ""
	case answer.Zone == "":
		return observation.Verdict{}, s.zone
	}
	return observation.Verdict{}, answer.Zone
}

// explain gives the verdict on a target that cannot be found without IPv4,
// from the records, or where these are in order from what answers.
func (s *site) explain(ctx context.Context, chain reach.Explanation, failedAt string) observation.Verdict {
	if chain.Cause == "" || chain.Cause == observation.DNSFailure {
		s.askAll(ctx)
		chain = s.chain(true)
	}
	if ctx.Err() != nil {
		return unmeasured(interrupted(ctx))
	}
	if chain.Cause == "" || chain.Cause == observation.DNSFailure {
		chain = reach.Explanation{Cause: observation.NSUnreachableV6, Zone: failedAt, Path: []string{failedAt}, Root: observation.NSUnreachableV6}
	}
	s.blame(chain, failedAt)
	return broken(chain.Cause)
}

// blame keeps the zone to blame, and the finding that IPv6 was meant to work.
func (s *site) blame(chain reach.Explanation, failedAt string) {
	if chain.Cause == "" || chain.Cause == observation.DNSFailure {
		return
	}
	*s.blamed = strings.TrimSuffix(chain.Zone, ".")
	var steps []string
	for _, zone := range chain.Path {
		steps = append(steps, strings.TrimSuffix(zone, "."))
	}
	detail := fmt.Sprintf("%s: %s", chain.Cause, strings.Join(steps, " needs "))
	if chain.Root != chain.Cause {
		detail += fmt.Sprintf(", which has %s", chain.Root)
	}
	if failedAt != "" && failedAt != chain.Zone {
		detail += "; resolution ended at " + strings.TrimSuffix(failedAt, ".")
	}
	if s.mail {
		s.find("mail", chain.Zone, broken(observation.IntentBroken), detail)
		return
	}
	s.find("resolvability", chain.Zone, broken(observation.IntentBroken), detail)
}

// askAll asks the servers of every zone in the graph over IPv6, and notes the
// addresses that do not answer.
func (s *site) askAll(ctx context.Context) {
	var all sync.WaitGroup
	for _, z := range s.graph.Zones() {
		all.Go(func() {
			silent, ok := s.delegations.silent.get(ctx, z.Name, func() ([]netip.Addr, bool) { return s.silent(ctx, z), false })
			for i := range z.Servers {
				if ok {
					z.Servers[i].Silent = silent
				}
			}
		})
	}
	all.Wait()
}

// maxAsked is how many addresses of a zone are asked at the same time.
const maxAsked = 4

// silent asks the servers of a zone, a few at a time, until one answers. It
// returns the addresses that do not; what was not asked is taken to answer.
func (s *site) silent(ctx context.Context, z *reach.Zone) (silent []netip.Addr) {
	var addrs []netip.Addr
	for _, server := range z.Servers {
		addrs = append(append(addrs, server.Glue...), server.Addrs...)
	}
	addrs = usable(addrs)
	slices.SortFunc(addrs, netip.Addr.Compare)
	for batch := range slices.Chunk(slices.Compact(addrs), maxAsked) {
		verdicts := make([]observation.Verdict, len(batch))
		var all sync.WaitGroup
		for i, a := range batch {
			all.Go(func() { verdicts[i] = s.answers(ctx, z.Name, a) })
		}
		all.Wait()
		one := false
		for i, a := range batch {
			one = one || verdicts[i].Status == observation.OK || verdicts[i].Status == observation.Partial
			if verdicts[i].Status == observation.Broken || verdicts[i].Reason == observation.NoRoute {
				silent = append(silent, a)
			}
		}
		if one {
			break
		}
	}
	return silent
}

// answers says whether an address answers with authority for a zone. For the
// target's own zone that is known already.
func (s *site) answers(ctx context.Context, zone string, a netip.Addr) observation.Verdict {
	if zone == s.zone {
		for _, e := range s.obs.Endpoints {
			if e.Probe == "nameserver" && e.Addr == a && e.Transport == "udp" {
				return e.Verdict
			}
		}
	}
	query := resolve.Query{Server: netip.AddrPortFrom(a, portDNS), Name: zone, Type: dns.TypeSOA}
	reply, err := s.exchangeWhole(ctx, query)
	if err == nil && noEDNS(reply.Msg.Rcode) {
		query.NoEDNS = true
		reply, err = s.exchangeWhole(ctx, query)
	}
	if err != nil {
		return exchangeVerdict(ctx, err)
	}
	verdict, _ := judgeSOA(reply.Msg, zone)
	return verdict
}
