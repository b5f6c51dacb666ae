package indicator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/store"
)

// countsQuery counts all indicators in one pass over a scan. FINAL leaves out
// rows that were sent twice and are not merged yet.
func countsQuery(condition string) string {
	var counts, medians []string
	for _, i := range all {
		measured := fmt.Sprintf("(%s) AND NOT (%s)", i.applies, i.unmeasured)
		fulfils, partial := "0", "0"
		switch i.Measure {
		case Share:
			fulfils, partial = i.fulfils, i.partial
		case Median:
			medians = append(medians, medianOf(i.quantity, measured))
		}
		counts = append(counts,
			fmt.Sprintf("countIf(%s AND (%s))", measured, fulfils),
			fmt.Sprintf("countIf(%s AND NOT (%s) AND (%s))", measured, fulfils, partial),
			fmt.Sprintf("countIf(%s)", measured),
			fmt.Sprintf("countIf((%s) AND (%s))", i.applies, i.unmeasured))
	}
	return `SELECT toString(kind), toString(country), toString(any(country_name)), toString(any(region)),
	any(ldc) = 1, any(lldc) = 1, any(sids) = 1, toString(any(groups_as_of)), count(),
	[` + strings.Join(counts, ",\n\t") + `],
	[` + strings.Join(medians, ",\n\t") + `]
FROM observations FINAL WHERE scan = toUUID(?)` + condition + ` GROUP BY kind, country ORDER BY kind, country`
}

// medianOf is the middle value of a quantity over the targets of a condition,
// and of an even number the mean of the two in the middle; 0 of none. No
// function of an old ClickHouse interpolates exactly.
func medianOf(quantity, condition string) string {
	sorted := fmt.Sprintf("arraySort(groupArrayIf(toFloat64(%s), %s))", quantity, condition)
	n := fmt.Sprintf("countIf(%s)", condition)
	return fmt.Sprintf("if(%[2]s = 0, 0., (%[1]s[intDiv(%[2]s + 1, 2)] + %[1]s[intDiv(%[2]s, 2) + 1]) / 2)", sorted, n)
}

// concentrationQuery counts the targets of each country's operators: those of
// the largest, and the chance that two targets have the same operator (E. H.
// Simpson, 1949), which is the index without the bias of few targets. A target
// with several operators counts whole for the largest, and in equal parts for
// the index: alone is what each target adds by meeting itself.
func concentrationQuery(i Indicator) string {
	return fmt.Sprintf(`SELECT toString(kind), toString(country), toUInt64(max(n)), argMax(operator, n),
	(sum(weight * weight) - sum(alone)) / greatest(sum(weight) * (sum(weight) - 1), 1)
FROM
(
	SELECT kind, country, operator, count() AS n, sum(1 / length(names)) AS weight, sum(1 / length(names) / length(names)) AS alone
	FROM (SELECT kind, country, %[1]s AS names FROM observations FINAL WHERE scan = toUUID(?) AND (%[2]s) AND NOT (%[3]s))
	ARRAY JOIN names AS operator
	GROUP BY kind, country, operator
	ORDER BY kind, country, operator
)
GROUP BY kind, country`, i.operators, i.applies, i.unmeasured)
}

// Compute counts the indicators of a scan and stores them. Computing them
// again replaces them. For a scan under way the figures are those of the
// moment.
func Compute(ctx context.Context, s *store.Store, scan uuid.UUID) ([]store.IndicatorRow, error) {
	rows, err := count(ctx, s, scan)
	if err != nil {
		return nil, fmt.Errorf("compute the indicators of scan %s: %w", scan, err)
	}
	if err := s.PutIndicators(ctx, rows); err != nil {
		return nil, fmt.Errorf("store the indicators of scan %s: %w", scan, err)
	}
	return rows, nil
}

// place is the key under which the indicators of one country are stored.
type place struct {
	kind    lists.Kind
	country string
}

func count(ctx context.Context, s *store.Store, scan uuid.UUID) ([]store.IndicatorRow, error) {
	info, err := s.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	operators, err := concentrations(ctx, s, scan)
	if err != nil {
		return nil, err
	}
	pairs, err := countSiblings(ctx, s, scan)
	if err != nil {
		return nil, err
	}
	return countWhere(ctx, s, info, "", operators, pairs)
}

// LoadASCII counts only the ASCII ccTLDs of a scan: that is what
// others publish, and the IDN ccTLDs are beside them.
func LoadASCII(ctx context.Context, s *store.Store, scan store.ScanInfo) ([]store.IndicatorRow, error) {
	rows, err := countWhere(ctx, s, scan, " AND kind = 'cctld' AND NOT startsWith(domain, 'xn--')", nil, nil)
	if err != nil {
		return nil, fmt.Errorf("count the ASCII ccTLDs of scan %s: %w", scan.ID, err)
	}
	return rows, nil
}

// countWhere counts the targets of a scan that fulfil a condition.
func countWhere(ctx context.Context, s *store.Store, info store.ScanInfo, condition string, operators map[string]map[place]concentrated, pairs map[string]siblingCounts) ([]store.IndicatorRow, error) {
	found, err := s.Select(ctx, countsQuery(condition), info.ID.String())
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []store.IndicatorRow
	computed := time.Now().UTC().Truncate(time.Second)
	for found.Next() {
		row := store.IndicatorRow{Scan: info.ID, ScanStarted: info.Started, Computed: computed}
		var (
			kind    string
			counts  []uint64
			medians []float64
		)
		err := found.Scan(&kind, &row.Country, &row.CountryName, &row.Region, &row.LDC, &row.LLDC, &row.SIDS, &row.GroupsAsOf, &row.Targets, &counts, &medians)
		if err != nil {
			return nil, err
		}
		row.Kind = lists.Kind(kind)
		for _, i := range all {
			row.Indicator, row.Detail = i.ID, ""
			row.Numerator, row.Partial, row.Denominator, row.Unmeasured = counts[0], counts[1], counts[2], counts[3]
			counts = counts[countsEach:]
			if i.siblings {
				c := pairs[row.Country]
				row.Numerator, row.Denominator, row.Unmeasured = c.fulfil, c.measured, c.unmeasured
				if c.measured+c.unmeasured == 0 {
					continue // a country without IDN ccTLD
				}
			}
			row.Value = 0
			operator := operators[i.ID][place{row.Kind, row.Country}]
			switch {
			case i.Measure == Median:
				row.Value, medians = medians[0], medians[1:]
			case i.Measure == HHI:
				row.Value = operator.index
			case i.Measure == Largest:
				row.Numerator, row.Detail = operator.targets, operator.name
				fallthrough
			case row.Denominator > 0:
				row.Value = float64(row.Numerator) / float64(max(row.Denominator, 1))
			}
			if i.Covers(row.Kind) {
				list = append(list, row)
			}
		}
	}
	return list, found.Err()
}

// countsEach is how many numbers countsQuery returns for an indicator.
const countsEach = 4

// concentrated is how much the targets of a country depend on few operators.
type concentrated struct {
	name    string  // of the largest operator
	targets uint64  // that depend on it
	index   float64 // Herfindahl-Hirschman, unbiased
}

// concentrations counts every indicator that is about operators.
func concentrations(ctx context.Context, s *store.Store, scan uuid.UUID) (map[string]map[place]concentrated, error) {
	byID := make(map[string]map[place]concentrated)
	for _, i := range all {
		if i.operators == "" {
			continue
		}
		byPlace := make(map[place]concentrated)
		byID[i.ID] = byPlace
		found, err := s.Select(ctx, concentrationQuery(i), scan.String())
		if err != nil {
			return nil, err
		}
		for found.Next() {
			var (
				kind, country string
				c             concentrated
			)
			if err := found.Scan(&kind, &country, &c.targets, &c.name, &c.index); err != nil {
				found.Close()
				return nil, err
			}
			byPlace[place{lists.Kind(kind), country}] = c
		}
		if err := errors.Join(found.Err(), found.Close()); err != nil {
			return nil, err
		}
	}
	return byID, nil
}

// Load returns the indicators of a scan: as stored, or counted now where they
// are not stored yet, as for a scan under way.
func Load(ctx context.Context, s *store.Store, scan uuid.UUID) ([]store.IndicatorRow, error) {
	info, err := s.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	var (
		list []store.IndicatorRow
		errs error
	)
	for row, err := range s.Indicators(ctx, scan) {
		errs = errors.Join(errs, err)
		list = append(list, row)
	}
	// Stored before the end of the scan means stored before its last rows.
	if errs == nil && (len(list) == 0 || info.Finished.IsZero() || list[0].Computed.Before(info.Finished)) {
		return count(ctx, s, scan)
	}
	return list, errs
}
