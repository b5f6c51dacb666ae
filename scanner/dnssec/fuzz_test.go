package dnssec

import (
	"adopt6/scanner/observation"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// fuzzed is a response that a fuzzer has changed, with what it was asked for.
type fuzzed struct {
	name     string
	qtype    uint16
	response Response
}

// seeds returns wire-form messages of the world for the corpus.
func (w *world) seeds() [][]byte {
	w.t.Helper()
	w.set("gone.example.", dns.TypeA, w.denied(w.zone, dns.RcodeNameError, nsec3("example.", true, 1, "ab", "0", "NS SOA"),
		nsec3("gone.example.", false, 1, "ab", "0", "A"), nsec3("*.example.", false, 1, "ab", "0", "A")))
	w.set("gone.plain.", dns.TypeA, w.denied(w.nsec, dns.RcodeNameError, "plain. 300 IN NSEC x.plain. NS SOA", "x.plain. 300 IN NSEC plain. A"))
	w.set("x.plain.", dns.TypeMX, w.denied(w.nsec, dns.RcodeSuccess, "x.plain. 300 IN NSEC plain. A"))
	w.set("cut.plain.", dns.TypeDS, w.denied(w.nsec, dns.RcodeSuccess, "cut.plain. 300 IN NSEC plain. NS"))
	wild := records(w.t, "*.plain. 300 IN A 192.0.2.9")
	sig := w.nsec.sign(w.t, wild, nil)
	wild[0].Header().Name, sig.Hdr.Name = "y.plain.", "y.plain."
	r := w.denied(w.nsec, dns.RcodeSuccess, "x.plain. 300 IN NSEC plain. A")
	r.Answer = append(wild, sig)
	w.set("y.plain.", dns.TypeA, r)
	w.set("a.dname.plain.", dns.TypeA, Response{Answer: append(w.nsec.with(w.t, records(w.t, "dname.plain. 300 IN DNAME b.plain.")...),
		records(w.t, "a.dname.plain. 300 IN CNAME a.b.plain.")...)})
	var seeds [][]byte
	for q, r := range w.answers {
		m := new(dns.Msg).SetQuestion(q.name, q.qtype)
		m.Response, m.Rcode, m.Answer, m.Ns = true, r.RCode, r.Answer, r.Authority
		wire, err := m.Pack()
		if err != nil {
			w.t.Fatal(err)
		}
		seeds = append(seeds, wire)
	}
	return seeds
}

// unpackFuzzed parses a message; the question says what was asked for.
func unpackFuzzed(wire []byte) (fuzzed, bool) {
	var m dns.Msg
	if m.Unpack(wire) != nil || len(m.Question) != 1 {
		return fuzzed{}, false
	}
	return fuzzed{m.Question[0].Name, m.Question[0].Qtype, FromMsg(&m)}, true
}

// FuzzAnswer feeds changed messages to every step. The keys are new in each
// process, so the fuzzer cannot have signed anything: whatever it changes
// under a signature must not come out secure. What is proved secure must be
// so again from the records of the genuine messages alone.
func FuzzAnswer(f *testing.F) {
	w := newWorld(f)
	genuine := map[string]bool{}
	for _, seed := range w.seeds() {
		f.Add(seed)
		m, _ := unpackFuzzed(seed)
		for _, rr := range append(m.response.Answer, m.response.Authority...) {
			genuine[fingerprint(rr)] = true
		}
	}
	anchors, err := ParseAnchors(strings.NewReader(w.anchors), "test")
	if err != nil {
		f.Fatal(err)
	}
	v := NewValidator(now, DefaultBudget())
	root := v.Anchored(anchors, ".", w.answers[labQuestion{".", dns.TypeDNSKEY}])
	zones := map[string]*Zone{".": root}
	for _, zone := range []string{"example.", "plain."} {
		d := v.Delegation(root, zone, w.answers[labQuestion{zone, dns.TypeDS}])
		zones[zone] = v.Child(d, w.answers[labQuestion{zone, dns.TypeDNSKEY}])
		if zones[zone].State != observation.Secure {
			f.Fatal(zones[zone].Reason)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m, ok := unpackFuzzed(wire)
		if !ok {
			return
		}
		for _, zone := range zones {
			v := NewValidator(now, DefaultBudget())
			got := v.Answer(zone, m.name, m.qtype, m.response)
			if got.State == observation.Secure {
				for _, rr := range got.Records {
					if !genuine[fingerprint(rr)] && rr.Header().Rrtype != dns.TypeCNAME {
						t.Errorf("%s: vouches for %v", got.summary(), rr)
					}
				}
			}
			d := v.Delegation(zone, m.name, m.response)
			child := v.Child(d, m.response)
			if child.State == observation.Secure && zones[child.Name] == nil {
				t.Errorf("%s was made secure", child.Name)
			}
			if d.State == observation.Insecure && d.Zone != "cut.plain." && zone.Name == "plain." && !strings.HasSuffix(d.Zone, ".cut.plain.") {
				t.Errorf("%s was made insecure: %s", d.Zone, d.Reason)
			}
			left := v.Left()
			if left.Signatures < 0 || left.Failures < 0 || left.Hashes < 0 {
				t.Errorf("overdrawn: %+v", left)
			}
		}
	})
}

// fingerprint is a record in canonical form without its TTL.
func fingerprint(rr dns.RR) string {
	rr = dns.Copy(rr)
	rr.Header().Ttl = 0
	return strings.ToLower(rr.String())
}

// FuzzParseAnchors: whatever the file, no panic, and what is accepted can be
// used.
func FuzzParseAnchors(f *testing.F) {
	f.Add(rootDS)
	f.Add(rootKey)
	f.Add("example. IN DS 1 13 2 (\n 00\n)")
	f.Add("$INCLUDE /etc/passwd")
	f.Add("\ufeff. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D ; \"(\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAnchors(strings.NewReader(text), "anchors")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "anchors:") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		for _, zone := range a.Zones() {
			if start, _, ok := a.Closest(zone); !ok || start != zone {
				t.Errorf("anchor of %q is not found: %q %v", zone, start, ok)
			}
		}
	})
}

// FuzzName: our packing of names equals that of miekg/dns, and order and
// ancestry hold together.
func FuzzName(f *testing.F) {
	f.Add("WWW.Example.", "example.")
	f.Add(`a\.b.c`, `\000.\255.`)
	f.Add(".", "")
	f.Add(strings.Repeat("a.", 127), strings.Repeat("a", 63)+".")
	f.Fuzz(func(t *testing.T, s1, s2 string) {
		a, err1 := parseName(s1)
		b, err2 := parseName(s2)
		if s1 != "" {
			var buf [300]byte
			n, err := dns.PackDomainName(dns.Fqdn(s1), buf[:], 0, nil, false)
			valid := err == nil && n <= 255
			lower(buf[:min(n, len(buf))])
			if valid != (err1 == nil) || valid && string(buf[:n]) != string(a) {
				t.Fatalf("%q: %q, %v; miekg/dns %q, %v", s1, a, err1, buf[:n], err)
			}
		}
		if err1 != nil || err2 != nil {
			return
		}
		if c := common(a, b); !a.within(c) || !b.within(c) || c != common(b, a) {
			t.Fatalf("common(%q, %q) = %q", a, b, c)
		}
		if sign(compare(a, b)) != -sign(compare(b, a)) || (compare(a, b) == 0) != (a == b) || a.below(b) && compare(a, b) <= 0 {
			t.Fatalf("order of %q and %q", a, b)
		}
		if back, err := parseName(a.String()); err != nil || back != a {
			t.Fatalf("%q comes back as %q, %v", a, back, err)
		}
	})
}

func sign(n int) int { return min(1, max(-1, n)) }
