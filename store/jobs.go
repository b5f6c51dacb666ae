package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"adopt6/scanner/schedule/jobrun"
)

// JobRow describes a job of a scheduler as it was last configured.
type JobRow struct {
	Job      string    `col:"job"`
	Vantage  string    `col:"vantage"`
	Machine  string    `col:"machine"`
	Cron     string    `col:"cron"`
	TimeZone string    `col:"time_zone"`
	Paused   bool      `col:"paused"`
	Targets  string    `col:"targets"`  // what it scans, for people
	Settings string    `col:"settings"` // JSON
	Changed  time.Time `col:"changed"`
	Revision uint64    `col:"revision"` // counts the changes; the store's
}

var (
	jobs = newTable[JobRow]("jobs")
	runs = newTable[jobrun.Run]("runs")
)

// PutJobs stores the settings of jobs and replaces earlier ones.
func (s *Store) PutJobs(ctx context.Context, list []JobRow) error {
	var last uint64
	if err := s.db.QueryRow(ctx, "SELECT max(revision) FROM jobs").Scan(&last); err != nil {
		return s.explain(fmt.Errorf("look for the jobs stored before: %w", err))
	}
	rows := make([]JobRow, len(list))
	for i, r := range list {
		rows[i], rows[i].Revision = r, last+1
	}
	if err := jobs.insertList(ctx, s.db, rows); err != nil {
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
	if err := runs.insertList(ctx, s.db, list); err != nil {
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
