package scanner

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

func pendingTargets(n int) iter.Seq2[Pending, error] {
	return func(yield func(Pending, error) bool) {
		for i := range n {
			if !yield(Pending{Position: uint64(i), Target: lists.Target{Name: "x.tg"}}, nil) {
				return
			}
		}
	}
}

func observe(_ context.Context, p Pending) *observation.Observation {
	return &observation.Observation{Position: p.Position, Target: p.Target, Web: observation.Verdict{Status: observation.OK}}
}

func TestPoolObservesEveryTargetOnce(t *testing.T) {
	const n = 10_000
	seen := make(map[uint64]int)
	tally := new(Tally)
	pool := Pool{Workers: 50, Timeout: time.Minute, Measure: observe, Tally: tally,
		Sink: func(_ context.Context, o *observation.Observation) error { seen[o.Position]++; return nil }}
	if err := pool.Run(t.Context(), pendingTargets(n)); err != nil {
		t.Fatal(err)
	}
	if len(seen) != n || tally.Done() != n || tally.Count(observation.OK) != n {
		t.Errorf("%d observed, %d tallied, %d ok, want %d each", len(seen), tally.Done(), tally.Count(observation.OK), n)
	}
	for position, times := range seen {
		if times != 1 {
			t.Fatalf("position %d observed %d times", position, times)
		}
	}
}

// TestPoolInterrupted keeps what was measured, discards what was cut short, and
// leaves no goroutine running.
func TestPoolInterrupted(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, interrupt := context.WithCancel(t.Context())
	var started atomic.Int64
	var kept int
	pool := Pool{Workers: 8, Timeout: time.Minute,
		Measure: func(ctx context.Context, p Pending) *observation.Observation {
			if started.Add(1) > 100 {
				if started.Load() > 105 {
					interrupt()
				}
				<-ctx.Done()
			}
			return observe(ctx, p)
		},
		Sink: func(ctx context.Context, _ *observation.Observation) error { kept++; return ctx.Err() }}
	if err := pool.Run(ctx, pendingTargets(10_000)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the interrupt", err)
	}
	if kept < 90 || kept > 100 {
		t.Errorf("%d observations kept, want the 100 complete ones, less those not yet handed over", kept)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines after the scan, %d before", now, before)
	}
}

func TestPoolStopsWhenTheSinkFails(t *testing.T) {
	full := errors.New("no space left on device")
	pool := Pool{Workers: 4, Timeout: time.Minute, Measure: observe,
		Sink: func(context.Context, *observation.Observation) error { return full }}
	if err := pool.Run(t.Context(), pendingTargets(1000)); !errors.Is(err, full) {
		t.Errorf("got %v, want the sink's error", err)
	}
}

func TestPoolStopsWhenTheListFails(t *testing.T) {
	broken := errors.New("read target list: input/output error")
	pool := Pool{Workers: 4, Timeout: time.Minute, Measure: observe,
		Sink: func(context.Context, *observation.Observation) error { return nil }}
	list := func(yield func(Pending, error) bool) { yield(Pending{}, broken) }
	if err := pool.Run(t.Context(), list); !errors.Is(err, broken) {
		t.Errorf("got %v, want the list's error", err)
	}
}

func TestPoolGivesATargetItsTime(t *testing.T) {
	pool := Pool{Workers: 1, Timeout: time.Millisecond,
		Measure: func(ctx context.Context, p Pending) *observation.Observation {
			<-ctx.Done()
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Error("the time-out of a target is reported as the end of the scan")
			}
			return observe(ctx, p)
		},
		Sink: func(context.Context, *observation.Observation) error { return nil }}
	if err := pool.Run(t.Context(), pendingTargets(2)); err != nil {
		t.Fatal(err)
	}
}

// TestTallyCountsWhatATargetHas counts a ccTLD by its name servers: as it has no
// web site, it would otherwise count as unmeasured.
func TestTallyCountsWhatATargetHas(t *testing.T) {
	var tally Tally
	tally.add(&observation.Observation{Target: lists.Target{Kind: lists.CCTLD}, DNS: observation.Verdict{Status: observation.OK}})
	tally.add(&observation.Observation{Target: lists.Target{Kind: lists.Government}, DNS: observation.Verdict{Status: observation.OK}, Web: observation.Verdict{Status: observation.Absent}})
	if tally.Count(observation.OK) != 1 || tally.Count(observation.Absent) != 1 || tally.Count(observation.Unmeasured) != 0 {
		t.Errorf("ok %d, absent %d, unmeasured %d", tally.Count(observation.OK), tally.Count(observation.Absent), tally.Count(observation.Unmeasured))
	}
}
