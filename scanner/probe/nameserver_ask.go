package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// udpBuffer is the EDNS buffer size of every query over UDP, in bytes: what
// passes any path without fragments (DNS flag day 2020).
const udpBuffer = 1232

// dnsReply is the result of a query to a name server, or of its repetition in
// another form.
type dnsReply struct {
	verdict observation.Verdict
	facts   *observation.DNSFacts // nil when nothing came
	soa     *dns.SOA
	rtt     time.Duration
	took    time.Duration
	detail  string
	silent  bool     // nothing came at all
	answer  []dns.RR // with signatures, where they were asked for
}

func (r dnsReply) works() bool {
	return r.verdict.Status == observation.OK || r.verdict.Status == observation.Partial
}

// askServer asks one address of a name server for the zone over UDP and TCP,
// keeps the evidence and judges it.
func (v *measurement) askServer(ctx context.Context, host string, addr netip.Addr, large func() answerSize) observation.Verdict {
	if reason := v.Routes.lacksDNS(addr, resolve.UDP); reason != "" {
		v.keepContact(host, addr, "udp", dnsReply{verdict: unmeasured(reason)})
		return unmeasured(reason)
	}
	server := netip.AddrPortFrom(addr, portDNS)
	udp := v.askUDP(ctx, server)
	if udp.silent {
		v.askSilent(ctx, host, server, &udp)
	}
	if !udp.works() {
		v.keepContact(host, addr, "udp", udp)
		return udp.verdict
	}
	tcp := v.askTCP(ctx, server, udp.soa == nil, 2)
	tcpFails := tcp.verdict.Status == observation.Broken
	if udp.soa == nil && tcpFails && tcp.facts != nil {
		// UDP truncated it, and TCP refuses it or answers something else.
		udp.verdict, udp.detail = tcp.verdict, "truncated, and over TCP "+tcp.detail
		v.keepContact(host, addr, "tcp", tcp)
		v.keepContact(host, addr, "udp", udp)
		return udp.verdict
	}
	if tcpFails {
		tcp.verdict, tcp.detail = broken(observation.TCPFails), strings.TrimPrefix(tcp.detail+", "+string(tcp.verdict.Reason), ", ")
	}
	v.keepContact(host, addr, "tcp", tcp)
	switch {
	case udp.soa == nil && tcpFails:
		udp.verdict, udp.detail = broken(observation.TCPFails), "truncated, and nothing over TCP"
	case udp.soa == nil && tcp.soa == nil:
		udp.verdict, udp.detail = unmeasured(tcp.verdict.Reason), "truncated"
	case udp.soa == nil:
		udp.soa, udp.detail = tcp.soa, "truncated, and whole over TCP"
	case udp.verdict.Status == observation.OK:
		v.askLarge(ctx, server, large(), tcp.works(), &udp)
	}
	v.keepContact(host, addr, "udp", udp)
	if udp.soa != nil {
		v.keepSerial(host, addr, udp.soa.Serial)
		v.keepSigned(host, addr, udp.answer)
	}
	if udp.works() && tcpFails {
		return partial(observation.TCPFails)
	}
	return udp.verdict
}

// keepContact keeps the evidence of one contact.
func (v *measurement) keepContact(host string, addr netip.Addr, transport string, r dnsReply) {
	v.record(observation.Endpoint{
		Probe: "nameserver", Host: host, Addr: addr, Port: portDNS, Transport: transport,
		Verdict: r.verdict, RTT: r.rtt, Took: r.took, Detail: r.detail, DNS: r.facts,
	})
}

// askUDP asks for the zone's SOA record with EDNS and, where the server rejects
// EDNS, once without (RFC 6891 section 7).
func (v *measurement) askUDP(ctx context.Context, server netip.AddrPort) dnsReply {
	begun := time.Now()
	query := resolve.Query{Server: server, Transport: resolve.UDP, Name: v.zone, Type: dns.TypeSOA, DO: true}
	got, err := v.exchange(ctx, query)
	var r dnsReply
	switch {
	case err != nil:
		r = dnsReply{verdict: exchangeVerdict(ctx, err)}
		r.silent = r.verdict == broken(observation.Timeout)
	case !got.Truncated && noEDNS(got.Msg.Rcode):
		r = v.askWithoutEDNS(ctx, query, got)
	default:
		r = v.readSOA(got)
		r.answer = got.Msg.Answer
		switch {
		case !r.works():
		case got.Bytes > udpBuffer:
			r.verdict, r.detail = partial(observation.AnswerTooLarge), fmt.Sprintf("%d bytes or more to a buffer of %d", got.Bytes, udpBuffer)
		case got.Msg.IsEdns0() == nil:
			r.verdict, r.detail = partial(observation.EDNSFails), "no OPT record"
		}
	}
	r.took = time.Since(begun)
	return r
}

// askWithoutEDNS repeats a query whose EDNS was rejected.
func (v *measurement) askWithoutEDNS(ctx context.Context, query resolve.Query, first *resolve.Reply) dnsReply {
	query.NoEDNS, query.DO = true, false
	got, err := v.exchange(ctx, query)
	if err != nil {
		return v.readSOA(first)
	}
	r := v.readSOA(got)
	if r.works() {
		r.verdict, r.detail = partial(observation.EDNSFails), rcodeName(first.Msg.Rcode)+" to EDNS"
	}
	return r
}

// askSilent tries, where UDP brought nothing, once without EDNS and once over
// TCP: the answer shows the cause. Resolvers today cannot use a server that is
// silent to EDNS (DNS flag day 2019).
func (v *measurement) askSilent(ctx context.Context, host string, server netip.AddrPort, udp *dnsReply) {
	var plain, tcp dnsReply
	known, ok := v.serverFact(ctx, server.Addr(), isSilent, func() serverFact {
		var both sync.WaitGroup
		both.Go(func() {
			got, err := v.exchange(ctx, resolve.Query{Server: server, Transport: resolve.UDP, Name: v.zone, Type: dns.TypeSOA, NoEDNS: true, Retries: -1})
			if err == nil {
				plain = v.readSOA(got)
			}
		})
		both.Go(func() { tcp = v.askTCP(ctx, server, true, 1) })
		both.Wait()
		return serverFact{verdict: tcp.verdict, zoneOnly: plain.works() || tcp.verdict.Status == observation.Unmeasured}
	})
	switch {
	case !ok:
		udp.verdict = unmeasured(interrupted(ctx))
		return
	case tcp.took == 0:
		tcp = dnsReply{verdict: known.verdict, detail: asBefore}
	}
	if plain.works() {
		plain.verdict, plain.detail, plain.took = broken(observation.EDNSFails), "silent to EDNS", udp.took
		*udp = plain
	}
	v.keepContact(host, server.Addr(), "tcp", tcp)
}

// asBefore is the evidence of a contact that was not repeated.
const asBefore = "as seen within the last 10 minutes"

// askTCP asks for the zone's SOA record over TCP, without EDNS. That a server
// answers over TCP holds for all its zones, so it is cached, unless the answer
// itself is needed. Servers take a limited number of connections, so one that
// fails is tried again before that counts.
func (v *measurement) askTCP(ctx context.Context, server netip.AddrPort, needed bool, tries int) dnsReply {
	if reason := v.Routes.lacksDNS(server.Addr(), resolve.TCP); reason != "" {
		return dnsReply{verdict: unmeasured(reason)}
	}
	var r dnsReply
	ask := func() serverFact {
		begun := time.Now()
		query := resolve.Query{Server: server, Transport: resolve.TCP, Name: v.zone, Type: dns.TypeSOA, NoEDNS: true, Timeout: v.ConnectTimeout}
		got, err := v.exchange(ctx, query)
		if err != nil && tries > 1 && exchangeVerdict(ctx, err).Status == observation.Broken {
			got, err = v.exchange(ctx, query)
		}
		if err != nil {
			r = dnsReply{verdict: exchangeVerdict(ctx, err)}
		} else {
			r = v.readSOA(got)
		}
		r.took = time.Since(begun)
		answered := err == nil && r.verdict.Status != observation.OK
		return serverFact{verdict: r.verdict, rtt: r.rtt, zoneOnly: answered || r.verdict.Status == observation.Unmeasured}
	}
	if needed {
		ask()
		return r
	}
	known, ok := v.serverFact(ctx, server.Addr(), takesTCP, ask)
	switch {
	case !ok:
		return dnsReply{verdict: unmeasured(interrupted(ctx))}
	case r.took == 0:
		r = dnsReply{verdict: known.verdict, rtt: known.rtt, detail: asBefore}
	}
	return r
}

// readSOA judges a reply to a query for the zone's SOA record.
func (v *measurement) readSOA(got *resolve.Reply) dnsReply {
	r := dnsReply{rtt: got.RTT, facts: &observation.DNSFacts{
		RCode: rcodeName(got.Msg.Rcode), Authoritative: got.Msg.Authoritative, Truncated: got.Truncated, Bytes: uint16(min(got.Bytes, 1<<16-1)),
	}}
	if opt := got.Msg.IsEdns0(); opt != nil {
		r.facts.EDNS = opt.UDPSize()
	}
	r.verdict, r.soa = judgeSOA(got.Msg, v.zone)
	if r.soa != nil {
		r.facts.Serial = r.soa.Serial
	}
	if r.verdict.Status == observation.Broken {
		r.detail = rcodeName(got.Msg.Rcode)
		if !got.Msg.Authoritative {
			r.detail += " without authority"
		}
	}
	return r
}

func rcodeName(rcode int) string {
	if rcode == dns.RcodeBadVers {
		return "BADVERS" // the same number as BADSIG, which has no place here
	}
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return fmt.Sprintf("RCODE %d", rcode)
}

// exchangeWhole is exchange, and asks over TCP what does not fit into UDP: the
// content of a truncated answer is not used (RFC 2181 section 9).
func (v *measurement) exchangeWhole(ctx context.Context, query resolve.Query) (*resolve.Reply, error) {
	got, err := v.exchange(ctx, query)
	if err == nil && got.Truncated && query.Transport == resolve.UDP {
		query.Transport, query.Timeout = resolve.TCP, v.ConnectTimeout
		got, err = v.exchange(ctx, query)
	}
	return got, err
}

// exchange asks one server and counts the queries.
func (v *measurement) exchange(ctx context.Context, query resolve.Query) (*resolve.Reply, error) {
	got, err := v.Resolver.Exchange(ctx, query)
	tries := 0
	if failed := new(resolve.ExchangeError); errors.As(err, &failed) {
		tries = failed.Tries
	} else if err == nil {
		tries = got.Tries
	}
	v.mu.Lock()
	v.obs.Queries += uint32(tries)
	v.mu.Unlock()
	return got, err
}
