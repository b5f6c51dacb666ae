package pages

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

// IndicatorLine is a line of the table of countries with its shares.
type IndicatorLine struct {
	Kind        lists.Kind       `json:"kind"`
	Country     string           `json:"country"`
	CountryName string           `json:"country_name"`
	Region      string           `json:"region"`
	LDC         bool             `json:"ldc"`
	LLDC        bool             `json:"lldc"`
	SIDS        bool             `json:"sids"`
	GroupsAsOf  string           `json:"groups_as_of"`
	Indicator   string           `json:"indicator"`
	Targets     uint64           `json:"targets"`
	Numerator   uint64           `json:"numerator"`
	Partial     uint64           `json:"partial"`
	Denominator uint64           `json:"denominator"`
	Unmeasured  uint64           `json:"unmeasured"`
	Measure     string           `json:"measure"` // share, median, largest or hhi
	Unit        string           `json:"unit"`
	Says        indicator.Saying `json:"says"`
	Value       *float64         `json:"value"` // null where the row says none
	Low         *float64         `json:"low"`   // 95 per cent interval of a share that chance has a part in
	High        *float64         `json:"high"`
	BoundLow    *float64         `json:"bound_low"` // of a share, by what was not measured
	BoundHigh   *float64         `json:"bound_high"`
	Detail      string           `json:"detail"` // the operator that largest is about
	Small       bool             `json:"small"`  // fewer than 10 in the denominator
}

func toJSON(r store.IndicatorRow, rules indicator.Rules) IndicatorLine {
	j := IndicatorLine{
		Kind: r.Kind, Country: r.Country, CountryName: r.CountryName, Region: r.Region,
		LDC: r.LDC, LLDC: r.LLDC, SIDS: r.SIDS, GroupsAsOf: r.GroupsAsOf, Indicator: r.Indicator,
		Targets: r.Targets, Numerator: r.Numerator, Partial: r.Partial, Denominator: r.Denominator, Unmeasured: r.Unmeasured,
		Detail: r.Detail, Small: r.Denominator < smallNumber,
	}
	ind, _ := indicator.ByID(r.Indicator)
	j.Measure, j.Unit = string(ind.Measure), ind.Unit
	read := rules.Read(r)
	if j.Says = read.Say; read.HasValue() {
		j.Value = &r.Value
	}
	if read.Interval {
		j.Low, j.High = &read.Low, &read.High
	}
	if read.Bounded {
		j.BoundLow, j.BoundHigh = &read.Worst, &read.Best
	}
	return j
}

// WriteJSON writes the scan and every indicator as one object.
func (t *Countries) WriteJSON(w io.Writer) error {
	document := struct {
		Scan       store.ScanInfo  `json:"scan"`
		Indicators []IndicatorLine `json:"indicators"`
	}{t.Scan, []IndicatorLine{}}
	for _, r := range t.Rows {
		document.Indicators = append(document.Indicators, toJSON(r, indicator.RulesOf(t.Scan)))
	}
	return json.NewEncoder(w).Encode(document)
}

// WriteCSV writes a line per country, kind and indicator.
func (t *Countries) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"scan", "kind", "country", "country_name", "region", "ldc", "lldc", "sids", "groups_as_of", "indicator",
		"targets", "numerator", "partial", "denominator", "unmeasured", "measure", "unit", "says", "value", "low", "high", "bound_low", "bound_high", "detail", "small"})
	for _, r := range t.Rows {
		j := toJSON(r, indicator.RulesOf(t.Scan))
		out.Write([]string{t.Scan.ID.String(), string(j.Kind), j.Country, j.CountryName, j.Region,
			strconv.FormatBool(j.LDC), strconv.FormatBool(j.LLDC), strconv.FormatBool(j.SIDS), j.GroupsAsOf, j.Indicator,
			number(j.Targets), number(j.Numerator), number(j.Partial), number(j.Denominator), number(j.Unmeasured),
			j.Measure, j.Unit, string(j.Says), decimal(j.Value), decimal(j.Low), decimal(j.High), decimal(j.BoundLow), decimal(j.BoundHigh), j.Detail, strconv.FormatBool(j.Small)})
	}
	out.Flush()
	return out.Error()
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// decimal is empty for what was not measured.
func decimal(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', 4, 64)
}
