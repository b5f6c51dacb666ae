package indicator_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	groups := indicator.Groups(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if groups[0].ID != "world" || len(groups[0].Members) != len(lists.Countries()) {
		t.Errorf("the first group is %s with %d members", groups[0].ID, len(groups[0].Members))
	}
	contains := func(id, alpha2 string) bool {
		g := groups[slices.IndexFunc(groups, func(g indicator.Group) bool { return g.ID == id })]
		return slices.ContainsFunc(g.Members, func(c lists.Country) bool { return c.Alpha2 == alpha2 })
	}
	for _, test := range []struct {
		group, country string
		in             bool
	}{
		{"ldc", "TG", true}, {"lldc", "TG", false}, {"resolution_101", "TG", true}, {"region:Africa", "TG", true},
		{"sids", "FJ", true}, {"lldc", "PY", true}, {"ldc", "FR", false}, {"resolution_101", "FR", false}, {"region:Europe", "FR", true},
	} {
		if contains(test.group, test.country) != test.in {
			t.Errorf("%s in %s: want %t", test.country, test.group, test.in)
		}
	}
}

func TestSummarise(t *testing.T) {
	t.Parallel()
	group := indicator.Group{ID: "some"}
	var rows []store.IndicatorRow
	row := func(country string, numerator, denominator uint64) {
		group.Members = append(group.Members, lists.Country{Alpha2: country})
		value := 0.0
		if denominator > 0 {
			value = float64(numerator) / float64(denominator)
		}
		rows = append(rows, store.IndicatorRow{Kind: lists.Government, Country: country, Indicator: "web_v6", Numerator: numerator, Denominator: denominator, Value: value})
	}
	for i, country := range []string{"AA", "AB", "AC", "AD"} {
		row(country, uint64(i)*10, 40)
	}
	row("AE", 3, 3) // too few targets to count as a country
	row("AF", 0, 0) // nothing measured
	rows = append(rows, store.IndicatorRow{Kind: lists.Government, Country: "ZZ", Indicator: "web_v6", Numerator: 100, Denominator: 100, Value: 1})

	s := indicator.Summarise(group, rows, nil, indicator.Rules{})
	if len(s) != 1 || s[0].Valid || s[0].Countries != 4 || s[0].Members != 6 || s[0].Pooled.Numerator != 63 || s[0].Pooled.Denominator != 163 {
		t.Errorf("four countries: %+v", s)
	}
	row("AG", 40, 40)
	// Of 0, 0.25, 0.5, 0.75 and 1.
	if s = indicator.Summarise(group, rows, nil, indicator.Rules{}); !s[0].Valid || s[0].Q1 != 0.25 || s[0].Median != 0.5 || s[0].Q3 != 0.75 {
		t.Errorf("five countries: %+v", s[0])
	}
	row("AH", 40, 40)
	if s = indicator.Summarise(group, rows, nil, indicator.Rules{}); s[0].Median != 0.625 || math.Abs(s[0].Q1-0.3125) > 1e-12 {
		t.Errorf("six countries: %+v", s[0])
	}
}
