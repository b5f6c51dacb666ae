package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
)

// TestDNSFaults sees every fault of name servers from the asker's side.
func TestDNSFaults(t *testing.T) {
	cases := []struct {
		fault, network string
		want           string // the error, or a summary of the answer
	}{
		{"do: drop", "udp", "timeout"},
		{"do: drop, types: [MX]", "udp", "NOERROR aa answers=1"},
		{"do: drop, types: [A]", "udp", "timeout"},
		{"do: drop, names: [www]", "udp", "timeout"},
		{"do: drop, names: [mail]", "udp", "NOERROR aa answers=1"},
		{"do: drop, family: v6", "udp", "NOERROR aa answers=1"},
		{"do: drop, transport: tcp", "udp", "NOERROR aa answers=1"},
		{"do: refuse", "udp", "connection refused"},
		{"do: refuse", "tcp", "connection refused"},
		{"do: reset", "tcp", "reset"},
		{"do: close", "tcp", "EOF"},
		{"do: hang", "tcp", "timeout"},
		{"do: delay, delay: 20ms", "udp", "NOERROR aa answers=1"},
		{"do: delay, delay: 2s", "udp", "timeout"},
		{"do: truncate", "udp", "NOERROR aa tc answers=0"},
		{"do: truncate, transport: udp", "tcp", "NOERROR aa answers=1"},
		{"do: servfail", "udp", "SERVFAIL answers=0"},
		{"do: servfail", "tcp", "SERVFAIL answers=0"},
		{"do: refused", "udp", "REFUSED answers=0"},
		{"do: notimp", "udp", "NOTIMP answers=0"},
		{"do: formerr", "udp", "FORMERR answers=0"},
		{"do: nxdomain", "udp", "NXDOMAIN aa answers=0"},
		{"do: empty", "udp", "NOERROR aa answers=0"},
		{"do: upward", "udp", "NOERROR answers=0 no-edns ns=."},
		{"do: not_authority", "udp", "NOERROR answers=1"},
		{"do: wrong_id", "udp", "timeout"},
		{"do: wrong_question", "udp", "question"},
		{"do: no_question", "udp", "NOERROR aa answers=0"},
		{"do: wrong_source", "udp", "timeout"},
		{"do: spoof", "udp", "NOERROR aa answers=1"},
		{"do: garbage", "udp", "dns: "},
		{"do: cut_short", "udp", "dns: "},
		{"do: no_edns", "udp", "FORMERR answers=0"},
		{"do: drop_edns", "udp", "timeout"},
		{"do: strip_edns", "udp", "NOERROR aa answers=1 no-edns"},
		{"do: badvers", "udp", "BADVERS answers=0"},
		{"do: lower_case", "udp", "NOERROR aa answers=1 lower"},
		{"do: oversized, bytes: 3000", "udp", "overflowing"},
		{"do: drop_large, bytes: 40", "udp", "timeout"},
		{"do: drop_large, bytes: 600", "udp", "NOERROR aa answers=1"},
		{"do: old_serial", "udp", "NOERROR aa answers=1"},
		{"do: poison", "udp", "NOERROR aa answers=1 extra=poison"},
		{"do: empty_upward", "udp", "NOERROR aa answers=0 no-edns ns=."},
		{"do: flood", "udp", "REFUSED answers=0"}, // the client believes the first
		{"do: truncate, transport: tcp", "tcp", "NOERROR aa tc answers=0"},
		{"do: truncate, transport: tcp", "udp", "NOERROR aa answers=1"},
		{"do: slow, delay: 1ms", "tcp", "NOERROR aa answers=1"},
		{"do: servfail, first: 0", "udp", "SERVFAIL answers=0"},
	}
	var scenario strings.Builder
	scenario.WriteString("about: test\ndomains:\n")
	for i, c := range cases {
		fmt.Fprintf(&scenario, "  f%d.gov.ar: {like: infrastructure, dnssec: unsigned, ns: {ns1: [200.9.9.%d]}, web: v4, faults: [{%s}]}\n", i, i, c.fault)
	}
	l := start(t, scenario.String())
	for i, c := range cases {
		t.Run(c.fault+" "+c.network, func(t *testing.T) {
			t.Parallel()
			r, err := ask(t, l, c.network, fmt.Sprintf("200.9.9.%d", i), fmt.Sprintf("WwW.f%d.gov.ar.", i), dns.TypeA, true)
			if got := seen(r, err); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// seen describes an answer or an error in one line.
func seen(r *dns.Msg, err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case err != nil && r == nil:
		return err.Error()
	case err != nil:
		return err.Error() + " " + r.String()
	}
	out := dns.RcodeToString[r.Rcode]
	if r.Rcode == dns.RcodeBadVers {
		out = "BADVERS"
	}
	if r.Authoritative {
		out += " aa"
	}
	if r.Truncated {
		out += " tc"
	}
	out += fmt.Sprintf(" answers=%d", len(r.Answer))
	if len(r.Question) > 0 && strings.HasPrefix(r.Question[0].Name, "www.") {
		out += " lower"
	}
	if r.IsEdns0() == nil {
		out += " no-edns"
	}
	for _, rr := range r.Ns {
		out += " ns=" + rr.Header().Name
	}
	for _, rr := range r.Extra {
		if strings.HasPrefix(rr.Header().Name, "poison.") {
			out += " extra=poison"
		}
	}
	if len(r.Question) > 0 && !strings.HasPrefix(strings.ToLower(r.Question[0].Name), "www.") {
		out += " question"
	}
	return out
}

// TestFirst: a fault can be over after so many questions.
func TestFirst(t *testing.T) {
	l := start(t, `
about: test
domains:
  example.gov.ar:
    like: infrastructure
    ns: {ns1: [200.9.9.9]}
    faults: [{do: servfail, first: 2}]
`)
	for i, want := range []int{dns.RcodeServerFailure, dns.RcodeServerFailure, dns.RcodeSuccess} {
		r, err := ask(t, l, "udp", "200.9.9.9", "example.gov.ar.", dns.TypeSOA, false)
		if err != nil || r.Rcode != want {
			t.Errorf("question %d: %v, %v; want %s", i, r, err, dns.RcodeToString[want])
		}
	}
}

// TestFaultsCombine: one fault decides what is answered, and others change it.
func TestFaultsCombine(t *testing.T) {
	l := start(t, `
about: test
zones:
  muni.ar: {ns: {ns1: [200.9.9.1], ns2: [200.9.9.2]}}
domains:
  proxy.gov.ar:
    like: infrastructure
    ns: {ns1: [200.9.9.3]}
    faults: [{do: truncate}, {transport: udp, do: not_authority}, {types: [MX], do: refused}]
  x.muni.ar:
    like: infrastructure
    ns: {ns1: [200.9.9.4, "2a0f::4"]}
    faults: [{at: ns1.muni.ar., do: no_glue_v6}, {at: ns2.muni.ar., do: old_ns, ns: [ns.former.net]}]
  y.muni.ar: {like: infrastructure, ns: {ns1: [200.9.9.5, "2a0f::5"]}}
`)
	for _, c := range []struct {
		network, server, name string
		qtype                 uint16
		want                  string
	}{
		{"udp", "200.9.9.3", "proxy.gov.ar.", dns.TypeSOA, "NOERROR tc answers=0 []"},
		{"udp", "200.9.9.3", "proxy.gov.ar.", dns.TypeMX, "REFUSED tc answers=0 []"},
		{"tcp", "200.9.9.3", "proxy.gov.ar.", dns.TypeSOA, "NOERROR aa answers=1 []"},
		{"udp", "200.9.9.1", "x.muni.ar.", dns.TypeA, "NOERROR answers=0 [ns1.x.muni.ar. A]"},
		{"udp", "200.9.9.2", "x.muni.ar.", dns.TypeA, "NOERROR answers=0 [ns.former.net.]"},
		{"udp", "200.9.9.2", "x.muni.ar.", dns.TypeDS, "NOERROR aa answers=1 []"},
		{"udp", "200.9.9.1", "y.muni.ar.", dns.TypeA, "NOERROR answers=0 [ns1.y.muni.ar. A AAAA]"},
	} {
		r, err := ask(t, l, c.network, c.server, c.name, c.qtype, false)
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ := strings.Cut(seen(r, nil), " no-edns")
		got, _, _ = strings.Cut(got, " ns=")
		got, _, _ = strings.Cut(got, " question")
		var lead []string
		for _, rr := range append(r.Ns, r.Extra...) {
			switch rr := rr.(type) {
			case *dns.NS:
				lead = append(lead, rr.Ns)
			case *dns.A, *dns.AAAA:
				lead = append(lead, dns.TypeToString[rr.Header().Rrtype])
			}
		}
		if got = fmt.Sprint(got, " ", lead); got != c.want {
			t.Errorf("%s %s at %s over %s: %s, want %s", c.name, dns.Type(c.qtype), c.server, c.network, got, c.want)
		}
	}
}

// TestCookie: the server's cookie is asked back (RFC 7873 section 5.2).
func TestCookie(t *testing.T) {
	l := start(t, `
about: test
domains:
  example.gov.ar:
    like: infrastructure
    ns: {ns1: [200.9.9.9]}
    faults: [require_cookie]
`)
	cookie := "0011223344556677"
	for _, want := range []int{dns.RcodeBadCookie, dns.RcodeSuccess} {
		m := new(dns.Msg)
		m.SetQuestion("example.gov.ar.", dns.TypeSOA)
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie}}
		r, err := send(t, l, "udp", "200.9.9.9", m)
		if err != nil || r.Rcode != want {
			t.Fatalf("got %v, %v; want %s", r, err, dns.RcodeToString[want])
		}
		cookie = r.IsEdns0().Option[0].(*dns.EDNS0_COOKIE).Cookie
	}
}

// TestSharedServer: a fault of one domain on a provider's server leaves the
// provider's other domains alone.
func TestSharedServer(t *testing.T) {
	l := start(t, `
about: test
zones:
  host.net: {ns: {ns1: [200.9.9.9]}}
domains:
  good.gov.ar: {like: infrastructure, ns: [ns1.host.net.]}
  lame.gov.ar: {like: infrastructure, ns: [ns1.host.net.], faults: [{at: ns, do: refused}]}
`)
	for name, want := range map[string]int{"good.gov.ar.": dns.RcodeSuccess, "lame.gov.ar.": dns.RcodeRefused, "x.lame.gov.ar.": dns.RcodeRefused} {
		r, err := ask(t, l, "udp", "200.9.9.9", name, dns.TypeSOA, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Rcode; got != want && !(want == 0 && got == 0) {
			t.Errorf("%s: %s, want %s", name, dns.RcodeToString[got], dns.RcodeToString[want])
		}
	}
}

// TestRoute: what the dialer meets at the ports and addresses of a scenario.
func TestRoute(t *testing.T) {
	l := start(t, `
about: test
vantage: {blocked: [25]}
domains:
  example.gov.ar:
    like: infrastructure
    ns: {ns1: [200.9.9.9]}
    web: ["2a0f::80"]
    mail: ["2a0f::25"]
    faults: [{at: web, port: 80, do: drop}]
`)
	for _, c := range []struct {
		network, to string
		want        error
	}{
		{"tcp", "200.9.9.9:53", nil},
		{"tcp", "200.9.9.9:443", syscall.ECONNREFUSED},
		{"tcp", "200.9.9.9:465", syscall.ECONNREFUSED},
		{"tcp", "200.9.9.8:53", syscall.EHOSTUNREACH},
		{"tcp", "[2a0f::80]:443", nil},
		{"tcp", "[2a0f::80]:80", os.ErrDeadlineExceeded},
		{"tcp", "[2a0f::80]:53", syscall.ECONNREFUSED},
		{"tcp", "[2a0f::25]:25", os.ErrDeadlineExceeded},
		{"tcp", "[2a0f::25]:587", syscall.ECONNREFUSED},
		{"udp", "[2a0f::99]:53", syscall.EHOSTUNREACH},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		conn, err := (&netaddr.Dialer{Lab: l}).DialContext(ctx, c.network, netip.MustParseAddrPort(c.to))
		cancel()
		if err == nil {
			conn.Close()
		}
		var timeout net.Error
		if c.want == os.ErrDeadlineExceeded && errors.As(err, &timeout) && timeout.Timeout() {
			continue
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s %s: %v, want %v", c.network, c.to, err, c.want)
		}
	}
}

// TestVantage: a vantage without a family has no route to it.
func TestVantage(t *testing.T) {
	l := start(t, `
about: test
vantage: {ipv6: false}
domains: {example.gov.ar: healthy_v6}
`)
	if _, err := l.Route("udp", netip.MustParseAddrPort("[2001:503:ba3e::2:30]:53")); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("IPv6: %v", err)
	}
	if _, err := l.Route("udp", netip.MustParseAddrPort("198.41.0.4:53")); err != nil {
		t.Errorf("IPv4: %v", err)
	}
}

// TestContacts: tests can see what was asked, of whom and how.
func TestContacts(t *testing.T) {
	var mu sync.Mutex
	var contacts []lab.Contact
	l := start(t, `
about: test
domains:
  example.gov.ar:
    like: infrastructure
    ns: {ns1: ["2a0f::53"]}
    faults: [{do: drop, transport: udp}]
`, lab.OnContact(func(c lab.Contact) {
		mu.Lock()
		defer mu.Unlock()
		contacts = append(contacts, c)
	}))
	for _, network := range []string{"udp", "tcp"} {
		_, _ = ask(t, l, network, "2a0f::53", "Example.gov.ar.", dns.TypeAAAA, false)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(contacts) != 2 {
		t.Fatalf("%d contacts: %v", len(contacts), contacts)
	}
	for i, network := range []string{"udp", "tcp"} {
		c := contacts[i]
		if c.Transport != network || c.Server != netip.MustParseAddrPort("[2a0f::53]:53") || c.Question.Name != "example.gov.ar." ||
			c.Question.Qtype != dns.TypeAAAA || c.At.IsZero() || !c.Client.Addr().IsLoopback() {
			t.Errorf("contact %d: %+v", i, c)
		}
	}
}
