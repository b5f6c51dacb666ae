package lab_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
)

// start runs a scenario for one test.
func start(t testing.TB, yaml string, opts ...lab.Option) *lab.Lab {
	t.Helper()
	s, err := lab.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(s, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// ask sends one question to a simulated address as production code does:
// through the dialer.
func ask(t testing.TB, l *lab.Lab, network, server, name string, qtype uint16, do bool) (*dns.Msg, error) {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	m.RecursionDesired = false
	if do {
		m.SetEdns0(1232, true)
	}
	return send(t, l, network, server, m)
}

func send(t testing.TB, l *lab.Lab, network, server string, m *dns.Msg) (*dns.Msg, error) {
	t.Helper()
	dialer := &netaddr.Dialer{Lab: l}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(netip.MustParseAddr(server), 53))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c := &dns.Client{Net: network, Timeout: 500 * time.Millisecond}
	r, _, err := c.ExchangeWithConn(m, &dns.Conn{Conn: conn, UDPSize: 4096})
	return r, err
}

func TestAnswers(t *testing.T) {
	l := start(t, `
about: test
domains:
  example.gov.ar: healthy_v6
  legacy.gov.ar: v4_only
`)
	const rootServer, arServer = "2001:503:ba3e::2:30", "2801:140:10::10" // a.root-servers.net, c.dns.ar
	for _, network := range []string{"udp", "tcp"} {
		r, err := ask(t, l, network, rootServer, "example.gov.ar.", dns.TypeA, true)
		if err != nil {
			t.Fatal(err)
		}
		if r.Authoritative || len(r.Answer) != 0 || len(r.Ns) != 7 || r.Ns[0].Header().Name != "ar." {
			t.Errorf("%s: the root gives no referral to ar:\n%v", network, r)
		}
		r, err = ask(t, l, network, arServer, "ar.", dns.TypeSOA, true)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Authoritative || len(r.Answer) != 2 {
			t.Errorf("%s: ar has no signed SOA:\n%v", network, r)
		}
	}
}
