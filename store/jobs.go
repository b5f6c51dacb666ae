package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/schedule/jobrun"
)

// JobRow describes a job of a scheduler as it was last configured.
type JobRow struct {
	Job, Vantage, Machine string
	Cron, TimeZone        string
	Paused                bool
	Targets               string // what it scans, for people
	Settings              string // JSON
	Changed               time.Time
	revision              uint64
}

var jobs = table[JobRow]{"jobs", []column[JobRow]{
	word("job", func(r *JobRow) *string { return &r.Job }),
	word("vantage", func(r *JobRow) *string { return &r.Vantage }),
	word("machine", func(r *JobRow) *string { return &r.Machine }),
	text("cron", func(r *JobRow) *string { return &r.Cron }),
	word("time_zone", func(r *JobRow) *string { return &r.TimeZone }),
	flag("paused", func(r *JobRow) *bool { return &r.Paused }),
	text("targets", func(r *JobRow) *string { return &r.Targets }),
	text("settings", func(r *JobRow) *string { return &r.Settings }),
	moment("changed", func(r *JobRow) *time.Time { return &r.Changed }),
	same("revision", func(r *JobRow) *uint64 { return &r.revision }),
}}

var runs = table[jobrun.Run]{"runs", []column[jobrun.Run]{
	word("job", func(r *jobrun.Run) *string { return &r.Job }),
	word("vantage", func(r *jobrun.Run) *string { return &r.Vantage }),
	moment("planned", func(r *jobrun.Run) *time.Time { return &r.Planned }),
	same("run", func(r *jobrun.Run) *uuid.UUID { return &r.ID }),
	word("machine", func(r *jobrun.Run) *string { return &r.Machine }),
	word("trigger", func(r *jobrun.Run) *string { return &r.Trigger }),
	moment("started", func(r *jobrun.Run) *time.Time { return &r.Started }),
	moment("finished", func(r *jobrun.Run) *time.Time { return &r.Ended }),
	word("outcome", func(r *jobrun.Run) *jobrun.Outcome { return &r.Outcome }),
	word("reason", func(r *jobrun.Run) *string { return &r.Reason }),
	text("message", func(r *jobrun.Run) *string { return &r.Message }),
	same("scan", func(r *jobrun.Run) *uuid.UUID { return &r.Scan }),
	count[uint32]("tries", func(r *jobrun.Run) *int { return &r.Tries }),
	same("revision", func(r *jobrun.Run) *uint64 { return &r.Revision }),
}}

// PutJobs stores the settings of jobs, in place of those that they had.
func (s *Store) PutJobs(ctx context.Context, list []JobRow) error {
	var last uint64
	if err := s.db.QueryRow(ctx, "SELECT max(revision) FROM jobs").Scan(&last); err != nil {
		return s.explain(fmt.Errorf("look for the jobs stored before: %w", err))
	}
	rows := make([]JobRow, len(list))
	for i, r := range list {
		rows[i], rows[i].revision = r, last+1
	}
	if err := jobs.insert(ctx, s.db, rows); err != nil {
		return s.explain(fmt.Errorf("record jobs: %w", err))
	}
	return nil
}

// Jobs streams the jobs by name, vantage and machine.
func (s *Store) Jobs(ctx context.Context) iter.Seq2[JobRow, error] {
	return func(yield func(JobRow, error) bool) {
		jobs.read(ctx, s.db, func(r JobRow, err error) bool { return yield(r, s.explain(err)) }, "ORDER BY job, vantage, machine")
	}
}

// PutRuns stores runs of jobs. A later revision of a run replaces the one
// before.
func (s *Store) PutRuns(ctx context.Context, list []jobrun.Run) error {
	if err := runs.insert(ctx, s.db, list); err != nil {
		return s.explain(fmt.Errorf("record runs of jobs: %w", err))
	}
	return nil
}

// Runs streams the runs of all jobs, the earliest planned first.
func (s *Store) Runs(ctx context.Context) iter.Seq2[jobrun.Run, error] {
	return func(yield func(jobrun.Run, error) bool) {
		runs.read(ctx, s.db, func(r jobrun.Run, err error) bool {
			return yield(r, s.explain(err))
		}, "ORDER BY planned, job, vantage, run")
	}
}
