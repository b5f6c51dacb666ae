package main

import (
	"context"
	"errors"
	"time"

	"adopt6/scanner/schedule"
	"adopt6/store"
)

// finishedRun is a run whose scan is complete in the store.
type finishedRun struct {
	job    schedule.Job
	run    schedule.Run
	config *schedule.Config
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
func (r *runner) afterwards(ctx context.Context, s *store.Store, j schedule.Job, run schedule.Run) {
	done := finishedRun{job: j, run: run, config: r.plan.Load().config}
	for _, after := range afterRuns {
		if err := after.do(ctx, r.show(j), s, done); err != nil {
			r.log.Error("could not "+after.name, "job", j.Name, "error", err)
		}
	}
}

// pruneAfterRun drops the observations of months that every job lets go.
func pruneAfterRun(ctx context.Context, _ *app, s *store.Store, done finishedRun) error {
	before, err := keptSince(done.config, time.Now())
	if err != nil || before.IsZero() {
		return err
	}
	list, err := s.Partitions(ctx, store.RawTables, before)
	if err == nil {
		err = s.Drop(ctx, list)
	}
	return err
}

// keptSince returns the time before which no job keeps observations; zero when
// one keeps them for ever. A month holds the scans of all jobs, so the one that
// keeps the longest decides.
func keptSince(config *schedule.Config, now time.Time) (time.Time, error) {
	var earliest time.Time
	var faults []error
	forEver := false
	for _, j := range config.Jobs {
		if j.Keep == "" {
			forEver = true
			continue
		}
		before, err := store.ParseKeep(j.Keep, now)
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
