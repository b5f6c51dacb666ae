package dnssec

import (
	"adopt6/scanner/observation"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// world is answers to questions: a signed root, "example." signed with NSEC3
// and "plain." signed with NSEC below it. Tests change it before they ask.
type world struct {
	t       testing.TB
	root    signer
	zone    signer // of example.
	nsec    signer // of plain.
	answers map[labQuestion]Response
	anchors string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, root: newSigner(t, ".", 257), zone: newSigner(t, "example.", 257), nsec: newSigner(t, "plain.", 257)}
	w.anchors = w.root.rr.ToDS(dns.SHA256).String()
	w.answers = map[labQuestion]Response{
		{".", dns.TypeDNSKEY}:        {Answer: w.root.with(t, w.root.rr)},
		{"example.", dns.TypeDS}:     {Answer: w.root.with(t, w.zone.rr.ToDS(dns.SHA256))},
		{"example.", dns.TypeDNSKEY}: {Answer: w.zone.with(t, w.zone.rr)},
		{"plain.", dns.TypeDS}:       {Answer: w.root.with(t, w.nsec.rr.ToDS(dns.SHA256))},
		{"plain.", dns.TypeDNSKEY}:   {Answer: w.nsec.with(t, w.nsec.rr)},
		{"www.example.", dns.TypeA}:  {Answer: w.zone.with(t, records(t, "www.example. 300 IN A 192.0.2.1")...)},
		{"www.plain.", dns.TypeA}:    {Answer: w.nsec.with(t, records(t, "www.plain. 300 IN A 192.0.2.1")...)},
	}
	return w
}

// set replaces the answer to one question.
func (w *world) set(name string, qtype uint16, r Response) { w.answers[labQuestion{name, qtype}] = r }

// denied is a negative answer that rests on NSEC or NSEC3 records, each signed
// by s.
func (w *world) denied(s signer, rcode int, lines ...string) Response {
	w.t.Helper()
	r := Response{RCode: rcode}
	for _, rr := range records(w.t, lines...) {
		r.Authority = append(r.Authority, s.with(w.t, rr)...)
	}
	return r
}

// verdict walks from the anchor through the given cuts to the answer.
func (w *world) verdict(budget Budget, name string, qtype uint16, cuts ...string) Verdict {
	w.t.Helper()
	anchors, err := ParseAnchors(strings.NewReader(w.anchors), "test")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.verdictFrom(anchors, budget, name, qtype, cuts...)
}

func (w *world) verdictFrom(anchors *Anchors, budget Budget, name string, qtype uint16, cuts ...string) Verdict {
	v := NewValidator(now, budget)
	start, zone, ok := anchors.Closest(name)
	if ok {
		zone = v.Anchored(anchors, start, w.answers[labQuestion{start, dns.TypeDNSKEY}])
	}
	for _, cut := range cuts {
		d := v.Delegation(zone, cut, w.answers[labQuestion{cut, dns.TypeDS}])
		if !d.Cut {
			continue
		}
		zone = v.Child(d, w.answers[labQuestion{cut, dns.TypeDNSKEY}])
	}
	return v.Answer(zone, name, qtype, w.answers[labQuestion{name, qtype}])
}

// resign makes the answer for www.example. anew, with an edited signature.
func (w *world) resign(edit func(*dns.RRSIG)) {
	rrs := records(w.t, "www.example. 300 IN A 192.0.2.1")
	w.set("www.example.", dns.TypeA, Response{Answer: append(rrs, w.zone.sign(w.t, rrs, edit))})
}

// ds replaces the DS set of example.
func (w *world) ds(edit func(*dns.DS)) {
	ds := w.zone.rr.ToDS(dns.SHA256)
	edit(ds)
	w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, ds)})
}

// nsec3 returns an NSEC3 record of example. from before to after the hash of
// name, or of the name itself when exact.
func nsec3(name string, exact bool, iterations uint16, salt, flags, types string) string {
	hash := dns.HashName(name, dns.SHA1, iterations, salt)
	from, to := step(hash, -1), step(hash, 1)
	if exact {
		from = hash
	}
	if salt == "" {
		salt = "-"
	}
	return fmt.Sprintf("%s.example. 300 IN NSEC3 1 %s %d %s %s %s", from, flags, iterations, salt, to, types)
}

// step returns the base32hex hash next to hash, up or down.
func step(hash string, by int) string {
	b := []byte(strings.ToUpper(hash))
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	for i := len(b) - 1; i >= 0; i-- {
		d := strings.IndexByte(digits, b[i]) + by
		b[i] = digits[(d+32)%32]
		if d >= 0 && d < 32 {
			break
		}
	}
	return string(b)
}

// reasonCases give every reason at least once. Each takes the world, breaks
// one thing, and asks for the A records of www.example. unless it says else.
var reasonCases = []struct {
	name   string
	state  observation.State
	reason observation.Reason
	breaks func(w *world)
	ask    string // instead of www.example.
	cuts   []string
	budget *Budget
}{
	{name: "whole", state: observation.Secure},
	{name: "no signature", state: observation.Bogus, reason: observation.RRSIGMissing, breaks: func(w *world) {
		w.set("www.example.", dns.TypeA, Response{Answer: records(w.t, "www.example. 300 IN A 192.0.2.1")})
	}},
	{name: "signature of an unsupported algorithm only", state: observation.Bogus, reason: observation.RRSIGMissing, breaks: func(w *world) {
		r := w.answers[labQuestion{"www.example.", dns.TypeA}]
		r.Answer[1].(*dns.RRSIG).Algorithm = dns.ECCGOST
	}},
	{name: "expired", state: observation.Bogus, reason: observation.RRSIGExpired, breaks: func(w *world) {
		w.resign(func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) - 1 })
	}},
	{name: "expires this second", state: observation.Secure, breaks: func(w *world) {
		w.resign(func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) })
	}},
	{name: "not yet valid", state: observation.Bogus, reason: observation.RRSIGNotYetValid, breaks: func(w *world) {
		w.resign(func(s *dns.RRSIG) { s.Inception = uint32(now.Unix()) + 1 })
	}},
	{name: "valid from this second", state: observation.Secure, breaks: func(w *world) {
		w.resign(func(s *dns.RRSIG) { s.Inception = uint32(now.Unix()) })
	}},
	{name: "expires before it begins", state: observation.Bogus, reason: observation.RRSIGInvalid, breaks: func(w *world) {
		w.resign(func(s *dns.RRSIG) { s.Inception, s.Expiration = s.Expiration, s.Inception })
	}},
	{name: "changed record", state: observation.Bogus, reason: observation.RRSIGInvalid, breaks: func(w *world) {
		w.answers[labQuestion{"www.example.", dns.TypeA}].Answer[0] = records(w.t, "www.example. 300 IN A 192.0.2.2")[0]
	}},
	{name: "added record", state: observation.Bogus, reason: observation.RRSIGInvalid, breaks: func(w *world) {
		r := w.answers[labQuestion{"www.example.", dns.TypeA}]
		r.Answer = append(r.Answer, records(w.t, "www.example. 300 IN A 192.0.2.2")...)
		w.set("www.example.", dns.TypeA, r)
	}},
	{name: "one good signature of two", state: observation.Secure, breaks: func(w *world) {
		rrs := records(w.t, "www.example. 300 IN A 192.0.2.1")
		bad := w.zone.sign(w.t, rrs, nil)
		bad.Signature = "AAAA" + bad.Signature[4:]
		w.set("www.example.", dns.TypeA, Response{Answer: append(rrs, bad, w.zone.sign(w.t, rrs, nil))})
	}},
	{name: "unknown key", state: observation.Bogus, reason: observation.RRSIGKeyMissing, breaks: func(w *world) {
		other := newSigner(w.t, "example.", 256)
		w.set("www.example.", dns.TypeA, Response{Answer: other.with(w.t, records(w.t, "www.example. 300 IN A 192.0.2.1")...)})
	}},
	{name: "signed by the parent", state: observation.Bogus, reason: observation.RRSIGSignerInvalid, breaks: func(w *world) {
		w.set("www.example.", dns.TypeA, Response{Answer: w.root.with(w.t, records(w.t, "www.example. 300 IN A 192.0.2.1")...)})
	}},
	{name: "too many labels", state: observation.Bogus, reason: observation.RRSIGLabelsInvalid, breaks: func(w *world) {
		w.answers[labQuestion{"www.example.", dns.TypeA}].Answer[1].(*dns.RRSIG).Labels = 3
	}},
	{name: "wildcard above the zone", state: observation.Bogus, reason: observation.RRSIGLabelsInvalid, breaks: func(w *world) {
		w.answers[labQuestion{"www.example.", dns.TypeA}].Answer[1].(*dns.RRSIG).Labels = 0
	}},
	{name: "no keys", state: observation.Bogus, reason: observation.DNSKEYMissing, breaks: func(w *world) {
		w.set("example.", dns.TypeDNSKEY, Response{})
	}},
	{name: "no root keys", state: observation.Bogus, reason: observation.DNSKEYMissing, breaks: func(w *world) {
		w.set(".", dns.TypeDNSKEY, Response{})
	}},
	{name: "keys not signed by the one the parent names", state: observation.Bogus, reason: observation.RRSIGMissing, breaks: func(w *world) {
		zsk := newSigner(w.t, "example.", 256)
		rrs := []dns.RR{w.zone.rr, zsk.rr}
		w.set("example.", dns.TypeDNSKEY, Response{Answer: append(rrs, zsk.sign(w.t, rrs, nil))})
	}},
	{name: "key cannot be parsed", state: observation.Bogus, reason: observation.DNSKEYInvalid, breaks: func(w *world) {
		short := dns.Copy(w.zone.rr).(*dns.DNSKEY)
		short.PublicKey = "AAAA"
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, short.ToDS(dns.SHA256))})
		w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, short)})
	}},
	{name: "not a zone key", state: observation.Bogus, reason: observation.DNSKEYInvalid, breaks: func(w *world) {
		w.zone = newSigner(w.t, "example.", 1)
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, w.zone.rr.ToDS(dns.SHA256))})
		w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, w.zone.rr)})
	}},
	{name: "revoked key", state: observation.Bogus, reason: observation.KeyRevoked, breaks: func(w *world) {
		w.zone = newSigner(w.t, "example.", 257|dns.REVOKE)
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, w.zone.rr.ToDS(dns.SHA256))})
		w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, w.zone.rr)})
	}},
	{name: "key revoked after the parent took its digest", state: observation.Bogus, reason: observation.KeyRevoked, breaks: func(w *world) {
		w.zone.rr.Flags |= dns.REVOKE
		w.set("example.", dns.TypeDNSKEY, Response{Answer: w.zone.with(w.t, w.zone.rr)})
	}},
	{name: "revoked anchor", state: observation.Bogus, reason: observation.KeyRevoked, breaks: func(w *world) {
		w.anchors = w.root.rr.String()
		w.root.rr.Flags |= dns.REVOKE
		w.set(".", dns.TypeDNSKEY, Response{Answer: w.root.with(w.t, w.root.rr)})
	}},
	{name: "digest of another key", state: observation.Bogus, reason: observation.DSMismatch, breaks: func(w *world) {
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, newSigner(w.t, "example.", 257).rr.ToDS(dns.SHA256))})
	}},
	{name: "wrong digest", state: observation.Bogus, reason: observation.DSMismatch, breaks: func(w *world) {
		w.ds(spoil)
	}},
	{name: "SHA-1 counts for nothing beside SHA-256", state: observation.Bogus, reason: observation.DSMismatch, breaks: func(w *world) {
		wrong := w.zone.rr.ToDS(dns.SHA256)
		spoil(wrong)
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, w.zone.rr.ToDS(dns.SHA1), wrong)})
	}},
	{name: "SHA-1 alone", state: observation.Secure, breaks: func(w *world) {
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, w.zone.rr.ToDS(dns.SHA1))})
	}},
	{name: "SHA-1 beside an unsupported digest", state: observation.Secure, breaks: func(w *world) {
		gost := w.zone.rr.ToDS(dns.SHA256)
		gost.DigestType = dns.GOST94
		w.set("example.", dns.TypeDS, Response{Answer: w.root.with(w.t, w.zone.rr.ToDS(dns.SHA1), gost)})
	}},
	{name: "DS not signed by the parent", state: observation.Bogus, reason: observation.RRSIGSignerInvalid, breaks: func(w *world) {
		w.set("example.", dns.TypeDS, Response{Answer: w.zone.with(w.t, w.zone.rr.ToDS(dns.SHA256))})
	}},
	{name: "other anchor", state: observation.Bogus, reason: observation.AnchorMismatch, breaks: func(w *world) {
		w.anchors = newSigner(w.t, ".", 257).rr.ToDS(dns.SHA256).String()
	}},
	{name: "nothing denies", state: observation.Bogus, reason: observation.DenialMissing, ask: "nothing.example.", breaks: func(w *world) {
		w.set("nothing.example.", dns.TypeA, Response{RCode: dns.RcodeNameError})
	}},
	{name: "nothing denies the DS", state: observation.Bogus, reason: observation.DenialMissing, breaks: func(w *world) {
		w.set("example.", dns.TypeDS, Response{Authority: records(w.t, "example. 300 IN NS ns.example.")})
	}},
	{name: "NSEC3 without closest encloser", state: observation.Bogus, reason: observation.NSEC3ProofMissing, ask: "nothing.example.", breaks: func(w *world) {
		w.set("nothing.example.", dns.TypeA, w.denied(w.zone, dns.RcodeNameError,
			nsec3("nothing.example.", false, 0, "", "0", "A"), nsec3("*.example.", false, 0, "", "0", "A")))
	}},
	{name: "NSEC of elsewhere", state: observation.Bogus, reason: observation.NSECProofMissing, ask: "nothing.plain.", cuts: []string{"plain."}, breaks: func(w *world) {
		w.set("nothing.plain.", dns.TypeA, w.denied(w.nsec, dns.RcodeNameError, "x.plain. 300 IN NSEC z.plain. A"))
	}},
	{name: "denial expired", state: observation.Bogus, reason: observation.RRSIGExpired, ask: "nothing.plain.", cuts: []string{"plain."}, breaks: func(w *world) {
		r := w.denied(w.nsec, dns.RcodeNameError, "plain. 300 IN NSEC plain. NS SOA")
		r.Authority[1].(*dns.RRSIG).Expiration = uint32(now.Unix()) - 1
		w.set("nothing.plain.", dns.TypeA, r)
	}},
	{name: "two CNAMEs", state: observation.Bogus, reason: observation.AliasInvalid, breaks: func(w *world) {
		w.set("www.example.", dns.TypeA, Response{Answer: w.zone.with(w.t, records(w.t,
			"www.example. 300 IN CNAME a.example.", "www.example. 300 IN CNAME b.example.")...)})
	}},
	{name: "CNAME that does not follow from its DNAME", state: observation.Bogus, reason: observation.AliasInvalid, ask: "x.www.example.", breaks: func(w *world) {
		w.set("x.www.example.", dns.TypeA, Response{Answer: append(w.zone.with(w.t, records(w.t, "www.example. 300 IN DNAME a.test.")...),
			records(w.t, "x.www.example. 300 IN CNAME x.b.test.")...)})
	}},
	{name: "signatures cost too much", state: observation.Bogus, reason: observation.BudgetExceeded, budget: &Budget{Signatures: 3, Failures: 3, Hashes: 100}},
	{name: "hashes cost too much", state: observation.Bogus, reason: observation.BudgetExceeded, ask: "nothing.example.", budget: &Budget{Signatures: 100, Failures: 3, Hashes: 100},
		breaks: func(w *world) {
			w.set("nothing.example.", dns.TypeA, w.denied(w.zone, dns.RcodeNameError, nsec3("example.", true, 100, "", "0", "NS SOA"),
				nsec3("nothing.example.", false, 100, "", "0", "A"), nsec3("*.example.", false, 100, "", "0", "A")))
		}},
	{name: "unsigned delegation", state: observation.Insecure, reason: observation.DSAbsent, breaks: func(w *world) {
		w.set("example.", dns.TypeDS, w.denied(w.root, dns.RcodeSuccess, "example. 300 IN NSEC f. NS RRSIG NSEC"))
	}},
	{name: "unsupported algorithm", state: observation.Insecure, reason: observation.AlgorithmUnsupported, breaks: func(w *world) {
		w.ds(func(ds *dns.DS) { ds.Algorithm = dns.ECCGOST })
	}},
	{name: "unsupported digest", state: observation.Insecure, reason: observation.DigestUnsupported, breaks: func(w *world) {
		w.ds(func(ds *dns.DS) { ds.DigestType = dns.GOST94 })
	}},
	{name: "too many iterations", state: observation.Insecure, reason: observation.NSEC3IterationsHigh, ask: "nothing.example.", breaks: func(w *world) {
		w.set("nothing.example.", dns.TypeA, w.denied(w.zone, dns.RcodeNameError, nsec3("nothing.example.", false, 151, "", "0", "A")))
	}},
	{name: "too many iterations, forged", state: observation.Bogus, reason: observation.RRSIGInvalid, ask: "nothing.example.", breaks: func(w *world) {
		r := w.denied(w.zone, dns.RcodeNameError, nsec3("nothing.example.", false, 150, "", "0", "A"))
		r.Authority[0].(*dns.NSEC3).Iterations++
		w.set("nothing.example.", dns.TypeA, r)
	}},
	{name: "opt-out", state: observation.Insecure, reason: observation.NSEC3OptOut, ask: "nothing.example.", breaks: func(w *world) {
		w.set("nothing.example.", dns.TypeA, w.denied(w.zone, dns.RcodeNameError, nsec3("example.", true, 0, "", "1", "NS SOA"),
			nsec3("nothing.example.", false, 0, "", "1", "A"), nsec3("*.example.", false, 0, "", "1", "A")))
	}},
	{name: "no anchor", state: observation.Indeterminate, reason: observation.NoAnchor, breaks: func(w *world) {
		w.anchors = w.nsec.rr.String()
	}},
	{name: "response of no use", state: observation.Indeterminate, reason: observation.ResponseUnusable, breaks: func(w *world) {
		w.set("www.example.", dns.TypeA, Response{RCode: dns.RcodeRefused})
	}},
	{name: "told not to", state: observation.Insecure, reason: observation.PolicyInsecure},
}

func TestReasons(t *testing.T) {
	seen := map[observation.Reason]bool{"": true}
	for _, c := range reasonCases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.breaks != nil {
				c.breaks(w)
			}
			budget := DefaultBudget()
			if c.budget != nil {
				budget = *c.budget
			}
			ask, cuts := c.ask, c.cuts
			if ask == "" {
				ask = "www.example."
			}
			if cuts == nil {
				cuts = []string{"example."}
			}
			anchors, err := ParseAnchors(strings.NewReader(w.anchors), "test")
			if err != nil {
				t.Fatal(err)
			}
			if c.reason == observation.PolicyInsecure {
				if anchors, err = anchors.WithInsecure("EXAMPLE"); err != nil {
					t.Fatal(err)
				}
				cuts = nil
			}
			got := w.verdictFrom(anchors, budget, ask, dns.TypeA, cuts...)
			if got.State != c.state || got.Reason != c.reason {
				t.Errorf("got %s, want %s %s", got.summary(), c.state, c.reason)
			}
			seen[c.reason] = true
		})
	}
	if z := Unanswered("example.", "."); z.State != observation.Bogus || z.Where != "." || !z.Expires.IsZero() {
		t.Errorf("a zone whose keys nobody gives: %+v", z)
	} else {
		seen[z.Reason] = true
	}
	for _, reason := range declaredReasons(t) {
		if !seen[reason] {
			t.Errorf("no case gives %s", reason)
		}
	}
}

// declaredReasons reads the validator's reasons from the source of the
// vocabulary, so that a new one without a case fails.
func declaredReasons(t *testing.T) []observation.Reason {
	source, err := os.ReadFile("../observation/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	_, group, found := strings.Cut(string(source), "// The reasons for which DNSSEC is not secure.")
	if !found {
		t.Fatal("the reasons of DNSSEC are not in observation/reason.go")
	}
	var reasons []observation.Reason
	for _, m := range regexp.MustCompile(`Reason += "([a-z0-9_]+)"`).FindAllStringSubmatch(group, -1) {
		reasons = append(reasons, observation.Reason(m[1]))
	}
	return reasons
}

// TestAnchorForms walks from a DNSKEY anchor, and from one below the root.
func TestAnchorForms(t *testing.T) {
	w := newWorld(t)
	w.anchors = w.root.rr.String()
	if got := w.verdict(DefaultBudget(), "www.example.", dns.TypeA, "example."); got.State != observation.Secure {
		t.Error(got.summary())
	}
	w.anchors = newSigner(t, ".", 257).rr.String() + "\n" + w.zone.rr.ToDS(dns.SHA384).String()
	got := w.verdict(DefaultBudget(), "www.example.", dns.TypeA)
	if got.State != observation.Secure || !slices.Equal(got.Facts.Digests, []uint8{dns.SHA384}) {
		t.Error(got.summary(), got.Facts)
	}
}

func TestTTLIsTheLeast(t *testing.T) {
	for _, c := range []struct {
		record, original, rrsig uint32
		expires                 time.Duration
		want                    uint32
	}{
		{300, 3600, 3600, time.Hour, 300},
		{3600, 300, 3600, time.Hour, 300},
		{3600, 3600, 200, time.Hour, 200},
		{3600, 3600, 3600, time.Minute, 60},
	} {
		w := newWorld(t)
		w.resign(func(s *dns.RRSIG) {
			s.OrigTtl = c.original
			s.Expiration = uint32(now.Add(c.expires).Unix())
		})
		answer := w.answers[labQuestion{"www.example.", dns.TypeA}].Answer
		answer[0].Header().Ttl, answer[1].Header().Ttl = c.record, c.rrsig
		got := w.verdict(DefaultBudget(), "www.example.", dns.TypeA, "example.")
		if got.State != observation.Secure || got.TTL != c.want {
			t.Errorf("%+v: %s, TTL %d", c, got.summary(), got.TTL)
		}
		if c.expires == time.Minute && (got.Facts.ExpiresZone != "example." || !got.Facts.Expires.Equal(now.Add(time.Minute))) {
			t.Errorf("earliest expiry %v in %s", got.Facts.Expires, got.Facts.ExpiresZone)
		}
	}
}
