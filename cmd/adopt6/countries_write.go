package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

// indicatorJSON is a line of the table with its shares.
type indicatorJSON struct {
	Kind        lists.Kind `json:"kind"`
	Country     string     `json:"country"`
	CountryName string     `json:"country_name"`
	Region      string     `json:"region"`
	LDC         bool       `json:"ldc"`
	LLDC        bool       `json:"lldc"`
	SIDS        bool       `json:"sids"`
	GroupsAsOf  string     `json:"groups_as_of"`
	Indicator   string     `json:"indicator"`
	Targets     uint64     `json:"targets"`
	Numerator   uint64     `json:"numerator"`
	Partial     uint64     `json:"partial"`
	Denominator uint64     `json:"denominator"`
	Unmeasured  uint64     `json:"unmeasured"`
	Share       *float64   `json:"share"` // null when nothing was measured
	Low         float64    `json:"low"`
	High        float64    `json:"high"`
	Small       bool       `json:"small"` // fewer than 10 in the denominator
}

func toJSON(r store.IndicatorRow) indicatorJSON {
	j := indicatorJSON{
		Kind: r.Kind, Country: r.Country, CountryName: r.CountryName, Region: r.Region,
		LDC: r.LDC, LLDC: r.LLDC, SIDS: r.SIDS, GroupsAsOf: r.GroupsAsOf, Indicator: r.Indicator,
		Targets: r.Targets, Numerator: r.Numerator, Partial: r.Partial, Denominator: r.Denominator, Unmeasured: r.Unmeasured,
		Small: r.Denominator < smallNumber,
	}
	j.Low, j.High = indicator.Wilson(r.Numerator, r.Denominator)
	if r.Denominator > 0 {
		value := float64(r.Numerator) / float64(r.Denominator)
		j.Share = &value
	}
	return j
}

func (t *countryTable) writeJSON(w io.Writer) error {
	document := struct {
		Scan       store.ScanInfo  `json:"scan"`
		Indicators []indicatorJSON `json:"indicators"`
	}{t.scan, []indicatorJSON{}}
	for _, r := range t.rows {
		document.Indicators = append(document.Indicators, toJSON(r))
	}
	return json.NewEncoder(w).Encode(document)
}

func (t *countryTable) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"scan", "kind", "country", "country_name", "region", "ldc", "lldc", "sids", "groups_as_of", "indicator",
		"targets", "numerator", "partial", "denominator", "unmeasured", "share", "low", "high", "small"})
	for _, r := range t.rows {
		j := toJSON(r)
		value := ""
		if j.Share != nil {
			value = decimal(*j.Share)
		}
		out.Write([]string{t.scan.ID.String(), string(j.Kind), j.Country, j.CountryName, j.Region,
			strconv.FormatBool(j.LDC), strconv.FormatBool(j.LLDC), strconv.FormatBool(j.SIDS), j.GroupsAsOf, j.Indicator,
			number(j.Targets), number(j.Numerator), number(j.Partial), number(j.Denominator), number(j.Unmeasured),
			value, decimal(j.Low), decimal(j.High), strconv.FormatBool(j.Small)})
	}
	out.Flush()
	return out.Error()
}

func number(n uint64) string   { return strconv.FormatUint(n, 10) }
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
