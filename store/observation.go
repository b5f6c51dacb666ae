package store

import (
	"context"
	"iter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// observationRow is a row of the table observations.
type observationRow struct {
	ScanStarted time.Time `col:"scan_started"`
	observation.Observation
}

// endpointRow is a row of the table endpoints: a contact, and what it repeats
// of the target it was made for.
type endpointRow struct {
	Scan        uuid.UUID  `col:"scan"`
	ScanStarted time.Time  `col:"scan_started"`
	Position    uint64     `col:"position"`
	Ordinal     uint32     `col:"ordinal"`
	Domain      string     `col:"domain"`
	Kind        lists.Kind `col:"kind"`
	Country     string     `col:"country"`
	Region      string     `col:"region"`
	Vantage     string     `col:"vantage"`
	Started     time.Time  `col:"started"`
	observation.Endpoint
}

var (
	observations = newTable[observationRow]("observations")
	endpoints    = newTable[endpointRow]("endpoints")
)

// insertObservations stores observations of a scan. The contacts go first, so
// that a target that counts as stored has its contacts too.
func insertObservations(ctx context.Context, db driver.Conn, scanStarted time.Time, list []*observation.Observation) error {
	if err := endpoints.insert(ctx, db, endpointRows(scanStarted, list)); err != nil {
		return err
	}
	var row observationRow
	return observations.insert(ctx, db, func(yield func(*observationRow) bool) {
		for _, o := range list {
			row = observationRow{scanStarted, *o}
			if !yield(&row) {
				return
			}
		}
	})
}

// endpointRows yields the rows of all contacts, each in the memory of the one
// before.
func endpointRows(scanStarted time.Time, list []*observation.Observation) iter.Seq[*endpointRow] {
	return func(yield func(*endpointRow) bool) {
		var row endpointRow
		for _, o := range list {
			for i := range o.Endpoints {
				row = endpointRow{
					Scan: o.Scan, ScanStarted: scanStarted, Position: o.Position, Ordinal: uint32(i),
					Domain: o.Target.Name, Kind: o.Target.Kind, Country: o.Target.Country, Region: o.Country.Region,
					Vantage: o.Vantage, Started: o.Started, Endpoint: o.Endpoints[i],
				}
				if !yield(&row) {
					return
				}
			}
		}
	}
}
