// Package scanner runs a scan: a list of targets goes in, a stream of
// observations comes out. It holds what all probes and the store share: the
// targets' work list, rates, statuses and reasons. It never speaks DNS or
// ClickHouse itself, and an observation that it hands out is complete.
package scanner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"adopt6/lists"
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
	// uncounted leaves it to the sink to count.
	uncounted bool
}

// Run measures every pending target, as many at a time as this machine keeps up
// with, and hands the observations to the sink,
// one at a time. It returns when all are done, when the context ends, with its
// error, or when the list or the sink fails. When it returns, all that it
// started has ended, and every observation made has been taken by the sink,
// save those of targets that were still being measured.
func (p *Pool) Run(ctx context.Context, pending iter.Seq2[Pending, error]) error {
	if p.Workers < 1 {
		return fmt.Errorf("a scan needs at least 1 worker, got %d", p.Workers)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	governor := newGovernor(p.Workers)
	if p.Tally != nil {
		p.Tally.governor.Store(governor)
	}
	watched, stopWatch := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { governor.watch(watched) })
	defer watch.Wait()
	defer stopWatch()
	todo := make(chan Pending)
	made := make(chan *observation.Observation, p.Workers)

	var workers sync.WaitGroup
	for range p.Workers {
		workers.Go(func() { p.work(ctx, governor, todo, made) })
	}
	go func() {
		defer close(made)
		if err := feed(ctx, governor, pending, todo); err != nil {
			cancel(err)
		}
		close(todo)
		workers.Wait()
	}()
	for o := range made {
		// The sink gets what was measured before the context ended too: its
		// own context goes on.
		if err := p.Sink(context.WithoutCancel(ctx), o); err != nil {
			cancel(fmt.Errorf("keep the observation of %s: %w", o.Target.Name, err))
			break
		}
		if !p.uncounted {
			p.Tally.add(o)
		}
	}
	for range made { // after a failure of the sink: let the workers end
	}
	return context.Cause(ctx)
}

func feed(ctx context.Context, g *governor, pending iter.Seq2[Pending, error], todo chan<- Pending) error {
	for target, err := range pending {
		if err != nil {
			return err
		}
		if !g.enter(ctx) {
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

func (p *Pool) work(ctx context.Context, g *governor, todo <-chan Pending, made chan<- *observation.Observation) {
	for target := range todo {
		if ctx.Err() != nil {
			continue
		}
		targetCtx, cancel := context.WithTimeoutCause(ctx, p.Timeout, errTargetTimeout)
		o := p.Measure(targetCtx, target)
		cancel()
		g.leave()
		if ctx.Err() == nil {
			made <- o
		}
	}
}

var errTargetTimeout = errors.New("the target's time is up")

// TimedOut says whether ctx ended because the target, not the scan, ran out of
// time.
func TimedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errTargetTimeout) }

// Tally counts the observations of a running scan. It may be read at any time.
type Tally struct {
	done   atomic.Int64
	status [5]atomic.Int64 // by the leading verdict
	freed  freedTally

	governor atomic.Pointer[governor] // of the pool that runs
}

func (t *Tally) add(o *observation.Observation) {
	if t == nil {
		return
	}
	t.done.Add(1)
	leading := o.Web
	if o.Target.Kind == lists.CCTLD {
		leading = o.DNS // a registry has no web site at its TLD
	}
	if int(leading.Status) < len(t.status) {
		t.status[leading.Status].Add(1)
	}
	t.freed.add(o)
}

// InFlight returns how many targets are being measured, and how many may be.
func (t *Tally) InFlight() (running, limit int) {
	g := t.governor.Load()
	if g == nil {
		return 0, 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.limit
}

// Done returns how many targets have been observed.
func (t *Tally) Done() int64 { return t.done.Load() }

// Count returns how many targets have the given status in their leading
// verdict: the web over IPv6, or the name servers where the target is a ccTLD.
func (t *Tally) Count(s observation.Status) int64 { return t.status[s].Load() }
