//go:build !alone

package report_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
)

// TestCountry loads one country of two that are mixed in the list, on both
// engines: what is counted is of all its domains, what is held of the first,
// and the files have every one.
func TestCountry(t *testing.T) {
	const togo = report.MaxDomains + 20
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		var list []*observation.Observation
		for n := range togo + 30 {
			o := observed(n+20, n%2 == 0)
			if n >= togo/2 && n < togo/2+30 {
				o.Target.Country = "SN"
				o.Country, _ = lists.CountryByCode("SN")
			}
			list = append(list, o)
		}
		info := keep(t, s, store.ScanInfo{Started: day(11, 1), Vantage: "here"}, list...)
		data, err := report.Load(t.Context(), s, report.Options{Scan: info})
		if err != nil {
			t.Fatal(err)
		}
		c, err := data.LoadCountry(t.Context(), s, "TG")
		if err != nil {
			t.Fatal(err)
		}
		section := c.Section(lists.Government)
		if section.Counted != togo || len(section.Domains) != report.MaxDomains {
			t.Errorf("counted %d and holds %d domains", section.Counted, len(section.Domains))
		}
		want := report.Blocker{Reason: "no_aaaa", Domains: togo / 2, Alone: togo / 2}
		if len(section.Blockers) != 1 || section.Blockers[0] != want {
			t.Errorf("blockers %v, want %v", section.Blockers, want)
		}
		if op := section.Operators[0]; op.Domains != togo || op.OK != togo {
			t.Errorf("operator %+v", op)
		}
		if len(data.Country("TG").Section(lists.Government).Domains) != 0 {
			t.Error("the world holds the domains of a country")
		}
		checkFiles(t, data, s, c, togo)
		if none, err := data.LoadCountry(t.Context(), s, "KE"); none != nil || err != nil {
			t.Errorf("a country without targets: %v, %v", none, err)
		}
	})
}

func checkFiles(t *testing.T, data *report.Data, s *store.Store, c *report.Country, want int) {
	t.Helper()
	site, err := report.NewSite(data, report.SiteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := site.CountryFile(t.Context(), s, &text, c, "-domains.csv"); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil || len(lines) != want+1 || lines[1][0] != "d20.gouv.tg" || lines[want][0] != fmt.Sprintf("d%d.gouv.tg", want+30+19) {
		t.Errorf("%d lines of CSV, error %v", len(lines), err)
	}
	text.Reset()
	if err := site.CountryFile(t.Context(), s, &text, c, ".json"); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Countries []struct {
			Kinds []struct{ Domains []struct{ Domain string } }
		}
	}
	if err := json.Unmarshal([]byte(text.String()), &file); err != nil || len(file.Countries[0].Kinds[0].Domains) != want {
		t.Errorf("the JSON has not every domain: error %v", err)
	}
}
