//go:build !alone

package indicator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

// tld is a ccTLD of a test: a share of the figures holds.
func tld(name string, glue, dnsOK uint16, serial observation.Verdict, ds uint16, state observation.State) target {
	return func(o *observation.Observation) {
		listed, _ := lists.TLDByName(name)
		o.Target = listed.Target
		o.DNS, o.V6Only, o.Delegation = works, works, works
		o.NameServers, o.NameServersV6, o.NameServersV6OK = []string{"a.example", "b.example"}, dnsOK, dnsOK
		o.GlueV6, o.SameSerial, o.DS, o.DNSSEC = glue, serial, ds, state
	}
}

// TestSiblings holds IDN ccTLDs against their siblings: one that is ahead, one
// that is behind, one whose signatures could not be judged, one of which that
// does not matter, one whose sibling the scan has not, and one that is gone.
func TestSiblings(t *testing.T) {
	t.Parallel()
	serialUnknown := v(observation.Unmeasured, observation.NotProbed)
	gone := v(observation.Absent, observation.NXDomain)
	ccTLDs := []target{
		tld("ru", 2, 2, works, 0, observation.Insecure),
		tld("xn--p1ai", 2, 2, works, 1, observation.Secure),
		tld("cn", 2, 2, works, 1, observation.Secure),
		tld("xn--fiqs8s", 2, 2, works, 1, observation.Indeterminate),
		tld("xn--fiqz9s", 1, 2, works, 1, observation.Indeterminate),
		tld("tn", 0, 0, serialUnknown, 1, observation.Indeterminate),
		tld("xn--pgbs0dh", 2, 2, works, 1, observation.Secure),
		tld("xn--wgbh1c", 2, 2, works, 1, observation.Insecure), // .eg is not in this scan
		tld("eu", 2, 2, works, 1, observation.Secure),
		tld("xn--e1a4c", 2, 2, works, 1, observation.Secure),
		func(o *observation.Observation) {
			tld("xn--qxa6a", 0, 0, serialUnknown, 0, observation.Indeterminate)(o)
			o.DNS = gone
		},
	}
	want := map[string]indicator.State{
		"xn--p1ai": indicator.Fulfilled, "xn--fiqs8s": indicator.NotMeasured, "xn--fiqz9s": indicator.NotFulfilled,
		"xn--pgbs0dh": indicator.Fulfilled, "xn--wgbh1c": indicator.NotMeasured, "xn--e1a4c": indicator.Fulfilled,
	}
	// Numerator, denominator and unmeasured by country.
	counts := map[string][3]uint64{"RU": {1, 1, 0}, "CN": {0, 1, 1}, "TN": {1, 1, 0}, "EG": {0, 0, 1}, "": {1, 1, 0}}
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := uuid.New()
		if err := s.NewScan(t.Context(), store.ScanInfo{ID: scan, Started: time.Now(), Targets: uint64(len(ccTLDs))}); err != nil {
			t.Fatal(err)
		}
		put(t, s, scan, ccTLDs)
		pairs, err := indicator.LoadSiblings(t.Context(), s, scan)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			if level, ok := want[p.IDN.Name]; !ok || p.Level() != level {
				t.Errorf("%s beside %s is %v, want %v: %v and %v", p.IDN.Name, p.ASCII.Name, p.Level(), level, p.IDNStates, p.ASCIIStates)
			}
		}
		if len(pairs) != len(want) || !slices.IsSortedFunc(pairs, func(a, b indicator.Siblings) int {
			return slices.Compare([]byte(a.IDN.Name), []byte(b.IDN.Name))
		}) {
			t.Errorf("%d pairs, want %d, sorted", len(pairs), len(want))
		}
		rows, err := indicator.Compute(t.Context(), s, scan)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, r := range rows {
			if r.Indicator != "idn_level" {
				continue
			}
			found++
			if got := [3]uint64{r.Numerator, r.Denominator, r.Unmeasured}; got != counts[r.Country] {
				t.Errorf("of %q %v, want %v", r.Country, got, counts[r.Country])
			}
		}
		if found != len(counts) {
			t.Errorf("%d countries have the share, want %d", found, len(counts))
		}
	})
}
