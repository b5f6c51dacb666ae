package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// Seen is what several scans found of one target.
type Seen struct {
	Domain      string
	Kind        lists.Kind
	Country     string // ISO 3166-1 alpha-2; empty for none
	CountryName string
	// Statuses are by scan, in the order asked for, and within a scan by
	// scanner.Services. A scan without the target has nil.
	Statuses [][]string
}

// SeenBy streams the targets of several scans, by country, kind and domain,
// with what each found. Countries are alpha-2 codes; none are all.
func (s *Store) SeenBy(ctx context.Context, scans []uuid.UUID, countries ...string) iter.Seq2[Seen, error] {
	var args []any
	sql := `SELECT domain, toString(kind) AS kind, country, country_name, toString(scan) AS seen_by,
    [toString(dns_v6), toString(web_v6), toString(mail_v6), toString(v6_only), toString(dnssec)] AS statuses
FROM observations FINAL WHERE scan IN (toUUID(?` + strings.Repeat("), toUUID(?", max(len(scans)-1, 0)) + "))"
	place := make(map[string]int)
	for i, scan := range scans {
		args = append(args, scan.String())
		place[scan.String()] = i
	}
	if len(countries) > 0 {
		sql += " AND country IN (?" + strings.Repeat(", ?", len(countries)-1) + ")"
	}
	for _, c := range countries {
		args = append(args, c)
	}
	return func(yield func(Seen, error) bool) {
		rows, err := s.Select(ctx, sql+" ORDER BY country, kind, domain", args...)
		if err != nil {
			yield(Seen{}, fmt.Errorf("compare vantages: %w", err))
			return
		}
		defer rows.Close()
		var one Seen
		for rows.Next() {
			var next Seen
			var kind, scan string
			var statuses []string
			if err := rows.Scan(&next.Domain, &kind, &next.Country, &next.CountryName, &scan, &statuses); err != nil {
				yield(Seen{}, s.explain(fmt.Errorf("compare vantages: %w", err)))
				return
			}
			next.Kind = lists.Kind(kind)
			if next.Domain != one.Domain || next.Kind != one.Kind || next.Country != one.Country {
				if one.Statuses != nil && !yield(one, nil) {
					return
				}
				one, one.Statuses = next, make([][]string, len(scans))
			}
			one.Statuses[place[scan]] = statuses
		}
		if err := rows.Err(); err != nil {
			yield(Seen{}, s.explain(fmt.Errorf("compare vantages: %w", err)))
			return
		}
		if one.Statuses != nil {
			yield(one, nil)
		}
	}
}

// Agreed is the verdict on a service that at least k vantages agree on: OK or
// what else so many found, Partial where they found it reachable from fewer,
// and Unmeasured where fewer than k could tell. service is a position in
// scanner.Services.
func (s *Seen) Agreed(service, k int) string {
	counts := make(map[string]int)
	known := 0
	for _, statuses := range s.Statuses {
		if statuses == nil || statuses[service] == observation.Unmeasured.String() || statuses[service] == "indeterminate" {
			continue
		}
		known++
		counts[statuses[service]]++
	}
	if known < k {
		return observation.Unmeasured.String()
	}
	// Two may both reach k where k is at most half; the better one stands, as
	// what works from k vantages does work.
	for _, status := range []string{"ok", "secure", "partial", "broken", "bogus", "absent", "insecure"} {
		if counts[status] >= k {
			return status
		}
	}
	return observation.Partial.String()
}

// Differs says whether vantages that could tell found different things.
func (s *Seen) Differs(service int) bool {
	first := ""
	for _, statuses := range s.Statuses {
		if statuses == nil || statuses[service] == observation.Unmeasured.String() || statuses[service] == "indeterminate" {
			continue
		}
		if first == "" {
			first = statuses[service]
		} else if statuses[service] != first {
			return true
		}
	}
	return false
}
