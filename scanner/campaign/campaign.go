// Package campaign makes one scan.
//
// In: a plan, which has the work list, the network and the settings, and a sink
// that keeps what is found. Out: events, and a scan that is complete in the
// sink or can be resumed. It prints nothing and knows no store: the command
// line, a lab run and the scheduler each listen in their own way.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/metrics"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// Plan is what a campaign does.
type Plan struct {
	Worklist *scanner.Worklist
	Network  *network.Network
	Settings *configs.Settings // its sections scan and dns
	// Folders are those that the scan fills; the preflight looks at their disks.
	Folders       []string
	SkipPreflight bool
	Job           string       // of the scheduler; empty for none
	Live          *metrics.Set // shows the scan while it runs; may be nil
	// Watch sees every observation before the sink does; may be nil.
	Watch func(*observation.Observation)
}

// UnfitError says that every verdict from this vantage would be wrong.
type UnfitError struct{ Checks []preflight.Check }

func (e *UnfitError) Error() string {
	var seen []string
	for _, c := range e.Checks {
		seen = append(seen, fmt.Sprintf("%s: %s", c.Title, c.Seen))
	}
	return fmt.Sprintf("no verdict made from here would be right:\n  %s\nFix that first; --skip-preflight scans all the same", strings.Join(seen, "\n  "))
}

// campaign is one that runs.
type campaign struct {
	Plan
	sink      Sink
	events    *events
	kept      kept // before it began
	checked   *preflight.Result
	tally     *scanner.Tally
	rates     *scanner.Rates
	resolvers resolvers
}

// Run measures what the plan's work list still lacks, hands it to the sink, and
// completes the scan when its last target is kept. It removes the work list of
// a scan, or of a machine's part of one, that is complete; after an error the
// same plan continues where it was. Events come one at a time, all of them
// before Run returns.
func Run(ctx context.Context, p Plan, sink Sink, tell func(Event)) error {
	c := &campaign{Plan: p, sink: sink, events: &events{tell: tell}, checked: new(preflight.Result), tally: new(scanner.Tally), rates: p.Network.Rates(p.Settings)}
	if err := c.measure(ctx); err != nil {
		return err
	}
	return c.complete(ctx)
}

// measure runs the pool over the targets that are not kept yet.
func (c *campaign) measure(ctx context.Context) (err error) {
	w := c.Worklist
	if c.kept, err = whatIsKept(ctx, c.sink, w); err != nil {
		return err
	}
	prober, resolver, err := c.Network.Prober(ctx, c.Settings, c.rates, w.Scan, w.Vantage)
	if err != nil {
		return err
	}
	defer resolver.Close()
	c.resolvers.add(resolver)
	c.events.send(Started{Header: w.Header, Simulated: c.Network.Simulated(), Kept: c.kept.mine, Part: w.Shard.Count(w.Targets)})
	if err := c.preflight(ctx, prober, resolver); err != nil {
		return err
	}
	info := Info{
		Scan: w.Scan, Started: w.Created.Truncate(time.Second), List: listName(w), Vantage: w.Vantage, Targets: w.Targets,
		Program: c.Network.Program, Capabilities: c.checked.Capabilities, Simulated: c.Network.Simulated(), ASTable: c.Network.ASNVersion,
	}
	known, err := c.sink.Begin(ctx, info)
	if err != nil {
		return fmt.Errorf("record scan: %w", err)
	}
	if !w.Shard.Whole() && (known.List != info.List || known.Targets != info.Targets) {
		return &OtherListError{Known: known, Mine: info}
	}
	return c.runPool(ctx, prober)
}

// preflight finds out what this vantage can do and tells the prober.
func (c *campaign) preflight(ctx context.Context, prober *probe.Prober, resolver *resolve.Resolver) (err error) {
	if c.SkipPreflight {
		return nil
	}
	targets := func(yield func(lists.Target, error) bool) {
		for p, err := range c.Worklist.Pending(c.kept.done) {
			if !yield(p.Target, err) {
				return
			}
		}
	}
	if c.checked, err = c.Network.Preflight(ctx, c.Settings, resolver, targets, c.Folders); err != nil {
		return err
	}
	c.events.send(Checked{c.checked})
	if stops := c.checked.Stops(); len(stops) > 0 {
		return &UnfitError{stops}
	}
	prober.Routes = probe.RoutesOf(c.checked.Capabilities)
	return nil
}

// runPool measures and hands over.
func (c *campaign) runPool(ctx context.Context, prober *probe.Prober) error {
	w := c.Worklist
	writer, err := c.sink.Writer(ctx, w.Scan)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	pool := scanner.Pool{
		Workers: c.Settings.Scan.Workers, Timeout: c.Settings.Scan.Timeout, Measure: prober.Measure, Tally: c.tally,
		Sink: func(ctx context.Context, o *observation.Observation) error {
			if c.Watch != nil {
				c.Watch(o)
			}
			return writer.Write(ctx, o)
		},
	}
	left := int64(w.Shard.Count(w.Targets) - c.kept.mine)
	defer c.Live.Add(c.Job, &metrics.Scan{Started: time.Now(), Targets: left, Tally: c.tally, Rates: c.rates,
		Queries: c.resolvers.queries, CacheBytes: c.resolvers.cacheBytes, Store: writer.State})()
	stop := c.events.progress(c.tally, left)
	err = pool.RunConfirmed(ctx, w, c.kept.done, c.confirmation(prober))
	stop()
	return errors.Join(err, writer.Close(ctx, err == nil))
}

// confirmation says how often failures are measured again. Every pass has a
// resolver of its own: what one has learnt of dead servers is what is in doubt.
func (c *campaign) confirmation(first *probe.Prober) scanner.Confirmation {
	pass := 1
	confirm := scanner.Confirmation{
		Fresh: func(context.Context) (scanner.Measure, func(), error) {
			resolver, err := c.Network.Resolver(c.Settings, c.rates)
			if err != nil {
				return nil, nil, err
			}
			c.resolvers.add(resolver)
			return first.Fresh(resolver).Measure, func() { _ = resolver.Close() }, nil
		},
		OnPass: func(targets uint64, pause time.Duration) {
			pass++
			c.events.send(Pass{Number: pass, Targets: targets, Pause: pause})
		},
	}
	for i := range c.Settings.Scan.Confirm {
		pause := c.Settings.Scan.ConfirmAfter
		if i == 0 {
			pause = 0
		}
		confirm.Waits = append(confirm.Waits, pause)
	}
	return confirm
}

// topFreed is how many operators are named at the end of a scan.
const topFreed = 3

// complete checks that every target is kept, and finishes the scan when those
// of all machines are.
func (c *campaign) complete(ctx context.Context) error {
	w := c.Worklist
	found, err := whatIsKept(ctx, c.sink, w)
	if err != nil {
		return err
	}
	if mine := w.Shard.Count(w.Targets); found.mine != mine {
		return fmt.Errorf("%d targets were measured and %d are stored", mine, found.mine)
	}
	if found.all == w.Targets {
		if err := c.sink.Finish(ctx, w.Scan); err != nil {
			return err
		}
	}
	c.events.send(Done{
		Header: w.Header, Mine: found.mine, All: found.all, Resumed: c.kept.mine > 0,
		Freed: c.tally.TopUnblockers(topFreed), Checked: c.checked,
	})
	return w.Remove()
}
