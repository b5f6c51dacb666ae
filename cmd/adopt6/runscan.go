package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"adopt6/scanner"
	"adopt6/store"
	"adopt6/store/indicator"
)

// flushTime is how long an interrupted scan waits for ClickHouse. What has not
// arrived by then stays in the spool and arrives when the store is next opened.
const flushTime = 700 * time.Millisecond

// runScan measures what a work list still lacks and stores it; watch, if any,
// sees every observation made. It returns the store, open, for what follows.
func (a *app) runScan(ctx context.Context, net network, w *scanner.Worklist, watch func(*scanner.Observation)) (*store.Store, error) {
	s, err := a.openStore(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := a.measure(ctx, s, net, w, watch); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := a.completeScan(ctx, s, w); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// measure runs the pool over the targets that are not stored yet.
func (a *app) measure(ctx context.Context, s *store.Store, net network, w *scanner.Worklist, watch func(*scanner.Observation)) error {
	err := s.NewScan(ctx, store.ScanInfo{
		ID: w.Scan, Started: w.Created.Truncate(time.Second), List: w.List, Vantage: w.Vantage,
		Targets: w.Targets, Program: currentVersion().Version,
	})
	if err != nil {
		return fmt.Errorf("record scan: %w", err)
	}
	done := new(scanner.Positions)
	for position, err := range s.Done(ctx, w.Scan) {
		if err != nil {
			return fmt.Errorf("ask what is stored already: %w", err)
		}
		done.Add(position)
	}
	prober, resolver, err := net.prober(ctx, a.settings, w.Scan, w.Vantage)
	if err != nil {
		return err
	}
	defer resolver.Close()
	writer, err := s.Writer(ctx, w.Scan)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	a.announce(w, done.Count(), prober.Routes.V4, prober.Routes.V6)

	tally := new(scanner.Tally)
	pool := scanner.Pool{
		Workers: a.settings.Scan.Workers, Timeout: a.settings.Scan.Timeout,
		Measure: prober.Measure, Tally: tally,
		Sink: func(ctx context.Context, o *scanner.Observation) error {
			if watch != nil {
				watch(o)
			}
			return writer.Write(ctx, o)
		},
	}
	left := int64(w.Targets - done.Count())
	stop := a.showProgress("scan", "targets", func() progressState { return scanProgress(tally, left) })
	err = pool.Run(ctx, w.Pending(done))
	stop()
	return errors.Join(err, closeWriter(ctx, writer, err == nil))
}

// closeWriter brings everything to ClickHouse; of a scan that was cut short,
// what can be brought there at once. The rest is on disk, and that is all that
// such a scan promises.
func closeWriter(ctx context.Context, writer *store.Writer, whole bool) error {
	if whole {
		return writer.Close(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	err := writer.Close(ctx)
	if undelivered := new(store.UndeliveredError); errors.As(err, &undelivered) {
		return nil
	}
	return err
}

// completeScan checks that every target has its row, computes the indicators
// and says what was found.
func (a *app) completeScan(ctx context.Context, s *store.Store, w *scanner.Worklist) error {
	stored := new(scanner.Positions)
	for position, err := range s.Done(ctx, w.Scan) {
		if err != nil {
			return fmt.Errorf("count what is stored: %w", err)
		}
		stored.Add(position)
	}
	if stored.Count() != w.Targets {
		return fmt.Errorf("%d targets were measured and %d are stored", w.Targets, stored.Count())
	}
	if err := s.FinishScan(ctx, w.Scan); err != nil {
		return fmt.Errorf("record the end of the scan: %w", err)
	}
	if _, err := indicator.Compute(ctx, s, w.Scan); err != nil {
		return fmt.Errorf("compute indicators: %w", err)
	}
	fmt.Fprintf(a.errOut, "Scan %s is complete: %s targets, each stored once.\n", w.Scan, thousands(int64(w.Targets)))
	return w.Remove()
}

// announce says what is about to be done, and what this place cannot see.
func (a *app) announce(w *scanner.Worklist, done uint64, v4, v6 bool) {
	fmt.Fprintf(a.errOut, "Scan %s of %s from %s\n", w.Scan, w.List, w.Vantage)
	if done > 0 {
		fmt.Fprintf(a.errOut, "%s of %s targets are stored already; going on with the rest\n",
			thousands(int64(done)), thousands(int64(w.Targets)))
	}
	for _, family := range []struct {
		name string
		here bool
	}{{"IPv6", v6}, {"IPv4", v4}} {
		if !family.here {
			fmt.Fprintf(a.errOut, "This place has no %s route: what needs one is stored as unmeasured.\n", family.name)
		}
	}
}

// shown are the statuses in the order in which progress counts them: where a
// line is cut, what could not be measured goes first.
var shown = []scanner.Status{scanner.OK, scanner.Partial, scanner.Absent, scanner.Broken, scanner.Unmeasured}

func scanProgress(tally *scanner.Tally, total int64) progressState {
	var counts []string
	for _, status := range shown {
		if n := tally.Count(status); n > 0 {
			counts = append(counts, fmt.Sprintf("%s %s", status, thousands(n)))
		}
	}
	state := progressState{done: tally.Done(), total: total}
	if len(counts) > 0 {
		state.detail = strings.Join(counts, " ")
	}
	return state
}

// withResume adds to the error that ended a scan how to go on.
func (a *app) withResume(err error, w *scanner.Worklist) error {
	flags := ""
	for _, f := range []struct{ key, flag, value string }{
		{"store.path", "--store", a.settings.Store.Path},
		{"scan.state", "--state", a.settings.Scan.State},
	} {
		if a.settings.Origin(f.key) == f.flag {
			flags += fmt.Sprintf(" %s %s", f.flag, f.value)
		}
	}
	if a.settings.Origin("store.dsn") == "--dsn" {
		flags += " --dsn ..."
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what was measured is kept")
	}
	return fmt.Errorf("%w\nGo on with: %s scan --resume=%s%s", err, calledAs(), w.Scan, flags)
}
