package dnssec

import (
	"crypto/rand"
	"testing"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/miekg/dns"
)

// benchZones are a zone per algorithm, with an answer of two records.
func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []struct {
		name   string
		number uint8
		bits   int
	}{
		{"RSASHA1-1024", dns.RSASHA1, 1024},
		{"RSASHA256-2048", dns.RSASHA256, 2048},
		{"RSASHA512-4096", dns.RSASHA512, 4096},
		{"ECDSAP256SHA256", dns.ECDSAP256SHA256, 256},
		{"ECDSAP384SHA384", dns.ECDSAP384SHA384, 384},
		{"ED25519", dns.ED25519, 256},
	} {
		b.Run(algorithm.name, func(b *testing.B) {
			s := newSignerOf(b, "example.", 256, algorithm.number, algorithm.bits)
			z := &Zone{Name: "example.", State: Secure, name: "\x07example\x00", keys: []*key{parseKey(s.rr)}}
			answer := s.with(b, records(b, "www.example. 300 IN AAAA 2001:db8::1", "www.example. 300 IN AAAA 2001:db8::2")...)
			benchmarkAnswer(b, z, "www.example.", dns.TypeAAAA, Response{Answer: answer})
		})
	}
	b.Run("ED448", func(b *testing.B) {
		public, private, err := ed448.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		data := make([]byte, 200)
		k := ed448Key(public)
		signature := ed448.Sign(private, data, "")
		b.ReportAllocs()
		for b.Loop() {
			if !k.verify(data, signature) {
				b.Fatal("does not verify")
			}
		}
	})
	b.Run("miekg-ECDSAP256SHA256", func(b *testing.B) {
		s := newSigner(b, "example.", 256)
		rrs := records(b, "www.example. 300 IN AAAA 2001:db8::1", "www.example. 300 IN AAAA 2001:db8::2")
		sig := s.sign(b, rrs, nil)
		b.ReportAllocs()
		for b.Loop() {
			if err := sig.Verify(s.rr, rrs); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkAnswer(b *testing.B, z *Zone, qname string, qtype uint16, r Response) {
	b.Helper()
	v := NewValidator(now, DefaultBudget())
	b.ReportAllocs()
	for b.Loop() {
		v.Reset(now, DefaultBudget())
		if got := v.Answer(z, qname, qtype, r); got.State != Secure {
			b.Fatal(got.summary())
		}
	}
}
