package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"adopt6/lists"
)

// IndicatorRow is the value of one indicator for the targets of one kind and
// country in one scan.
type IndicatorRow struct {
	Scan        uuid.UUID  `col:"scan"`
	ScanStarted time.Time  `col:"scan_started"`
	Kind        lists.Kind `col:"kind"`
	Country     string     `col:"country"`      // ISO 3166-1 alpha-2; empty for targets of no country
	CountryName string     `col:"country_name"` // English
	Region      string     `col:"region"`       // ITU region
	// The UN groups that the country is in as of GroupsAsOf.
	LDC        bool   `col:"ldc"`
	LLDC       bool   `col:"lldc"`
	SIDS       bool   `col:"sids"`
	GroupsAsOf string `col:"groups_as_of"`

	Indicator   string    `col:"indicator"`   // id
	Numerator   uint64    `col:"numerator"`   // targets that fulfil it
	Partial     uint64    `col:"partial"`     // targets that fulfil it in part; in Denominator, not in Numerator
	Denominator uint64    `col:"denominator"` // targets that it was measured on and applies to
	Unmeasured  uint64    `col:"unmeasured"`  // targets that it applies to and could not be measured on
	Targets     uint64    `col:"targets"`     // all targets of the kind and country
	Value       float64   `col:"value"`       // share, median or index; 0 where nothing was measured
	Detail      string    `col:"detail"`      // what the value is about, such as the operator counted; from the network
	Computed    time.Time `col:"computed"`
}

var indicators = newTable[IndicatorRow]("indicators")

// PutIndicators stores indicators of one scan. A row for the same kind, country
// and indicator replaces the one before, also when the clock has gone back.
func (s *Store) PutIndicators(ctx context.Context, list []IndicatorRow) error {
	if len(list) == 0 {
		return nil
	}
	var last time.Time
	err := s.db.QueryRow(ctx, "SELECT max(computed) FROM indicators WHERE scan = toUUID(?)", list[0].Scan.String()).Scan(&last)
	if err != nil {
		return s.explain(fmt.Errorf("look for indicators computed before: %w", err))
	}
	rows := slices.Clone(list)
	for i := range rows {
		if rows[i].Computed.Before(last) {
			rows[i].Computed = last
		}
	}
	return s.explain(indicators.insertList(ctx, s.db, rows))
}

// Indicators streams the indicators of a scan by kind, country and indicator.
func (s *Store) Indicators(ctx context.Context, scan uuid.UUID) iter.Seq2[IndicatorRow, error] {
	return func(yield func(IndicatorRow, error) bool) {
		indicators.read(ctx, s.db, func(r IndicatorRow, err error) bool {
			return yield(r, s.explain(err))
		}, "WHERE scan = toUUID(?) ORDER BY kind, country, indicator", scan.String())
	}
}

// Select runs a query of the program's own whose rows the caller reads and
// closes. Values are arguments, "?" in the query, and never part of its text.
func (s *Store) Select(ctx context.Context, sql string, args ...any) (driver.Rows, error) {
	rows, err := s.db.Query(small(ctx), sql, args...)
	if err != nil {
		return nil, s.explain(fmt.Errorf("query: %w", err))
	}
	return rows, nil
}
