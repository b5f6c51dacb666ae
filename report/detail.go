package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// LoadCountry reads the domains of one country, in memory bounded by MaxDomains,
// and what is counted from all of them. The store is the one that the world was
// loaded from. It returns a copy of the country; the world stays as it is. For a
// code without targets it returns nil.
func (d *Data) LoadCountry(ctx context.Context, s *store.Store, code string) (*Country, error) {
	world := d.Country(code)
	if world == nil {
		return nil, nil
	}
	c := &Country{Country: world.Country}
	for _, section := range world.Sections {
		own := *section
		c.Sections = append(c.Sections, &own)
	}
	if err := d.countDomains(ctx, s, c); err != nil {
		return nil, fmt.Errorf("count the domains of %q: %w", code, err)
	}
	where, args := d.within(code)
	err := each(ctx, s, "SELECT "+domainColumns+where+fmt.Sprintf(" ORDER BY kind, domain LIMIT %d BY kind", MaxDomains), args, func(scan func(...any) error) error {
		kind, o, err := readDomain(scan)
		if section := c.Section(kind); err == nil && section != nil {
			section.Domains = append(section.Domains, o)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the domains of %q: %w", code, err)
	}
	return c, d.loadFailures(ctx, s, c)
}

// Domains streams all domains of one kind of a country in the order of the list.
func (d *Data) Domains(ctx context.Context, s *store.Store, code string, kind lists.Kind) iter.Seq2[Domain, error] {
	return func(yield func(Domain, error) bool) {
		where, args := d.within(code)
		err := each(ctx, s, "SELECT "+domainColumns+where+" AND kind = ? ORDER BY position", append(args, string(kind)), func(scan func(...any) error) error {
			_, o, err := readDomain(scan)
			if err == nil && !yield(o, nil) {
				err = errStopped
			}
			return err
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Domain{}, fmt.Errorf("read the domains of %q: %w", code, err))
		}
	}
}

var errStopped = errors.New("the reader stopped")

// loadSpans reads where each country's targets lie in the list, so that one
// country is read without the others. While a scan is not finished targets
// still come.
func (d *Data) loadSpans(ctx context.Context, s *store.Store) error {
	d.spans = make(map[string]span)
	if d.Scan.Finished.IsZero() {
		return nil
	}
	query := "SELECT toString(country), min(position), max(position) FROM observations WHERE scan = toUUID(?) GROUP BY country"
	err := each(ctx, s, query, []any{d.Scan.ID.String()}, func(scan func(...any) error) error {
		var (
			code string
			at   span
		)
		err := scan(&code, &at.first, &at.last)
		d.spans[code] = at
		return err
	})
	if err != nil {
		return fmt.Errorf("find the countries in the list: %w", err)
	}
	return nil
}

// within is the part of a query that chooses the observations of a country, and
// contacts that which chooses its contacts.
func (d *Data) within(code string) (clauses string, args []any) { return d.rows("observations", code) }

func (d *Data) contacts(code string) (clauses string, args []any) { return d.rows("endpoints", code) }

func (d *Data) rows(table, code string) (clauses string, args []any) {
	clauses, args = " FROM "+table+" FINAL WHERE scan = toUUID(?) AND country = ?", []any{d.Scan.ID.String(), code}
	if at, known := d.spans[code]; known {
		clauses, args = clauses+" AND position >= ? AND position <= ?", append(args, at.first, at.last)
	}
	return clauses, args
}

const verdictColumns = `toString(kind), toString(dns_v6), toString(dns_v6_reason), toString(web_v6), toString(web_v6_reason),
	toString(mail_v6), toString(mail_v6_reason), toString(v6_only), toString(v6_only_reason), operators, freed_by`

const domainColumns = verdictColumns + `, position, domain, domain_unicode, toString(level), readiness, toString(dnssec), toString(dnssec_reason)`

func readDomain(scan func(...any) error) (kind lists.Kind, o Domain, err error) {
	kind, err = readVerdicts(scan, &o, &o.Position, &o.Name, &o.Unicode, &o.Level, &o.Readiness, &o.DNSSEC, &o.DNSSECReason)
	return kind, o, err
}

// readVerdicts reads verdictColumns into a domain and what follows them into
// the other destinations, which may lie in the domain.
func readVerdicts(scan func(...any) error, o *Domain, others ...any) (kind lists.Kind, err error) {
	var words [9]string
	dest := make([]any, 0, len(words)+2+len(others))
	for i := range words {
		dest = append(dest, &words[i])
	}
	if err := scan(append(append(dest, &o.Operators, &o.FreedBy), others...)...); err != nil {
		return "", err
	}
	for i, v := range []*observation.Verdict{&o.DNS, &o.Web, &o.Mail, &o.V6} {
		if err := v.Status.UnmarshalText([]byte(words[1+2*i])); err != nil {
			return "", err
		}
		v.Reason = observation.Reason(words[2+2*i])
	}
	return lists.Kind(words[0]), nil
}

// countDomains counts what holds the domains of a country back and whom they
// depend on. The engine puts alike domains together, so that a country of a
// million takes no more memory here than it has different sorts of them.
func (d *Data) countDomains(ctx context.Context, s *store.Store, c *Country) error {
	tallies := make(map[lists.Kind]*tally)
	for _, section := range c.Sections {
		tallies[section.Kind] = &tally{kind: section.Kind, blockers: make(map[string]*Blocker), operators: make(map[string]*Operator)}
	}
	where, args := d.within(c.Alpha2)
	err := each(ctx, s, "SELECT "+verdictColumns+", count()"+where+` GROUP BY kind, dns_v6, dns_v6_reason, web_v6, web_v6_reason,
		mail_v6, mail_v6_reason, v6_only, v6_only_reason, operators, freed_by`, args, func(scan func(...any) error) error {
		var (
			o Domain
			n uint64
		)
		kind, err := readVerdicts(scan, &o, &n)
		if t := tallies[kind]; err == nil && t != nil {
			t.add(o, int(n))
		}
		return err
	})
	for _, section := range c.Sections {
		tallies[section.Kind].fill(section)
	}
	return err
}

// tally counts domains of one kind.
type tally struct {
	kind      lists.Kind
	count     int
	blockers  map[string]*Blocker
	operators map[string]*Operator
}

// add counts n domains that are alike in their verdicts and operators.
func (t *tally) add(o Domain, n int) {
	t.count += n
	reasons, judged := held(t.kind, o)
	for _, reason := range reasons {
		b := t.blockers[reason]
		if b == nil {
			b = &Blocker{Reason: reason}
			t.blockers[reason] = b
		}
		b.Domains += n
		if len(reasons) == 1 && judged {
			b.Alone += n
		}
	}
	for _, name := range o.Operators {
		op := t.operator(name)
		op.Domains += n
		if o.DNS.Status == observation.OK {
			op.OK += n
		}
	}
	for _, name := range o.FreedBy {
		t.operator(name).Frees += n
	}
}

func (t *tally) operator(name string) *Operator {
	if t.operators[name] == nil {
		t.operators[name] = &Operator{Name: name}
	}
	return t.operators[name]
}

// fill ranks what was counted: reasons by how many domains the fix alone would
// free and then by how many they hold back, operators by their domains.
func (t *tally) fill(section *Section) {
	section.Counted = t.count
	section.Blockers = make([]Blocker, 0, len(t.blockers))
	for _, b := range t.blockers {
		section.Blockers = append(section.Blockers, *b)
	}
	slices.SortFunc(section.Blockers, func(a, b Blocker) int {
		return cmp.Or(b.Alone-a.Alone, b.Domains-a.Domains, strings.Compare(a.Reason, b.Reason))
	})
	section.Operators = make([]Operator, 0, len(t.operators))
	for _, op := range t.operators {
		section.Operators = append(section.Operators, *op)
	}
	slices.SortFunc(section.Operators, func(a, b Operator) int {
		return cmp.Or(b.Domains-a.Domains, b.Frees-a.Frees, strings.Compare(a.Name, b.Name))
	})
}

// follows are the reasons of use without IPv4 that follow from what is wrong
// with the name servers or the site, and so are fixed with them.
var follows = []observation.Reason{observation.NoIntent, observation.NoAAAA, observation.SiteFailsV6, observation.NSUnreachableV6, observation.IntentBroken}

// held returns the different reasons that hold a domain back, and whether all
// of its verdicts are known, without which no fix is sure to be the last.
func held(kind lists.Kind, o Domain) (reasons []string, judged bool) {
	judged = true
	add := func(v observation.Verdict) bool {
		switch {
		case v.Status == observation.Unmeasured:
			judged = false
		case v.Status != observation.OK && !slices.Contains(reasons, string(v.Reason)):
			reasons = append(reasons, string(v.Reason))
		}
		return v.Status == observation.OK
	}
	if o.DNS.Reason == observation.NXDomain {
		return []string{string(observation.NXDomain)}, true
	}
	fine := add(o.DNS)
	if kind != lists.CCTLD {
		fine = add(o.Web) && fine
		if o.Mail.Reason != observation.NoMX && o.Mail.Reason != observation.NullMX {
			add(o.Mail)
		}
	}
	if fine || !slices.Contains(follows, o.V6.Reason) {
		add(o.V6)
	}
	return reasons, judged
}
