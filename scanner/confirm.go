package scanner

import (
	"adopt6/scanner/observation"
	"context"
	"fmt"
	"time"
)

// Confirmation measures targets that fail once more, or more often, before
// their observation is kept, so that a server which was down for a minute is
// neither a broken service nor news.
//
// An observation that may have failed by chance is not handed to the sink; its
// target is measured again when all others are done. What the last measurement
// found is kept, with the number of measurements and the services on which they
// disagreed, or which failed in the only one. Of each target a dozen bits at
// most are held in memory; a scan that ends before measures those that wait
// anew when it is resumed.
type Confirmation struct {
	// Waits are the pauses before each further pass, counted from the end of
	// the pass before. Without any, the first measurement is kept.
	Waits []time.Duration
	// Fresh returns a Measure that remembers nothing of the passes before, and
	// what releases it.
	Fresh func(context.Context) (Measure, func(), error)
	// Sleep waits, and returns the context's error when that ends first; nil
	// waits by the clock.
	Sleep func(context.Context, time.Duration) error
	// Begin is told of every further pass before its pause; may be nil.
	Begin func(targets uint64, pause time.Duration)
}

// RunConfirmed runs the pool over the targets of w that done does not hold,
// and again over those that fail. It returns as Run does.
func (p *Pool) RunConfirmed(ctx context.Context, w *Worklist, done *Positions, c Confirmation) error {
	var held failures
	pass := *p
	release := func() {}
	defer func() { release() }()
	for i := range len(c.Waits) + 1 {
		waiting := new(Positions)
		pass.Sink = func(ctx context.Context, o *observation.Observation) error {
			failing := failingServices(o)
			seen, always := held.note(o.Position, i == 0, failing)
			if failing != 0 && i < len(c.Waits) {
				waiting.Add(o.Position)
				return nil
			}
			o.Passes = uint8(i + 1)
			if i == 0 {
				always = 0
			}
			for service, name := range observation.Services() {
				if (seen&^always)>>service&1 != 0 {
					o.Unsteady = append(o.Unsteady, name)
				}
			}
			if err := p.Sink(ctx, o); err != nil {
				return err
			}
			p.Tally.add(o)
			return nil
		}
		pass.uncounted = true
		if err := pass.Run(ctx, w.Pending(done)); err != nil {
			return err
		}
		if waiting.Count() == 0 {
			return nil
		}
		release()
		var err error
		if release, err = c.next(ctx, &pass, waiting.Count(), c.Waits[i]); err != nil {
			release = func() {}
			return err
		}
		done = waiting.Complement(w.Targets)
	}
	return nil
}

// next waits for the pass after pass i and gives it a fresh memory.
func (c *Confirmation) next(ctx context.Context, pass *Pool, targets uint64, pause time.Duration) (release func(), err error) {
	if c.Begin != nil {
		c.Begin(targets, pause)
	}
	sleep := c.Sleep
	if sleep == nil {
		sleep = sleepClock
	}
	if err := sleep(ctx, pause); err != nil {
		return nil, err
	}
	if pass.Measure, release, err = c.Fresh(ctx); err != nil {
		return nil, fmt.Errorf("prepare to measure failures again: %w", err)
	}
	return release, nil
}

func sleepClock(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// failures remembers which services failed in which passes: in any of them, and
// in each. A service is a bit, in the order of Services.
type failures struct {
	seen, always [5]Positions
}

// note adds what a pass found and returns what all passes did.
func (f *failures) note(position uint64, first bool, failing uint8) (seen, always uint8) {
	if first && failing == 0 {
		return 0, 0
	}
	for service := range f.seen {
		bit := uint8(1) << service
		fails := failing&bit != 0
		if fails {
			f.seen[service].Add(position)
		}
		if first && fails {
			f.always[service].Add(position)
		} else if !fails {
			f.always[service].Remove(position)
		}
		if f.seen[service].Has(position) {
			seen |= bit
		}
		if f.always[service].Has(position) {
			always |= bit
		}
	}
	return seen, always
}

// failingServices are those that fail and may work when they are measured
// again, a bit each in the order of Services.
func failingServices(o *observation.Observation) (failing uint8) {
	for service, v := range []observation.Verdict{o.DNS, o.Web, o.Mail, o.V6Only} {
		if v.MayBeTransient() {
			failing |= 1 << service
		}
	}
	if o.DNSSEC == observation.Bogus {
		failing |= 1 << 4
	}
	return failing
}
