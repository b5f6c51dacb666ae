package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Options choose what is loaded.
type Options struct {
	Scan    store.ScanInfo
	Compare uuid.UUID // an earlier scan; zero for none
	// Countries limits whose domains, reasons and operators are loaded, by
	// alpha-2 code; empty for all. Indicators are always loaded for all: a
	// country is seen beside others.
	Countries []string
}

// maxHistory is how many scans a history has at most, the latest.
const maxHistory = 24

// kindOrder is the order in which kinds are shown.
var kindOrder = []lists.Kind{lists.Government, lists.Custom, lists.CCTLD}

// Load reads what the pages of one scan show.
func Load(ctx context.Context, s *store.Store, o Options) (*Data, error) {
	d := &Data{Scan: o.Scan}
	rows, err := indicator.Load(ctx, s, o.Scan.ID)
	if err != nil {
		return nil, err
	}
	d.place(rows)
	for _, g := range indicator.Groups() {
		d.Groups = append(d.Groups, Group{g, indicator.Summarise(g, rows)})
	}
	if o.Compare != uuid.Nil {
		if err := d.compare(ctx, s, o.Compare); err != nil {
			return nil, err
		}
	}
	if err := d.loadHistory(ctx, s); err != nil {
		return nil, err
	}
	if err := d.loadDomains(ctx, s, o.Countries); err != nil {
		return nil, err
	}
	for _, c := range d.Countries {
		for _, section := range c.Sections {
			section.Blockers = blockers(section.Kind, section.Domains)
			section.Operators = operators(section.Domains)
		}
	}
	return d, nil
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

// loadHistory reads the headline share of the finished scans from the same
// vantage up to this one.
func (d *Data) loadHistory(ctx context.Context, s *store.Store) error {
	var before []any
	for scan, err := range s.Scans(ctx) {
		if err != nil {
			return err
		}
		if !scan.Finished.IsZero() && scan.Vantage == d.Scan.Vantage && scan.Started.Before(d.Scan.Started) {
			before = append(before, scan.ID.String())
		}
	}
	before = before[max(0, len(before)-maxHistory+1):]
	if len(before) > 0 {
		err := each(ctx, s, `SELECT toString(kind), toString(country), scan_started, numerator, denominator
			FROM indicators FINAL
			WHERE indicator = ? AND denominator > 0 AND toString(scan) IN (?`+strings.Repeat(", ?", len(before)-1)+`)
			ORDER BY scan_started, scan, kind, country`, append([]any{HeadlineIndicator}, before...), func(scan func(...any) error) error {
			var kind, country string
			var p Point
			if err := scan(&kind, &country, &p.Started, &p.Numerator, &p.Denominator); err != nil {
				return err
			}
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
				section.History = append(section.History, Point{d.Scan.Started, r.Numerator, r.Denominator})
			}
		}
	}
	return nil
}

const domainsQuery = `SELECT toString(kind), toString(country), domain, domain_unicode, toString(level), readiness,
	toString(dns_v6), toString(dns_v6_reason), toString(web_v6), toString(web_v6_reason),
	toString(mail_v6), toString(mail_v6_reason), toString(v6_only), toString(v6_only_reason),
	toString(dnssec), toString(dnssec_reason), operators, freed_by
FROM observations FINAL WHERE scan = toUUID(?)`

func (d *Data) loadDomains(ctx context.Context, s *store.Store, countries []string) error {
	query, args := domainsQuery, []any{d.Scan.ID.String()}
	if len(countries) > 0 {
		query += " AND country IN (?" + strings.Repeat(", ?", len(countries)-1) + ")"
		for _, c := range countries {
			args = append(args, c)
		}
	}
	err := each(ctx, s, query+" ORDER BY country, kind, domain", args, func(scan func(...any) error) error {
		var (
			o             Domain
			kind, country string
			words         [8]string
		)
		err := scan(&kind, &country, &o.Name, &o.Unicode, &o.Level, &o.Readiness, &words[0], &words[1], &words[2], &words[3],
			&words[4], &words[5], &words[6], &words[7], &o.DNSSEC, &o.DNSSECReason, &o.Operators, &o.FreedBy)
		if err != nil {
			return err
		}
		for i, v := range []*scanner.Verdict{&o.DNS, &o.Web, &o.Mail, &o.V6} {
			if err := v.Status.UnmarshalText([]byte(words[2*i])); err != nil {
				return err
			}
			v.Reason = scanner.Reason(words[2*i+1])
		}
		if section := d.section(lists.Kind(kind), country); section != nil {
			section.Domains = append(section.Domains, o)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the domains: %w", err)
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

// Previous returns the last finished scan before another that ran from the same
// vantage: the one that changes are counted from unless another is chosen.
func Previous(ctx context.Context, s *store.Store, of store.ScanInfo) (found store.ScanInfo, err error) {
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return found, err
		}
		if !scan.Finished.IsZero() && scan.Vantage == of.Vantage && scan.Started.Before(of.Started) {
			found = scan
		}
	}
	return found, nil
}

// blockers ranks the reasons why domains are not fully ready, by how many of
// them the fix alone would free and then by how many they hold back.
func blockers(kind lists.Kind, domains []Domain) []Blocker {
	byReason := make(map[string]*Blocker)
	for _, o := range domains {
		reasons, judged := held(kind, o)
		for _, reason := range reasons {
			b := byReason[reason]
			if b == nil {
				b = &Blocker{Reason: reason}
				byReason[reason] = b
			}
			b.Domains++
			if len(reasons) == 1 && judged {
				b.Alone++
			}
		}
	}
	list := make([]Blocker, 0, len(byReason))
	for _, b := range byReason {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b Blocker) int {
		return cmp.Or(b.Alone-a.Alone, b.Domains-a.Domains, strings.Compare(a.Reason, b.Reason))
	})
	return list
}

// follows are the reasons of use without IPv4 that follow from what is wrong
// with the name servers or the site, and so are mended with them.
var follows = []scanner.Reason{scanner.NoIntent, scanner.NoAAAA, scanner.SiteFailsV6, scanner.NSUnreachableV6, scanner.IntentBroken}

// held returns the different reasons that hold a domain back, and whether all
// of its verdicts are known, without which no fix is sure to be the last.
func held(kind lists.Kind, o Domain) (reasons []string, judged bool) {
	judged = true
	add := func(v scanner.Verdict) bool {
		switch {
		case v.Status == scanner.Unmeasured:
			judged = false
		case v.Status != scanner.OK && !slices.Contains(reasons, string(v.Reason)):
			reasons = append(reasons, string(v.Reason))
		}
		return v.Status == scanner.OK
	}
	if o.DNS.Reason == scanner.NXDomain {
		return []string{string(scanner.NXDomain)}, true
	}
	fine := add(o.DNS)
	if kind != lists.CCTLD {
		fine = add(o.Web) && fine
		if o.Mail.Reason != scanner.NoMX && o.Mail.Reason != scanner.NullMX {
			add(o.Mail)
		}
	}
	if fine || !slices.Contains(follows, o.V6.Reason) {
		add(o.V6)
	}
	return reasons, judged
}

// operators counts what depends on each operator, the one with the most
// domains first.
func operators(domains []Domain) []Operator {
	byName := make(map[string]*Operator)
	count := func(name string) *Operator {
		if byName[name] == nil {
			byName[name] = &Operator{Name: name}
		}
		return byName[name]
	}
	for _, o := range domains {
		for _, name := range o.Operators {
			op := count(name)
			op.Domains++
			if o.DNS.Status == scanner.OK {
				op.OK++
			}
		}
		for _, name := range o.FreedBy {
			count(name).Frees++
		}
	}
	list := make([]Operator, 0, len(byName))
	for _, op := range byName {
		list = append(list, *op)
	}
	slices.SortFunc(list, func(a, b Operator) int {
		return cmp.Or(b.Domains-a.Domains, b.Frees-a.Frees, strings.Compare(a.Name, b.Name))
	})
	return list
}
