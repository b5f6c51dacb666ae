package dnssec

import (
	"adopt6/scanner/observation"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// denials is two zones of the same names, one with NSEC and one with NSEC3
// records, each record followed by its signature.
type denials struct {
	zones  [2]*Zone
	rrs    [2][]dns.RR
	exists map[string]bool // in terms of plain.
}

func newDenials(t testing.TB) *denials {
	t.Helper()
	w := newWorld(t)
	d := &denials{exists: map[string]bool{}}
	plain := mustName(t, "plain.")
	names := []string{"plain.", "*.b.plain.", "a.b.plain.", "c.d.plain.", "x.plain."}
	for i, owner := range names {
		types := "A RRSIG NSEC"
		if i == 0 {
			types = "NS SOA RRSIG NSEC DNSKEY"
		}
		line := owner + " 300 IN NSEC " + names[(i+1)%len(names)] + " " + types
		d.rrs[0] = append(d.rrs[0], w.nsec.with(t, records(t, line)...)...)
		for n := mustName(t, owner); n.within(plain); n = n.parent() {
			d.exists[n.String()] = true
		}
	}
	owners := map[string]string{}
	for n := range d.exists {
		owners[dns.HashName(strings.Replace(n, "plain.", "example.", 1), dns.SHA1, 2, "aabb")] = n
	}
	for hash, n := range owners {
		types := "A RRSIG"
		switch n {
		case "plain.":
			types = "NS SOA RRSIG DNSKEY NSEC3PARAM"
		case "b.plain.", "d.plain.":
			types = ""
		}
		line := hash + ".example. 300 IN NSEC3 1 0 2 AABB " + nextHash(owners, hash) + " " + types
		d.rrs[1] = append(d.rrs[1], w.zone.with(t, records(t, line)...)...)
	}
	d.zones[0] = &Zone{Name: "plain.", State: observation.Secure, name: plain, keys: []*key{parseKey(w.nsec.rr)}, memo: new(memo)}
	d.zones[1] = &Zone{Name: "example.", State: observation.Secure, name: mustName(t, "example."), keys: []*key{parseKey(w.zone.rr)}, memo: new(memo)}
	return d
}

// nextHash returns the owner that follows hash in hash order.
func nextHash(owners map[string]string, hash string) string {
	next, first := "", ""
	for h := range owners {
		if h > hash && (next == "" || h < next) {
			next = h
		}
		if first == "" || h < first {
			first = h
		}
	}
	if next == "" {
		return first
	}
	return next
}

// truth is what there is to say of a name below plain.
func (d *denials) truth(t testing.TB, qname string, qtype uint16) Kind {
	n := mustName(t, qname)
	inWildcard := n.below(mustName(t, "b.plain.")) && !n.within(mustName(t, "a.b.plain."))
	hasA := inWildcard || d.exists[qname] && qname != "plain." && qname != "b.plain." && qname != "d.plain."
	switch {
	case qtype == dns.TypeA && hasA:
		return Positive
	case d.exists[qname] || inWildcard:
		return NoData
	}
	return NoName
}

// ask offers the records that pick selects as a denial of name, in both
// zones, and fails the test when it proves something untrue.
func (d *denials) ask(t testing.TB, label string, qtype uint16, nx bool, pick uint16) [2]Verdict {
	t.Helper()
	var got [2]Verdict
	for i, zone := range d.zones {
		qname, asPlain := zone.Name, "plain."
		if label != "" {
			qname, asPlain = label+"."+qname, label+"."+asPlain
		}
		r := Response{}
		for j := 0; j < len(d.rrs[i]); j += 2 {
			if pick>>(j/2)&1 != 0 {
				r.Authority = append(r.Authority, d.rrs[i][j], d.rrs[i][j+1])
			}
		}
		if nx {
			r.RCode = dns.RcodeNameError
		}
		got[i] = NewValidator(now, DefaultBudget()).Answer(zone, qname, qtype, r)
		truth := d.truth(t, mustName(t, asPlain).String(), qtype)
		if got[i].State == observation.Secure && got[i].Kind != truth || got[i].State == observation.Insecure {
			t.Errorf("%s %s with %b: %s, and is %s", qname, dns.Type(qtype), pick, got[i].summary(), truth)
		}
	}
	return got
}

var denialLabels = []string{"", "a.b", "b", "z.b", "y.z.b", "*.b", "d", "c.d", "n.d", "q", "x", "a.x", "zz", "q.a.b", "0"}

// TestDenialOfEverything offers every selection of the zones' records as a
// proof for every kind of name. Whatever they prove must be true; and all of
// them together must prove what is true.
func TestDenialOfEverything(t *testing.T) {
	d := newDenials(t)
	all := uint16(1)<<(max(len(d.rrs[0]), len(d.rrs[1]))/2) - 1
	proofs := 0
	for _, label := range denialLabels {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeDS} {
			if label == "" && qtype == dns.TypeDS {
				continue // for the parent to say
			}
			for _, nx := range []bool{false, true} {
				for pick := uint16(0); pick <= all; pick++ {
					got := d.ask(t, label, qtype, nx, pick)
					name := mustName(t, strings.TrimPrefix(label+".plain.", ".")).String()
					truth := d.truth(t, name, qtype)
					for i := range got {
						if got[i].State == observation.Secure {
							proofs++
						}
						// An empty non-terminal under NXDOMAIN is read as no data.
						if pick == all && truth != Positive && (truth == NoName) == nx && got[i].State != observation.Secure {
							t.Errorf("%s %s: %s, and is %s", name, dns.Type(qtype), got[i].summary(), truth)
						}
					}
				}
			}
		}
	}
	t.Logf("%d selections are proofs", proofs)
}

// TestOptOutBesideWildcard: under opt-out a wildcard neither stands in the way
// of an unsigned delegation nor may its denial be left out.
func TestOptOutBesideWildcard(t *testing.T) {
	apex := nsec3("example.", true, 1, "", "1", "NS SOA RRSIG DNSKEY NSEC3PARAM")
	hash := dns.HashName("*.example.", dns.SHA1, 1, "")
	// The wildcard's own record covers every name but the wildcard.
	wildcard := hash + ".example. 300 IN NSEC3 1 1 1 - " + step(hash, -1) + " CNAME RRSIG"
	covers := nsec3("sub.example.", false, 1, "", "1", "NS")
	noWildcard := nsec3("*.example.", false, 1, "", "1", "NS")
	for _, c := range []struct {
		name   string
		qtype  uint16
		rcode  int
		lines  []string
		state  observation.State
		reason observation.Reason
	}{
		{"delegation under the wildcard's record", dns.TypeDS, 0, []string{apex, wildcard}, observation.Insecure, observation.NSEC3OptOut},
		{"address under the wildcard's record", dns.TypeA, 0, []string{apex, wildcard}, observation.Bogus, observation.NSEC3ProofMissing},
		{"no such name", dns.TypeA, dns.RcodeNameError, []string{apex, covers, noWildcard}, observation.Insecure, observation.NSEC3OptOut},
		{"no such name, wildcard not denied", dns.TypeA, dns.RcodeNameError, []string{apex, covers}, observation.Bogus, observation.NSEC3ProofMissing},
		{"no data", dns.TypeA, 0, []string{apex, covers}, observation.Insecure, observation.NSEC3OptOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.denied(w.zone, c.rcode, c.lines...)
			w.set("sub.example.", c.qtype, r)
			if got := w.verdict(DefaultBudget(), "sub.example.", c.qtype, "example."); got.State != c.state || got.Reason != c.reason {
				t.Errorf("%s, want %s %s", got.summary(), c.state, c.reason)
			}
			if c.qtype != dns.TypeDS {
				return
			}
			w.set("sub.example.", dns.TypeA, Response{Answer: records(t, "sub.example. 300 IN A 192.0.2.1")})
			if got := w.verdict(DefaultBudget(), "sub.example.", dns.TypeA, "example.", "sub.example."); got.State != observation.Insecure || got.Reason != observation.DSAbsent {
				t.Errorf("below the delegation: %s", got.summary())
			}
		})
	}
}

// FuzzDenial is TestDenialOfEverything for names and types that it leaves out.
func FuzzDenial(f *testing.F) {
	d := newDenials(f)
	for _, label := range denialLabels {
		f.Add(label, uint16(0xffff), true, uint16(dns.TypeAAAA))
		f.Add(label, uint16(0x0005), false, uint16(dns.TypeA))
	}
	f.Fuzz(func(t *testing.T, label string, pick uint16, nx bool, qtype uint16) {
		_, err1 := parseName(label + ".plain.")
		_, err2 := parseName(label + ".example.")
		switch {
		case label != "" && (err1 != nil || err2 != nil):
			return // not a name
		case qtype == 0 || qtype == dns.TypeANY || qtype == dns.TypeRRSIG || qtype == dns.TypeDS && label == "":
			return // never denied
		case qtype == dns.TypeNSEC || d.apexType(qtype):
			return // types that the zones have and truth does not know
		}
		d.ask(t, label, qtype, nx, pick)
	})
}

func (d *denials) apexType(qtype uint16) bool {
	switch qtype {
	case dns.TypeNS, dns.TypeSOA, dns.TypeDNSKEY, dns.TypeNSEC3PARAM:
		return true
	}
	return false
}
