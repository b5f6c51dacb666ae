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
	Scan        uuid.UUID
	ScanStarted time.Time
	Kind        lists.Kind
	Country     string // ISO 3166-1 alpha-2; empty for targets of no country
	CountryName string // English
	Region      string // ITU region
	// The UN groups that the country is in as of GroupsAsOf.
	LDC, LLDC, SIDS bool
	GroupsAsOf      string

	Indicator   string  // id
	Numerator   uint64  // targets that fulfil it
	Partial     uint64  // targets that fulfil it in part; in Denominator, not in Numerator
	Denominator uint64  // targets that it was measured on and applies to
	Unmeasured  uint64  // targets that it applies to and could not be measured on
	Targets     uint64  // all targets of the kind and country
	Value       float64 // share, median or index; 0 where nothing was measured
	Detail      string  // what the value is about, such as the operator counted; from the network
	Computed    time.Time
}

var indicators = table[IndicatorRow]{"indicators", []column[IndicatorRow]{
	same("scan", func(r *IndicatorRow) *uuid.UUID { return &r.Scan }),
	moment("scan_started", func(r *IndicatorRow) *time.Time { return &r.ScanStarted }),
	field("kind", func(r *IndicatorRow) int8 { return kindValue(r.Kind) }, func(r *IndicatorRow, v int8) { r.Kind = kinds[v] }),
	word("country", func(r *IndicatorRow) *string { return &r.Country }),
	word("country_name", func(r *IndicatorRow) *string { return &r.CountryName }),
	word("region", func(r *IndicatorRow) *string { return &r.Region }),
	flag("ldc", func(r *IndicatorRow) *bool { return &r.LDC }),
	flag("lldc", func(r *IndicatorRow) *bool { return &r.LLDC }),
	flag("sids", func(r *IndicatorRow) *bool { return &r.SIDS }),
	word("groups_as_of", func(r *IndicatorRow) *string { return &r.GroupsAsOf }),
	word("indicator", func(r *IndicatorRow) *string { return &r.Indicator }),
	same("numerator", func(r *IndicatorRow) *uint64 { return &r.Numerator }),
	same("partial", func(r *IndicatorRow) *uint64 { return &r.Partial }),
	same("denominator", func(r *IndicatorRow) *uint64 { return &r.Denominator }),
	same("unmeasured", func(r *IndicatorRow) *uint64 { return &r.Unmeasured }),
	same("targets", func(r *IndicatorRow) *uint64 { return &r.Targets }),
	same("value", func(r *IndicatorRow) *float64 { return &r.Value }),
	text("detail", func(r *IndicatorRow) *string { return &r.Detail }),
	moment("computed", func(r *IndicatorRow) *time.Time { return &r.Computed }),
}}

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
	return s.explain(indicators.insert(ctx, s.db, rows))
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
