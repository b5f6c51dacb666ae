package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Partition is one month of one table.
type Partition struct {
	Table string    `json:"table"`
	Month time.Time `json:"month"` // its first moment, UTC
	Rows  uint64    `json:"rows"`
	Bytes uint64    `json:"bytes"` // compressed, on disk
}

// RawTables hold what was measured; figures and the list of scans remain when
// they are pruned.
var RawTables = []string{"observations", "endpoints", "domain_history"}

// AllTables are the tables that grow with every scan.
var AllTables = []string{"observations", "endpoints", "domain_history", "indicators", "scans"}

// Partitions lists the months of tables before a time, the oldest first. The
// month of the newest scan is never among them, however old it is.
func (s *Store) Partitions(ctx context.Context, tables []string, before time.Time) ([]Partition, error) {
	var newest time.Time
	if err := s.db.QueryRow(ctx, "SELECT max(started) FROM scans").Scan(&newest); err != nil {
		return nil, s.explain(fmt.Errorf("look for the newest scan: %w", err))
	}
	rows, err := s.db.Query(ctx, "SELECT table, partition, sum(rows), sum(bytes_on_disk) FROM "+s.cluster.system("parts")+
		" WHERE database = ? AND active GROUP BY table, partition ORDER BY partition, table", s.options.Auth.Database)
	if err != nil {
		return nil, s.explain(fmt.Errorf("list the partitions: %w", err))
	}
	defer rows.Close()
	var list []Partition
	for rows.Next() {
		var p Partition
		var name string
		if err := rows.Scan(&p.Table, &name, &p.Rows, &p.Bytes); err != nil {
			return nil, s.explain(fmt.Errorf("list the partitions: %w", err))
		}
		p.Table = strings.TrimSuffix(p.Table, localSuffix)
		if !slices.Contains(tables, p.Table) {
			continue
		}
		if p.Month, err = time.Parse("200601", name); err != nil {
			return nil, fmt.Errorf("partition %q of %s is not a month", name, p.Table)
		}
		if end := p.Month.AddDate(0, 1, 0); !end.After(before) && end.Before(newest) {
			list = append(list, p)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(fmt.Errorf("list the partitions: %w", err))
	}
	return list, nil
}

// Drop removes partitions for good.
func (s *Store) Drop(ctx context.Context, list []Partition) error {
	if s.cfg.ReadOnly {
		return errReadOnly
	}
	for _, p := range list {
		if !slices.Contains(AllTables, p.Table) {
			return fmt.Errorf("table %s has no months to drop", p.Table)
		}
		if err := s.db.Exec(ctx, "ALTER TABLE "+s.cluster.local(p.Table)+s.cluster.on()+" DROP PARTITION "+p.Month.Format("200601")); err != nil {
			return s.explain(fmt.Errorf("drop %s of %s: %w", p.Month.Format("2006-01"), p.Table, err))
		}
	}
	return nil
}

// ParseKeep reads how long to keep what was measured, "24m" or "2y", and
// returns the time before which months are dropped.
func ParseKeep(text string, now time.Time) (time.Time, error) {
	var n int
	unit := strings.TrimLeft(text, "0123456789")
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 || n > 1200 || unit != "m" && unit != "y" {
		return time.Time{}, fmt.Errorf("%q is not a span to keep; say 24m for months or 2y for years", text)
	}
	if unit == "y" {
		n *= 12
	}
	now = now.UTC()
	return time.Date(now.Year(), now.Month()-time.Month(n), 1, 0, 0, 0, 0, time.UTC), nil
}
