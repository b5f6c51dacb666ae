package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// both selects what changes are derived from, of one scan, with each column's
// name followed by a suffix.
const both = `SELECT domain, toString(kind) AS kind, country, country_name AS name_%[1]s,
    [toString(dns_v6), toString(web_v6), toString(mail_v6), toString(v6_only), toString(dnssec)] AS status_%[1]s,
    [toString(dns_v6_reason), toString(web_v6_reason), toString(mail_v6_reason), toString(v6_only_reason), toString(dnssec_reason)] AS reason_%[1]s,
    flapping AS flapping_%[1]s
FROM observations FINAL WHERE scan = toUUID(?)`

// Changes streams what differs between two scans, by country, kind and domain,
// on the targets that both have. What one of them could not measure is no
// change. Countries are alpha-2 codes; none are all.
func (s *Store) Changes(ctx context.Context, from, to uuid.UUID, countries ...string) iter.Seq2[observation.Change, error] {
	only, args := "", []any{to.String()}
	if len(countries) > 0 {
		only = " AND country IN (?" + strings.Repeat(", ?", len(countries)-1) + ")"
	}
	for _, c := range countries {
		args = append(args, c)
	}
	args = append(args, args...)
	args[1+len(countries)] = from.String()
	sql := `SELECT domain, kind, country, name_after, status_before, status_after, reason_before, reason_after, flapping_before, flapping_after
FROM (` + fmt.Sprintf(both, "after") + only + `) AS later ALL INNER JOIN (` + fmt.Sprintf(both, "before") + only + `) AS earlier USING domain, kind, country
WHERE status_before != status_after ORDER BY country, kind, domain`
	return func(yield func(observation.Change, error) bool) {
		rows, err := s.Select(ctx, sql, args...)
		if err != nil {
			yield(observation.Change{}, fmt.Errorf("compare scans: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var c observation.Change
			var kind string
			var r pair
			if err := rows.Scan(&c.Domain, &kind, &c.Country, &c.CountryName, &r.before, &r.after, &r.reasonBefore, &r.reasonAfter, &r.flappingBefore, &r.flappingAfter); err != nil {
				yield(observation.Change{}, s.explain(fmt.Errorf("compare scans: %w", err)))
				return
			}
			c.Kind = lists.Kind(kind)
			for change := range r.changes(c) {
				if !yield(change, nil) {
					return
				}
			}
		}
		if err := rows.Err(); err != nil {
			yield(observation.Change{}, s.explain(fmt.Errorf("compare scans: %w", err)))
		}
	}
}

// Compare counts the targets of two scans.
func (s *Store) Compare(ctx context.Context, from, to uuid.UUID) (c observation.Compared, err error) {
	rows, err := s.Select(ctx, `SELECT countIf(scans = 3), countIf(scans = 1), countIf(scans = 2) FROM
(SELECT domain, kind, country, sum(side) AS scans FROM
 (SELECT DISTINCT domain, kind, country, if(scan = toUUID(?), 1, 2) AS side FROM observations WHERE scan IN (toUUID(?), toUUID(?)))
 GROUP BY domain, kind, country)`, from.String(), from.String(), to.String())
	if err != nil {
		return c, fmt.Errorf("compare scans: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		err = errors.Join(err, rows.Scan(&c.Common, &c.OnlyBefore, &c.OnlyAfter))
	}
	return c, s.explain(errors.Join(err, rows.Err()))
}

// pair is what two scans found of one target, in the order of
// scanner.Services.
type pair struct {
	before, after, reasonBefore, reasonAfter []string
	flappingBefore, flappingAfter            []string
}

// changes yields what differs, each with the facts of c.
func (p *pair) changes(c observation.Change) iter.Seq[observation.Change] {
	return func(yield func(observation.Change) bool) {
		for i, service := range observation.Services() {
			news := newsOf(p.before[i], p.after[i])
			if news == "" {
				continue
			}
			c.Service, c.News, c.Before, c.After = service, news, p.before[i], p.after[i]
			c.Reason = observation.Reason(p.reasonAfter[i])
			if c.Reason == "" {
				c.Reason = observation.Reason(p.reasonBefore[i])
			}
			c.Flapping = slices.Contains(p.flappingBefore, service) || slices.Contains(p.flappingAfter, service)
			if !yield(c) {
				return
			}
		}
	}
}

// level orders statuses by how well a service works; 0 is not known.
func level(status string) int {
	switch status {
	case observation.Absent.String(), observation.Insecure.String():
		return 1
	case observation.Broken.String(), observation.Bogus.String():
		return 2
	case observation.Partial.String():
		return 3
	case observation.OK.String(), observation.Secure.String():
		return 4
	}
	return 0
}

// newsOf says what it is that a status became another; empty for no news, and
// where one of them is not known.
func newsOf(before, after string) observation.News {
	b, a := level(before), level(after)
	switch {
	case b == 0 || a == 0 || b == a:
		return ""
	case a > b && a > 2:
		return observation.Gained
	case a == 1:
		return observation.Lost
	}
	return observation.Failed
}
