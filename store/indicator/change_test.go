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

func TestChanges(t *testing.T) {
	t.Parallel()
	later := slices.Clone(targets)
	web := later[2]
	later[2] = func(o *observation.Observation) { // gets a site over IPv6
		web(o)
		o.Web, o.AAAA = works, some
	}
	first := later[0]
	later[0] = func(o *observation.Observation) { // loses its name servers over IPv6
		first(o)
		o.DNS, o.NameServersV6OK = v(observation.Broken, observation.Timeout), 0
	}
	later = append(later, later[2]) // new on the list, so no change
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scans := []uuid.UUID{uuid.New(), uuid.New()}
		for i, list := range [][]target{targets, later} {
			if err := s.NewScan(t.Context(), store.ScanInfo{ID: scans[i], Started: time.Now(), Targets: uint64(len(list))}); err != nil {
				t.Fatal(err)
			}
			put(t, s, scans[i], list)
		}
		changes, err := indicator.Changes(t.Context(), s, scans[0], scans[1])
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]indicator.Change)
		for _, c := range changes {
			if c.Country == "TG" && c.Kind == lists.Government {
				found[c.Indicator] = c
			}
		}
		if c := found["web_v6"]; c.GainedBy != 1 || c.LostBy != 0 || c.Clear {
			t.Errorf("one site gained by one operator is %+v", c)
		}
		for id, want := range map[string][5]uint64{ // common, before, after, gained, lost
			"web_v6":      {4, 1, 2, 1, 0},
			"dns_v6":      {5, 2, 1, 0, 1},
			"dns_v6_one":  {5, 3, 2, 0, 1},
			"mail_v6":     {3, 2, 2, 0, 0},
			"web_same":    {2, 1, 1, 0, 0},
			"aaaa_apex":   {5, 4, 5, 1, 0},
			"fully_ready": {5, 1, 1, 0, 0},
		} {
			c := found[id]
			if got := [5]uint64{c.Common, c.Before, c.After, c.Gained, c.Lost}; got != want {
				t.Errorf("%s is %v, want %v", id, got, want)
			}
		}
	})
}
