package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

type scanItem struct {
	Scan         uuid.UUID                `json:"scan"`
	Started      time.Time                `json:"started"`
	Finished     *time.Time               `json:"finished"` // null while it is not
	Vantage      string                   `json:"vantage"`
	List         string                   `json:"list"`
	Targets      uint64                   `json:"targets"`
	Program      string                   `json:"program"`
	ASTable      string                   `json:"as_table"`
	Simulated    bool                     `json:"simulated"`
	Capabilities observation.Capabilities `json:"capabilities"`
}

func newScanItem(s store.ScanInfo) scanItem {
	item := scanItem{s.ID, s.Started, nil, s.Vantage, s.List, s.Targets, s.Program, s.ASTable, s.Simulated, s.Capabilities}
	if !s.Finished.IsZero() {
		item.Finished = &s.Finished
	}
	return item
}

// listScans has the latest first. Its cursors count from the oldest, so that a
// scan that begins meanwhile moves nothing.
func (s *Server) listScans(q *query) (any, error) {
	latest, left, limit, err := q.position()
	if err != nil {
		return nil, err
	}
	scans := q.world.scans
	if left > 0 {
		scans = scans[max(0, len(scans)-int(min(left, uint64(len(scans))))):]
	}
	shown := min(limit, len(scans))
	list := make([]scanItem, 0, shown)
	for _, scan := range scans[:shown] {
		list = append(list, newScanItem(scan))
	}
	return newListing(latest, list, uint64(len(scans)-shown)), nil
}

func (s *Server) oneScan(q *query) (any, error) {
	id, err := uuid.Parse(q.PathValue("scan"))
	if err == nil {
		if scan := q.world.scanByID(id); scan != nil {
			return newScanItem(*scan), nil
		}
	}
	return nil, &requestError{status: http.StatusNotFound, detail: "there is no scan of this id"}
}

type indicatorItem struct {
	Indicator   string              `json:"indicator"`
	Topic       indicator.Topic     `json:"topic"`
	Measure     indicator.Measure   `json:"measure"`
	Direction   indicator.Direction `json:"direction"`
	Unit        string              `json:"unit"`
	Names       map[string]string   `json:"names"`
	Texts       map[string]string   `json:"texts"`
	Numerator   string              `json:"numerator"`
	Denominator string              `json:"denominator"`
	Unmeasured  string              `json:"unmeasured"`
	Clauses     []clauseItem        `json:"clauses"`
	Kinds       []lists.Kind        `json:"kinds"`
	Reference   string              `json:"reference"`
}

func inLanguages(n lists.Names) map[string]string {
	return map[string]string{"ar": n.Ar, "zh": n.Zh, "en": n.En, "fr": n.Fr, "ru": n.Ru, "es": n.Es}
}

// clauseItem is a clause of a policy text that an indicator serves.
type clauseItem struct {
	Text     string         `json:"text"`
	Part     string         `json:"part"`
	Revision string         `json:"revision"`
	Strength lists.Strength `json:"strength"`
	OfChange bool           `json:"of_change"`
	Verified bool           `json:"verified"`
}

func newClauseItems(i indicator.Indicator) []clauseItem {
	list := []clauseItem{}
	for _, s := range i.Serves() {
		list = append(list, clauseItem{s.Clause.Instrument.Key, s.Clause.Part, s.Clause.Revision, s.Strength, s.Clause.OfChange, s.Clause.Verified})
	}
	return list
}

func newIndicatorItem(i indicator.Indicator) indicatorItem {
	return indicatorItem{i.ID, i.Topic, i.Measure, i.Direction, i.Unit, inLanguages(i.Names()), inLanguages(i.Text()),
		i.Numerator, i.Denominator, i.Unmeasured, newClauseItems(i), i.Kinds, i.Reference}
}

func (s *Server) listIndicators(q *query) (any, error) {
	return listed(q, func(store.ScanInfo) (list []indicatorItem, _ error) {
		for _, i := range indicator.All() {
			list = append(list, newIndicatorItem(i))
		}
		return list, nil
	})
}

func (s *Server) oneIndicator(q *query) (any, error) {
	i, known := indicator.ByID(q.PathValue("indicator"))
	if !known {
		return nil, &requestError{status: http.StatusNotFound, detail: "there is no such indicator"}
	}
	return newIndicatorItem(i), nil
}

// valueItem is the value of an indicator. A share is never without its interval.
type valueItem struct {
	Country     string           `json:"country"`
	Kind        lists.Kind       `json:"kind"`
	Indicator   string           `json:"indicator"`
	Numerator   uint64           `json:"numerator"`
	Partial     uint64           `json:"partial"`
	Denominator uint64           `json:"denominator"`
	Unmeasured  uint64           `json:"unmeasured"`
	Targets     uint64           `json:"targets"`
	Says        indicator.Saying `json:"says"`
	Value       *float64         `json:"value"`    // null where the row says none
	Interval    []float64        `json:"interval"` // null but for shares that chance has a part in
	Bounds      []float64        `json:"bounds"`   // of a share, by what was not measured; null of others
	Small       bool             `json:"small"`    // of so few that it compares with nothing
	Detail      string           `json:"detail"`
}

func newValueItem(r store.IndicatorRow, rules indicator.Rules) valueItem {
	read := rules.Read(r)
	v := valueItem{Country: r.Country, Kind: r.Kind, Indicator: r.Indicator, Numerator: r.Numerator, Partial: r.Partial,
		Denominator: r.Denominator, Unmeasured: r.Unmeasured, Targets: r.Targets, Small: r.Denominator < indicator.SmallNumber,
		Detail: strings.ToValidUTF8(r.Detail, "\uFFFD")}
	v.Says = read.Say
	if read.HasValue() {
		v.Value = &r.Value
	}
	if read.Interval {
		v.Interval = []float64{read.Low, read.High}
	}
	if read.Bounded {
		v.Bounds = []float64{read.Worst, read.Best}
	}
	return v
}

func kindNames() []string {
	return []string{string(lists.Government), string(lists.Custom), string(lists.CCTLD)}
}

// countryCode reads a country of a request, in any case.
func countryCode(text string) (string, error) {
	c, err := lists.ParseCountry(text)
	if err != nil {
		return "", wrong("country", "it is an ISO 3166-1 alpha-2 code such as TG")
	}
	return c.Alpha2, nil
}

func (s *Server) listValues(q *query) (any, error) {
	kind, err := q.oneOf("kind", kindNames()...)
	if err != nil {
		return nil, err
	}
	country, ofCountry := q.values["country"]
	if ofCountry {
		if country, err = countryCode(country); err != nil {
			return nil, err
		}
	}
	id, ofOne := q.values["indicator"]
	if _, known := indicator.ByID(id); ofOne && !known {
		return nil, wrong("indicator", "there is no such indicator")
	}
	return listed(q, func(scan store.ScanInfo) (list []valueItem, err error) {
		f, err := s.figuresOf(q.Context(), scan)
		if err != nil {
			return nil, err
		}
		for _, r := range f.rows {
			if (kind == "" || string(r.Kind) == kind) && (!ofCountry || r.Country == country) && (!ofOne || r.Indicator == id) {
				list = append(list, newValueItem(r, indicator.RulesOf(scan)))
			}
		}
		return list, nil
	})
}

type countryItem struct {
	Country string            `json:"country"`
	Names   map[string]string `json:"names"`
	Region  string            `json:"region"`
	LDC     bool              `json:"ldc"`
	LLDC    bool              `json:"lldc"`
	SIDS    bool              `json:"sids"`
	Kinds   []kindItem        `json:"kinds"`
}

// kindItem is what there is of one kind of target, with the headline.
type kindItem struct {
	Kind     lists.Kind `json:"kind"`
	Targets  uint64     `json:"targets"`
	Headline *valueItem `json:"headline"` // null where it was not counted
}

func newCountryItem(code string, day time.Time) countryItem {
	c, _ := lists.CountryByCode(code)
	c = c.On(day)
	return countryItem{Country: code, Names: inLanguages(c.Names), Region: c.Region, LDC: c.LDC, LLDC: c.LLDC, SIDS: c.SIDS, Kinds: []kindItem{}}
}

// groupSlug is how a group is called in addresses.
func groupSlug(id string) string {
	if id == "world" {
		return id
	}
	return report.GroupPage(id)
}

func (s *Server) listCountries(q *query) (any, error) {
	scan, err := q.scan()
	if err != nil {
		return nil, err
	}
	member := func(string) bool { return true }
	for _, parameter := range []string{"region", "group"} {
		value, given := q.values[parameter]
		if !given {
			continue
		}
		group := groupBySlug(value, scan.Started)
		if group == nil || parameter == "region" && !strings.HasPrefix(group.ID, "region:") {
			return nil, wrong(parameter, "there is none such; /api/v1/groups lists them")
		}
		before := member
		member = func(code string) bool {
			return before(code) && slices.ContainsFunc(group.Members, func(c lists.Country) bool { return c.Alpha2 == code })
		}
	}
	return listed(q, func(scan store.ScanInfo) (list []countryItem, err error) {
		f, err := s.figuresOf(q.Context(), scan)
		if err != nil {
			return nil, err
		}
		for _, r := range f.rows { // by country and kind
			if !member(r.Country) {
				continue
			}
			if len(list) == 0 || list[len(list)-1].Country != r.Country {
				list = append(list, newCountryItem(r.Country, scan.Started))
			}
			c := &list[len(list)-1]
			if len(c.Kinds) == 0 || c.Kinds[len(c.Kinds)-1].Kind != r.Kind {
				c.Kinds = append(c.Kinds, kindItem{Kind: r.Kind, Targets: r.Targets})
			}
			if r.Indicator == report.HeadlineIndicator {
				headline := newValueItem(r, indicator.RulesOf(scan))
				c.Kinds[len(c.Kinds)-1].Headline = &headline
			}
		}
		return list, nil
	})
}

func groupBySlug(slug string, day time.Time) *indicator.Group {
	for _, g := range indicator.Groups(day) {
		if groupSlug(g.ID) == slug {
			return &g
		}
	}
	return nil
}

type groupItem struct {
	Group     string   `json:"group"`
	Members   []string `json:"members"`
	Countries int      `json:"countries"`
	ToConfirm []string `json:"to_confirm"`
}

func newGroupItem(g indicator.Group) groupItem {
	item := groupItem{Group: groupSlug(g.ID), Members: []string{}, Countries: len(g.Members), ToConfirm: []string{}}
	for _, c := range g.Members {
		item.Members = append(item.Members, c.Alpha2)
	}
	for _, m := range g.ToConfirm {
		item.ToConfirm = append(item.ToConfirm, m.Country)
	}
	return item
}

func (s *Server) listGroups(q *query) (any, error) {
	return listed(q, func(scan store.ScanInfo) (list []groupItem, _ error) {
		for _, g := range indicator.Groups(scan.Started) {
			list = append(list, newGroupItem(g))
		}
		return list, nil
	})
}

// summaryItem is an indicator over the countries of a group.
type summaryItem struct {
	Kind        lists.Kind `json:"kind"`
	Indicator   string     `json:"indicator"`
	Members     int        `json:"members"`
	Countries   int        `json:"countries"` // that have a value that counts
	Q1          *float64   `json:"q1"`        // null of fewer than five countries
	Median      *float64   `json:"median"`
	Q3          *float64   `json:"q3"`
	Numerator   uint64     `json:"numerator"`
	Denominator uint64     `json:"denominator"`
	Unmeasured  uint64     `json:"unmeasured"`
	ASCII       *poolItem  `json:"ascii"` // only the ASCII ccTLDs; null for other targets
}

// poolItem is a share over the targets of several countries together.
type poolItem struct {
	Numerator   uint64 `json:"numerator"`
	Denominator uint64 `json:"denominator"`
	Unmeasured  uint64 `json:"unmeasured"`
}

func (s *Server) oneGroup(q *query) (any, error) {
	scan, err := q.scan()
	if err != nil {
		return nil, err
	}
	group := groupBySlug(q.PathValue("group"), scan.Started)
	if group == nil {
		return nil, &requestError{status: http.StatusNotFound, detail: "there is no such group"}
	}
	f, err := s.figuresOf(q.Context(), scan)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Scan uuid.UUID `json:"scan"`
		groupItem
		AsOf      string        `json:"as_of"`
		Summaries []summaryItem `json:"summaries"`
	}{scan.ID, newGroupItem(*group), "", []summaryItem{}}
	for _, r := range f.rows {
		answer.AsOf = max(answer.AsOf, r.GroupsAsOf)
	}
	for _, g := range f.groups {
		if g.ID != group.ID {
			continue
		}
		for _, sum := range g.Summaries {
			item := summaryItem{Kind: sum.Kind, Indicator: sum.Indicator, Members: sum.Members, Countries: sum.Countries,
				Numerator: sum.Pooled.Numerator, Denominator: sum.Pooled.Denominator, Unmeasured: sum.Pooled.Unmeasured}
			if sum.ASCII.Denominator > 0 {
				item.ASCII = &poolItem{sum.ASCII.Numerator, sum.ASCII.Denominator, sum.ASCII.Unmeasured}
			}
			if sum.Valid {
				item.Q1, item.Median, item.Q3 = &sum.Q1, &sum.Median, &sum.Q3
			}
			answer.Summaries = append(answer.Summaries, item)
		}
	}
	return answer, nil
}
