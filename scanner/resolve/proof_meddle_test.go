//go:build linux && !alone

package resolve_test

import (
	"context"
	"errors"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
)

// meddling is what stands before a sound server and changes what it answers. It
// returns nil for silence.
type meddling func(q, m *dns.Msg, network string) *dns.Msg

const onlyRoot = "has nothing but the root for AAAA"

// meddlings are the faults of servers, as opposed to zones, in random worlds.
var meddlings = map[string]meddling{
	"drops AAAA": dropping(dns.TypeAAAA),
	"drops TXT":  dropping(dns.TypeTXT),
	// As a proxy against spoofing does (RFC 2181 section 9).
	"truncates": func(q, m *dns.Msg, network string) *dns.Msg {
		if network == "udp" {
			m.Answer, m.Ns, m.Extra, m.Truncated, m.Authoritative = nil, nil, opt(m), true, false
		}
		return m
	},
	"truncates with another code": func(q, m *dns.Msg, network string) *dns.Msg {
		if network == "udp" {
			m.Answer, m.Ns, m.Extra, m.Truncated, m.Rcode = nil, nil, opt(m), true, dns.RcodeRefused
		}
		return m
	},
	"refuses": func(q, m *dns.Msg, _ string) *dns.Msg {
		return new(dns.Msg).SetRcode(q, dns.RcodeRefused)
	},
	"refers to the root": func(q, m *dns.Msg, _ string) *dns.Msg {
		m.Answer, m.Ns, m.Extra, m.Authoritative, m.Rcode = nil, rootServers(), opt(m), false, dns.RcodeSuccess
		return m
	},
	// RFC 4074 section 4.5.
	onlyRoot: func(q, m *dns.Msg, _ string) *dns.Msg {
		if q.Question[0].Qtype == dns.TypeAAAA {
			m.Answer, m.Ns, m.Extra, m.Authoritative, m.Rcode = nil, rootServers(), opt(m), true, dns.RcodeSuccess
		}
		return m
	},
}

func dropping(qtype uint16) meddling {
	return func(q, m *dns.Msg, _ string) *dns.Msg {
		if q.Question[0].Qtype == qtype {
			return nil
		}
		return m
	}
}

func opt(m *dns.Msg) []dns.RR {
	return slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype != dns.TypeOPT })
}

func rootServers() []dns.RR {
	return []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 3600}, Ns: "ns1."}}
}

// What the second server of a top-level zone says of a zone below.
const (
	withoutGlue = iota
	withoutIPv6Glue
	outOfDate
	honest
)

// disagreement chooses one of them for a zone.
func disagreement(zone string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(zone)))
	return h.Sum32() % 4
}

// disagrees is a server of a parent zone that leaves glue out or is out of date,
// each for some of the zones below.
func disagrees(q, m *dns.Msg, _ string) *dns.Msg {
	isNS := func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS }
	i := slices.IndexFunc(m.Ns, isNS)
	if m.Authoritative || len(m.Answer) > 0 || i < 0 {
		return m
	}
	zone := *m.Ns[i].Header()
	switch disagreement(zone.Name) {
	case withoutGlue:
		m.Extra = opt(m)
	case withoutIPv6Glue:
		m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeAAAA })
	case outOfDate:
		labels := dns.SplitDomainName(zone.Name)
		m.Ns = slices.DeleteFunc(m.Ns, isNS)
		m.Ns = append(m.Ns, &dns.NS{Hdr: zone, Ns: "gone." + labels[len(labels)-1] + "."})
		m.Extra = opt(m)
	}
	return m
}

// The addresses of meddling servers: of the parent that disagrees, and before
// each of the hosts of the zones below for each way to meddle.
var otherParent = at(20, 12)

func meddlingAddrs(host, how string) []netip.Addr {
	i := slices.Index(slices.Sorted(maps.Keys(meddlings)), how)
	return at(21, 1+2*i+map[string]int{"leaf1": 0, "leaf2": 1}[host])
}

// startMeddling starts them all.
func startMeddling(t *testing.T) {
	hosts := treeHosts()
	meddle(t, otherParent, hosts["tld"].Addrs[0], disagrees)
	for _, host := range []string{"leaf1", "leaf2"} {
		for how, change := range meddlings {
			meddle(t, meddlingAddrs(host, how), hosts[host].Addrs[0], change)
		}
	}
}

// meddle gives every top-level zone a second server, which disagrees with the
// first, and half of the zones below one that meddles: beside a sound server, or
// alone.
func (r *trees) meddle(random *rand.Rand) {
	everything := slices.Sorted(maps.Keys(meddlings))
	hosts := treeHosts()
	for _, z := range r.zones {
		host := z.Hosts[0]
		switch chance := random.IntN(100); {
		case host == "root":
		case host == "tld":
			z.NS = []netns.NameServer{{Name: "ns1." + z.Name, Addrs: hosts[host].Addrs}, {Name: "ns2." + z.Name, Addrs: otherParent}}
		case chance < 30:
			how := everything[random.IntN(len(everything))]
			r.meddled[z.Name] = true
			z.NS = []netns.NameServer{{Name: "ns1." + z.Name, Addrs: hosts[host].Addrs}, {Name: "ns2." + z.Name, Addrs: meddlingAddrs(host, how)}}
		case chance < 50:
			how := everything[random.IntN(len(everything))]
			if how == "drops TXT" {
				continue // Unbound then waits for other types as well
			}
			r.alone[z.Name], r.meddled[z.Name] = how, true
			z.NS = []netns.NameServer{{Name: "ns1." + z.Name, Addrs: meddlingAddrs(host, how)}}
		}
	}
}

// meddle takes queries at addrs to a server at backend, and hands its answers
// back as change has them.
func meddle(t *testing.T, addrs []netip.Addr, backend netip.Addr, change meddling) {
	t.Helper()
	if err := netns.AddAddrs(addrs...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var closers []func() error
	for _, addr := range addrs {
		at := netip.AddrPortFrom(addr, 53)
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		closers = append(closers, conn.Close, listener.Close)
		running.Go(func() { meddleUDP(ctx, &running, conn, backend, change) })
		running.Go(func() { meddleTCP(ctx, &running, listener, backend, change) })
	}
	t.Cleanup(func() {
		cancel()
		for _, closes := range closers {
			closes()
		}
		running.Wait()
	})
}

func meddleUDP(ctx context.Context, running *sync.WaitGroup, conn *net.UDPConn, backend netip.Addr, change meddling) {
	buf := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		q := new(dns.Msg)
		if err != nil || q.Unpack(buf[:n]) != nil {
			continue
		}
		running.Go(func() {
			if wire := meddled(ctx, q, "udp", backend, change); wire != nil {
				conn.WriteToUDPAddrPort(wire, from)
			}
		})
	}
}

func meddleTCP(ctx context.Context, running *sync.WaitGroup, listener *net.TCPListener, backend netip.Addr, change meddling) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		running.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			c := &dns.Conn{Conn: conn}
			for {
				c.SetReadDeadline(time.Now().Add(10 * time.Second))
				q, err := c.ReadMsg()
				if err != nil {
					return
				}
				if wire := meddled(ctx, q, "tcp", backend, change); wire != nil {
					c.Write(wire)
				}
			}
		})
	}
}

// meddled returns the answer of the server behind, changed; nil for none.
func meddled(ctx context.Context, q *dns.Msg, network string, backend netip.Addr, change meddling) []byte {
	client := dns.Client{Net: network, UDPSize: 4096, Timeout: 5 * time.Second}
	m, _, err := client.ExchangeContext(ctx, q, netip.AddrPortFrom(backend, 53).String())
	if err != nil {
		return nil
	}
	if m = change(q, m, network); m == nil {
		return nil
	}
	m.Compress = true
	wire, err := m.Pack()
	if err != nil {
		return nil
	}
	return wire
}
