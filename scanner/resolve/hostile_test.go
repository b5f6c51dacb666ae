package resolve

import (
	"adopt6/scanner/observation"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// withLeaf returns a net whose zone bad.test. is played by h at leafAddr.
func withLeaf(t *testing.T, h handler) *testNet {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30", rootAddr)
	n.zone("test.", "test. NS a.nic.test.\na.nic.test. A 192.5.6.30\nbad.test. NS ns.bad.test.\nns.bad.test. A "+leafAddr, tldAddr)
	n.serve(leafAddr, h)
	return n
}

// good is what a sound server says of bad.test.
func good(q *dns.Msg) *dns.Msg {
	m := reply(q)
	m.Authoritative = true
	rr, _ := dns.NewRR(q.Question[0].Name + " 300 A 203.0.112.1")
	m.Answer = []dns.RR{rr}
	return m
}

func TestFaultsOfOneServer(t *testing.T) {
	type state struct{ calls atomic.Int64 }
	rcode := func(code int) func(*state, *dns.Msg, string) []byte {
		return func(_ *state, q *dns.Msg, _ string) []byte { m := reply(q); m.Rcode = code; return pack(m) }
	}
	const ok = "NOERROR 203.0.112.1"
	tests := []struct {
		name, want string
		answer     func(s *state, q *dns.Msg, network string) []byte
	}{
		{"sound", ok, func(_ *state, q *dns.Msg, _ string) []byte { return pack(good(q)) }},
		{"silent", "timeout at bad.test.", func(*state, *dns.Msg, string) []byte { return nil }},
		{"wrong id", "timeout at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Id++
			return pack(m)
		}},
		{"wrong question", "timeout at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Question[0].Name = "other.test."
			return pack(m)
		}},
		{"case not preserved over UDP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m.Question[0].Name = swapCase(m.Question[0].Name)
			}
			return pack(m)
		}},
		{"small letters over UDP, no TCP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			if network == "tcp" {
				return nil
			}
			m := good(q)
			m.Question[0].Name = strings.ToLower(m.Question[0].Name)
			return pack(m)
		}},
		{"small letters over UDP, no TCP, and another answer each time", "bad_response at bad.test.", func(s *state, q *dns.Msg, network string) []byte {
			if network == "tcp" {
				return nil
			}
			m := good(q)
			m.Question[0].Name = strings.ToLower(m.Question[0].Name)
			m.Answer[0].(*dns.A).A = net.IPv4(203, 0, 112, byte(s.calls.Add(1)))
			return pack(m)
		}},
		{"case never preserved", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Question[0].Name = swapCase(m.Question[0].Name)
			return pack(m)
		}},
		{"larger than the buffer announced", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m.Extra = append(m.Extra, mustRR(t, "pad.test. 300 TXT "+strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 8)))
			}
			return pack(m)
		}},
		{"larger than the buffer announced, and no TCP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			if network == "tcp" {
				return nil
			}
			m := good(q)
			m.Extra = append(m.Extra, mustRR(t, "pad.test. 300 TXT "+strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 8)))
			return pack(m)
		}},
		{"larger than any buffer, then TCP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m.Extra = append(m.Extra, mustRR(t, "pad.test. 300 TXT "+strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 20)))
			}
			return pack(m)
		}},
		{"no question", "timeout at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Question = nil
			return pack(m)
		}},
		{"a query sent back", "timeout at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte { return pack(q) }},
		{"garbage after the question", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			b := pack(reply(q))
			binary.BigEndian.PutUint16(b[6:], 3)
			return append(b[:len(b)-5], "\xff\xff garbage"...)
		}},
		{"record cut short", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			b := pack(good(q))
			return b[:len(b)-13]
		}},
		{"A record of 3 bytes", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Answer = nil
			b := pack(m)[:len(pack(reply(q)))-11]
			b[7], b[11] = 1, 0
			return append(b, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 3, 1, 2, 3)
		}},
		{"truncated, then TCP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m.Answer, m.Truncated = nil, true
			}
			return pack(m)
		}},
		{"truncated, refused and without authority, then TCP", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m.Answer, m.Truncated, m.Authoritative, m.Rcode = nil, true, false, dns.RcodeRefused
			}
			return pack(m)
		}},
		{"truncated over TCP too", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Truncated = true
			return pack(m)
		}},
		{"truncated, and TCP closes", "tcp_closed at bad.test.", func(_ *state, q *dns.Msg, network string) []byte {
			if network == "tcp" {
				return nil
			}
			m := reply(q)
			m.Truncated = true
			return pack(m)
		}},
		{"one loss", ok, func(s *state, q *dns.Msg, _ string) []byte {
			if s.calls.Add(1) == 1 {
				return nil
			}
			return pack(good(q))
		}},
		{"refused", "refused at bad.test.", rcode(dns.RcodeRefused)},
		{"servfail", "servfail at bad.test.", rcode(dns.RcodeServerFailure)},
		{"notimp", "notimp at bad.test.", rcode(dns.RcodeNotImplemented)},
		{"formerr always", "formerr at bad.test.", rcode(dns.RcodeFormatError)},
		{"formerr with EDNS", ok, func(_ *state, q *dns.Msg, _ string) []byte {
			if q.IsEdns0() != nil {
				m := new(dns.Msg)
				m.SetRcode(q, dns.RcodeFormatError)
				return pack(m)
			}
			return pack(good(q))
		}},
		{"formerr without question", ok, func(_ *state, q *dns.Msg, _ string) []byte {
			if q.IsEdns0() != nil {
				return pack(&dns.Msg{MsgHdr: dns.MsgHdr{Id: q.Id, Response: true, Rcode: dns.RcodeFormatError}})
			}
			return pack(good(q))
		}},
		{"badvers", ok, func(_ *state, q *dns.Msg, _ string) []byte {
			if q.IsEdns0() != nil {
				m := reply(q)
				m.Rcode = dns.RcodeBadVers
				return pack(m)
			}
			return pack(good(q))
		}},
		{"not authoritative, empty", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte { return pack(reply(q)) }},
		{"upward referral", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Ns = []dns.RR{mustRR(t, ". 300 NS a.root-servers.test.")}
			return pack(m)
		}},
		{"empty with authority, and the root's servers", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Authoritative, m.Ns = true, []dns.RR{mustRR(t, ". 300 NS a.root-servers.test.")}
			return pack(m)
		}},
		{"empty with authority, and the parent's servers", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Authoritative, m.Ns = true, []dns.RR{mustRR(t, "test. 300 NS a.nic.test.")}
			return pack(m)
		}},
		{"empty with authority, and its own servers", "NOERROR", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Authoritative, m.Ns = true, []dns.RR{mustRR(t, "bad.test. 300 NS ns.bad.test.")}
			return pack(m)
		}},
		{"referral to itself", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Ns = []dns.RR{mustRR(t, "bad.test. 300 NS ns.bad.test.")}
			return pack(m)
		}},
		{"referral sideways", "lame at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Ns = []dns.RR{mustRR(t, "victim.test. 300 NS ns.bad.test.")}
			return pack(m)
		}},
		{"not authoritative but answers", ok, func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Authoritative = false
			return pack(m)
		}},
		{"answer for another name", "NOERROR", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			m.Answer[0].Header().Name = "victim.test."
			return pack(m)
		}},
		{"cookie demanded", ok, func(_ *state, q *dns.Msg, _ string) []byte {
			cookie := cookieOf(q)
			const server = "0123456789abcdef"
			m := reply(q)
			m.Rcode = dns.RcodeBadCookie
			if strings.HasSuffix(cookie, server) {
				m = good(q)
			}
			setCookie(m, cookie[:16]+server)
			return pack(m)
		}},
		{"cookie never good enough, TCP is", ok, func(_ *state, q *dns.Msg, network string) []byte {
			m := good(q)
			if network == "udp" {
				m = reply(q)
				m.Rcode = dns.RcodeBadCookie
			}
			setCookie(m, cookieOf(q)[:16]+"0123456789abcdef")
			return pack(m)
		}},
		{"cookie of somebody else", "bad_response at bad.test.", func(_ *state, q *dns.Msg, _ string) []byte {
			m := good(q)
			setCookie(m, "ffffffffffffffff0123456789abcdef")
			return pack(m)
		}},
		{"DNAME that overflows", "YXDOMAIN", func(_ *state, q *dns.Msg, _ string) []byte {
			m := reply(q)
			m.Authoritative = true
			long := strings.Repeat(strings.Repeat("a", 62)+".", 4)
			m.Answer = []dns.RR{&dns.DNAME{Hdr: dns.RR_Header{Name: "bad.test.", Rrtype: dns.TypeDNAME, Class: 1, Ttl: 9}, Target: long}}
			return pack(m)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := new(state)
			n := withLeaf(t, func(q *dns.Msg, network string) []byte { return test.answer(s, q, network) })
			r := n.resolver(nil, rootAddr)
			got := summary(resolve(t, r, Dual, "sub.sub.bad.test", dns.TypeA))
			if want, _, _ := strings.Cut(test.want, " "); test.name == "DNAME that overflows" {
				got, _, _ = strings.Cut(got, " ")
				test.want = want
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func swapCase(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, name)
}

func cookieOf(q *dns.Msg) string {
	for _, o := range q.IsEdns0().Option {
		if c, ok := o.(*dns.EDNS0_COOKIE); ok {
			return c.Cookie
		}
	}
	return strings.Repeat("0", 16)
}

func setCookie(m *dns.Msg, cookie string) {
	m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie})
}

func TestClosedPortIsNoticed(t *testing.T) {
	n := withLeaf(t, func(*dns.Msg, string) []byte { return nil })
	n.mu.Lock()
	delete(n.routes, netip.MustParseAddr(leafAddr)) // leads to a port where nothing listens
	n.mu.Unlock()
	// Where the ICMP error is not heard, the reason is a timeout.
	r := n.resolver(func(c *Config) { c.Timeout, c.Retries = 20*time.Second, 2 }, rootAddr)
	if got := summary(resolve(t, r, Dual, "bad.test", dns.TypeA)); got != "port_closed at bad.test." {
		t.Errorf("got %s", got)
	}
}

func TestExchange(t *testing.T) {
	n := withLeaf(t, func(q *dns.Msg, network string) []byte {
		m := good(q)
		m.Truncated = network == "udp"
		m.RecursionDesired = q.RecursionDesired
		return pack(m)
	})
	r := n.resolver(nil, rootAddr)
	ctx := context.Background()
	q := Query{Server: netip.MustParseAddrPort(leafAddr + ":53"), Name: "bad.test", Type: dns.TypeA, RD: true}
	reply, err := r.Exchange(ctx, q)
	if err != nil || !reply.Truncated || reply.Tries != 1 || !reply.Msg.RecursionDesired {
		t.Errorf("udp: %+v, %v", reply, err)
	}
	q.Transport = TCP
	for range 3 {
		reply, err = r.Exchange(ctx, q)
		if err != nil || reply.Truncated || len(reply.Msg.Answer) != 1 {
			t.Errorf("tcp: %+v, %v", reply, err)
		}
	}
	for _, test := range []struct {
		server    string
		transport Transport
		want      observation.Reason
	}{
		{"192.0.2.1:53", UDP, observation.SpecialPurposeAddress},
		{"192.0.2.1:53", TCP, observation.SpecialPurposeAddress},
		{"9.9.9.10:53", UDP, observation.PortClosed},
		{"9.9.9.10:53", TCP, observation.TCPRefused},
	} {
		q.Server, q.Transport = netip.MustParseAddrPort(test.server), test.transport
		if _, err := r.Exchange(ctx, q); Reason(err) != test.want {
			t.Errorf("%s %s: got %v, want %s", test.server, test.transport, err, test.want)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Exchange(ended, q); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

func TestExchangeWhereCaseIsNotKept(t *testing.T) {
	var calls atomic.Int64
	var fickle atomic.Bool
	n := withLeaf(t, func(q *dns.Msg, _ string) []byte {
		m := good(q)
		m.Question[0].Name = strings.ToLower(m.Question[0].Name)
		if fickle.Load() {
			m.Answer[0].(*dns.A).A = net.IPv4(203, 0, 112, byte(calls.Add(1)))
		}
		return pack(m)
	})
	r := n.resolver(nil, rootAddr)
	q := Query{Server: netip.MustParseAddrPort(leafAddr + ":53"), Name: "a-name-of-many-letters.bad.test", Type: dns.TypeA}
	if reply, err := r.Exchange(context.Background(), q); err != nil || len(reply.Msg.Answer) != 1 {
		t.Errorf("got %+v, %v", reply, err)
	}
	fickle.Store(true) // as if somebody else had answered in between
	if reply, err := r.Exchange(context.Background(), q); Reason(err) != observation.BadResponse {
		t.Errorf("two answers that differ: got %+v, %v", reply, err)
	}
}
