package resolve

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/netaddr"
)

// testNet is a small Internet on loopback: addresses and the handlers that
// play them, and the zones that they serve.
type testNet struct {
	t      *testing.T
	mu     sync.Mutex
	routes map[netip.Addr]netip.AddrPort
	counts map[netip.Addr]*atomic.Int64
	zones  map[netip.Addr]map[string][]dns.RR
}

// handler answers a query in its own way; nil sends nothing.
type handler func(q *dns.Msg, network string) []byte

func newTestNet(t *testing.T) *testNet {
	return &testNet{
		t: t, routes: make(map[netip.Addr]netip.AddrPort),
		counts: make(map[netip.Addr]*atomic.Int64), zones: make(map[netip.Addr]map[string][]dns.RR),
	}
}

// Route implements netaddr.Router.
func (n *testNet) Route(_ string, to netip.AddrPort) (netip.AddrPort, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, ok := n.routes[to.Addr()]; ok {
		return at, nil
	}
	return netip.MustParseAddrPort("127.0.0.1:1"), nil // nothing listens there
}

func (n *testNet) queries(addr string) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.counts[netip.MustParseAddr(addr)]; c != nil {
		return c.Load()
	}
	return 0
}

// serve plays addr with h, over UDP and TCP.
func (n *testNet) serve(addr string, h handler) {
	n.t.Helper()
	a := netip.MustParseAddr(addr)
	udp, tcp, err := listenBoth()
	if err != nil {
		n.t.Fatal(err)
	}
	at := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	count := new(atomic.Int64)
	n.mu.Lock()
	n.routes[a], n.counts[a] = at, count
	n.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() { serveUDP(udp, count, h) })
	running.Go(func() { serveTCP(tcp, count, h) })
	n.t.Cleanup(func() { udp.Close(); tcp.Close(); running.Wait() })
}

// flood plays addr over UDP, and over TCP with h if that is not nil. What forge
// makes of a query is sent before the answer of h.
func (n *testNet) flood(addr string, tcp bool, h handler, forge func(query []byte) [][]byte) {
	n.t.Helper()
	conn, listener, err := listenBoth()
	if err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	n.routes[netip.MustParseAddr(addr)] = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	n.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() {
		buf := make([]byte, 4096)
		for {
			size, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			q := new(dns.Msg)
			if q.Unpack(buf[:size]) != nil {
				continue
			}
			for _, forged := range forge(buf[:size]) {
				conn.WriteToUDPAddrPort(forged, from)
			}
			if reply := h(q, "udp"); reply != nil {
				conn.WriteToUDPAddrPort(reply, from)
			}
		}
	})
	if tcp {
		running.Go(func() { serveTCP(listener, new(atomic.Int64), h) })
	} else {
		listener.Close()
	}
	n.t.Cleanup(func() { conn.Close(); listener.Close(); running.Wait() })
}

// listenBoth finds a port that is free over UDP and TCP.
func listenBoth() (udp *net.UDPConn, tcp *net.TCPListener, err error) {
	for range 50 {
		if udp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			return nil, nil, err
		}
		if tcp, err = net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(udp.LocalAddr().(*net.UDPAddr).AddrPort())); err == nil {
			return udp, tcp, nil
		}
		udp.Close()
	}
	return nil, nil, err
}

func serveUDP(conn *net.UDPConn, count *atomic.Int64, h handler) {
	buf := make([]byte, 4096)
	for {
		size, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		q := new(dns.Msg)
		if q.Unpack(buf[:size]) != nil {
			continue
		}
		count.Add(1)
		if reply := h(q, "udp"); reply != nil {
			conn.WriteToUDPAddrPort(reply, from)
		}
	}
}

func serveTCP(listener *net.TCPListener, count *atomic.Int64, h handler) {
	serveConns(listener, func(c *dns.Conn) {
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		for {
			q, err := c.ReadMsg()
			if err != nil {
				return
			}
			count.Add(1)
			reply := h(q, "tcp")
			if reply == nil {
				return
			}
			if _, err := c.Write(reply); err != nil {
				return
			}
		}
	})
}

// serveConns hands each connection to h, which may do with it what it likes.
func serveConns(listener *net.TCPListener, h func(*dns.Conn)) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		running.Go(func() {
			defer conn.Close()
			h(&dns.Conn{Conn: conn})
		})
	}
}

// serveConns plays addr over TCP alone.
func (n *testNet) serveConns(addr string, h func(*dns.Conn)) {
	n.t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		n.t.Fatal(err)
	}
	a := netip.MustParseAddr(addr)
	n.mu.Lock()
	n.routes[a], n.counts[a] = listener.Addr().(*net.TCPAddr).AddrPort(), new(atomic.Int64)
	n.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() { serveConns(listener, h) })
	n.t.Cleanup(func() { listener.Close(); running.Wait() })
}

// zone serves a zone, in zone file form, from each of addrs. One address may
// serve several.
func (n *testNet) zone(origin, text string, addrs ...string) {
	n.t.Helper()
	parser := dns.NewZoneParser(strings.NewReader("$TTL 3600\n"+text), origin, "")
	rrs := []dns.RR{mustRR(n.t, fmt.Sprintf("%s 3600 IN SOA ns.%s host.%s 1 2 3 4 300", origin, strings.TrimPrefix(origin, "."), strings.TrimPrefix(origin, ".")))}
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		rrs = append(rrs, rr)
	}
	if err := parser.Err(); err != nil {
		n.t.Fatal(err)
	}
	for _, addr := range addrs {
		a := netip.MustParseAddr(addr)
		n.mu.Lock()
		zones := n.zones[a]
		fresh := zones == nil
		if fresh {
			zones = make(map[string][]dns.RR)
			n.zones[a] = zones
		}
		zones[origin] = rrs
		n.mu.Unlock()
		if fresh {
			n.serve(addr, func(q *dns.Msg, _ string) []byte {
				n.mu.Lock()
				defer n.mu.Unlock()
				return pack(answerFrom(zones, q))
			})
		}
	}
}

func mustRR(t testing.TB, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rr
}

func pack(m *dns.Msg) []byte {
	if m == nil {
		return nil
	}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

// reply returns an empty response to q.
func reply(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Compress = true // names then share the random case of the question
	if q.IsEdns0() != nil {
		m.SetEdns0(1232, true)
	}
	return m
}

// answerFrom answers as an authoritative server would (RFC 1034 section
// 4.3.2).
func answerFrom(zones map[string][]dns.RR, q *dns.Msg) *dns.Msg {
	m := reply(q)
	name, qtype := strings.ToLower(q.Question[0].Name), q.Question[0].Qtype
	origin := ""
	for o := range zones {
		if inZone(name, o) && len(o) > len(origin) && !(qtype == dns.TypeDS && o == name && len(zones) > 1) {
			origin = o
		}
	}
	if origin == "" {
		m.Rcode = dns.RcodeRefused
		return m
	}
	rrs := zones[origin]
	for at := name; below(at, origin); at = parentOf(at) {
		ns := pick(rrs, at, dns.TypeNS)
		if len(ns) == 0 || at == name && qtype == dns.TypeDS {
			continue
		}
		m.Ns = ns
		for _, rr := range ns {
			host := rr.(*dns.NS).Ns
			m.Extra = append(append(pick(rrs, host, dns.TypeA), pick(rrs, host, dns.TypeAAAA)...), m.Extra...)
		}
		return m
	}
	m.Authoritative = true
	m.Answer = pick(rrs, name, qtype)
	if len(m.Answer) > 0 {
		if qtype == dns.TypeNS {
			for _, rr := range m.Answer {
				host := rr.(*dns.NS).Ns
				m.Extra = append(append(pick(rrs, host, dns.TypeA), pick(rrs, host, dns.TypeAAAA)...), m.Extra...)
			}
		}
		return m
	}
	if m.Answer = pick(rrs, name, dns.TypeCNAME); len(m.Answer) > 0 {
		return m
	}
	for at := parentOf(name); inZone(at, origin) && at != "."; at = parentOf(at) {
		if d := pick(rrs, at, dns.TypeDNAME); len(d) > 0 {
			m.Answer = d
			return m
		}
	}
	m.Ns = pick(rrs, origin, dns.TypeSOA)
	m.Rcode = dns.RcodeNameError
	for _, rr := range rrs {
		if inZone(strings.ToLower(rr.Header().Name), name) {
			m.Rcode = dns.RcodeSuccess
		}
	}
	return m
}

func pick(rrs []dns.RR, name string, kind uint16) []dns.RR {
	var found []dns.RR
	for _, rr := range rrs {
		if rr.Header().Rrtype == kind && strings.EqualFold(rr.Header().Name, name) {
			found = append(found, rr)
		}
	}
	return found
}

// resolver returns a resolver whose root servers are at addrs.
func (n *testNet) resolver(change func(*Config), addrs ...string) *Resolver {
	n.t.Helper()
	var root RootServer
	root.Name = "a.root-servers.test."
	for _, a := range addrs {
		root.Addrs = append(root.Addrs, netip.MustParseAddr(a))
	}
	config := Config{
		Dialer: &netaddr.Dialer{Lab: n}, Roots: []RootServer{root},
		Timeout: 400 * time.Millisecond, Retries: 1,
	}
	if change != nil {
		change(&config)
	}
	r, err := New(config)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { r.Close() })
	return r
}

// resolve looks a name up and fails the test on an error.
func resolve(t *testing.T, r *Resolver, mode Mode, name string, qtype uint16) *Result {
	t.Helper()
	ctx := context.Background()
	if testing.Verbose() {
		ctx = WithTrace(ctx, func(e Event) { t.Logf("%+v", e) })
	}
	result, err := r.Resolve(ctx, mode, name, qtype)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// summary renders what matters of a result.
func summary(r *Result) string {
	if r.Reason != "" {
		return string(r.Reason) + " at " + r.Zone
	}
	parts := []string{dns.RcodeToString[r.RCode]}
	for _, rr := range r.Answer {
		parts = append(parts, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return strings.Join(parts, " ")
}
