package report

import (
	"slices"
	"strings"
	"time"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// frame is what every page has.
type frame struct {
	*locale
	Page, Title, Root string
	Scan              store.ScanInfo
	Simulated         bool
	Languages         []*locale
	Live              bool   // served, with a search
	Here              string // the folder of the page's language; empty where the page is in it
	Address           string // of the page in its folder
	Query             string // what was searched for
}

// columns are the indicators of the tables of countries, by kind.
var columns = map[lists.Kind][]string{
	lists.Government: {HeadlineIndicator, "dns_v6", "web_v6", "mail_v6", "v6_only", "dnssec_secure"},
	lists.Custom:     {HeadlineIndicator, "dns_v6", "web_v6", "mail_v6", "v6_only", "dnssec_secure"},
	lists.CCTLD:      {HeadlineIndicator, "tld_glue_v6", "dns_v6", "v6_only", "dnssec_secure"},
}

// countryTable is the table of countries for one kind of target.
type countryTable struct {
	Kind    lists.Kind
	Heads   []figure
	Rows    []countryRow
	Summary []summaryRow
	Members int
}

type countryRow struct {
	Name, Page        string
	Region            string
	Targets, Measured string
	N, M              uint64
	Figures           []figure
}

type summaryRow struct {
	Topic, Name, Text       string
	Median, Quartiles       string
	Pooled, ASCII           string // of ccTLDs: over the group, and of the ASCII ones alone
	Countries               string
	HasMedian               bool
	MedianAt, LowAt, HighAt float64
	IsShare                 bool
}

// groupView is the page of the world or of a group.
type groupView struct {
	frame
	World   bool
	Partial bool // some countries have no page
	IDN     bool // there is a page of IDN ccTLDs
	Tables  []countryTable
	Map     *worldMap
	Groups  []link
	AsOf    string
	// Confirm names the members whose end is not confirmed: they may have
	// left.
	Confirm  string
	Compared string
}

type link struct{ Name, Page string }

func (s *Site) groupView(f frame, g Group) groupView {
	v := groupView{frame: f, World: g.ID == "world", AsOf: s.data.AsOf, Partial: len(s.options.Countries) > 0, IDN: len(s.data.Siblings) > 0}
	v.Title = f.T("group." + g.ID)
	if v.World {
		v.Title = f.T("world.title")
	}
	var due []string
	for _, m := range g.ToConfirm {
		c, _ := lists.CountryByCode(m.Country)
		day, _ := time.Parse(time.DateOnly, m.To)
		due = append(due, f.T("bracketed", f.Country(c), f.Date(day)))
	}
	if len(due) > 0 {
		v.Confirm = f.T("group.confirm", strings.Join(due, " · "))
	}
	for _, other := range s.data.Groups {
		v.Groups = append(v.Groups, link{f.T("group." + other.ID), GroupPage(other.ID)})
	}
	member := make(map[string]bool)
	for _, c := range g.Members {
		member[c.Alpha2] = true
	}
	for _, kind := range s.data.Kinds {
		table := countryTable{Kind: kind, Summary: summary(f.locale, g, kind), Members: len(g.Members)}
		for _, id := range columns[kind] {
			table.Heads = append(table.Heads, f.figure(store.IndicatorRow{Indicator: id}))
		}
		for _, c := range s.ordered[f.Lang] {
			section := c.Section(kind)
			if section == nil || !(v.World || member[c.Alpha2]) {
				continue
			}
			table.Rows = append(table.Rows, s.countryRow(f.locale, c, section))
		}
		v.Tables = append(v.Tables, table)
	}
	if v.World && len(s.data.Kinds) > 0 {
		v.Map = s.drawMap(f.locale, s.data.Kinds[0])
	}
	return v
}

func (s *Site) countryRow(l *locale, c *Country, section *Section) countryRow {
	measured, _ := section.Row(indicator.Measured)
	row := countryRow{Name: l.Country(c.Country), Page: s.pageOf(c.Alpha2), Targets: l.N(section.Targets), N: section.Targets,
		Measured: l.N(measured.Numerator), M: measured.Numerator, Figures: l.figures(section, columns[section.Kind]...)}
	if c.Region != "" {
		row.Region = l.Word("group", "region:"+c.Region)
	}
	return row
}

// summary is the table of medians of a group.
func summary(l *locale, g Group, kind lists.Kind) (list []summaryRow) {
	for _, sum := range g.Summaries {
		if sum.Kind != kind || sum.Indicator == indicator.Measured || sum.Indicator == indicator.Gone {
			continue
		}
		ind, _ := indicator.ByID(sum.Indicator)
		row := summaryRow{Topic: l.T("topic." + string(ind.Topic)), Name: ind.Names().In(l.Lang), Text: ind.Text().In(l.Lang),
			Countries: l.T("of", l.N(sum.Countries), l.N(sum.Members))}
		if kind == lists.CCTLD {
			row.Pooled, row.ASCII = l.pool(sum.Pooled), l.pool(sum.ASCII)
		}
		if sum.Valid {
			row.HasMedian, row.IsShare = true, ind.Measure == indicator.Share
			row.Median = l.quantity(ind, sum.Median)
			row.Quartiles = l.between(l.quantity(ind, sum.Q1), l.quantity(ind, sum.Q3))
			row.MedianAt, row.LowAt, row.HighAt = 100*sum.Median, 100*sum.Q1, 100*sum.Q3
		}
		list = append(list, row)
	}
	return list
}

// pool writes a share over several countries, with what it is of.
func (l *locale) pool(p indicator.Pool) string {
	if p.Denominator == 0 {
		return ""
	}
	of := l.T("of", l.N(p.Numerator), l.N(p.Denominator))
	return l.T("bracketed", of, l.Percent(float64(p.Numerator)/float64(p.Denominator)))
}

// quantity writes a value in the unit of an indicator.
func (l *locale) quantity(ind indicator.Indicator, v float64) string {
	switch ind.Measure {
	case indicator.Share, indicator.Largest:
		return l.Percent(v)
	case indicator.Median:
		return l.T("unit.ms", l.Decimal(v, 1))
	}
	return l.Decimal(v, 2)
}

// methodView is the page of the method, with every definition.
type methodView struct {
	frame
	Indicators []indicatorView
	Coverage   string
	Clauses    []clauseView
}

type indicatorView struct {
	ID, Label, Topic, Words, Reference string
	indicator.Definition
}

func (s *Site) methodView(f frame) methodView {
	v := methodView{frame: f}
	var targets, measured uint64
	for _, c := range s.data.Countries {
		for _, section := range c.Sections {
			r, _ := section.Row(indicator.Measured)
			targets, measured = targets+section.Targets, measured+r.Numerator
		}
	}
	v.Coverage = f.coverage(measured, targets)
	for _, i := range indicator.All() {
		v.Indicators = append(v.Indicators, indicatorView{i.ID, i.Names().In(f.Lang), f.T("topic." + string(i.Topic)), i.Text().In(f.Lang),
			i.Reference, i.Definition(f.Lang)})
	}
	v.Clauses = s.clauses(f.locale, lists.Government, true)
	return v
}

// glossaryView is the glossary: the terms, and the reasons of this scan.
type glossaryView struct {
	frame
	Terms   []termView
	Reasons []reasonView
}

type termView struct{ ID, Term, Text string }

type reasonView struct {
	Token string
	ReasonText
}

func (s *Site) glossaryView(f frame) glossaryView {
	v := glossaryView{frame: f}
	for _, t := range words.Glossary() {
		v.Terms = append(v.Terms, termView{t.ID, t.Term.In(f.Lang), t.Text.In(f.Lang)})
	}
	var tokens []string
	for token := range s.options.Reasons["en"] {
		tokens = append(tokens, token)
	}
	slices.Sort(tokens)
	for _, token := range tokens {
		v.Reasons = append(v.Reasons, reasonView{token, s.reason(f.Lang, token)})
	}
	return v
}

// verdict is a verdict as a chip. Explained says that the glossary has the
// reason.
type verdict struct {
	Class, Word, Reason string
	Explained           bool
}

func (s *Site) verdict(l *locale, v observation.Verdict) verdict {
	return verdict{v.Status.String(), l.T("status." + v.Status.String()), string(v.Reason), s.explains(string(v.Reason))}
}

// Statuses are the words of all verdicts, for the filter.
func (l *locale) Statuses() (list []verdict) {
	for _, status := range []observation.Status{observation.OK, observation.Partial, observation.Absent, observation.Broken, observation.Unmeasured} {
		list = append(list, verdict{Class: status.String(), Word: l.T("status." + status.String())})
	}
	return list
}
