package scanner

import (
	"adopt6/scanner/observation"
	"context"
	"fmt"
	"time"
)

// Confirmation measures failing targets again before it keeps their
// observations, so that a brief outage is not reported as broken, nor as a
// change.
//
// An observation whose failure may be temporary is not handed to the sink; its
// target is measured again when all others are done. The last observation is
// kept, with the number of attempts and the services on which the attempts
// disagreed, or which failed in the only one. Memory holds at most a dozen bits
// for each target. A scan that ends early measures the targets that still await
// confirmation again when it is resumed.
type Confirmation struct {
	// Waits are the pauses before each further pass, counted from the end of
	// the previous one. Without any, the first measurement is kept.
	Waits []time.Duration
	// Fresh returns a Measure with empty caches, so that it sees nothing of
	// earlier passes, and the function that releases it.
	Fresh func(context.Context) (Measure, func(), error)
	// Sleep waits, and returns the context's error when that ends first; nil
	// waits by the clock.
	Sleep func(context.Context, time.Duration) error
	// OnPass is called before the pause of every further pass; may be nil.
	OnPass func(targets uint64, pause time.Duration)
}

// RunConfirmed runs the pool over the targets of w that are not in done, and
// again over those that fail. It returns as Run does.
func (p *Pool) RunConfirmed(ctx context.Context, w *Worklist, done *Positions, c Confirmation) error {
	var held failures
	pass := *p
	release := func() {}
	defer func() { release() }()
	for i := range len(c.Waits) + 1 {
		waiting := new(Positions)
		pass.Sink = func(ctx context.Context, o *observation.Observation) error {
			failing := failingServices(o)
			seen, always := held.record(o.Position, i == 0, failing)
			if failing != 0 && i < len(c.Waits) {
				waiting.Add(o.Position)
				return nil
			}
			o.Attempts = uint8(i + 1)
			if i == 0 {
				always = 0
			}
			for service, name := range observation.Services() {
				if (seen&^always)>>service&1 != 0 {
					o.Flapping = append(o.Flapping, name)
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
		if release, err = c.prepareNext(ctx, &pass, waiting.Count(), c.Waits[i]); err != nil {
			release = func() {}
			return err
		}
		done = waiting.Complement(w.Targets)
	}
	return nil
}

// prepareNext waits before the next pass and gives it a fresh Measure.
func (c *Confirmation) prepareNext(ctx context.Context, pass *Pool, targets uint64, pause time.Duration) (release func(), err error) {
	if c.OnPass != nil {
		c.OnPass(targets, pause)
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

// failures records which services failed in any pass (seen) and in every pass
// (always). Index is the service, in the order of observation.Services.
type failures struct {
	seen, always [5]Positions
}

// record adds the result of a pass and returns the services that failed in any
// pass so far, and in every pass, as bits.
func (f *failures) record(position uint64, first bool, failing uint8) (seen, always uint8) {
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

// failingServices returns the services that fail and may work when measured
// again, as bits in the order of observation.Services.
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
