package probe

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner"
)

// server returns a name server with one address per verdict, each its own.
func server(n byte, verdicts ...scanner.Verdict) nameServer {
	s := nameServer{published: works}
	for i, verdict := range verdicts {
		s.contacts = append(s.contacts, serverContact{netip.AddrFrom16([16]byte{0: 0x2a, 14: n, 15: byte(i)}), verdict})
	}
	return s
}

func TestJudgeNameServers(t *testing.T) {
	dead := broken(scanner.Timeout)
	without := nameServer{published: absent(scanner.NoNSAAAA)}
	special := nameServer{published: broken(scanner.SpecialPurposeAddress)}
	unknown := nameServer{published: unmeasured(scanner.DNSFailure)}
	late := server(9, unmeasured(scanner.TargetTimeout))
	for _, test := range []struct {
		name    string
		servers []nameServer
		want    scanner.Verdict
		works   int
	}{
		{"two answer", []nameServer{server(1, works), server(2, works), without}, works, 2},
		{"one answers", []nameServer{server(1, works), without}, partial(scanner.OneNSAAAA), 1},
		{"two names for one address", []nameServer{server(1, works), server(1, works)}, partial(scanner.OneNSAAAA), 2},
		{"one of two fails", []nameServer{server(1, works), server(2, works), server(3, dead)}, partial(scanner.SomeNSFail), 2},
		{"one of them has an address that leads nowhere", []nameServer{server(1, works), server(2, works), special}, partial(scanner.SomeNSFail), 2},
		{"all fail", []nameServer{server(1, dead), server(2, dead)}, dead, 0},
		{"none has IPv6", []nameServer{without, without}, absent(scanner.NoNSAAAA), 0},
		{"only a special-purpose address", []nameServer{special, without}, broken(scanner.SpecialPurposeAddress), 0},
		{"addresses unknown", []nameServer{unknown, without}, unmeasured(scanner.DNSFailure), 0},
		{"one answers, the name of the other cannot be resolved", []nameServer{server(1, works), unknown}, partial(scanner.OneNSAAAA), 1},
		{"one answers, no time for the other", []nameServer{server(1, works), late}, unmeasured(scanner.TargetTimeout), 1},
		{"two answer, no time for the third", []nameServer{server(1, works), server(2, works), late}, works, 2},
		{"no TCP at one", []nameServer{server(1, works), server(2, partial(scanner.TCPFails))}, partial(scanner.TCPFails), 2},
		{"the gravest counts", []nameServer{server(1, partial(scanner.AnswerTooLarge)), server(2, partial(scanner.EDNSFails))}, partial(scanner.EDNSFails), 2},
		{"one address of one server fails", []nameServer{server(1, works), server(2, works, dead)}, partial(scanner.SomeAddressesFail), 2},
		{"no TCP counts before an address that fails", []nameServer{server(1, works), server(2, partial(scanner.TCPFails), dead)}, partial(scanner.TCPFails), 2},
	} {
		got, n := judgeNameServers(test.servers, v6)
		if got != test.want || n != test.works {
			t.Errorf("%s: got %v with %d that work, want %v with %d", test.name, got, n, test.want, test.works)
		}
	}
	if got, _ := judgeNameServers([]nameServer{without}, v4); got != absent(scanner.NoNSA) {
		t.Errorf("without IPv4: %v", got)
	}
}

func TestJudgeSOA(t *testing.T) {
	const zone = "example.org."
	soa := mustRR(t, "example.org. SOA . . 7 1 1 1 1")
	for _, test := range []struct {
		name string
		msg  dns.Msg
		want scanner.Verdict
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
