package probe

import (
	"adopt6/scanner/observation"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// server returns a name server with one address per verdict, each its own.
func server(n byte, verdicts ...observation.Verdict) nameServer {
	s := nameServer{published: works}
	for i, verdict := range verdicts {
		s.contacts = append(s.contacts, serverContact{netip.AddrFrom16([16]byte{0: 0x2a, 14: n, 15: byte(i)}), verdict})
	}
	return s
}

func TestJudgeNameServers(t *testing.T) {
	dead := broken(observation.Timeout)
	without := nameServer{published: absent(observation.NoNSAAAA)}
	special := nameServer{published: broken(observation.SpecialPurposeAddress)}
	unknown := nameServer{published: unmeasured(observation.DNSFailure)}
	late := server(9, unmeasured(observation.TargetTimeout))
	for _, test := range []struct {
		name    string
		servers []nameServer
		want    observation.Verdict
		works   int
	}{
		{"two answer", []nameServer{server(1, works), server(2, works), without}, works, 2},
		{"one answers", []nameServer{server(1, works), without}, partial(observation.OneNSAAAA), 1},
		{"two names for one address", []nameServer{server(1, works), server(1, works)}, partial(observation.OneNSAAAA), 2},
		{"one of two fails", []nameServer{server(1, works), server(2, works), server(3, dead)}, partial(observation.SomeNSFail), 2},
		{"one of them has an address that leads nowhere", []nameServer{server(1, works), server(2, works), special}, partial(observation.SomeNSFail), 2},
		{"all fail", []nameServer{server(1, dead), server(2, dead)}, dead, 0},
		{"none has IPv6", []nameServer{without, without}, absent(observation.NoNSAAAA), 0},
		{"only a special-purpose address", []nameServer{special, without}, broken(observation.SpecialPurposeAddress), 0},
		{"addresses unknown", []nameServer{unknown, without}, unmeasured(observation.DNSFailure), 0},
		{"one answers, the name of the other cannot be resolved", []nameServer{server(1, works), unknown}, partial(observation.OneNSAAAA), 1},
		{"one answers, no time for the other", []nameServer{server(1, works), late}, unmeasured(observation.TargetTimeout), 1},
		{"two answer, no time for the third", []nameServer{server(1, works), server(2, works), late}, works, 2},
		{"no TCP at one", []nameServer{server(1, works), server(2, partial(observation.TCPFails))}, partial(observation.TCPFails), 2},
		{"the gravest counts", []nameServer{server(1, partial(observation.AnswerTooLarge)), server(2, partial(observation.EDNSFails))}, partial(observation.EDNSFails), 2},
		{"one address of one server fails", []nameServer{server(1, works), server(2, works, dead)}, partial(observation.SomeAddressesFail), 2},
		{"no TCP counts before an address that fails", []nameServer{server(1, works), server(2, partial(observation.TCPFails), dead)}, partial(observation.TCPFails), 2},
	} {
		got, n := judgeNameServers(test.servers, v6)
		if got != test.want || n != test.works {
			t.Errorf("%s: got %v with %d that work, want %v with %d", test.name, got, n, test.want, test.works)
		}
	}
	if got, _ := judgeNameServers([]nameServer{without}, v4); got != absent(observation.NoNSA) {
		t.Errorf("without IPv4: %v", got)
	}
}

func TestJudgeSOA(t *testing.T) {
	const zone = "example.org."
	soa := mustRR(t, "example.org. SOA . . 7 1 1 1 1")
	for _, test := range []struct {
		name string
		msg  dns.Msg
		want observation.Verdict
	}{
		{"authority", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true}, Answer: []dns.RR{soa}}, works},
		{"no authority", dns.Msg{Answer: []dns.RR{soa}}, broken("lame")},
		{"another zone's", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true}, Answer: []dns.RR{mustRR(t, "org. SOA . . 7 1 1 1 1")}}, broken("lame")},
		{"only in the authority section", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true}, Ns: []dns.RR{soa}}, broken("lame")},
		{"truncated", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true, Truncated: true}}, works},
		{"refused", dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeRefused}}, broken("refused")},
		{"no such name", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true, Rcode: dns.RcodeNameError}}, broken("lame")},
		{"not implemented", dns.Msg{MsgHdr: dns.MsgHdr{Rcode: dns.RcodeNotImplemented}}, broken("notimp")},
		{"a code that means nothing", dns.Msg{MsgHdr: dns.MsgHdr{Authoritative: true, Rcode: 4000}, Answer: []dns.RR{soa}}, broken("lame")},
	} {
		if got, _ := judgeSOA(&test.msg, zone); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func mustRR(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}
