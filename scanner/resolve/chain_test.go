package resolve

import (
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

func TestValidation(t *testing.T) {
	r := signedTest(t).resolver(nil)
	for _, test := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"www.example.test", dns.TypeA, "NOERROR 203.0.112.1: secure"},
		{"www.example.test", dns.TypeAAAA, "NOERROR: secure"},
		{"nothing.example.test", dns.TypeA, "NXDOMAIN: secure"},
		{"ent.example.test", dns.TypeA, "NOERROR: secure"},
		{"x.dn.example.test", dns.TypeCNAME, "NOERROR other.test. x.other.test.: secure"},
	} {
		if got := judged(resolve(t, r, V4Only, test.name, test.qtype)); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.name, dns.Type(test.qtype), got, test.want)
		}
	}
}

// TestSpentBudgetIsNoOthersFault: a zone that failed for want of one job's
// budget is not handed to those who wait for it.
func TestSpentBudgetIsNoOthersFault(t *testing.T) {
	r := signedTest(t).resolver(nil)
	poor, other := r.newJob(t.Context(), Dual), r.newJob(t.Context(), Dual)
	at := poor.validator.At()
	spent := &dnssec.Zone{Name: "test.", State: observation.Bogus, Reason: observation.BudgetExceeded, Expires: at}
	sound := &dnssec.Zone{Name: "test.", State: observation.Secure, Expires: at.Add(time.Hour)}
	got := make(chan *dnssec.Zone)
	_, f := poor.zone("test.", func() (*dnssec.Zone, *failure) {
		go func() {
			z, _ := other.zone("test.", func() (*dnssec.Zone, *failure) { return sound, nil })
			got <- z
		}()
		for waits := false; !waits; runtime.Gosched() {
			building := r.views[Dual].building
			shard := &building.shards[maphash.String(building.seed, "test.")%cacheShards]
			shard.Lock()
			waits = shard.under[flightKey{zone: "test.", name: "test."}].done != nil
			shard.Unlock()
		}
		return spent, nil
	})
	if z := <-got; f != nil || z != sound {
		t.Errorf("the one who waited got %+v, %+v", z, f)
	}
	if z, ok := r.views[Dual].zones.get(key{name: "test."}); ok && z == spent {
		t.Error("the zone that failed is kept")
	}
}

// TestChainThatCannotBeFetched: a zone whose DS or DNSKEY records its servers do
// not give is bogus, as for every validating resolver, and for no longer than
// other failures are remembered.
func TestChainThatCannotBeFetched(t *testing.T) {
	refuse := func(_ string, q, _ *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(q, dns.RcodeRefused) }
	truncatedWith := func(overTCP func() *dns.Msg) func(string, *dns.Msg, *dns.Msg) *dns.Msg {
		return func(network string, q, m *dns.Msg) *dns.Msg {
			if network == "tcp" {
				return overTCP()
			}
			m.Answer, m.Truncated = nil, true
			return m
		}
	}
	empty := func(_ string, _, m *dns.Msg) *dns.Msg {
		m.Answer = nil
		return m
	}
	for _, test := range []struct {
		name   string
		addr   string
		qtype  uint16
		change func(network string, q, m *dns.Msg) *dns.Msg
		want   string
	}{
		{"keys truncated, and TCP closes", leafAddr, dns.TypeDNSKEY, truncatedWith(func() *dns.Msg { return nil }), "indeterminate tcp_closed at example.test."},
		{"keys refused", leafAddr, dns.TypeDNSKEY, refuse, "bogus chain_unanswered at example.test."},
		{"keys not answered", leafAddr, dns.TypeDNSKEY, func(string, *dns.Msg, *dns.Msg) *dns.Msg { return nil }, "bogus chain_unanswered at example.test."},
		{"no keys", leafAddr, dns.TypeDNSKEY, empty, "bogus dnskey_missing at example.test."},
		{"DS refused", tldAddr, dns.TypeDS, refuse, "bogus chain_unanswered at test."},
		{"no DS", tldAddr, dns.TypeDS, empty, "bogus denial_missing at test."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := signedTest(t)
			var passed atomic.Int64
			s.edit = func(addr, network string, q, m *dns.Msg) *dns.Msg {
				if passed.Load() > 0 || addr != test.addr {
					return m
				}
				// The referral shall not do instead of the DS records.
				m.Ns = slices.DeleteFunc(m.Ns, func(rr dns.RR) bool {
					return test.qtype == dns.TypeDS && rr.Header().Rrtype != dns.TypeNS
				})
				if q.Question[0].Qtype == test.qtype {
					return test.change(network, q, m)
				}
				return m
			}
			r := s.resolver(func(c *Config) {
				c.Timeout, c.Retries = 1500*time.Millisecond, -1
				c.Now = func() time.Time { return s.at.Add(time.Duration(passed.Load())) }
			})
			if got := judged(resolve(t, r, V4Only, "www.example.test", dns.TypeA)); got != "NOERROR 203.0.112.1: "+test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			passed.Store(int64((failureTTL + 1) * time.Second))
			got := judged(resolve(t, r, V4Only, "www.example.test", dns.TypeA))
			if want := "NOERROR 203.0.112.1: secure"; !strings.Contains(test.want, "_missing") && got != want {
				t.Errorf("later: got %s, want %s", got, want)
			}
		})
	}
}

// TestSignedProofOutweighsTheCode: the header's code is not signed; whether a
// name exists is.
func TestSignedProofOutweighsTheCode(t *testing.T) {
	s := signedTest(t)
	s.edit = func(addr, _ string, q, m *dns.Msg) *dns.Msg {
		if addr != leafAddr || len(m.Answer) > 0 {
			return m
		}
		switch name := strings.ToLower(q.Question[0].Name); {
		case name == "www.example.test." || name == "ent.example.test.":
			m.Rcode = dns.RcodeNameError // forged
		case name == "alias.example.test.":
			// The end of the chain comes along: it is not this link's.
			m.Answer = s.sign(s.held[leafAddr], []dns.RR{mustRR(s.t, name+" 3600 IN CNAME www.example.test.")}, false)
			m.Rcode = dns.RcodeSuccess
			soa := pick(m.Ns, "example.test.", dns.TypeSOA)
			m.Ns = s.sign(s.held[leafAddr], append(soa, s.nsec("www.example.test.", `\000.www.example.test.`, "RRSIG NSEC")...), false)
		case name == "compact.example.test.":
			m.Rcode = dns.RcodeSuccess
			soa := pick(m.Ns, "example.test.", dns.TypeSOA)
			m.Ns = s.sign(s.held[leafAddr], append(soa, s.nsec(name, `\000.`+name, "RRSIG NSEC NXNAME")...), false)
		}
		return m
	}
	r := s.resolver(nil)
	for _, test := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"www.example.test", dns.TypeAAAA, "NOERROR: secure"},
		{"ent.example.test", dns.TypeA, "NOERROR: secure"},
		{"compact.example.test", dns.TypeA, "NXDOMAIN: secure"}, // RFC 9824
		{"nothing.example.test", dns.TypeA, "NXDOMAIN: secure"},
		{"alias.example.test", dns.TypeA, "NOERROR www.example.test. 203.0.112.1: secure"},
		{strings.Repeat("123456789.", 5) + "long.example.test", dns.TypeA, ""},
	} {
		for range 2 { // from the cache as well
			got := resolve(t, r, V4Only, test.name, test.qtype)
			if test.want == "" {
				if got.RCode != dns.RcodeYXDomain || got.State != observation.Secure {
					t.Errorf("a DNAME that makes too long a name: %s", judged(got))
				}
				continue
			}
			if judged(got) != test.want {
				t.Errorf("%s %s: got %s, want %s", test.name, dns.Type(test.qtype), judged(got), test.want)
			}
		}
	}
}

// TestSignaturesLimitTTL: an answer is used and kept for no longer than its
// signature says (RFC 4035 section 5.3.3).
func TestSignaturesLimitTTL(t *testing.T) {
	s := signedTest(t)
	s.edit = func(addr, _ string, _, m *dns.Msg) *dns.Msg {
		for _, rr := range m.Answer { // the records' TTL is forged
			if a, ok := rr.(*dns.A); ok && a.Hdr.Name == "www.example.test." {
				a = dns.Copy(a).(*dns.A)
				a.Hdr.Ttl = 36000
				m.Answer[slices.Index(m.Answer, rr)] = a
			}
		}
		return m
	}
	var passed time.Duration
	r := s.resolver(func(c *Config) { c.Now = func() time.Time { return s.at.Add(passed) } })
	for _, step := range []struct{ pass, ttl time.Duration }{
		{0, time.Hour}, {20 * time.Minute, 40 * time.Minute}, {20 * time.Minute, 20 * time.Minute},
	} {
		passed += step.pass
		got := resolve(t, r, V4Only, "www.example.test", dns.TypeA)
		if got.State != observation.Secure || got.TTL != step.ttl {
			t.Errorf("after %s: %s, TTL %s, want %s", passed, judged(got), got.TTL, step.ttl)
		}
	}
}

// TestDSInAReferral: a server that answers a question for DS records with a
// referral has given them (RFC 4035 section 3.1.4.1).
func TestDSInAReferral(t *testing.T) {
	s := signedTest(t)
	s.edit = func(addr, _ string, q, m *dns.Msg) *dns.Msg {
		if addr != tldAddr || q.Question[0].Qtype != dns.TypeDS {
			return m
		}
		other := q.Copy()
		other.Question[0].Qtype = dns.TypeNS
		refers := s.answer(s.held[tldAddr], other)
		refers.Question = q.Question
		return refers
	}
	for range 3 {
		got := resolve(t, s.resolver(nil), V4Only, "example.test", dns.TypeDS)
		if got.State != observation.Secure || len(got.Answer) != 1 || got.Answer[0].Header().Rrtype != dns.TypeDS {
			t.Errorf("got %s", judged(got))
		}
	}
}

// TestForgedAliasBesideADNAME: the CNAME that comes with a DNAME is made anew,
// so that another one leads nowhere (RFC 6672 section 3.1).
func TestForgedAliasBesideADNAME(t *testing.T) {
	s := signedTest(t)
	s.edit = func(_, _ string, _, m *dns.Msg) *dns.Msg {
		for _, rr := range m.Answer {
			if rr.Header().Rrtype == dns.TypeDNAME {
				m.Answer = append(m.Answer, mustRR(t, "x.dn.example.test. 300 CNAME victim.test."))
				break
			}
		}
		return m
	}
	if got := judged(resolve(t, s.resolver(nil), V4Only, "x.dn.example.test", dns.TypeCNAME)); got != "NOERROR other.test. x.other.test.: secure" {
		t.Errorf("got %s", got)
	}
}
