package dnssec

import (
	"adopt6/scanner/observation"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// wideNSEC3 is an NSEC3 record of example. that covers every hash but few.
func wideNSEC3(iterations int) string {
	return fmt.Sprintf("%s.example. 300 IN NSEC3 1 0 %d - %s A", strings.Repeat("0", 32), iterations, strings.Repeat("V", 32))
}

// expand presents a set signed for a wildcard as that of owner.
func expand(rrs []dns.RR, owner string) []dns.RR {
	for _, rr := range rrs {
		rr.Header().Name = owner
	}
	return rrs
}

// TestProofsThatAreNone offers records that are genuinely the zone's, in ways
// in which they prove nothing; and the same put right.
func TestProofsThatAreNone(t *testing.T) {
	const apex = "plain. 300 IN NSEC a.plain. NS SOA RRSIG NSEC"
	for _, c := range []struct {
		name   string
		qname  string
		qtype  uint16
		nx     bool
		lines  []string // denial records, signed by the zone of qname
		answer func(w *world) []dns.RR
		want   string // kind, or the reason why there is none
	}{
		{name: "the parent's record at a cut denies nothing below it", qname: "www.cut.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"cut.plain. 300 IN NSEC x.plain. NS RRSIG NSEC", apex}, want: "nsec_proof_missing"},
		{name: "but a record that is not a cut does", qname: "www.cut.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"cut.plain. 300 IN NSEC x.plain. A RRSIG NSEC", apex}, want: "noname"},
		{name: "nor does a record at a DNAME", qname: "www.cut.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"cut.plain. 300 IN NSEC x.plain. DNAME RRSIG NSEC", apex}, want: "nsec_proof_missing"},
		{name: "nor anything of the child's apex", qname: "cut.plain.", qtype: dns.TypeA,
			lines: []string{"cut.plain. 300 IN NSEC x.plain. NS RRSIG NSEC"}, want: "nsec_proof_missing"},
		{name: "no data at a name with a CNAME", qname: "x.plain.", qtype: dns.TypeA,
			lines: []string{"x.plain. 300 IN NSEC plain. CNAME RRSIG NSEC"}, want: "nsec_proof_missing"},
		{name: "next name outside the zone", qname: "y.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"x.plain. 300 IN NSEC zz. A RRSIG NSEC", apex}, want: "nsec_proof_missing"},
		{name: "last name of the zone", qname: "y.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"x.plain. 300 IN NSEC plain. A RRSIG NSEC", apex}, want: "noname"},
		{name: "two NSEC records at one name", qname: "y.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{"x.plain. 300 IN NSEC z.plain. A RRSIG NSEC", "x.plain. 300 IN NSEC plain. A RRSIG NSEC", apex}, want: "nsec_proof_missing"},
		{name: "compact denial", qname: "gone.plain.", qtype: dns.TypeA,
			lines: []string{`gone.plain. 300 IN NSEC \000.gone.plain. RRSIG NSEC NXNAME`}, want: "noname"},
		{name: "compact denial with NXDOMAIN", qname: "gone.plain.", qtype: dns.TypeA, nx: true,
			lines: []string{`gone.plain. 300 IN NSEC \000.gone.plain. RRSIG NSEC NXNAME`}, want: "noname"},
		{name: "compact denial of data", qname: "here.plain.", qtype: dns.TypeA,
			lines: []string{`here.plain. 300 IN NSEC \000.here.plain. TXT RRSIG NSEC`}, want: "nodata"},

		{name: "NSEC3 closest encloser that is a cut", qname: "www.cut.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("cut.example.", true, 0, "", "0", "NS"), wideNSEC3(0)}, want: "nsec3_proof_missing"},
		{name: "NSEC3 closest encloser with a DNAME", qname: "www.cut.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("cut.example.", true, 0, "", "0", "A DNAME"), wideNSEC3(0)}, want: "nsec3_proof_missing"},
		{name: "NSEC3 closest encloser", qname: "www.cut.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("cut.example.", true, 0, "", "0", "A"), wideNSEC3(0)}, want: "noname"},
		{name: "NSEC3 no data at a cut", qname: "cut.example.", qtype: dns.TypeA,
			lines: []string{nsec3("cut.example.", true, 0, "", "0", "NS")}, want: "nsec3_proof_missing"},
		{name: "NSEC3 of other parameters", qname: "gone.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("example.", true, 1, "", "0", "NS SOA"), wideNSEC3(2)}, want: "nsec3_proof_missing"},
		{name: "NSEC3 of one set of parameters", qname: "gone.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("example.", true, 1, "", "0", "NS SOA"), wideNSEC3(1)}, want: "noname"},
		{name: "NSEC3 without the wildcard", qname: "gone.example.", qtype: dns.TypeA, nx: true,
			lines: []string{nsec3("example.", true, 0, "", "0", "NS SOA"), nsec3("gone.example.", false, 0, "", "0", "A")}, want: "nsec3_proof_missing"},
		{name: "NSEC3 owner deeper than one label", qname: "gone.example.", qtype: dns.TypeA,
			lines: []string{strings.Replace(nsec3("gone.example.", true, 0, "", "0", "TXT"), ".example.", ".deep.example.", 1)}, want: "denial_missing"},
		{name: "NSEC3 of an unknown hash", qname: "gone.example.", qtype: dns.TypeA,
			lines: []string{strings.Replace(nsec3("gone.example.", true, 0, "", "0", "TXT"), "NSEC3 1 ", "NSEC3 2 ", 1)}, want: "denial_missing"},
		{name: "NSEC3 of unknown flags", qname: "gone.example.", qtype: dns.TypeA,
			lines: []string{nsec3("gone.example.", true, 0, "", "2", "TXT")}, want: "denial_missing"},
		{name: "NSEC3 of the name itself", qname: "gone.example.", qtype: dns.TypeA,
			lines: []string{nsec3("gone.example.", true, 0, "", "0", "TXT")}, want: "nodata"},

		{name: "wildcard beside a closer name", qname: "x.sub.plain.", qtype: dns.TypeA,
			lines: []string{"a.sub.plain. 300 IN NSEC z.sub.plain. A RRSIG NSEC"}, want: "nsec_proof_missing",
			answer: func(w *world) []dns.RR {
				return expand(w.nsec.with(w.t, records(w.t, "*.plain. 300 IN A 192.0.2.1")...), "x.sub.plain.")
			}},
		{name: "wildcard over a name that exists", qname: "x.sub.plain.", qtype: dns.TypeA,
			lines: []string{"a.plain. 300 IN NSEC y.x.sub.plain. A RRSIG NSEC"}, want: "nsec_proof_missing",
			answer: func(w *world) []dns.RR {
				return expand(w.nsec.with(w.t, records(w.t, "*.plain. 300 IN A 192.0.2.1")...), "x.sub.plain.")
			}},
		{name: "wildcard rightly", qname: "x.sub.plain.", qtype: dns.TypeA,
			lines: []string{"a.plain. 300 IN NSEC z.plain. A RRSIG NSEC"}, want: "positive",
			answer: func(w *world) []dns.RR {
				return expand(w.nsec.with(w.t, records(w.t, "*.plain. 300 IN A 192.0.2.1")...), "x.sub.plain.")
			}},
		{name: "CNAME from a wildcard without proof", qname: "x.plain.", qtype: dns.TypeA, want: "denial_missing",
			answer: func(w *world) []dns.RR {
				return expand(w.nsec.with(w.t, records(w.t, "*.plain. 300 IN CNAME www.plain.")...), "x.plain.")
			}},
		{name: "the wildcard's own name", qname: "*.plain.", qtype: dns.TypeA, want: "positive",
			answer: func(w *world) []dns.RR { return w.nsec.with(w.t, records(w.t, "*.plain. 300 IN A 192.0.2.1")...) }},
		{name: "DNAME", qname: "x.tree.plain.", qtype: dns.TypeA, want: "alias",
			answer: func(w *world) []dns.RR { return w.nsec.with(w.t, records(w.t, "tree.plain. 300 IN DNAME a.test.")...) }},
		{name: "CNAME that a DNAME makes", qname: "x.tree.plain.", qtype: dns.TypeCNAME, want: "positive",
			answer: func(w *world) []dns.RR {
				return append(w.nsec.with(w.t, records(w.t, "tree.plain. 300 IN DNAME a.test.")...), records(w.t, "x.tree.plain. 300 IN CNAME x.a.test.")...)
			}},
		{name: "CNAME that a DNAME does not make", qname: "x.tree.plain.", qtype: dns.TypeCNAME, want: "alias_invalid",
			answer: func(w *world) []dns.RR {
				return append(w.nsec.with(w.t, records(w.t, "tree.plain. 300 IN DNAME a.test.")...), records(w.t, "x.tree.plain. 300 IN CNAME evil.test.")...)
			}},
		{name: "DNAME that makes too long a name", qname: strings.Repeat("123456789.", 20) + "tree.plain.", qtype: dns.TypeA, want: "noname",
			answer: func(w *world) []dns.RR {
				return w.nsec.with(w.t, records(w.t, "tree.plain. 300 IN DNAME "+strings.Repeat("123456789.", 20))...)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			key, cut := w.nsec, "plain."
			if strings.HasSuffix(c.qname, "example.") {
				key, cut = w.zone, "example."
			}
			var r Response
			if c.answer != nil {
				r.Answer = c.answer(w)
			}
			sets, _ := group(nil, records(t, c.lines...))
			for i := range sets {
				r.Authority = append(r.Authority, key.with(t, sets[i].rrs...)...)
			}
			if c.nx {
				r.RCode = dns.RcodeNameError
			}
			w.set(c.qname, c.qtype, r)
			got := w.verdict(DefaultBudget(), c.qname, c.qtype, cut)
			if said := strings.TrimPrefix(got.Kind.String(), "unjudged") + string(got.Reason); said != c.want {
				t.Errorf("got %s, want %s", got.summary(), c.want)
			}
		})
	}
}

// TestNSECFromWildcard: an NSEC record that a wildcard made is not the
// record of the name it is presented with (CVE-2017-15105).
func TestNSECFromWildcard(t *testing.T) {
	w := newWorld(t)
	made := w.nsec.with(t, records(t, "*.plain. 300 IN NSEC www.plain. TXT RRSIG NSEC")...)
	w.set("a.plain.", dns.TypeA, Response{Authority: expand(made, "a.plain.")})
	if got := w.verdict(DefaultBudget(), "a.plain.", dns.TypeA, "plain."); got.Reason != observation.RRSIGLabelsInvalid {
		t.Error(got.summary())
	}
}

func TestDelegation(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(w *world) Response
		state  observation.State
		reason observation.Reason
		cut    bool
	}{
		{"unsigned", func(w *world) Response {
			return w.denied(w.nsec, 0, "sub.plain. 300 IN NSEC x.plain. NS RRSIG NSEC")
		}, observation.Insecure, observation.DSAbsent, true},
		{"no cut", func(w *world) Response {
			return w.denied(w.nsec, 0, "sub.plain. 300 IN NSEC x.plain. A RRSIG NSEC")
		}, observation.Secure, "", false},
		{"empty non-terminal", func(w *world) Response {
			return w.denied(w.nsec, 0, "a.plain. 300 IN NSEC x.sub.plain. A RRSIG NSEC")
		}, observation.Secure, "", false},
		{"no such name", func(w *world) Response {
			return w.denied(w.nsec, dns.RcodeNameError, "plain. 300 IN NSEC x.plain. NS SOA RRSIG NSEC")
		}, observation.Secure, "", false},
		{"no cut, and yet a referral", func(w *world) Response {
			r := w.denied(w.nsec, 0, "sub.plain. 300 IN NSEC x.plain. A RRSIG NSEC")
			r.Authority = append(r.Authority, records(w.t, "sub.plain. 300 IN NS ns.sub.plain.")...)
			return r
		}, observation.Bogus, observation.NSECProofMissing, true},
		{"denied by the child", func(w *world) Response {
			return w.denied(w.nsec, 0, "sub.plain. 300 IN NSEC x.plain. NS SOA RRSIG NSEC")
		}, observation.Bogus, observation.NSECProofMissing, true},
		{"denied, and there is one", func(w *world) Response {
			return w.denied(w.nsec, 0, "sub.plain. 300 IN NSEC x.plain. NS DS RRSIG NSEC")
		}, observation.Bogus, observation.NSECProofMissing, true},
		{"DS in a referral", func(w *world) Response {
			ds := w.zone.rr.ToDS(dns.SHA256)
			ds.Hdr.Name = "sub.plain."
			return Response{Authority: append(records(w.t, "sub.plain. 300 IN NS ns.sub.plain."), w.nsec.with(w.t, ds)...)}
		}, observation.Secure, "", true},
		{"DS from a wildcard", func(w *world) Response {
			ds := w.zone.rr.ToDS(dns.SHA256)
			ds.Hdr.Name = "*.plain."
			return Response{Answer: expand(w.nsec.with(w.t, ds), "sub.plain.")}
		}, observation.Bogus, observation.RRSIGLabelsInvalid, true},
		{"alias", func(w *world) Response {
			return Response{Answer: w.nsec.with(w.t, records(w.t, "sub.plain. 300 IN CNAME x.plain.")...)}
		}, observation.Secure, "", false},
		{"alias without signature", func(w *world) Response {
			return Response{Answer: records(w.t, "sub.plain. 300 IN CNAME x.plain.")}
		}, observation.Bogus, observation.RRSIGMissing, true},
		{"below a DNAME", func(w *world) Response {
			return Response{Answer: w.nsec.with(w.t, records(w.t, "plain. 300 IN DNAME x.test.")...)}
		}, observation.Secure, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			v := NewValidator(now, DefaultBudget())
			anchors, err := ParseAnchors(strings.NewReader(w.nsec.rr.String()), "test")
			if err != nil {
				t.Fatal(err)
			}
			zone := v.Anchored(anchors, "plain.", w.answers[labQuestion{"plain.", dns.TypeDNSKEY}])
			d := v.Delegation(zone, "Sub.Plain", c.breaks(w))
			if d.State != c.state || d.Reason != c.reason || d.Cut != c.cut || d.Zone != "sub.plain." {
				t.Errorf("got %s %s %s, cut %t; want %s %s, cut %t", d.Zone, d.State, d.Reason, d.Cut, c.state, c.reason, c.cut)
			}
			if d.State != observation.Bogus && !d.NeedsKeys() && d.Expires.Sub(now).Seconds() != 300 {
				t.Errorf("expires in %v", d.Expires.Sub(now))
			}
			if child := v.Child(d, Response{}); child.State == observation.Secure {
				t.Error("a child without keys is secure")
			}
		})
	}
}

// TestAnswerFromBelow: an answer of a zone further down says so, and counts
// for nothing until that zone is known.
func TestAnswerFromBelow(t *testing.T) {
	w := newWorld(t)
	sub := newSigner(t, "sub.plain.", 257)
	w.set("www.sub.plain.", dns.TypeA, Response{Answer: sub.with(t, records(t, "www.sub.plain. 300 IN A 192.0.2.1")...)})
	w.set("gone.sub.plain.", dns.TypeA, Response{Authority: records(t, "sub.plain. 300 IN SOA a. b. 1 2 3 4 5")})
	for _, name := range []string{"www.sub.plain.", "gone.sub.plain."} {
		got := w.verdict(DefaultBudget(), name, dns.TypeA, "plain.")
		if got.Kind != Below || got.Target != "sub.plain." || got.State != observation.Bogus {
			t.Errorf("%s, target %s", got.summary(), got.Target)
		}
	}
	ds := sub.rr.ToDS(dns.SHA256)
	w.set("sub.plain.", dns.TypeDS, Response{Answer: w.nsec.with(t, ds)})
	w.set("sub.plain.", dns.TypeDNSKEY, Response{Answer: sub.with(t, sub.rr)})
	if got := w.verdict(DefaultBudget(), "www.sub.plain.", dns.TypeA, "plain.", "sub.plain."); got.State != observation.Secure {
		t.Error(got.summary())
	}
}

// TestSpentBudgetIsNotKept: what fails because others spent the budget is not
// to be remembered of the zone.
func TestSpentBudgetIsNotKept(t *testing.T) {
	w := newWorld(t)
	anchors, err := ParseAnchors(strings.NewReader(w.anchors), "test")
	if err != nil {
		t.Fatal(err)
	}
	keys := w.answers[labQuestion{".", dns.TypeDNSKEY}]
	v := NewValidator(now, Budget{})
	if z := v.Anchored(anchors, ".", keys); z.Reason != observation.BudgetExceeded || z.Expires.After(now) {
		t.Errorf("%s, kept for %v", z.Reason, z.Expires.Sub(now))
	}
	v.Reset(now, DefaultBudget())
	if z := v.Anchored(anchors, ".", Response{}); z.Reason != observation.DNSKEYMissing || z.Expires.Sub(now) != bogusLife {
		t.Errorf("%s, kept for %v", z.Reason, z.Expires.Sub(now))
	}
	root := v.Anchored(anchors, ".", keys)
	v.Reset(now, Budget{})
	if d := v.Delegation(root, "example.", w.answers[labQuestion{"example.", dns.TypeDS}]); d.Reason != observation.BudgetExceeded || d.Expires.After(now) {
		t.Errorf("%s, kept for %v", d.Reason, d.Expires.Sub(now))
	}
}
