package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// MostConfirmations is how many scans in a row a loss can be asked to be in.
const MostConfirmations = 2

// Confirmed is a change that scans in a row agree on.
type Confirmed struct {
	observation.Change
	// Held says that a loss was seen for the first time: it is not news until
	// the next scan has seen it too.
	Held bool
}

// looks selects what scans found of each target whose verdicts are not the same
// in all of them. Each scan is look fields of the last column.
const looks = `SELECT domain, kind, country, argMax(country_name, nth), groupArrayArray(look) FROM
(SELECT domain, toString(kind) AS kind, country, country_name, indexOf([%[1]s], toString(scan)) AS nth,
    arrayConcat([toString(nth)],
        [toString(dns_v6), toString(web_v6), toString(mail_v6), toString(v6_only), toString(dnssec)],
        [toString(dns_v6_reason), toString(web_v6_reason), toString(mail_v6_reason), toString(v6_only_reason), toString(dnssec_reason)],
        [arrayStringConcat(flapping, ' ')]) AS look
 FROM observations FINAL WHERE scan IN (%[3]s)%[2]s AND (domain, kind, country) IN
 (SELECT domain, toString(kind) AS kind, country FROM observations FINAL WHERE scan IN (%[3]s)%[2]s
  GROUP BY domain, kind, country
  HAVING min(cityHash64(dns_v6, web_v6, mail_v6, v6_only, dnssec)) != max(cityHash64(dns_v6, web_v6, mail_v6, v6_only, dnssec))))
GROUP BY domain, kind, country ORDER BY country, kind, domain`

// ConfirmedChanges streams what the last of some scans changed, the oldest scan
// given first, by country, kind and domain. Scans that could not measure a
// service, or are not certain that it fails, are passed over, so that a change
// is reported by the first scan that confirms it, and by no other.
//
// With confirm 2 a loss counts when two such scans in a row have seen it; until
// then it is Held. What comes back in between was never lost and is not a change.
// With confirm 1 nothing is held. Countries are alpha-2 codes; none are all.
func (s *Store) ConfirmedChanges(ctx context.Context, scans []uuid.UUID, confirm int, countries ...string) iter.Seq2[Confirmed, error] {
	places, ids := strings.TrimSuffix(strings.Repeat("?, ", len(scans)), ", "), strings.TrimSuffix(strings.Repeat("toUUID(?), ", len(scans)), ", ")
	only := ""
	if len(countries) > 0 {
		only = " AND country IN (?" + strings.Repeat(", ?", len(countries)-1) + ")"
	}
	var args []any
	for turn := range 3 {
		for _, id := range scans {
			args = append(args, id.String())
		}
		for _, c := range countries {
			if turn > 0 {
				args = append(args, c)
			}
		}
	}
	return func(yield func(Confirmed, error) bool) {
		rows, err := s.Select(ctx, fmt.Sprintf(looks, places, only, ids), args...)
		if err != nil {
			yield(Confirmed{}, fmt.Errorf("compare scans: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var c observation.Change
			var kind string
			var seen []string
			if err := rows.Scan(&c.Domain, &kind, &c.Country, &c.CountryName, &seen); err != nil {
				yield(Confirmed{}, s.explain(fmt.Errorf("compare scans: %w", err)))
				return
			}
			c.Kind = lists.Kind(kind)
			for change := range history(seen, len(scans)).changes(c, confirm) {
				if !yield(change, nil) {
					return
				}
			}
		}
		if err := rows.Err(); err != nil {
			yield(Confirmed{}, s.explain(fmt.Errorf("compare scans: %w", err)))
		}
	}
}

// look is what one scan found of a target, in the order of scanner.Services.
type look struct {
	status, reason []string
	flapping       []string
}

// track is what scans found of a target, one after the other; those that do not
// have it are empty.
type track []look

// history reads what looks selects.
func history(fields []string, scans int) track {
	services := len(observation.Services())
	list := make(track, scans)
	for one := range slices.Chunk(fields, 2*services+2) {
		nth, err := strconv.Atoi(one[0])
		if err != nil || nth < 1 || nth > scans || len(one) < 2*services+2 {
			continue // not of these scans
		}
		list[nth-1] = look{one[1 : 1+services], one[1+services : 1+2*services], strings.Fields(one[1+2*services])}
	}
	return list
}

// changes yields what the last scan changed, each with the facts of c.
func (t track) changes(c observation.Change, confirm int) iter.Seq[Confirmed] {
	return func(yield func(Confirmed) bool) {
		for i, service := range observation.Services() {
			certain := t.certain(i, service)
			last := len(certain) - 1
			if last < 1 || certain[last] != len(t)-1 {
				continue // the last scan does not know, or is the first that does
			}
			status := func(at int) string { return t[certain[at]].status[i] }
			// told is the scan whose status readers know after the digest of at.
			told := func(at int) int {
				if confirm > 1 && at > 0 && rank(status(at-1)) > rank(status(at)) {
					return at - 1
				}
				return at
			}
			change, before, now := Confirmed{Change: c}, told(last-1), told(last)
			if change.News = newsOf(status(before), status(now)); change.News == "" {
				before, now, change.Held = last-1, last, true
				change.News = newsOf(status(before), status(now))
			}
			if change.News == "" || change.Held && told(last) == last {
				continue
			}
			change.Service, change.Before, change.After = service, status(before), status(now)
			change.Reason = observation.Reason(t[certain[now]].reason[i])
			if change.Reason == "" {
				change.Reason = observation.Reason(t[certain[before]].reason[i])
			}
			if !yield(change) {
				return
			}
		}
	}
}

// certain returns the positions of the scans that know how a service is.
func (t track) certain(i int, service string) (list []int) {
	for at, l := range t {
		if l.status != nil && rank(l.status[i]) > 0 && !slices.Contains(l.flapping, service) {
			list = append(list, at)
		}
	}
	return list
}

// rank says how far a status is from what can be a flap: an answer that there is
// nothing is more certain than a failure. It is 0 for what is not known.
func rank(status string) int {
	switch l := level(status); l {
	case level(observation.Absent.String()):
		return level(observation.Broken.String())
	case level(observation.Broken.String()):
		return level(observation.Absent.String())
	default:
		return l
	}
}
