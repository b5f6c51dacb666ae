//go:build !alone

package report_test

import (
	"slices"
	"testing"

	"adopt6/report"
	"adopt6/store"
	"adopt6/store/storetest"
)

// TestLookup asks both engines for domains by name, by part of a name and by
// verdict.
func TestLookup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		storetest.Sample(t, s)
		var scans []store.ScanInfo // the latest first
		for scan, err := range s.Scans(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			scans = slices.Insert(scans, 0, scan)
		}
		if len(scans) != 3 || scans[0].ID != storetest.SampleScans[2].ID {
			t.Fatalf("the store has %d scans", len(scans))
		}
		history, err := report.History(t.Context(), s, "finance.gov.ke", scans)
		if err != nil || len(history) != 3 || history[0].Scan != scans[0].ID || history[2].Scan != scans[2].ID || history[0].Country != "KE" {
			t.Errorf("history %v, error %v", history, err)
		}
		for _, name := range []string{"nowhere.gov.ke", "' OR 1 = 1 --", "finance.gov.ke\x00", `\'`} {
			if history, err := report.History(t.Context(), s, name, scans); err != nil || len(history) != 0 {
				t.Errorf("%q has a history of %d, error %v", name, len(history), err)
			}
		}
		found, err := report.Search(t.Context(), s, "FINANCE", scans[0], 3)
		if err != nil || len(found) != 3 || found[0].Name != "finance.gov.ci" {
			t.Errorf("found %v, error %v", found, err)
		}
		choose(t, s, scans[0])
	})
}

// choose reads a choice in parts of every size, and all of it is what it must be.
func choose(t *testing.T, s *store.Store, scan store.ScanInfo) {
	t.Helper()
	choice := report.Choice{Country: "KE", Kind: "government", Web: "absent", Readiness: -1}
	var whole []string
	for _, limit := range []int{100, 1, 3, 7} {
		var names []string
		part := choice
		for more := true; more; {
			list, next, err := report.Choose(t.Context(), s, scan, part, limit)
			if err != nil || len(list) > limit {
				t.Fatalf("%d of %d, error %v", len(list), limit, err)
			}
			for _, e := range list {
				names = append(names, e.Name)
				if e.Country != "KE" || e.Web.Status.String() != "absent" || e.Scan != scan.ID {
					t.Errorf("chosen: %+v", e)
				}
			}
			part.From, more = next, next > 0
		}
		if whole == nil {
			whole = names
		}
		if !slices.Equal(names, whole) || len(whole) < 5 {
			t.Errorf("in parts of %d: %v, want %v", limit, names, whole)
		}
	}
	for name, c := range map[string]report.Choice{
		"reason":    {Reason: "no_aaaa", Readiness: -1},
		"readiness": {Readiness: 5},
		"text":      {Text: "health", Readiness: -1},
		"dnssec":    {DNSSEC: "secure", Readiness: -1},
	} {
		if list, _, err := report.Choose(t.Context(), s, scan, c, 100); err != nil || len(list) == 0 || len(list) == 51 {
			t.Errorf("by %s: %d domains, error %v", name, len(list), err)
		}
	}
}
