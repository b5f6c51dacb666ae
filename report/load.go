package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Options choose what is loaded.
type Options struct {
	Scan    store.ScanInfo
	Compare uuid.UUID // an earlier scan; zero for none
}

// maxHistory is how many scans a history has at most, the latest.
const maxHistory = 24

// kindOrder is the order in which kinds are shown.
var kindOrder = []lists.Kind{lists.Government, lists.Custom, lists.CCTLD}

// Load reads what the pages of one scan show of the world, in memory that does
// not grow with the number of domains.
func Load(ctx context.Context, s *store.Store, o Options) (*Data, error) {
	d := &Data{Scan: o.Scan}
	rows, err := indicator.Load(ctx, s, o.Scan.ID)
	if err != nil {
		return nil, err
	}
	d.place(rows)
	var ascii []store.IndicatorRow
	if slices.Contains(d.Kinds, lists.CCTLD) {
		if ascii, err = indicator.LoadASCII(ctx, s, o.Scan); err != nil {
			return nil, err
		}
	}
	for _, g := range indicator.Groups(o.Scan.Started) {
		d.Groups = append(d.Groups, Group{g, indicator.Summarise(g, rows, ascii, indicator.RulesOf(o.Scan))})
	}
	if slices.Contains(d.Kinds, lists.CCTLD) {
		if d.Siblings, err = indicator.LoadSiblings(ctx, s, o.Scan.ID); err != nil {
			return nil, err
		}
	}
	if o.Compare != uuid.Nil {
		if err := d.compare(ctx, s, o.Compare); err != nil {
			return nil, err
		}
	}
	if err := d.loadHistory(ctx, s); err != nil {
		return nil, err
	}
	return d, d.loadSpans(ctx, s)
}

// place sorts the rows of all indicators by country and kind.
func (d *Data) place(rows []store.IndicatorRow) {
	order := make(map[string]int)
	for i, ind := range indicator.All() {
		order[ind.ID] = i
	}
	byCode := make(map[string]*Country)
	for _, r := range rows {
		if _, known := order[r.Indicator]; !known {
			continue
		}
		c := byCode[r.Country]
		if c == nil {
			c = &Country{}
			c.Country, _ = lists.CountryByCode(r.Country)
			c.Country = c.Country.On(d.Scan.Started)
			c.Alpha2 = r.Country
			byCode[r.Country] = c
			d.Countries = append(d.Countries, c)
		}
		section := c.Section(r.Kind)
		if section == nil {
			section = &Section{Kind: r.Kind, Targets: r.Targets,
				Changes: make(map[string]indicator.Change), Before: make(map[string]store.IndicatorRow)}
			c.Sections = append(c.Sections, section)
		}
		section.Rows = append(section.Rows, r)
		d.AsOf = max(d.AsOf, r.GroupsAsOf)
		if !slices.Contains(d.Kinds, r.Kind) {
			d.Kinds = append(d.Kinds, r.Kind)
		}
	}
	byKind := func(a, b lists.Kind) int { return slices.Index(kindOrder, a) - slices.Index(kindOrder, b) }
	slices.SortFunc(d.Kinds, byKind)
	for _, c := range d.Countries {
		slices.SortFunc(c.Sections, func(a, b *Section) int { return byKind(a.Kind, b.Kind) })
		for _, section := range c.Sections {
			slices.SortFunc(section.Rows, func(a, b store.IndicatorRow) int { return order[a.Indicator] - order[b.Indicator] })
		}
	}
	slices.SortFunc(d.Countries, func(a, b *Country) int {
		if (a.Alpha2 == "") != (b.Alpha2 == "") {
			return strings.Compare(b.Alpha2, a.Alpha2)
		}
		return strings.Compare(a.Alpha2, b.Alpha2)
	})
}

// section returns the targets of a kind and country, or nil where this scan
// has none.
func (d *Data) section(kind lists.Kind, country string) *Section {
	if c := d.Country(country); c != nil {
		return c.Section(kind)
	}
	return nil
}

func (d *Data) compare(ctx context.Context, s *store.Store, earlier uuid.UUID) (err error) {
	if d.Compared, err = s.Scan(ctx, earlier); err != nil {
		return err
	}
	changes, err := indicator.Changes(ctx, s, earlier, d.Scan.ID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if section := d.section(c.Kind, c.Country); section != nil {
			section.Changes[c.Indicator] = c
		}
	}
	rows, err := indicator.Load(ctx, s, earlier)
	for _, r := range rows {
		if section := d.section(r.Kind, r.Country); section != nil {
			section.Before[r.Indicator] = r
		}
	}
	return err
}

// sameLine says whether two scans measured the same list from the same vantage,
// so that their figures may stand in one line: another list has other targets.
func sameLine(a, b store.ScanInfo) bool {
	return a.List == b.List && a.Vantage == b.Vantage && a.Simulated == b.Simulated
}

// loadHistory reads the headline share of the finished scans of the same list
// from the same vantage up to this one.
func (d *Data) loadHistory(ctx context.Context, s *store.Store) error {
	var before []any
	rules := make(map[string]indicator.Rules)
	for scan, err := range s.Scans(ctx) {
		if err != nil {
			return err
		}
		if !scan.Finished.IsZero() && sameLine(scan, d.Scan) && scan.Started.Before(d.Scan.Started) {
			before = append(before, scan.ID.String())
			rules[scan.ID.String()] = indicator.RulesOf(scan)
		}
	}
	before = before[max(0, len(before)-maxHistory+1):]
	if len(before) > 0 {
		err := each(ctx, s, `SELECT toString(kind), toString(country), toString(scan), scan_started, numerator, denominator, unmeasured
			FROM indicators FINAL
			WHERE indicator = ? AND denominator > 0 AND toString(scan) IN (?`+strings.Repeat(", ?", len(before)-1)+`)
			ORDER BY scan_started, scan, kind, country`, append([]any{HeadlineIndicator}, before...), func(scan func(...any) error) error {
			var kind, country, id string
			r := store.IndicatorRow{Indicator: HeadlineIndicator}
			if err := scan(&kind, &country, &id, &r.ScanStarted, &r.Numerator, &r.Denominator, &r.Unmeasured); err != nil {
				return err
			}
			r.Kind = lists.Kind(kind)
			p := Point{r.ScanStarted, r.Numerator, r.Denominator, rules[id].Read(r)}
			if section := d.section(lists.Kind(kind), country); section != nil {
				section.History = append(section.History, p)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
	}
	for _, c := range d.Countries {
		for _, section := range c.Sections {
			if r, ok := section.Row(HeadlineIndicator); ok && r.Denominator > 0 {
				section.History = append(section.History, Point{d.Scan.Started, r.Numerator, r.Denominator, indicator.RulesOf(d.Scan).Read(r)})
			}
		}
	}
	return nil
}

// each runs a query and hands its rows over one by one.
func each(ctx context.Context, s *store.Store, query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := s.Select(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// Previous returns the last finished scan before another of the same list from
// the same vantage: the one that changes are counted from unless another is
// chosen.
func Previous(ctx context.Context, s *store.Store, of store.ScanInfo) (found store.ScanInfo, err error) {
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return found, err
		}
		if !scan.Finished.IsZero() && sameLine(scan, of) && scan.Started.Before(of.Started) {
			found = scan
		}
	}
	return found, nil
}
