package store

import (
	"context"
	"fmt"
	"iter"
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

	Indicator   string // id
	Numerator   uint64 // targets that fulfil it
	Partial     uint64 // targets that fulfil it in part; in Denominator, not in Numerator
	Denominator uint64 // targets that it was measured on and applies to
	Unmeasured  uint64 // targets that it applies to and could not be measured on
	Targets     uint64 // all targets of the kind and country
	Computed    time.Time
}

// indicatorRow is a row of the table indicators.
type indicatorRow struct {
	IndicatorRow
	kind            int8
	ldc, lldc, sids uint8
}

var indicators = table[indicatorRow]{"indicators", []column[indicatorRow]{
	field("scan", func(r *indicatorRow) *uuid.UUID { return &r.Scan }),
	field("scan_started", func(r *indicatorRow) *time.Time { return &r.ScanStarted }),
	field("kind", func(r *indicatorRow) *int8 { return &r.kind }),
	field("country", func(r *indicatorRow) *string { return &r.Country }),
	field("country_name", func(r *indicatorRow) *string { return &r.CountryName }),
	field("region", func(r *indicatorRow) *string { return &r.Region }),
	field("ldc", func(r *indicatorRow) *uint8 { return &r.ldc }),
	field("lldc", func(r *indicatorRow) *uint8 { return &r.lldc }),
	field("sids", func(r *indicatorRow) *uint8 { return &r.sids }),
	field("groups_as_of", func(r *indicatorRow) *string { return &r.GroupsAsOf }),
	field("indicator", func(r *indicatorRow) *string { return &r.Indicator }),
	field("numerator", func(r *indicatorRow) *uint64 { return &r.Numerator }),
	field("partial", func(r *indicatorRow) *uint64 { return &r.Partial }),
	field("denominator", func(r *indicatorRow) *uint64 { return &r.Denominator }),
	field("unmeasured", func(r *indicatorRow) *uint64 { return &r.Unmeasured }),
	field("targets", func(r *indicatorRow) *uint64 { return &r.Targets }),
	field("computed", func(r *indicatorRow) *time.Time { return &r.Computed }),
}}

// PutIndicators stores indicators. A row for the same scan, kind, country and
// indicator replaces the one before.
func (s *Store) PutIndicators(ctx context.Context, list []IndicatorRow) error {
	rows := make([]indicatorRow, len(list))
	for i, row := range list {
		row.ScanStarted, _ = storedTime(row.ScanStarted)
		row.Computed, _ = storedTime(row.Computed)
		rows[i] = indicatorRow{IndicatorRow: row, kind: kindValue(row.Kind), ldc: flag(row.LDC), lldc: flag(row.LLDC), sids: flag(row.SIDS)}
	}
	return s.explain(indicators.insert(ctx, s.db, rows))
}

// Indicators streams the indicators of a scan by kind, country and indicator.
func (s *Store) Indicators(ctx context.Context, scan uuid.UUID) iter.Seq2[IndicatorRow, error] {
	return func(yield func(IndicatorRow, error) bool) {
		indicators.read(ctx, s.db, func(r indicatorRow, err error) bool {
			if err != nil {
				return yield(IndicatorRow{}, s.explain(err))
			}
			r.Kind = kinds[r.kind]
			r.LDC, r.LLDC, r.SIDS = r.ldc == 1, r.lldc == 1, r.sids == 1
			r.ScanStarted, r.Computed = r.ScanStarted.UTC(), r.Computed.UTC()
			return yield(r.IndicatorRow, nil)
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
