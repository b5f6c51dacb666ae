package indicator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/store"
)

// Change is what became of one indicator of one country between two scans. The
// counts are of the targets that both scans measured, so that a list which has
// grown is not taken for a change.
type Change struct {
	Kind      lists.Kind `json:"-"`
	Country   string     `json:"-"`
	Indicator string     `json:"-"`
	Common    uint64     `json:"common"` // targets that it was measured on in both scans
	Before    uint64     `json:"before"` // of these, how many fulfilled it in the earlier scan
	After     uint64     `json:"after"`  // and in the later one
	Gained    uint64     `json:"gained"` // fulfil it now and did not before
	Lost      uint64     `json:"lost"`   // fulfilled it before and do not now
	// GainedBy and LostBy count those that run the name servers of the targets
	// gained and lost: what one of them does for all its customers at once is
	// one event.
	GainedBy uint64 `json:"gained_by"`
	LostBy   uint64 `json:"lost_by"`
	// Clear says that the change is more than chance. Of a census, chance has no
	// part: there it says that more was gained than lost, or less.
	Clear bool `json:"clear"`
}

// judge says which of the changes of one comparison are clear: by the exact
// sign test on operators, two-sided, with at most one in twenty of those that
// are called clear by mistake over all indicators and countries.
func judge(changes []Change) {
	var tested []int
	var p []float64
	for i, c := range changes {
		switch {
		case c.Kind == lists.CCTLD:
			changes[i].Clear = c.Gained != c.Lost
		case c.Gained+c.Lost > 0:
			tested, p = append(tested, i), append(p, signTest(c.GainedBy, c.LostBy))
		}
	}
	for n, believed := range discoveries(p) {
		changes[tested[n]].Clear = believed
	}
}

// Changes compares two scans target by target, for every indicator that is a
// share. Targets are the same where kind and name are.
func Changes(ctx context.Context, s *store.Store, earlier, later uuid.UUID) ([]Change, error) {
	found, err := s.Select(ctx, changesQuery(), earlier.String(), later.String())
	if err != nil {
		return nil, fmt.Errorf("compare scans %s and %s: %w", earlier, later, err)
	}
	var list []Change
	for found.Next() {
		var (
			kind, country string
			counts        []uint64
		)
		if err := found.Scan(&kind, &country, &counts); err != nil {
			return nil, errors.Join(err, found.Close())
		}
		for _, i := range shares() {
			c := Change{Kind: lists.Kind(kind), Country: country, Indicator: i.ID,
				Common: counts[0], Before: counts[1], After: counts[2], Gained: counts[3], Lost: counts[4], GainedBy: counts[5], LostBy: counts[6]}
			counts = counts[7:]
			if i.Covers(c.Kind) {
				list = append(list, c)
			}
		}
	}
	judge(list)
	return list, errors.Join(found.Err(), found.Close())
}

// shares are those that are counted target by target.
func shares() []Indicator {
	var list []Indicator
	for _, i := range all {
		if i.Measure == Share && !i.siblings {
			list = append(list, i)
		}
	}
	return list
}

// changesQuery judges every target in both scans by every share: 0 for not
// measured, 1 for not fulfilled, 2 for fulfilled.
func changesQuery() string {
	var states, counts []string
	for n, i := range shares() {
		states = append(states, fmt.Sprintf("toUInt8(if((%s) AND NOT (%s), if(%s, 2, 1), 0))", i.applies, i.unmeasured, i.fulfils))
		a, b := fmt.Sprintf("before[%d]", n+1), fmt.Sprintf("after[%d]", n+1)
		both := a + " > 0 AND " + b + " > 0"
		counts = append(counts,
			fmt.Sprintf("countIf(%s)", both),
			fmt.Sprintf("countIf(%s AND %s = 2)", both, a),
			fmt.Sprintf("countIf(%s AND %s = 2)", both, b),
			fmt.Sprintf("countIf(%s = 1 AND %s = 2)", a, b),
			fmt.Sprintf("countIf(%s = 2 AND %s = 1)", a, b),
			fmt.Sprintf("uniqExactIf(runs, %s = 1 AND %s = 2)", a, b),
			fmt.Sprintf("uniqExactIf(runs, %s = 2 AND %s = 1)", a, b))
	}
	judged := "[" + strings.Join(states, ",\n\t\t") + "]"
	return `SELECT toString(kind), toString(country), [` + strings.Join(counts, ",\n\t") + `]
FROM
(
	SELECT kind, domain, any(country) AS country, any(` + judged + `) AS before
	FROM observations FINAL WHERE scan = toUUID(?) GROUP BY kind, domain
) AS earlier
ALL INNER JOIN
(
	SELECT kind, domain, any(` + judged + `) AS after,
		any(if(empty(operators), domain, arrayStringConcat(arraySort(operators), ' '))) AS runs
	FROM observations FINAL WHERE scan = toUUID(?) GROUP BY kind, domain
) AS later
USING (kind, domain)
GROUP BY kind, country ORDER BY kind, country`
}

// signTest returns the two-sided p-value of as uneven a split as this one if
// gains and losses were equally likely.
func signTest(gained, lost uint64) float64 {
	n, few := gained+lost, min(gained, lost)
	if n == 0 {
		return 1
	}
	// The terms of the binomial distribution from the middle outwards would
	// underflow for large n; logarithms do not.
	p := 0.0
	for k := range few + 1 {
		p += binomial(n, k)
	}
	return min(1, 2*p)
}
