package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
)

// finishedRun is a run whose scan is complete in the store.
type finishedRun struct {
	job     schedule.Job
	run     jobrun.Run
	machine string
	config  *schedule.Config
}

// afterRun is something that is done after a finished run, with the store open.
type afterRun struct {
	name string // what is done, for the log
	do   func(ctx context.Context, a *app, s *store.Store, done finishedRun) error
}

// afterRuns are done in this order after each finished run. One that fails is
// logged; the run is finished all the same, and the others are done.
var afterRuns = []afterRun{
	{"queue the digests of what changed", notifyAfterRun},
	{"drop months that no job keeps", pruneAfterRun},
}

// afterwards does what follows a finished run.
func (r *runner) afterwards(ctx context.Context, s *store.Store, j schedule.Job, run jobrun.Run) {
	done := finishedRun{job: j, run: run, machine: r.machine, config: r.plan.Load().config}
	// The scan is complete: that the program is told to end does not lose what
	// people are to hear of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterTime)
	defer cancel()
	for _, after := range afterRuns {
		err := after.do(ctx, r.show(j), s, done)
		if err == nil {
			continue
		}
		r.log.Error("could not "+after.name, "job", j.Name, "error", err)
		if run.Trigger == jobrun.ByHand {
			r.show(j).note("Could not %s: %v", after.name, err)
		}
	}
}

// afterTime is how long what follows a run may take.
const afterTime = time.Minute

// pruneAfterRun drops the observations of months that every job lets go.
func pruneAfterRun(ctx context.Context, _ *app, s *store.Store, done finishedRun) error {
	keeps, err := otherKeeps(ctx, s, done.machine)
	if err != nil {
		return err
	}
	for _, j := range done.config.Jobs {
		keeps = append(keeps, j.Keep)
	}
	before, err := keptSince(keeps, time.Now())
	if err != nil || before.IsZero() {
		return err
	}
	list, err := s.Partitions(ctx, store.RawTables, before)
	if err == nil {
		err = s.Drop(ctx, list)
	}
	return err
}

// otherKeeps returns how long the jobs of other machines keep what lies in the
// same store, also those that are paused or have left their configuration: what
// they measured is not this machine's to drop.
func otherKeeps(ctx context.Context, s *store.Store, machine string) (keeps []string, err error) {
	for row, err := range s.Jobs(ctx) {
		if err != nil {
			return nil, err
		}
		if row.Machine == machine {
			continue
		}
		var job jobDescription
		if err := json.Unmarshal([]byte(row.Settings), &job); err != nil {
			return nil, fmt.Errorf("read what the store knows of job %s on %s: %w", row.Job, row.Machine, err)
		}
		keeps = append(keeps, job.Keep)
	}
	return keeps, nil
}

// keptSince returns the time before which no job keeps observations; zero when
// one keeps them for ever. A month holds the scans of all jobs, so the one that
// keeps the longest decides.
func keptSince(keeps []string, now time.Time) (time.Time, error) {
	var earliest time.Time
	var faults []error
	forEver := false
	for _, keep := range keeps {
		if keep == "" {
			forEver = true
			continue
		}
		before, err := store.ParseKeep(keep, now)
		if err != nil {
			faults = append(faults, err)
		} else if earliest.IsZero() || before.Before(earliest) {
			earliest = before
		}
	}
	if forEver {
		earliest = time.Time{}
	}
	return earliest, errors.Join(faults...)
}
