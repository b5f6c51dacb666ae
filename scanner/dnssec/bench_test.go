package dnssec

import (
	"adopt6/scanner/observation"
	"crypto/rand"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/miekg/dns"
)

// BenchmarkVerify judges an answer of two records, per algorithm. The memo is
// left out, so that every turn checks the signature.
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
			z := &Zone{Name: "example.", State: observation.Secure, name: "\x07example\x00", keys: []*key{parseKey(s.rr)}}
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
	defer reportCPU(b)()
	for b.Loop() {
		v.Reset(now, DefaultBudget())
		if got := v.Answer(z, qname, qtype, r); got.State != observation.Secure {
			b.Fatal(got.summary())
		}
	}
}

// BenchmarkDenial judges NXDOMAIN answers: with the signatures checked anew
// each time, and with those that the zone remembers.
func BenchmarkDenial(b *testing.B) {
	w := newWorld(b)
	for _, c := range []struct {
		name, qname string
		signer      signer
		r           Response
	}{
		{"NSEC", "gone.plain.", w.nsec, w.denied(w.nsec, dns.RcodeNameError, "plain. 300 IN SOA a. b. 1 2 3 4 5",
			"plain. 300 IN NSEC a.plain. NS SOA", "g.plain. 300 IN NSEC x.plain. A")},
		{"NSEC3-0", "gone.example.", w.zone, w.denied(w.zone, dns.RcodeNameError, "example. 300 IN SOA a. b. 1 2 3 4 5",
			nsec3("example.", true, 0, "", "0", "NS SOA"), nsec3("gone.example.", false, 0, "", "0", "A"), nsec3("*.example.", false, 0, "", "0", "A"))},
		{"NSEC3-150", "gone.example.", w.zone, w.denied(w.zone, dns.RcodeNameError, "example. 300 IN SOA a. b. 1 2 3 4 5",
			nsec3("example.", true, 150, "ab", "0", "NS SOA"), nsec3("gone.example.", false, 150, "ab", "0", "A"), nsec3("*.example.", false, 150, "ab", "0", "A"))},
	} {
		if c.name == "NSEC" {
			c.r.Authority = append(c.r.Authority[:2], w.denied(w.nsec, 0, "plain. 300 IN NSEC a.plain. NS SOA", "g.plain. 300 IN NSEC x.plain. A").Authority...)
		}
		zone := &Zone{Name: c.signer.rr.Hdr.Name, State: observation.Secure, name: mustName(b, c.signer.rr.Hdr.Name), keys: []*key{parseKey(c.signer.rr)}}
		b.Run(c.name, func(b *testing.B) { benchmarkAnswer(b, zone, c.qname, dns.TypeA, c.r) })
		known := *zone
		known.memo = new(memo)
		b.Run(c.name+"-known", func(b *testing.B) { benchmarkAnswer(b, &known, c.qname, dns.TypeA, c.r) })
	}
}

// BenchmarkChain walks from the anchor to a leaf: the root's keys are known,
// as they are in a scan.
func BenchmarkChain(b *testing.B) {
	w := newWorld(b)
	anchors, err := ParseAnchors(strings.NewReader(w.anchors), "bench")
	if err != nil {
		b.Fatal(err)
	}
	v := NewValidator(now, DefaultBudget())
	root := v.Anchored(anchors, ".", w.answers[labQuestion{".", dns.TypeDNSKEY}])
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		v.Reset(now, DefaultBudget())
		root.memo = new(memo)
		d := v.Delegation(root, "example.", w.answers[labQuestion{"example.", dns.TypeDS}])
		zone := v.Child(d, w.answers[labQuestion{"example.", dns.TypeDNSKEY}])
		if got := v.Answer(zone, "www.example.", dns.TypeA, w.answers[labQuestion{"www.example.", dns.TypeA}]); got.State != observation.Secure {
			b.Fatal(got.summary())
		}
	}
}

// BenchmarkWorst is what the costliest messages take: one that exhausts the
// tries over one set, one that exhausts the hashes, and a resolution that
// spends the whole budget on good P-384 signatures.
func BenchmarkWorst(b *testing.B) {
	b.Run("KeyTrap", func(b *testing.B) {
		z, r := keyTrap(b, 4, 2)
		defer reportCPU(b)()
		v := NewValidator(now, DefaultBudget())
		for b.Loop() {
			v.Reset(now, DefaultBudget())
			for v.Left().Failures > 0 {
				v.Answer(z, "www.example.", dns.TypeA, r)
			}
		}
	})
	b.Run("NSEC3", func(b *testing.B) {
		z, qname, r := hashTrap(b)
		defer reportCPU(b)()
		v := NewValidator(now, DefaultBudget())
		for b.Loop() {
			v.Reset(now, DefaultBudget())
			v.Answer(z, qname, dns.TypeA, r)
		}
	})
	b.Run("P384Budget", func(b *testing.B) {
		s := newSignerOf(b, "example.", 256, dns.ECDSAP384SHA384, 384)
		z := &Zone{Name: "example.", State: observation.Secure, name: "\x07example\x00", keys: []*key{parseKey(s.rr)}}
		r := Response{Answer: s.with(b, records(b, "www.example. 300 IN A 192.0.2.1")...)}
		v := NewValidator(now, DefaultBudget())
		defer reportCPU(b)()
		for b.Loop() {
			v.Reset(now, DefaultBudget())
			for v.Left().Signatures > 0 {
				v.Answer(z, "www.example.", dns.TypeA, r)
			}
		}
	})
}

// reportCPU adds the CPU time of the process to a benchmark's figures, which
// holds on a busy machine too. Call what it returns when the loop is done.
func reportCPU(b *testing.B) func() {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}
