package resolve

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

const tldAddr2, tldAddr26 = "192.5.6.31", "2001:503:a83e::2:31"

// twoParents is a root and test., whose two servers do not say the same: the
// first as edit has it. bad.test. is served at leafAddr and leafAddr6.
func twoParents(t *testing.T, edit func(q, m *dns.Msg) *dns.Msg) *testNet {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A "+rootAddr+"\ntest. NS a.nic.test.\ntest. NS b.nic.test.\n"+
		"a.nic.test. A "+tldAddr+"\na.nic.test. AAAA "+tldAddr6+"\nb.nic.test. A "+tldAddr2+"\nb.nic.test. AAAA "+tldAddr26, rootAddr, rootAddr6)
	zone := "test. NS a.nic.test.\ntest. NS b.nic.test.\na.nic.test. A " + tldAddr + "\na.nic.test. AAAA " + tldAddr6 + "\n" +
		"b.nic.test. A " + tldAddr2 + "\nb.nic.test. AAAA " + tldAddr26 + "\n" +
		"bad.test. NS ns.bad.test.\nns.bad.test. A " + leafAddr + "\nns.bad.test. AAAA " + leafAddr6
	n.zone("test.", zone, tldAddr2, tldAddr26)
	held := n.zones[netip.MustParseAddr(tldAddr2)]
	for _, addr := range []string{tldAddr, tldAddr6} {
		n.serve(addr, func(q *dns.Msg, _ string) []byte {
			if m := edit(q, answerFrom(held, q)); m != nil {
				return pack(m)
			}
			return nil
		})
	}
	for _, addr := range []string{leafAddr, leafAddr6} {
		n.zone("bad.test.", "bad.test. NS ns.bad.test.\nns.bad.test. A "+leafAddr+"\nns.bad.test. AAAA "+leafAddr6+"\nbad.test. A 203.0.112.1\nbad.test. AAAA 2a0f::1", addr)
	}
	return n
}

func referral(m *dns.Msg) bool { return !m.Authoritative && len(m.Ns) > 0 }

// withoutGlue takes addresses of a type out of referrals.
func withoutGlue(types ...uint16) func(q, m *dns.Msg) *dns.Msg {
	return func(_, m *dns.Msg) *dns.Msg {
		if referral(m) {
			m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return slices.Contains(types, rr.Header().Rrtype) })
		}
		return m
	}
}

// TestParentsThatDisagree: whichever server of the parent is asked first, the
// name is found, 20 times of 20 (RFC 1034 section 5.3.3, RFC 9471).
func TestParentsThatDisagree(t *testing.T) {
	stale := func(_, m *dns.Msg) *dns.Msg {
		if referral(m) {
			m.Ns = []dns.RR{mustRR(t, "bad.test. 300 NS gone.nic.test.")}
			m.Extra = []dns.RR{mustRR(t, "gone.nic.test. 300 A 192.5.6.99")} // nothing listens there
		}
		return m
	}
	unknown := func(q, m *dns.Msg) *dns.Msg {
		if referral(m) && inZone(strings.ToLower(q.Question[0].Name), "bad.test.") {
			m.Ns, m.Extra, m.Rcode, m.Authoritative = []dns.RR{mustRR(t, "test. 300 SOA a.nic.test. h.test. 1 2 3 4 5")}, nil, dns.RcodeNameError, true
		}
		return m
	}
	for _, test := range []struct {
		name string
		mode Mode
		edit func(q, m *dns.Msg) *dns.Msg
		want string // of the delegation, by the server that differs
	}{
		{"no glue", Dual, withoutGlue(dns.TypeA, dns.TypeAAAA), "ns.bad.test. []"},
		{"no AAAA glue", V6Only, withoutGlue(dns.TypeAAAA), "ns.bad.test. [199.43.135.53]"},
		{"stale name servers", Dual, stale, "gone.nic.test. []"},
		{"no delegation", Dual, unknown, "NXDOMAIN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := twoParents(t, test.edit)
			for range 20 {
				r := n.resolver(nil, rootAddr, rootAddr6)
				d, err := r.WholeDelegation(context.Background(), test.mode, "bad.test")
				if err != nil {
					t.Fatal(err)
				}
				if test.name == "no delegation" || test.name == "stale name servers" {
					// A resolver that has not asked everybody may believe it.
					checkReferrals(t, d, test.want)
				}
				if got := summary(resolve(t, r, test.mode, "bad.test", dns.TypeAAAA)); got != "NOERROR 2a0f::1" {
					t.Fatalf("got %s", got)
				}
				if len(d.Glue["ns.bad.test."]) != 2 || !slices.Contains(d.NS, "ns.bad.test.") || d.RCode != dns.RcodeSuccess {
					t.Fatalf("delegation: %+v", d)
				}
				if strings.HasPrefix(test.name, "no") && test.name != "no delegation" {
					fresh := n.resolver(nil, rootAddr, rootAddr6)
					if got := summary(resolve(t, fresh, test.mode, "bad.test", dns.TypeAAAA)); got != "NOERROR 2a0f::1" {
						t.Fatalf("without asking for the delegation first: got %s", got)
					}
				}
			}
		})
	}
}

// checkReferrals looks for what the first server of the parent says.
func checkReferrals(t *testing.T, d *Delegation, want string) {
	t.Helper()
	if len(d.Referrals) != 2 || d.Referrals[0].Server != "a.nic.test." || d.Referrals[1].Server != "b.nic.test." {
		t.Fatalf("referrals: %+v", d.Referrals)
	}
	first := d.Referrals[0]
	got := dns.RcodeToString[first.RCode]
	if len(first.NS) > 0 {
		got = first.NS[0] + " []"
	}
	if got != want || first.Reason != "" || !slices.Equal(d.Referrals[1].NS, []string{"ns.bad.test."}) {
		t.Errorf("got %q, want %q; %+v", got, want, d.Referrals)
	}
}

// TestGlueOnRequest: a parent that leaves out the glue of a server within the
// zone may have its address when asked for it.
func TestGlueOnRequest(t *testing.T) {
	n := twoParents(t, func(_, m *dns.Msg) *dns.Msg { return m })
	held := n.zones[netip.MustParseAddr(tldAddr2)]
	noGlue := withoutGlue(dns.TypeA, dns.TypeAAAA)
	answer := func(q *dns.Msg, _ string) []byte {
		m := answerFrom(held, q)
		if strings.EqualFold(q.Question[0].Name, "ns.bad.test.") {
			m.Ns, m.Extra = nil, nil
			m.Answer = pick(held["test."], "ns.bad.test.", q.Question[0].Qtype)
			return pack(m)
		}
		return pack(noGlue(q, m))
	}
	for _, addr := range []string{tldAddr, tldAddr6, tldAddr2, tldAddr26} {
		n.serve(addr, answer)
	}
	for _, mode := range []Mode{Dual, V4Only, V6Only} {
		r := n.resolver(nil, rootAddr, rootAddr6)
		if got := summary(resolve(t, r, mode, "bad.test", dns.TypeAAAA)); got != "NOERROR 2a0f::1" {
			t.Errorf("%s: got %s", mode, got)
		}
	}
	d, err := n.resolver(nil, rootAddr, rootAddr6).Delegation(context.Background(), Dual, "bad.test")
	if err != nil || len(d.Glue) != 0 || len(d.AtParent["ns.bad.test."]) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestSilenceIsKeptByType: servers that drop queries for one type are asked for
// all others (RFC 8906).
func TestSilenceIsKeptByType(t *testing.T) {
	for _, dropped := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeHTTPS, dns.TypeDNSKEY, dns.TypeSOA, dns.TypeNS} {
		t.Run(dns.TypeToString[dropped], func(t *testing.T) {
			t.Parallel()
			n := withLeaf(t, func(q *dns.Msg, _ string) []byte {
				if q.Question[0].Qtype == dropped {
					return nil
				}
				m := reply(q)
				m.Authoritative = true
				return pack(m)
			})
			r := n.resolver(nil, rootAddr)
			for range 2 {
				result := resolve(t, r, Dual, "a.b.bad.test", dropped)
				if result.Reason != observation.Timeout {
					t.Errorf("%s: got %s", dns.Type(dropped), summary(result))
				}
				for _, other := range []uint16{dns.TypeTXT, dns.TypeMX} {
					if got := resolve(t, r, Dual, "c.d.bad.test", other); got.Reason != "" {
						t.Errorf("%s after silence to %s: got %s", dns.Type(other), dns.Type(dropped), summary(got))
					}
				}
			}
		})
	}
}
