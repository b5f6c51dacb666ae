package store

import (
	"adopt6/scanner/observation"
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// batchRows are the rows of both tables that the observations of a batch make.
// It is not safe for concurrent use.
type batchRows struct {
	scanStarted  time.Time
	observations *block[observationRow]
	endpoints    *block[endpointRow]
	observation  observationRow // the one that is being added
	endpoint     endpointRow
}

func newBatchRows(scanStarted time.Time) *batchRows {
	return &batchRows{scanStarted: scanStarted, observations: observations.newBlock(), endpoints: endpoints.newBlock()}
}

// add appends an observation and its contacts. Nothing of it is kept.
func (b *batchRows) add(o *observation.Observation) {
	b.observation = observationRow{Observation: o, scanStarted: b.scanStarted}
	b.observations.add(&b.observation)
	b.observation = observationRow{}
	for i := range o.Endpoints {
		b.endpoint = endpointRow{&o.Endpoints[i], o, b.scanStarted, uint32(i)}
		b.endpoints.add(&b.endpoint)
	}
	b.endpoint = endpointRow{}
}

// reset empties the batch and keeps its memory.
func (b *batchRows) reset() {
	b.observations.reset()
	b.endpoints.reset()
}

// insert stores the batch. The contacts go first, so that a target that counts
// as stored has its contacts too.
func (b *batchRows) insert(ctx context.Context, db driver.Conn) error {
	if err := b.endpoints.insert(ctx, db); err != nil {
		return err
	}
	return b.observations.insert(ctx, db)
}
