package probe

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

const portDNS = 53

// nameservers asks every name server of the zone over every address for the
// zone's SOA record, and judges what answers over IPv6.
func nameservers(ctx context.Context, v *visit) {
	if v.zone == "" || len(v.obs.NameServers) == 0 {
		return // delegation has said why
	}
	servers := make([]nameServer, len(v.obs.NameServers))
	var all sync.WaitGroup
	for i, name := range v.obs.NameServers {
		all.Go(func() { servers[i] = v.nameServer(ctx, name) })
	}
	all.Wait()
	v.obs.DNS = v.judgeNameServers(servers)
}

// nameServer is what was found of one name server over IPv6.
type nameServer struct {
	published scanner.Verdict // of its addresses
	answers   scanner.Verdict // of its answers; set when published is OK
}

func (v *visit) nameServer(ctx context.Context, name string) nameServer {
	h := v.host(ctx, name)
	var asked sync.WaitGroup
	for _, a := range h.a {
		asked.Go(func() { v.askSOA(ctx, h.name, a) })
	}
	usable := h.usable()
	verdicts := make([]scanner.Verdict, len(usable))
	for i, a := range usable {
		asked.Go(func() { verdicts[i] = v.askSOA(ctx, h.name, a) })
	}
	asked.Wait()
	return nameServer{published: v.addressVerdict(h), answers: combine(verdicts, scanner.SomeAddressesFail)}
}

// askSOA asks one address for the zone's SOA record. Only an authoritative
// answer counts.
func (v *visit) askSOA(ctx context.Context, host string, addr netip.Addr) scanner.Verdict {
	e := scanner.Endpoint{Probe: "nameserver", Host: host, Addr: addr, Port: portDNS, Transport: "udp"}
	switch {
	case !v.Routes.has(addr):
		e.Verdict = unmeasured(scanner.NoRoute)
	default:
		e.Verdict, e.RTT = v.exchangeSOA(ctx, netip.AddrPortFrom(addr, portDNS))
	}
	v.record(e)
	return e.Verdict
}

// exchangeSOA asks once with EDNS and, where the server does not know it,
// once without (RFC 6891 section 6.2.2).
func (v *visit) exchangeSOA(ctx context.Context, server netip.AddrPort) (scanner.Verdict, time.Duration) {
	query := resolve.Query{Server: server, Transport: resolve.UDP, Name: v.zone, Type: dns.TypeSOA}
	reply, err := v.exchange(ctx, query)
	if err == nil && noEDNS(reply.Msg.Rcode) {
		query.NoEDNS = true
		reply, err = v.exchange(ctx, query)
	}
	if err != nil {
		return exchangeVerdict(ctx, err), 0
	}
	return judgeSOA(reply.Msg, v.zone), reply.RTT
}

func (v *visit) exchange(ctx context.Context, query resolve.Query) (*resolve.Reply, error) {
	reply, err := v.Resolver.Exchange(ctx, query)
	tries := 1
	if err == nil {
		tries = reply.Tries
	}
	v.mu.Lock()
	v.obs.Queries += uint32(tries)
	v.mu.Unlock()
	return reply, err
}

// noEDNS says whether a response code is how servers that do not know EDNS, or
// its version, answer it.
func noEDNS(rcode int) bool {
	return rcode == dns.RcodeFormatError || rcode == dns.RcodeNotImplemented || rcode == dns.RcodeBadVers
}

// judgeSOA accepts an authoritative answer with the zone's SOA record, or a
// truncated one.
func judgeSOA(msg *dns.Msg, zone string) scanner.Verdict {
	switch {
	case msg.Rcode == dns.RcodeServerFailure:
		return broken(resolve.ReasonServFail)
	case msg.Rcode == dns.RcodeRefused, msg.Rcode == dns.RcodeNotAuth:
		return broken(resolve.ReasonRefused)
	case noEDNS(msg.Rcode):
		return broken(resolve.ReasonFormErr)
	case msg.Rcode != dns.RcodeSuccess, !msg.Authoritative:
		return broken(resolve.ReasonLame)
	case msg.Truncated:
		return scanner.Verdict{Status: scanner.OK}
	}
	for _, rr := range msg.Answer {
		if soa, ok := rr.(*dns.SOA); ok && strings.EqualFold(soa.Hdr.Name, zone) {
			return scanner.Verdict{Status: scanner.OK}
		}
	}
	return broken(resolve.ReasonLame)
}

// exchangeVerdict names the reason for which a name server gave no answer.
func exchangeVerdict(ctx context.Context, err error) scanner.Verdict {
	reason := resolve.Reason(err)
	switch {
	case ctx.Err() != nil, reason == "":
		return unmeasured(interrupted(ctx))
	case reason == resolve.ReasonLocal, reason == resolve.ReasonNoRoute:
		return unmeasured(scanner.Reason(reason))
	}
	return broken(scanner.Reason(reason))
}

// judgeNameServers gives the verdict on the zone's name servers over IPv6:
// two that answer make it ok, as long as none that publishes IPv6 fails.
func (v *visit) judgeNameServers(servers []nameServer) scanner.Verdict {
	var published, works int
	var failed, missing []scanner.Verdict
	for _, s := range servers {
		switch {
		case s.published.Status != scanner.OK:
			missing = append(missing, s.published)
		case s.answers.Status == scanner.OK:
			published++
			works++
		case s.answers.Status == scanner.Partial:
			published++
			works++
			failed = append(failed, s.answers)
		default:
			published++
			failed = append(failed, s.answers)
		}
	}
	v.obs.NameServersV6, v.obs.NameServersV6OK = uint16(published), uint16(works)
	switch {
	case works == 0 && len(failed) > 0:
		return worst(failed)
	case works == 0:
		return judgeMissing(missing)
	case len(failed) > 0:
		return partial(scanner.SomeNSFail)
	case works == 1:
		return partial(scanner.OneNSAAAA)
	}
	return scanner.Verdict{Status: scanner.OK}
}

// judgeMissing gives the verdict where no name server publishes a usable IPv6
// address: broken if one publishes an unusable one, unmeasured if one could
// not be looked up, else absent.
func judgeMissing(missing []scanner.Verdict) scanner.Verdict {
	if v := worst(missing); v.Status == scanner.Broken || v.Status == scanner.Unmeasured {
		return v
	}
	return absent(scanner.NoNSAAAA)
}
