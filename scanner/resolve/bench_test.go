package resolve

import (
	"context"
	"testing"

	"github.com/miekg/dns"
)

// BenchmarkExchange measures queries to a server on loopback: two system
// calls, two switches of goroutine and the server's own work included.
func BenchmarkExchange(b *testing.B) {
	for _, family := range []struct{ name, network, addr string }{{"IPv4", "udp4", "127.0.0.1"}, {"IPv6", "udp6", "::1"}} {
		b.Run(family.name, func(b *testing.B) {
			e := newEcho(b, family.network, family.addr)
			r := localResolver(b, nil)
			s := r.servers.get(e.addr())
			b.ReportAllocs()
			b.SetParallelism(100)
			b.RunParallel(func(pb *testing.PB) {
				var out outcome
				for pb.Next() {
					a := attempt{server: s, name: "www.example.test.", qtype: dns.TypeA, edns: true, timeout: r.config.Timeout}
					if err := r.try(context.Background(), &a, &out); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkReferral measures reading a signed referral.
func BenchmarkReferral(b *testing.B) {
	wire := seeds(b)[0]
	for _, full := range []bool{false, true} {
		name := "plain"
		if full {
			name = "DNSSEC"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var m message
			for b.Loop() {
				if err := parseMessage(&m, wire, "www.example.test."); err != nil {
					b.Fatal(err)
				}
				r := reader{m: &m, zone: "test.", name: "www.example.test.", qtype: dns.TypeA, full: full}
				if a, reason := r.read(); a == nil || a.kind != isReferral {
					b.Fatal(reason)
				}
			}
		})
	}
}

func BenchmarkQuery(b *testing.B) {
	var q question
	if err := q.set("www.ministry-of-finance.gov.example.", dns.TypeAAAA); err != nil {
		b.Fatal(err)
	}
	q.edns = true
	buf := make([]byte, 0, maxQuery)
	random := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		q.mixCase(func() uint64 { random *= 6364136223846793005; return random })
		buf = q.appendQuery(buf[:0], 1)
	}
}

func BenchmarkReplyAsJSON(b *testing.B) {
	wire := seeds(b)[3]
	var m message
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		if err := parseMessage(&m, wire, "www.example.test."); err != nil {
			b.Fatal(err)
		}
		var err error
		if line, err = appendReply(line[:0], "www.example.test.", dns.TypeA, &m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCached measures a lookup that the cache answers.
func BenchmarkCached(b *testing.B) {
	r := localResolver(b, nil)
	v := r.views[Dual]
	a := &answer{kind: isAnswer, rrs: []dns.RR{mustRR(b, "www.example.test. 300 A 203.0.112.1")}, expires: 1 << 40}
	v.answers.put(key{"www.example.test.", dns.TypeA}, a, a.expires, a.bytes())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Resolve(context.Background(), Dual, "www.example.test.", dns.TypeA); err != nil {
				b.Error(err)
			}
		}
	})
}
