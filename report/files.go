package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Files returns the names of the data files beside the pages: those of the
// world, and of the countries given or of all.
func (s *Site) Files(countries ...string) []string {
	list := []string{"world.csv", "world.json"}
	for _, page := range s.Pages(countries...) {
		if s.data.Country(strings.ToUpper(page)) != nil {
			list = append(list, page+".csv", page+"-domains.csv", page+".json")
		}
	}
	return list
}

// File writes a data file.
func (s *Site) File(w io.Writer, name string) error {
	page, kind, _ := strings.Cut(name, ".")
	page, domains := strings.CutSuffix(page, "-domains")
	countries := s.data.Countries
	if page != "world" {
		c := s.data.Country(strings.ToUpper(page))
		if c == nil || page == "" {
			return &UnknownPageError{"data", name}
		}
		countries = []*Country{c}
	}
	switch {
	case kind == "csv" && domains && page != "world":
		return domainsCSV(w, countries[0])
	case kind == "csv" && !domains:
		return s.indicatorsCSV(w, countries)
	case kind == "json" && !domains:
		return s.writeJSON(w, countries, page != "world")
	}
	return &UnknownPageError{"data", name}
}

// guarded keeps a spreadsheet from computing a text from the network, as the
// export of the store does.
func guarded(text string) string {
	if text != "" && strings.ContainsRune("=+@\t\r-", rune(text[0])) {
		text = "'" + text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

func (s *Site) indicatorsCSV(w io.Writer, countries []*Country) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"scan", "scan_started", "country", "country_name", "kind", "indicator", "numerator", "partial", "denominator", "unmeasured",
		"targets", "value", "interval_low", "interval_high", "detail"}}
	for _, c := range countries {
		for _, section := range c.Sections {
			for _, r := range section.Rows {
				line := []string{r.Scan.String(), r.ScanStarted.UTC().Format(time.RFC3339), r.Country, guarded(r.CountryName), string(r.Kind), r.Indicator,
					fmt.Sprint(r.Numerator), fmt.Sprint(r.Partial), fmt.Sprint(r.Denominator), fmt.Sprint(r.Unmeasured), fmt.Sprint(r.Targets)}
				value, low, high := "", "", ""
				if r.Denominator > 0 {
					value = fmt.Sprintf("%.6g", r.Value)
				}
				if ind, _ := indicator.ByID(r.Indicator); ind.Measure == indicator.Share && r.Denominator > 0 {
					l, h := indicator.Wilson(r.Numerator, r.Denominator)
					low, high = fmt.Sprintf("%.4f", l), fmt.Sprintf("%.4f", h)
				}
				lines = append(lines, append(line, value, low, high, guarded(r.Detail)))
			}
		}
	}
	return out.WriteAll(lines)
}

func domainsCSV(w io.Writer, c *Country) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"domain", "domain_unicode", "kind", "government_level", "readiness", "dns_v6", "dns_v6_reason", "web_v6", "web_v6_reason",
		"mail_v6", "mail_v6_reason", "v6_only", "v6_only_reason", "dnssec", "dnssec_reason", "operators"}}
	for _, section := range c.Sections {
		for _, o := range section.Domains {
			line := []string{guarded(o.Name), guarded(o.Unicode), string(section.Kind), guarded(o.Level), fmt.Sprint(o.Readiness)}
			for _, v := range []scanner.Verdict{o.DNS, o.Web, o.Mail, o.V6} {
				line = append(line, v.Status.String(), guarded(string(v.Reason)))
			}
			lines = append(lines, append(line, guarded(o.DNSSEC), guarded(o.DNSSECReason), guarded(strings.Join(o.Operators, " "))))
		}
	}
	return out.WriteAll(lines)
}

// The JSON of a site. Field names are those of the store's columns.
type (
	fileJSON struct {
		Scan      store.ScanInfo  `json:"scan"`
		Compared  *store.ScanInfo `json:"compared,omitempty"`
		Countries []countryJSON   `json:"countries"`
	}
	countryJSON struct {
		Country  string        `json:"country"`
		Name     string        `json:"country_name"`
		Region   string        `json:"region"`
		Sections []sectionJSON `json:"kinds"`
	}
	sectionJSON struct {
		Kind       lists.Kind      `json:"kind"`
		Targets    uint64          `json:"targets"`
		Indicators []indicatorJSON `json:"indicators"`
		Blockers   []Blocker       `json:"blockers,omitempty"`
		Operators  []Operator      `json:"operators,omitempty"`
		Domains    []domainJSON    `json:"domains,omitempty"`
	}
	indicatorJSON struct {
		Indicator   string      `json:"indicator"`
		Numerator   uint64      `json:"numerator"`
		Partial     uint64      `json:"partial"`
		Denominator uint64      `json:"denominator"`
		Unmeasured  uint64      `json:"unmeasured"`
		Value       *float64    `json:"value"` // null where nothing was measured
		Interval    []float64   `json:"interval,omitempty"`
		Detail      string      `json:"detail,omitempty"`
		Change      *changeJSON `json:"change,omitempty"`
	}
	changeJSON struct {
		Common      uint64 `json:"common"`
		Before      uint64 `json:"before"`
		After       uint64 `json:"after"`
		Gained      uint64 `json:"gained"`
		Lost        uint64 `json:"lost"`
		Significant bool   `json:"significant"`
	}
	domainJSON struct {
		Domain    string          `json:"domain"`
		Unicode   string          `json:"domain_unicode"`
		Readiness uint8           `json:"readiness"`
		DNS       scanner.Verdict `json:"dns_v6"`
		Web       scanner.Verdict `json:"web_v6"`
		Mail      scanner.Verdict `json:"mail_v6"`
		V6Only    scanner.Verdict `json:"v6_only"`
		DNSSEC    string          `json:"dnssec"`
		Operators []string        `json:"operators"`
	}
)

func (s *Site) writeJSON(w io.Writer, countries []*Country, whole bool) error {
	file := fileJSON{Scan: s.data.Scan, Countries: []countryJSON{}}
	if s.data.Compared.Started.Unix() > 0 {
		file.Compared = &s.data.Compared
	}
	for _, c := range countries {
		country := countryJSON{Country: c.Alpha2, Name: c.Names.En, Region: c.Region, Sections: []sectionJSON{}}
		for _, section := range c.Sections {
			country.Sections = append(country.Sections, sectionAsJSON(section, whole))
		}
		file.Countries = append(file.Countries, country)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	return out.Encode(file)
}

func sectionAsJSON(section *Section, whole bool) sectionJSON {
	s := sectionJSON{Kind: section.Kind, Targets: section.Targets}
	for _, r := range section.Rows {
		i := indicatorJSON{Indicator: r.Indicator, Numerator: r.Numerator, Partial: r.Partial, Denominator: r.Denominator, Unmeasured: r.Unmeasured, Detail: r.Detail}
		if r.Denominator > 0 {
			i.Value = &r.Value
			if ind, _ := indicator.ByID(r.Indicator); ind.Measure == indicator.Share {
				low, high := indicator.Wilson(r.Numerator, r.Denominator)
				i.Interval = []float64{low, high}
			}
		}
		if c, ok := section.Changes[r.Indicator]; ok {
			i.Change = &changeJSON{c.Common, c.Before, c.After, c.Gained, c.Lost, c.Significant()}
		}
		s.Indicators = append(s.Indicators, i)
	}
	if !whole {
		return s
	}
	s.Blockers, s.Operators = section.Blockers, section.Operators
	for _, o := range section.Domains {
		s.Domains = append(s.Domains, domainJSON{o.Name, o.Unicode, o.Readiness, o.DNS, o.Web, o.Mail, o.V6, o.DNSSEC, o.Operators})
	}
	return s
}
