// Package scanner runs a scan: a list of targets goes in, a stream of
// observations comes out. It holds the work list, the worker pool with its
// adaptive concurrency limit, the rate limiters and the confirmation of
// failures. It never speaks DNS or ClickHouse itself, and never hands out an
// incomplete observation.
package scanner

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"adopt6/scanner/observation"
)

// Measure observes one target. It must return soon after the context ends; an
// observation that an ended context cut short is thrown away.
type Measure func(ctx context.Context, p Pending) *observation.Observation

// Sink takes over an observation. It may block to slow the scan down; its
// error ends the scan.
type Sink func(ctx context.Context, o *observation.Observation) error

// Pool measures targets.
type Pool struct {
	Workers int           // targets measured at the same time at most, at least 1
	Timeout time.Duration // the longest that one target may take
	Measure Measure
	Sink    Sink
	Tally   *Tally // counts what was done; may be nil
	// uncounted is set when the sink counts the observations itself.
	uncounted bool
}

// Run measures every pending target, as many at a time as this machine keeps up
// with, and hands the observations to the sink one at a time. It returns nil
// when all are done, the context's cause when that ends, or the error of the
// list or the sink. When it returns, all goroutines that it started have ended,
// and the sink has received every observation except those of targets that were
// still being measured.
func (p *Pool) Run(ctx context.Context, pending iter.Seq2[Pending, error]) error {
	if p.Workers < 1 {
		return fmt.Errorf("a scan needs at least 1 worker, got %d", p.Workers)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	concurrency := newConcurrencyLimit(p.Workers)
	if p.Tally != nil {
		p.Tally.concurrency.Store(concurrency)
	}
	watched, stopWatch := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { concurrency.watch(watched) })
	defer watch.Wait()
	defer stopWatch()
	todo := make(chan Pending)
	made := make(chan *observation.Observation, p.Workers)

	var workers sync.WaitGroup
	for range p.Workers {
		workers.Go(func() { p.work(ctx, concurrency, todo, made) })
	}
	go func() {
		defer close(made)
		if err := feed(ctx, concurrency, pending, todo); err != nil {
			cancel(err)
		}
		close(todo)
		workers.Wait()
	}()
	for o := range made {
		// The sink also receives what was measured before the context ended,
		// so its own context must not end with it.
		if err := p.Sink(context.WithoutCancel(ctx), o); err != nil {
			cancel(fmt.Errorf("keep the observation of %s: %w", o.Target.Name, err))
			break
		}
		if !p.uncounted {
			p.Tally.add(o)
		}
	}
	for range made { // after a failure of the sink, so that the workers can end
	}
	return context.Cause(ctx)
}

func feed(ctx context.Context, limit *concurrencyLimit, pending iter.Seq2[Pending, error], todo chan<- Pending) error {
	for target, err := range pending {
		if err != nil {
			return err
		}
		if !limit.acquire(ctx) {
			return nil
		}
		select {
		case todo <- target:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (p *Pool) work(ctx context.Context, limit *concurrencyLimit, todo <-chan Pending, made chan<- *observation.Observation) {
	for target := range todo {
		if ctx.Err() != nil {
			continue
		}
		targetCtx, cancel := context.WithTimeout(ctx, p.Timeout)
		o := p.Measure(targetCtx, target)
		cancel()
		limit.release()
		if ctx.Err() == nil {
			made <- o
		}
	}
}

// Tally counts the observations of a running scan. It may be read at any time.
type Tally struct {
	done       atomic.Int64
	status     [5]atomic.Int64 // by the leading verdict
	unblockers unblockerTally

	concurrency atomic.Pointer[concurrencyLimit] // of the pool that runs
}

func (t *Tally) add(o *observation.Observation) {
	if t == nil {
		return
	}
	t.done.Add(1)
	leading := o.Web
	if o.Target.Kind.IsZone() {
		leading = o.DNS // a registry has no web site at its TLD
	}
	if int(leading.Status) < len(t.status) {
		t.status[leading.Status].Add(1)
	}
	t.unblockers.add(o)
}

// InFlight returns how many targets are being measured, and how many may be.
func (t *Tally) InFlight() (running, limit int) {
	l := t.concurrency.Load()
	if l == nil {
		return 0, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running, l.limit
}

// Done returns how many targets have been observed.
func (t *Tally) Done() int64 { return t.done.Load() }

// Count returns how many targets have the given status in their leading
// verdict: the web over IPv6, or the name servers where the target is a ccTLD.
func (t *Tally) Count(s observation.Status) int64 { return t.status[s].Load() }
