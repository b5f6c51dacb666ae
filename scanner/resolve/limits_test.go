package resolve

import (
	"adopt6/scanner/observation"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// hostileTLD returns a net whose zone test. is played by h.
func hostileTLD(t *testing.T, h handler) *testNet {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30", rootAddr)
	n.serve(tldAddr, h)
	return n
}

func TestHostileZonesHitALimit(t *testing.T) {
	alias := func(q *dns.Msg, target string) []byte {
		m := reply(q)
		m.Authoritative = true
		m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeCNAME, Class: 1, Ttl: 9}, Target: target}}
		return pack(m)
	}
	refer := func(q *dns.Msg, zone string, hosts ...string) []byte {
		m := reply(q)
		for _, h := range hosts {
			m.Ns = append(m.Ns, &dns.NS{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeNS, Class: 1, Ttl: 9}, Ns: h})
		}
		return pack(m)
	}
	var serial atomic.Int64
	tests := []struct {
		name, question, want string
		most                 int // queries
		answer               handler
	}{
		{"endless aliases", "a.test", "limit_aliases", 80, func(q *dns.Msg, _ string) []byte {
			return alias(q, fmt.Sprintf("n%d.test.", serial.Add(1)))
		}},
		{"alias to itself", "a.test", "cname_loop", 10, func(q *dns.Msg, _ string) []byte {
			return alias(q, strings.ToLower(q.Question[0].Name))
		}},
		{"NXNS: many names that do not exist", "a.test", "limit_fanout", 40, func(q *dns.Msg, _ string) []byte {
			name := strings.ToLower(q.Question[0].Name)
			if name != "a.test." {
				m := reply(q)
				m.Authoritative = true
				m.Rcode = dns.RcodeNameError
				return pack(m)
			}
			var hosts []string
			for i := range 30 {
				hosts = append(hosts, fmt.Sprintf("h%d.victim.test.", i))
			}
			return refer(q, name, hosts...)
		}},
		{"NXNS: name servers below further delegations", "a.test", "limit_queries", 60, func(q *dns.Msg, _ string) []byte {
			name := strings.ToLower(q.Question[0].Name)
			var hosts []string
			for range 10 {
				hosts = append(hosts, fmt.Sprintf("ns.z%d.test.", serial.Add(1)))
			}
			return refer(q, lastLabels(name, 2), hosts...)
		}},
		{"a web of zones with name servers in many others", "a.z0.test", "limit_queries", 60, func(q *dns.Msg, _ string) []byte {
			name := strings.ToLower(q.Question[0].Name)
			if labels(name) < 2 {
				return refer(q, name)
			}
			zone := lastLabels(name, 2)
			var number int
			fmt.Sscanf(zone, "z%d.", &number)
			var hosts []string
			for k := range 14 {
				hosts = append(hosts, fmt.Sprintf("h%d.z%d.test.", k, (number*7+k*3+1)%20))
			}
			return refer(q, zone, hosts...)
		}},
		{"name servers in each other's zones", "a.one.test", "ns_loop", 40, func(q *dns.Msg, _ string) []byte {
			if zone := lastLabels(strings.ToLower(q.Question[0].Name), 2); zone == "one.test." {
				return refer(q, zone, "ns.two.test.")
			}
			return refer(q, "two.test.", "ns.one.test.")
		}},
		{"only its own name servers, without glue", "a.one.test", "no_server_address", 10, func(q *dns.Msg, _ string) []byte {
			return refer(q, "one.test.", "ns.one.test.")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := hostileTLD(t, test.answer)
			r := n.resolver(func(c *Config) { c.Limits.Queries = 60 }, rootAddr)
			got := resolve(t, r, Dual, test.question, dns.TypeA)
			if string(got.Reason) != test.want || got.RCode != dns.RcodeServerFailure {
				t.Errorf("got %s (%s), want %s", got.Reason, dns.RcodeToString[got.RCode], test.want)
			}
			if got.Queries > test.most {
				t.Errorf("%d queries, want at most %d", got.Queries, test.most)
			}
		})
	}
}

func TestTimeLimit(t *testing.T) {
	n := withLeaf(t, func(*dns.Msg, string) []byte { return nil })
	r := n.resolver(func(c *Config) {
		c.Timeout, c.Limits.Time = time.Minute, 150*time.Millisecond
	}, rootAddr)
	if got := resolve(t, r, Dual, "bad.test", dns.TypeA); got.Reason != observation.LimitTime {
		t.Errorf("got %q, want %s", got.Reason, observation.LimitTime)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := r.Resolve(ctx, Dual, "other.bad.test", dns.TypeA); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

func TestGlueOutsideTheParentIsNotBelieved(t *testing.T) {
	n := hostileTLD(t, func(q *dns.Msg, _ string) []byte {
		m := reply(q)
		m.Ns = []dns.RR{mustRR(t, "a.test. 300 NS ns.victim.")}
		m.Extra = append(m.Extra, mustRR(t, "ns.victim. 300 A "+leafAddr))
		return pack(m)
	})
	n.serve(leafAddr, func(q *dns.Msg, _ string) []byte { return pack(good(q)) })
	r := n.resolver(nil, rootAddr)
	if got := summary(resolve(t, r, Dual, "a.test", dns.TypeA)); got != "no_server_address at a.test." {
		t.Errorf("got %s", got)
	}
	if q := n.queries(leafAddr); q != 0 {
		t.Errorf("the forged address was asked %d times", q)
	}
}

func TestEveryServerIsTriedBeforeAVerdict(t *testing.T) {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30", rootAddr)
	n.zone("test.", `
test. NS a.nic.test.
a.nic.test. A 192.5.6.30
a.test. NS ns1.a.test.
a.test. NS ns2.a.test.
a.test. NS ns3.a.test.
a.test. NS ns.b.test.
ns1.a.test. A 199.43.135.1
ns2.a.test. A 199.43.135.2
ns3.a.test. A 199.43.135.3
b.test. NS a.nic.test.
`, tldAddr)
	n.zone("b.test.", "b.test. NS a.nic.test.\nns.b.test. A 199.43.135.4", tldAddr)
	n.serve("199.43.135.1", func(*dns.Msg, string) []byte { return nil })
	n.serve("199.43.135.2", func(q *dns.Msg, _ string) []byte { m := reply(q); m.Rcode = dns.RcodeRefused; return pack(m) })
	n.serve("199.43.135.3", func(q *dns.Msg, _ string) []byte { m := reply(q); m.Rcode = dns.RcodeServerFailure; return pack(m) })
	n.serve("199.43.135.4", func(q *dns.Msg, _ string) []byte { return pack(good(q)) })
	r := n.resolver(nil, rootAddr)
	if got := summary(resolve(t, r, Dual, "a.test", dns.TypeA)); got != "NOERROR 203.0.112.1" {
		t.Errorf("got %s", got)
	}
}
