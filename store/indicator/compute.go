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

// query counts all indicators in one pass over a scan. FINAL leaves out rows
// that were sent twice and are not merged yet.
func query() string {
	var counts []string
	for _, i := range all {
		measured := fmt.Sprintf("(%s) AND NOT (%s)", i.applies, i.unmeasured)
		counts = append(counts,
			fmt.Sprintf("countIf(%s AND (%s))", measured, i.fulfils),
			fmt.Sprintf("countIf(%s AND NOT (%s) AND (%s))", measured, i.fulfils, i.partial),
			fmt.Sprintf("countIf(%s)", measured),
			fmt.Sprintf("countIf((%s) AND (%s))", i.applies, i.unmeasured))
	}
	return `SELECT toString(kind), toString(country), toString(any(country_name)), toString(any(region)),
	any(ldc) = 1, any(lldc) = 1, any(sids) = 1, toString(any(groups_as_of)), count(),
	[` + strings.Join(counts, ",\n\t") + `]
FROM observations FINAL WHERE scan = toUUID(?) GROUP BY kind, country ORDER BY kind, country`
}

// countsEach is how many numbers query returns for an indicator.
const countsEach = 4

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

func count(ctx context.Context, s *store.Store, scan uuid.UUID) ([]store.IndicatorRow, error) {
	info, err := s.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	found, err := s.Select(ctx, query(), scan.String())
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []store.IndicatorRow
	computed := time.Now().UTC().Truncate(time.Second)
	for found.Next() {
		row := store.IndicatorRow{Scan: scan, ScanStarted: info.Started, Computed: computed}
		var (
			kind   string
			counts []uint64
		)
		err := found.Scan(&kind, &row.Country, &row.CountryName, &row.Region, &row.LDC, &row.LLDC, &row.SIDS, &row.GroupsAsOf, &row.Targets, &counts)
		if err != nil {
			return nil, err
		}
		if len(counts) != countsEach*len(all) {
			return nil, fmt.Errorf("%d counts of %d", len(counts), countsEach*len(all))
		}
		row.Kind = lists.Kind(kind)
		for n, i := range all {
			if !i.Covers(row.Kind) {
				continue
			}
			row.Indicator = i.ID
			row.Numerator, row.Partial, row.Denominator, row.Unmeasured = counts[countsEach*n], counts[countsEach*n+1], counts[countsEach*n+2], counts[countsEach*n+3]
			list = append(list, row)
		}
	}
	return list, found.Err()
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
