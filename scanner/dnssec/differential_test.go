//go:build !alone

package dnssec

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/observation"
)

var update = flag.Bool("update", false, "rewrite the golden files below testdata")

const labGolden = "testdata/lab.golden"

// explained are the zones of the lab in which another validator may differ
// from us, and why. Everywhere else the states must be equal.
var explained = map[string]struct{ unbound, delv, why string }{
	"sha1good.bind.": {unbound: "any",
		why: "RFC 4509 section 3: with a SHA-256 DS present, SHA-1 does not count; Unbound does so only with harden-algo-downgrade"},
	"revoked.bind.": {unbound: "any", delv: "any",
		why: "RFC 5011 section 2.1: a revoked key counts for nothing; Unbound and BIND look at the flag in trust anchors only"},
	"optout.bind.": {delv: "negative",
		why: "RFC 5155 section 9.2: no AD bit on a denial that rests on opt-out; BIND sets it"},
	"ldns.": {delv: "negative", why: "as optout.bind."},
}

// TestLab asks every question of every zone of the lab. The verdicts must be
// those of the golden file, the states those of Unbound and, for a sample,
// of delv.
func TestLab(t *testing.T) {
	if !netns.Enter(t) { // so that other loads of the machine do not take its ports
		return
	}
	zones := labZones()
	l := startLab(t, zones)
	anchors, err := ParseAnchors(strings.NewReader(l.anchor), "lab")
	if err != nil {
		t.Fatal(err)
	}
	u := startUnbound(l)
	w := &walk{anchors: anchors, ask: l.ask, zones: map[string]*Zone{}}
	var golden strings.Builder
	asked, delved := 0, 0
	for _, z := range zones {
		except := explained[z.name]
		for _, q := range labNames(z.name) {
			w.v = NewValidator(time.Now(), DefaultBudget())
			got := w.verdict(t, q)
			asked++
			fmt.Fprintf(&golden, "%s %s: %s\n", q.name, dns.TypeToString[q.qtype], got.summary())

			if theirs, rcode := u.state(t, q); theirs != got.State && except.unbound != "any" {
				t.Errorf("%s %s: %s, Unbound says %s", q.name, dns.TypeToString[q.qtype], got.summary(), theirs)
			} else if theirs == observation.Secure && got.State == observation.Secure && (rcode == dns.RcodeNameError) != (got.Kind == NoName) {
				t.Errorf("%s %s: %s, Unbound says %s", q.name, dns.TypeToString[q.qtype], got.summary(), dns.RcodeToString[rcode])
			}
			if asked%19 != 0 {
				continue
			}
			delved++
			negative := got.Reason == observation.NSEC3OptOut
			if theirs := delvState(l, q); theirs != got.State && except.delv != "any" && !(except.delv == "negative" && negative) {
				t.Errorf("%s %s: %s, delv says %s", q.name, dns.TypeToString[q.qtype], got.summary(), theirs)
			}
		}
	}
	t.Logf("%d names compared with Unbound, %d with delv", asked, delved)
	if *update {
		if err := os.WriteFile(labGolden, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(labGolden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(golden.String())) {
		compareLines(t, string(want), golden.String())
	}
}
