package authority

import (
	"testing"

	"github.com/miekg/dns"
)

type oneZone struct{ z *Zone }

func (o oneZone) Enclosing(n Name) *Zone {
	if n.In(o.z.Origin) {
		return o.z
	}
	return nil
}

// BenchmarkAnswer measures answers without the network; signatures have been
// made before.
func BenchmarkAnswer(b *testing.B) {
	zones := oneZone{testZone(b, signWith(b, false, nil, dns.ECDSAP256SHA256))}
	for _, c := range []struct {
		name  string
		qtype uint16
		do    bool
	}{
		{"ns1.example.com.", dns.TypeAAAA, false}, {"ns1.example.com.", dns.TypeAAAA, true},
		{"www.signed.example.com.", dns.TypeA, true}, {"nothing.example.com.", dns.TypeA, true},
	} {
		name := c.name
		if c.do {
			name += "+DO"
		}
		b.Run(name, func(b *testing.B) {
			m := new(dns.Msg)
			m.SetQuestion(c.name, c.qtype)
			m.SetEdns0(1232, c.do)
			wire, err := m.Pack()
			if err != nil {
				b.Fatal(err)
			}
			out := make([]byte, 0, 4096)
			var r Responder
			b.ReportAllocs()
			for b.Loop() {
				q, _, _ := ParseQuery(wire)
				out = r.Answer(out[:0], &q, zones, Options{Limit: UDPLimit(&q)})
			}
		})
	}
}

// BenchmarkSign measures one signature by each algorithm.
func BenchmarkSign(b *testing.B) {
	var ring KeyRing
	for name, algorithm := range Algorithms() {
		b.Run(name, func(b *testing.B) {
			k, err := ring.New(algorithm, EntryPoint, 2048, "bench")
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, 200)
			for b.Loop() {
				if _, err := k.sign(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKey measures the derivation of an ECDSA key.
func BenchmarkKey(b *testing.B) {
	var ring KeyRing
	for b.Loop() {
		if _, err := ring.New(dns.ECDSAP256SHA256, EntryPoint, 0, "bench"); err != nil {
			b.Fatal(err)
		}
	}
}
