// Package sink keeps what a campaign finds in a store.
//
// It stands between the two, which know nothing of each other: a campaign's
// events and observations come in, rows and indicators go out.
package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/campaign"
	"adopt6/scanner/metrics"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Sink implements [campaign.Sink] for an open store.
type Sink struct{ *store.Store }

// Begin implements [campaign.Sink].
func (s Sink) Begin(ctx context.Context, info campaign.Info) (known campaign.Info, err error) {
	err = s.NewScan(ctx, store.ScanInfo{
		ID: info.Scan, Started: info.Started, List: info.List, Vantage: info.Vantage, Targets: info.Targets,
		Program: info.Program, Capabilities: info.Capabilities, Simulated: info.Simulated, ASTable: info.ASTable,
	})
	if err != nil {
		return known, err
	}
	found, err := s.Scan(ctx, info.Scan)
	info.List, info.Targets = found.List, found.Targets
	return info, err
}

// Finish implements [campaign.Sink]: it computes the indicators.
func (s Sink) Finish(ctx context.Context, scan uuid.UUID) error {
	if err := s.FinishScan(ctx, scan); err != nil {
		return fmt.Errorf("record the end of the scan: %w", err)
	}
	if _, err := indicator.Compute(ctx, s.Store, scan); err != nil {
		return fmt.Errorf("compute indicators: %w", err)
	}
	return nil
}

// Writer implements [campaign.Sink].
func (s Sink) Writer(ctx context.Context, scan uuid.UUID) (campaign.Writer, error) {
	w, err := s.Store.Writer(ctx, scan)
	return writer{w}, err
}

type writer struct{ *store.Writer }

// State implements [campaign.Writer].
func (w writer) State() metrics.StoreState { return metrics.StoreState(w.Stats()) }

// flushTime is how long a scan that was cut short waits for ClickHouse. What has
// not arrived by then stays in the spool and arrives when the store is next
// opened.
const flushTime = 700 * time.Millisecond

// Close implements [campaign.Writer].
func (w writer) Close(ctx context.Context, whole bool) error {
	if whole {
		return w.Writer.Close(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	err := w.Writer.Close(ctx)
	if undelivered := new(store.UndeliveredError); errors.As(err, &undelivered) {
		return nil
	}
	return err
}
