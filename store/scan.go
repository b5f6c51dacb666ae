package store

import (
	"adopt6/scanner/observation"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
)

// ScanInfo describes one scan.
type ScanInfo struct {
	ID       uuid.UUID `col:"scan" json:"scan"`
	Started  time.Time `col:"started" json:"started"`   // UTC, whole seconds
	Finished time.Time `col:"finished" json:"finished"` // zero while the scan is not finished
	List     string    `col:"list" json:"list"`         // where the targets came from, for people
	Vantage  string    `col:"vantage" json:"vantage"`
	Targets  uint64    `col:"targets" json:"targets"`
	Program  string    `col:"program" json:"program"` // version of adopt6
	// ASTable names the table of autonomous systems that was used; empty
	// without one.
	ASTable string `col:"as_table" json:"as_table"` // Capabilities are what the vantage could do when the scan was last begun
	// or resumed.
	Capabilities observation.Capabilities `json:"capabilities"`
	// Simulated says that the scan saw a lab instead of the Internet, in any of
	// its runs.
	Simulated bool `col:"simulated" json:"simulated"`
}

type scanRow struct {
	ScanInfo
	Revision uint64 `col:"revision"`
}

var scans = newTable[scanRow]("scans")

// UnknownScanError says that the store has no such scan.
type UnknownScanError struct{ ID uuid.UUID }

func (e *UnknownScanError) Error() string { return fmt.Sprintf("the store has no scan %s", e.ID) }

// NewScan records that a scan has begun. Recording a scan again, as a resumed
// one does, only says that it is not finished, what the vantage can do now and
// which table of autonomous systems it has.
func (s *Store) NewScan(ctx context.Context, info ScanInfo) error {
	row, err := s.scanRow(ctx, info.ID)
	if unknown := new(UnknownScanError); errors.As(err, &unknown) {
		row.ScanInfo, err = info, nil
	}
	if err != nil {
		return err
	}
	row.Finished, row.Capabilities, row.ASTable = time.Time{}, info.Capabilities, info.ASTable
	row.Simulated = row.Simulated || info.Simulated
	return s.putScan(ctx, row)
}

// FinishScan records that all targets of a scan are stored.
func (s *Store) FinishScan(ctx context.Context, id uuid.UUID) error {
	row, err := s.scanRow(ctx, id)
	if err != nil {
		return err
	}
	row.Finished = time.Now()
	return s.putScan(ctx, row)
}

// putScan stores a later revision of a scan's row.
func (s *Store) putScan(ctx context.Context, row scanRow) error {
	row.Revision++ // not the time: clocks jump
	if err := scans.insertList(ctx, s.db, []scanRow{row}); err != nil {
		return s.explain(fmt.Errorf("record scan %s: %w", row.ID, err))
	}
	return nil
}

// Scan returns what is known of a scan, or an *UnknownScanError.
func (s *Store) Scan(ctx context.Context, id uuid.UUID) (ScanInfo, error) {
	row, err := s.scanRow(ctx, id)
	return row.ScanInfo, err
}

func (s *Store) scanRow(ctx context.Context, id uuid.UUID) (scanRow, error) {
	for row, err := range s.chosenScans(ctx, "WHERE scan = toUUID(?)", id.String()) {
		return row, err
	}
	return scanRow{}, &UnknownScanError{ID: id}
}

// Scans streams all scans, the oldest first.
func (s *Store) Scans(ctx context.Context) iter.Seq2[ScanInfo, error] {
	return func(yield func(ScanInfo, error) bool) {
		for row, err := range s.chosenScans(ctx, "ORDER BY started, scan") {
			if !yield(row.ScanInfo, err) {
				return
			}
		}
	}
}

func (s *Store) chosenScans(ctx context.Context, clauses string, args ...any) iter.Seq2[scanRow, error] {
	return func(yield func(scanRow, error) bool) {
		scans.read(ctx, s.db, func(row scanRow, err error) bool {
			return yield(row, s.explain(err))
		}, clauses, args...)
	}
}

// Done streams the positions of a scan that are stored, each once and in
// order.
func (s *Store) Done(ctx context.Context, scan uuid.UUID) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		fail := func(err error) {
			yield(0, s.explain(fmt.Errorf("read which targets of scan %s are stored: %w", scan, err)))
		}
		rows, err := s.db.Query(small(ctx), "SELECT position FROM observations WHERE scan = toUUID(?) ORDER BY position", scan.String())
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for last, first := uint64(0), true; rows.Next(); first = false {
			var position uint64
			if err := rows.Scan(&position); err != nil {
				fail(err)
				return
			}
			if position == last && !first {
				continue // sent twice, not merged yet
			}
			last = position
			if !yield(position, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

// Observations streams the observations of a scan in the order of the list.
// Their endpoints are in Endpoints.
func (s *Store) Observations(ctx context.Context, scan uuid.UUID) iter.Seq2[observation.Observation, error] {
	return func(yield func(observation.Observation, error) bool) {
		observations.read(ctx, s.db, func(r observationRow, err error) bool {
			if err != nil {
				return yield(observation.Observation{}, s.explain(err))
			}
			r.Country.Of(r.Target)
			return yield(r.Observation, nil)
		}, "WHERE scan = toUUID(?) ORDER BY position", scan.String())
	}
}

// Endpoints streams the contacts of a scan with the position of their target,
// in order.
func (s *Store) Endpoints(ctx context.Context, scan uuid.UUID) iter.Seq2[PlacedEndpoint, error] {
	return func(yield func(PlacedEndpoint, error) bool) {
		endpoints.read(ctx, s.db, func(r endpointRow, err error) bool {
			if err != nil {
				return yield(PlacedEndpoint{}, s.explain(err))
			}
			return yield(PlacedEndpoint{Position: r.Position, Endpoint: r.Endpoint}, nil)
		}, "WHERE scan = toUUID(?) ORDER BY position, ordinal", scan.String())
	}
}

// PlacedEndpoint is a contact and the position of the target it was made for.
type PlacedEndpoint struct {
	Position uint64
	observation.Endpoint
}
