package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

// serverGravity orders what is wrong with name servers that answer: a verdict
// has the first of these reasons that was found.
var serverGravity = []scanner.Reason{
	scanner.TCPFails, scanner.EDNSFails, scanner.LargeAnswerFails, scanner.AnswerTooLarge, scanner.SomeAddressesFail,
}

// gravest returns OK, or partial with the gravest of the reasons.
func gravest(reasons []scanner.Reason) scanner.Verdict {
	for _, reason := range serverGravity {
		if slices.Contains(reasons, reason) {
			return partial(reason)
		}
	}
	return scanner.Verdict{Status: scanner.OK}
}

// verdict gives that on one name server from those on its addresses.
func (s nameServer) verdict() scanner.Verdict {
	if s.published.Status != scanner.OK {
		return s.published
	}
	var parts []scanner.Verdict
	var reasons []scanner.Reason
	for _, c := range s.contacts {
		parts = append(parts, c.verdict)
		if c.verdict.Status == scanner.Partial {
			reasons = append(reasons, c.verdict.Reason)
		}
	}
	all := combine(parts, scanner.SomeAddressesFail)
	if all.Status == scanner.Partial {
		return gravest(append(reasons, all.Reason))
	}
	return all
}

// judgeNameServers gives the verdict on the zone's name servers over a family,
// and the number of those that work: two make it ok, as long as none that
// publishes an address of the family fails.
func judgeNameServers(servers []nameServer, f family) (verdict scanner.Verdict, works int) {
	var failed, unknown []scanner.Verdict
	var reasons []scanner.Reason
	var answering []netip.Addr
	for _, s := range servers {
		got := s.verdict()
		switch got.Status {
		case scanner.Absent:
		case scanner.Unmeasured:
			unknown = append(unknown, got)
		case scanner.Broken:
			failed = append(failed, got)
		default:
			works++
			reasons = append(reasons, got.Reason)
			for _, c := range s.contacts {
				if c.verdict.Status == scanner.OK || c.verdict.Status == scanner.Partial {
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
		return partial(scanner.SomeNSFail), works
	case one && len(unknown) > 0 && unknown[0].Reason != scanner.DNSFailure:
		return unknown[0], works
	case one:
		return partial(serversLacking[f].one), works
	}
	return gravest(reasons), works
}

// judgeSOA accepts an authoritative answer with the zone's SOA record, which it
// returns. A truncated answer holds none, and is accepted as well.
func judgeSOA(msg *dns.Msg, zone string) (scanner.Verdict, *dns.SOA) {
	switch {
	case msg.Rcode == dns.RcodeServerFailure:
		return broken(resolve.ReasonServFail), nil
	case msg.Rcode == dns.RcodeRefused, msg.Rcode == dns.RcodeNotAuth:
		return broken(resolve.ReasonRefused), nil
	case msg.Rcode == dns.RcodeNotImplemented:
		return broken(resolve.ReasonNotImp), nil
	case noEDNS(msg.Rcode):
		return broken(resolve.ReasonFormErr), nil
	case msg.Rcode != dns.RcodeSuccess, !msg.Authoritative:
		return broken(resolve.ReasonLame), nil
	}
	for _, rr := range msg.Answer {
		if soa, ok := rr.(*dns.SOA); ok && strings.EqualFold(soa.Hdr.Name, zone) {
			return scanner.Verdict{Status: scanner.OK}, soa
		}
	}
	if msg.Truncated {
		return scanner.Verdict{Status: scanner.OK}, nil
	}
	return broken(resolve.ReasonLame), nil
}

// noEDNS says whether a response code is how servers that do not know EDNS, or
// its version, answer it.
func noEDNS(rcode int) bool {
	return rcode == dns.RcodeFormatError || rcode == dns.RcodeNotImplemented || rcode == dns.RcodeBadVers
}

// exchangeVerdict names the reason for which a name server gave no answer.
func exchangeVerdict(ctx context.Context, err error) scanner.Verdict {
	reason := resolve.Reason(err)
	switch {
	case ctx.Err() != nil, reason == "":
		return unmeasured(interrupted(ctx))
	case reason == resolve.ReasonLocal, reason == resolve.ReasonNoRoute, reason == resolve.ReasonOptedOut,
		reason == resolve.ReasonBackedOff:
		return unmeasured(scanner.Reason(reason))
	}
	return broken(scanner.Reason(reason))
}
