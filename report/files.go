package report

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// WorldFiles are the data files of the world, and countryFiles the endings of
// those of a country.
var (
	WorldFiles   = []string{"world.csv", "world.json", "idn.csv"}
	countryFiles = []string{".csv", "-domains.csv", "-failures.csv", ".json"}
)

// File writes a data file of the world.
func (s *Site) File(w io.Writer, name string) error {
	switch name {
	case "world.csv":
		return s.indicatorsCSV(w, s.data.Countries)
	case "world.json":
		return s.worldJSON(w)
	case "idn.csv":
		return s.idnCSV(w)
	}
	return &UnknownPageError{"data", name}
}

// CountryFile writes a data file of a country, by the ending of its name. The
// country is one of LoadCountry's; domains that it does not hold come from the
// store, one by one.
func (s *Site) CountryFile(ctx context.Context, st *store.Store, w io.Writer, c *Country, ending string) error {
	all := func(section *Section) iter.Seq2[Domain, error] { return s.data.all(ctx, st, c, section) }
	switch ending {
	case ".csv":
		return s.indicatorsCSV(w, []*Country{c})
	case "-domains.csv":
		return domainsCSV(w, c, all)
	case "-failures.csv":
		return failuresCSV(w, s.data.failedContacts(ctx, st, c))
	case ".json":
		return s.countryJSON(w, c, all)
	}
	return &UnknownPageError{"data", countryPage(c.Alpha2) + ending}
}

// NeedsStore says whether CountryFile reads the store for a file of a country:
// for failed contacts, and for domains where the country does not hold all.
func NeedsStore(c *Country, ending string) bool {
	return ending == "-failures.csv" ||
		ending != ".csv" && slices.ContainsFunc(c.Sections, func(s *Section) bool { return s.Counted > len(s.Domains) })
}

// SplitFile returns the country and the ending in the name of a data file.
func (s *Site) SplitFile(name string) (code, ending string, ok bool) {
	return s.split(name, countryFiles)
}

// SplitMemo returns the country and the ending in the name of a memo.
func (s *Site) SplitMemo(name string) (code, ending string, ok bool) {
	return s.split(name, memoFiles)
}

func (s *Site) split(name string, endings []string) (code, ending string, ok bool) {
	for _, ending := range endings {
		page, found := strings.CutSuffix(name, ending)
		if code := s.CountryOf(page); found && code != "" {
			return code, ending, true
		}
	}
	return "", "", false
}

// all returns the domains of a section in the order of the list.
func (d *Data) all(ctx context.Context, st *store.Store, c *Country, section *Section) iter.Seq2[Domain, error] {
	if section.Counted > len(section.Domains) {
		return d.Domains(ctx, st, c.Alpha2, section.Kind)
	}
	list := slices.SortedFunc(slices.Values(section.Domains), func(a, b Domain) int { return cmp.Compare(a.Position, b.Position) })
	return func(yield func(Domain, error) bool) {
		for _, o := range list {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (s *Site) indicatorsCSV(w io.Writer, countries []*Country) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"scan", "scan_started", "country", "country_name", "kind", "indicator", "numerator", "partial", "denominator", "unmeasured",
		"targets", "says", "value", "interval_low", "interval_high", "bound_low", "bound_high", "detail"}}
	for _, c := range countries {
		for _, section := range c.Sections {
			for _, r := range section.Rows {
				line := []string{r.Scan.String(), r.ScanStarted.UTC().Format(time.RFC3339), r.Country, guarded(r.CountryName), string(r.Kind), r.Indicator,
					fmt.Sprint(r.Numerator), fmt.Sprint(r.Partial), fmt.Sprint(r.Denominator), fmt.Sprint(r.Unmeasured), fmt.Sprint(r.Targets)}
				read := indicator.RulesOf(s.data.Scan).Read(r)
				lines = append(lines, append(line, string(read.Say), ratio(read.HasValue(), r.Value), ratio(read.Interval, read.Low), ratio(read.Interval, read.High),
					ratio(read.Bounded, read.Worst), ratio(read.Bounded, read.Best), guarded(r.Detail)))
			}
		}
	}
	return out.WriteAll(lines)
}

// ratio writes a number of a row that has it.
func ratio(has bool, v float64) string {
	if !has {
		return ""
	}
	return fmt.Sprintf("%.6g", v)
}

func domainsCSV(w io.Writer, c *Country, all func(*Section) iter.Seq2[Domain, error]) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"domain", "domain_unicode", "kind", "government_level", "readiness", "dns_v6", "dns_v6_reason", "web_v6", "web_v6_reason",
		"mail_v6", "mail_v6_reason", "v6_only", "v6_only_reason", "dnssec", "dnssec_reason", "operators"})
	if err != nil {
		return err
	}
	for _, section := range c.Sections {
		for o, err := range all(section) {
			if err != nil {
				return err
			}
			line := []string{guarded(o.Name), guarded(o.Unicode), string(section.Kind), guarded(o.Level), fmt.Sprint(o.Readiness)}
			for _, v := range []observation.Verdict{o.DNS, o.Web, o.Mail, o.V6} {
				line = append(line, v.Status.String(), guarded(string(v.Reason)))
			}
			if err := out.Write(append(line, guarded(o.DNSSEC), guarded(o.DNSSECReason), guarded(strings.Join(o.Operators, " ")))); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func failuresCSV(w io.Writer, contacts iter.Seq2[contact, error]) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"domain", "kind", "probe", "host", "address", "port", "transport", "reason", "detail", "http_status", "http_title", "smtp_banner"})
	if err != nil {
		return err
	}
	for c, err := range contacts {
		if err != nil {
			return err
		}
		line := []string{c.domain, c.kind, c.probe, c.host, c.address, fmt.Sprint(c.port), c.transport, c.reason, c.detail, fmt.Sprint(c.status), c.title, c.banner}
		for i := range line {
			line[i] = guarded(line[i])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// FormatJSON is the version of the JSON of a site. A field that goes or changes
// its meaning makes a new one; further fields do not.
const FormatJSON = 1

// The JSON of a site, as docs/report.md describes it. Field names are those of
// the store's columns.
type (
	fileJSON struct {
		Format    int             `json:"format"`
		Scan      store.ScanInfo  `json:"scan"`
		Compared  *store.ScanInfo `json:"compared,omitempty"`
		Countries []countryJSON   `json:"countries,omitempty"`
	}
	countryJSON struct {
		Country  string        `json:"country"`
		Name     string        `json:"country_name"`
		Region   string        `json:"region"`
		Sections []sectionJSON `json:"kinds,omitempty"`
	}
	sectionJSON struct {
		Kind       lists.Kind      `json:"kind"`
		Targets    uint64          `json:"targets"`
		Indicators []indicatorJSON `json:"indicators"`
		Blockers   []Blocker       `json:"blockers,omitempty"`
		Operators  []Operator      `json:"operators,omitempty"`
		Failures   []FailedServer  `json:"failures,omitempty"`
	}
	indicatorJSON struct {
		Indicator   string            `json:"indicator"`
		Numerator   uint64            `json:"numerator"`
		Partial     uint64            `json:"partial"`
		Denominator uint64            `json:"denominator"`
		Unmeasured  uint64            `json:"unmeasured"`
		Says        indicator.Saying  `json:"says"`
		Value       *float64          `json:"value"` // null where the row says none
		Interval    []float64         `json:"interval,omitempty"`
		Bounds      []float64         `json:"bounds,omitempty"` // of a share, by what was not measured
		Detail      string            `json:"detail,omitempty"`
		Change      *indicator.Change `json:"change,omitempty"`
	}
	domainJSON struct {
		Domain    string              `json:"domain"`
		Unicode   string              `json:"domain_unicode"`
		Readiness uint8               `json:"readiness"`
		DNS       observation.Verdict `json:"dns_v6"`
		Web       observation.Verdict `json:"web_v6"`
		Mail      observation.Verdict `json:"mail_v6"`
		V6Only    observation.Verdict `json:"v6_only"`
		DNSSEC    string              `json:"dnssec"`
		Operators []string            `json:"operators"`
	}
)

func (s *Site) fileJSON() fileJSON {
	file := fileJSON{Format: FormatJSON, Scan: s.data.Scan}
	if s.data.Compared.Started.Unix() > 0 {
		file.Compared = &s.data.Compared
	}
	return file
}

func newCountryJSON(c *Country) countryJSON {
	return countryJSON{Country: c.Alpha2, Name: c.Names.En, Region: c.Region}
}

func (s *Site) worldJSON(w io.Writer) error {
	file := s.fileJSON()
	for _, c := range s.data.Countries {
		country := newCountryJSON(c)
		for _, section := range c.Sections {
			country.Sections = append(country.Sections, sectionAsJSON(section, indicator.RulesOf(s.data.Scan)))
		}
		file.Countries = append(file.Countries, country)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	return out.Encode(file)
}

// countryJSON writes a country as worldJSON does, with its domains: one a line,
// as they come, so that none are held in memory.
func (s *Site) countryJSON(w io.Writer, c *Country, all func(*Section) iter.Seq2[Domain, error]) error {
	out := &jsonWriter{w: w}
	out.open(s.fileJSON(), "countries")
	out.open(newCountryJSON(c), "kinds")
	for i, section := range c.Sections {
		if i > 0 {
			out.text(",\n")
		}
		out.open(sectionAsJSON(section, indicator.RulesOf(s.data.Scan)), "domains")
		separator := ""
		for o, err := range all(section) {
			if err != nil {
				return err
			}
			out.text(separator)
			out.value(domainJSON{o.Name, o.Unicode, o.Readiness, o.DNS, o.Web, o.Mail, o.V6, o.DNSSEC, o.Operators})
			separator = ",\n"
			if out.err != nil {
				return out.err
			}
		}
		out.text("]}")
	}
	out.text("]}]}\n")
	return out.err
}

// jsonWriter writes JSON in parts; the first error is kept.
type jsonWriter struct {
	w   io.Writer
	err error
}

func (j *jsonWriter) text(text string) {
	if j.err == nil {
		_, j.err = io.WriteString(j.w, text)
	}
}

func (j *jsonWriter) value(v any) { j.text(j.marshal(v)) }

func (j *jsonWriter) marshal(v any) string {
	text, err := json.Marshal(v)
	if j.err == nil {
		j.err = err
	}
	return string(text)
}

// open writes an object and begins an array as its last member.
func (j *jsonWriter) open(object any, member string) {
	j.text(strings.TrimSuffix(j.marshal(object), "}") + ",\n\"" + member + "\": [\n")
}

func sectionAsJSON(section *Section, rules indicator.Rules) sectionJSON {
	s := sectionJSON{Kind: section.Kind, Targets: section.Targets, Blockers: section.Blockers, Operators: section.Operators, Failures: section.Failures}
	for _, r := range section.Rows {
		i := indicatorJSON{Indicator: r.Indicator, Numerator: r.Numerator, Partial: r.Partial, Denominator: r.Denominator, Unmeasured: r.Unmeasured, Detail: r.Detail}
		read := rules.Read(r)
		if i.Says = read.Say; read.HasValue() {
			i.Value = &r.Value
		}
		if read.Interval {
			i.Interval = []float64{read.Low, read.High}
		}
		if read.Bounded {
			i.Bounds = []float64{read.Worst, read.Best}
		}
		if c, ok := section.Changes[r.Indicator]; ok {
			i.Change = &c
		}
		s.Indicators = append(s.Indicators, i)
	}
	return s
}
