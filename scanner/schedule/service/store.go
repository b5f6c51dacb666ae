package service

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
)

// storePatience is how long a run waits for a store folder that another process
// has.
const storePatience = 30 * time.Minute

// deliverEvery is how often delivery is tried again to a store that did not
// take it.
const deliverEvery = 10 * time.Minute

// deliverTime bounds one delivery.
const deliverTime = time.Minute

// keepDelivering brings what the journal has to the store, until ctx ends.
func (r *Service) keepDelivering(ctx context.Context) {
	ticker := time.NewTicker(deliverEvery)
	defer ticker.Stop()
	for {
		if err := r.deliver(ctx); err != nil && ctx.Err() == nil {
			r.Log.Info("the store has not taken the record of the runs yet; the journal keeps it", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-ticker.C:
		}
	}
}

// deliver brings the jobs and what became of their runs to the store.
func (r *Service) deliver(ctx context.Context) (err error) {
	book, err := r.journal.Read()
	if err != nil {
		return err
	}
	unstored, plan := book.Unstored(), r.plan.Load()
	if len(unstored) == 0 && plan.recorded {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	s, release, err := r.store.Borrow(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if !plan.recorded {
		rows, err := r.jobRows(ctx, s, plan)
		if err == nil {
			err = s.PutJobs(ctx, rows)
		}
		if err != nil {
			return err
		}
		plan.recorded = true
	}
	if err := s.PutRuns(ctx, unstored); err != nil {
		return err
	}
	return r.journal.Update(func(b *schedule.Book) error { b.MarkStored(unstored); return nil })
}

// seed takes from the store up to when the jobs were decided that the journal
// does not know: the state folder is new, or was lost.
func (r *Service) seed(ctx context.Context) error {
	book, err := r.journal.Read()
	if err != nil {
		return err
	}
	p := r.plan.Load()
	handled := make(map[string]time.Time)
	for _, j := range p.Config.Jobs {
		if book.Entry(j.Name).Handled.IsZero() {
			handled[j.Name] = time.Time{}
		}
	}
	if len(handled) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	s, release, err := r.store.Borrow(ctx, 0)
	if err != nil {
		return err
	}
	for run, fault := range s.Runs(ctx) {
		if err = fault; err != nil {
			break
		}
		if latest, new := handled[run.Job]; new && run.Trigger != jobrun.ByHand && run.Planned.After(latest) && run.Vantage == vantageOf(p.Config, run.Job) {
			handled[run.Job] = run.Planned
		}
	}
	if err = errors.Join(err, release()); err != nil {
		return err
	}
	return r.journal.Update(func(b *schedule.Book) error {
		for name, planned := range handled {
			if j, known := p.Config.Job(name); known && !planned.IsZero() {
				b.Seed(j, planned)
			}
		}
		return nil
	})
}

// vantageOf returns where the scans of a job run.
func vantageOf(config *schedule.Config, job string) string {
	j, known := config.Job(job)
	if !known {
		return ""
	}
	return j.Vantage
}

// jobRows describes the jobs of a plan for the store. Those that this machine
// had and has no more are paused there.
func (r *Service) jobRows(ctx context.Context, s *store.Store, p *Plan) ([]store.JobRow, error) {
	var rows []store.JobRow
	for row, err := range s.Jobs(ctx) {
		if err != nil {
			return nil, err
		}
		if _, known := p.Config.Job(row.Job); row.Machine == r.machine && !known && !row.Paused {
			row.Paused, row.Changed = true, time.Now()
			rows = append(rows, row)
		}
	}
	for _, j := range p.Config.Jobs {
		settings, err := json.Marshal(DescribeJob(j))
		if err != nil {
			return nil, err
		}
		rows = append(rows, store.JobRow{
			Job: j.Name, Vantage: j.Vantage, Machine: r.machine,
			Cron: j.Timetable.Spec(), TimeZone: j.Timetable.Zone().String(), Paused: j.Paused,
			Targets: targetsOf(j), Settings: string(settings), Changed: time.Now(),
		})
	}
	return rows, nil
}
