package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner"
	"adopt6/scanner/metrics"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
	"adopt6/store"
	"adopt6/store/indicator"
)

// flushTime is how long an interrupted scan waits for ClickHouse. What has not
// arrived by then stays in the spool and arrives when the store is next opened.
const flushTime = 700 * time.Millisecond

// scanRun is one run over a work list.
type scanRun struct {
	net      network
	worklist *scanner.Worklist
	// skipPreflight measures without asking what this place can do.
	skipPreflight bool
	job           string                         // of the scheduler; empty for none
	watch         func(*observation.Observation) // sees every observation made; may be nil
}

// runScan measures what a work list still lacks and stores it. It returns the
// store, open, for what follows.
func (a *app) runScan(ctx context.Context, run scanRun) (*store.Store, error) {
	s, err := a.openStore(ctx, false)
	if err != nil {
		return nil, err
	}
	if err := a.scanInto(ctx, s, run); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// scanInto measures what a work list still lacks and puts it into a store.
func (a *app) scanInto(ctx context.Context, s *store.Store, run scanRun) error {
	found, err := a.measure(ctx, s, run)
	if err == nil {
		err = a.completeScan(ctx, s, run.worklist)
	}
	if err == nil {
		remind(a.errOut, found)
	}
	return err
}

// measure runs the pool over the targets that are not stored yet, and returns
// what the preflight found.
func (a *app) measure(ctx context.Context, s *store.Store, run scanRun) (*preflight.Result, error) {
	w := run.worklist
	before, err := whatIsStored(ctx, s, w)
	if err != nil {
		return nil, err
	}
	prober, resolver, err := run.net.prober(ctx, a.settings, w.Scan, w.Vantage)
	if err != nil {
		return nil, err
	}
	defer resolver.Close()
	a.warnNameless(run.net, w.Targets)
	fmt.Fprintf(a.errOut, "Scan %s of %s from %s\n", w.Scan, w.List, w.Vantage)
	found := new(preflight.Result)
	if !run.skipPreflight {
		if found, err = a.preflight(ctx, run.net, resolver, w.Pending(before.done)); err != nil {
			return nil, err
		}
		if err := announce(a.errOut, found); err != nil {
			return nil, err
		}
		prober.Routes = probe.RoutesOf(found.Capabilities)
	}
	info := store.ScanInfo{
		ID: w.Scan, Started: w.Created.Truncate(time.Second), List: listName(w), Vantage: w.Vantage,
		Targets: w.Targets, Program: currentVersion().Version, Capabilities: found.Capabilities, Simulated: run.net.simulated(),
	}
	if run.net.asn != nil {
		info.ASTable = run.net.asn.Version()
	}
	if err := s.NewScan(ctx, info); err != nil {
		return nil, fmt.Errorf("record scan: %w", err)
	}
	if err := sharedScan(ctx, s, w); err != nil {
		return nil, err
	}
	return found, a.runPool(ctx, s, run, prober, resolver, before)
}

// runPool measures all that is not stored before.
func (a *app) runPool(ctx context.Context, s *store.Store, run scanRun, prober *probe.Prober, resolver *resolve.Resolver, before stored) error {
	w := run.worklist
	writer, err := s.Writer(ctx, w.Scan)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	if before.mine > 0 {
		fmt.Fprintf(a.errOut, "%s of %s targets are stored already; going on with the rest\n",
			terminal.Thousands(int64(before.mine)), terminal.Thousands(int64(w.Shard.Count(w.Targets))))
	}
	tally := new(scanner.Tally)
	pool := scanner.Pool{
		Workers: a.settings.Scan.Workers, Timeout: a.settings.Scan.Timeout,
		Measure: prober.Measure, Tally: tally,
		Sink: func(ctx context.Context, o *observation.Observation) error {
			if run.watch != nil {
				run.watch(o)
			}
			return writer.Write(ctx, o)
		},
	}
	left := int64(w.Shard.Count(w.Targets) - before.mine)
	resolvers := new(resolverSet)
	resolvers.add(resolver)
	rates, _ := prober.Limiter.(*scanner.Rates)
	defer a.live.Add(run.job, &metrics.Scan{Started: time.Now(), Targets: left, Tally: tally, Rates: rates,
		Queries: resolvers.queries, CacheBytes: resolvers.cacheBytes,
		Store: func() metrics.StoreState { return metrics.StoreState(writer.Stats()) }})()
	again := new(atomic.Value)
	stop := terminal.Progress(a.errOut, "scan", "targets", func() terminal.Moment { return scanProgress(tally, left, again) })
	err = pool.RunConfirmed(ctx, w, before.done, a.confirmation(run, prober, resolvers, again))
	stop()
	if err == nil {
		printFreed(a.errOut, tally, before.mine > 0)
	}
	return errors.Join(err, closeWriter(ctx, writer, err == nil))
}

// confirmation says how often failures are measured again. Every time has a
// resolver of its own: what one has learnt of dead servers is what is in doubt.
// What goes on then is put into again, a text for people.
func (a *app) confirmation(run scanRun, first *probe.Prober, resolvers *resolverSet, again *atomic.Value) scanner.Confirmation {
	c := scanner.Confirmation{
		Fresh: func(ctx context.Context) (scanner.Measure, func(), error) {
			resolver, err := run.net.resolver(a.settings, first.Limiter)
			if err != nil {
				return nil, nil, err
			}
			resolvers.add(resolver)
			prober := first.Afresh(resolver)
			return prober.Measure, func() { _ = resolver.Close() }, nil
		},
		Begin: func(targets uint64, pause time.Duration) {
			what := fmt.Sprintf("measuring %s failures again", terminal.Thousands(int64(targets)))
			if pause > 0 {
				what += " after " + pause.String()
			}
			again.Store(what)
		},
	}
	for i := range a.settings.Scan.Confirm {
		pause := a.settings.Scan.ConfirmAfter
		if i == 0 {
			pause = 0
		}
		c.Waits = append(c.Waits, pause)
	}
	return c
}

// maxFreed is how many operators are named at the end of a scan.
const maxFreed = 3

// printFreed names the operators of whom each, by enabling IPv6, would make
// the most of the scan's targets resolvable without IPv4.
func printFreed(w io.Writer, tally *scanner.Tally, resumed bool) {
	for i, f := range tally.TopFreed(maxFreed) {
		if f.Domains < 2 {
			break
		}
		if i == 0 && resumed {
			fmt.Fprintln(w, "Of what was measured now:")
		}
		least := ""
		if f.AtMost > f.Domains {
			least = "At least "
		}
		fmt.Fprintf(w, "%s%s domains would resolve without IPv4 if %s enabled IPv6.\n", least, terminal.Thousands(f.Domains), f.Operator)
	}
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
	found, err := whatIsStored(ctx, s, w)
	if err != nil {
		return err
	}
	if mine := w.Shard.Count(w.Targets); found.mine != mine {
		return fmt.Errorf("%d targets were measured and %d are stored", mine, found.mine)
	}
	if found.all != w.Targets {
		fmt.Fprintf(a.errOut, "Shard %s is complete: %s targets, each stored once. The scan is not: %s targets of other shards are not\nstored yet, and the last of them finishes it.\n",
			w.Shard, terminal.Thousands(int64(found.mine)), terminal.Thousands(int64(w.Targets-found.all)))
		return w.Remove()
	}
	if err := s.FinishScan(ctx, w.Scan); err != nil {
		return fmt.Errorf("record the end of the scan: %w", err)
	}
	if _, err := indicator.Compute(ctx, s, w.Scan); err != nil {
		return fmt.Errorf("compute indicators: %w", err)
	}
	fmt.Fprintf(a.errOut, "Scan %s is complete: %s targets, each stored once.\n", w.Scan, terminal.Thousands(int64(w.Targets)))
	return w.Remove()
}

// shown are the statuses in the order in which progress counts them: where a
// line is cut, what could not be measured goes first.
var shown = []observation.Status{observation.OK, observation.Partial, observation.Absent, observation.Broken, observation.Unmeasured}

func scanProgress(tally *scanner.Tally, total int64, again *atomic.Value) terminal.Moment {
	var counts []string
	if what, ok := again.Load().(string); ok {
		counts = append(counts, what+";")
	}
	for _, status := range shown {
		if n := tally.Count(status); n > 0 {
			counts = append(counts, fmt.Sprintf("%s %s", status, terminal.Thousands(n)))
		}
	}
	state := terminal.Moment{Done: tally.Done(), Total: total}
	if len(counts) > 0 {
		state.Detail = strings.Join(counts, " ")
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
