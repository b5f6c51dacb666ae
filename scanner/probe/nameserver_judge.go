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

// serverGravity orders what is wrong with name servers that answer: a verdict
// has the first of these reasons that was found.
var serverGravity = []observation.Reason{
	observation.TCPFails, observation.EDNSFails, observation.LargeAnswerFails, observation.AnswerTooLarge, observation.SomeAddressesFail,
}

// gravest returns OK, or partial with the gravest of the reasons.
func gravest(reasons []observation.Reason) observation.Verdict {
	for _, reason := range serverGravity {
		if slices.Contains(reasons, reason) {
			return partial(reason)
		}
	}
	return observation.Verdict{Status: observation.OK}
}

// verdict gives that on one name server from those on its addresses.
func (s nameServer) verdict() observation.Verdict {
	if s.published.Status != observation.OK {
		return s.published
	}
	var parts []observation.Verdict
	var reasons []observation.Reason
	for _, c := range s.contacts {
		parts = append(parts, c.verdict)
		if c.verdict.Status == observation.Partial {
			reasons = append(reasons, c.verdict.Reason)
		}
	}
	all := combine(parts, observation.SomeAddressesFail)
	if all.Status == observation.Partial {
		return gravest(append(reasons, all.Reason))
	}
	return all
}

// judgeNameServers gives the verdict on the zone's name servers over a family,
// and the number of those that work: two make it ok, as long as none that
// publishes an address of the family fails.
func judgeNameServers(servers []nameServer, f family) (verdict observation.Verdict, works int) {
	var failed, unknown []observation.Verdict
	var reasons []observation.Reason
	var answering []netip.Addr
	for _, s := range servers {
		got := s.verdict()
		switch got.Status {
		case observation.Absent:
		case observation.Unmeasured:
			unknown = append(unknown, got)
		case observation.Broken:
			failed = append(failed, got)
		default:
			works++
			reasons = append(reasons, got.Reason)
			for _, c := range s.contacts {
				if c.verdict.Status == observation.OK || c.verdict.Status == observation.Partial {
					answering = append(answering, c.addr)
				}
			}
		}
	}
	slices.SortFunc(answering, netip.Addr.Compare)
	one := len(slices.Compact(answering)) == 1
	switch {
	case works == 0 && len(failed) > 0:
		return worst(failed), 0
	case works == 0 && len(unknown) > 0:
		return unknown[0], 0
	case works == 0:
		return absent(serversLacking[f].none), 0
	case len(failed) > 0:
		return partial(observation.SomeNSFail), works
	case one && len(unknown) > 0 && unknown[0].Reason != observation.DNSFailure:
		return unknown[0], works
	case one:
		return partial(serversLacking[f].one), works
	}
	return gravest(reasons), works
}

// judgeSOA accepts an authoritative answer with the zone's SOA record, which it
// returns. A truncated answer over UDP only says to ask over TCP, and is
// accepted as well (RFC 2181 section 9).
func judgeSOA(msg *dns.Msg, zone string) (observation.Verdict, *dns.SOA) {
	switch {
	case msg.Truncated:
		return observation.Verdict{Status: observation.OK}, nil
	case msg.Rcode == dns.RcodeServerFailure:
		return broken(observation.ServFail), nil
	case msg.Rcode == dns.RcodeRefused, msg.Rcode == dns.RcodeNotAuth:
		return broken(observation.Refused), nil
	case msg.Rcode == dns.RcodeNotImplemented:
		return broken(observation.NotImp), nil
	case noEDNS(msg.Rcode):
		return broken(observation.FormErr), nil
	case msg.Rcode != dns.RcodeSuccess, !msg.Authoritative:
		return broken(observation.Lame), nil
	}
	for _, rr := range msg.Answer {
		if soa, ok := rr.(*dns.SOA); ok && strings.EqualFold(soa.Hdr.Name, zone) {
			return observation.Verdict{Status: observation.OK}, soa
		}
	}
	return broken(observation.Lame), nil
}

// noEDNS says whether a response code is how servers that do not know EDNS, or
// its version, answer it.
func noEDNS(rcode int) bool {
	return rcode == dns.RcodeFormatError || rcode == dns.RcodeNotImplemented || rcode == dns.RcodeBadVers
}

// exchangeVerdict names the reason for which a name server gave no answer.
func exchangeVerdict(ctx context.Context, err error) observation.Verdict {
	reason := resolve.Reason(err)
	switch {
	case ctx.Err() != nil, reason == "":
		return unmeasured(interrupted(ctx))
	case reason == observation.LocalFault, reason == observation.NoRoute, reason == observation.OptedOut,
		reason == observation.BackedOff:
		return unmeasured(reason)
	}
	return broken(reason)
}
