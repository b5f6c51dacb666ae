package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
	"adopt6/store/engine"
)

// sharedStore is a store that is open while somebody uses it. An embedded one
// belongs to one process at a time, so between runs it is left to others.
type sharedStore struct {
	open  func(context.Context) (*store.Store, error)
	turn  chan struct{} // holds one token: whoever has it may change what follows
	store *store.Store
	users int
}

const (
	// storePatience is how long a run waits for a store folder that another
	// process has.
	storePatience = 30 * time.Minute
	// storePoll is how often it looks.
	storePoll = 5 * time.Second
)

func newSharedStore(open func(context.Context) (*store.Store, error)) *sharedStore {
	h := &sharedStore{open: open, turn: make(chan struct{}, 1)}
	h.turn <- struct{}{}
	return h
}

// borrow returns the store and what gives it back. It waits with patience for
// another process that has the store's folder.
func (h *sharedStore) borrow(ctx context.Context, patience time.Duration) (*store.Store, func() error, error) {
	deadline := time.Now().Add(patience)
	for {
		s, err := h.tryBorrow(ctx)
		if err == nil {
			return s, h.release, nil
		}
		if locked := new(engine.LockedError); !errors.As(err, &locked) || time.Now().After(deadline) {
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, errors.Join(err, ctx.Err())
		case <-time.After(storePoll):
		}
	}
}

func (h *sharedStore) tryBorrow(ctx context.Context) (*store.Store, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.turn:
	}
	defer func() { h.turn <- struct{}{} }()
	if h.store == nil {
		s, err := h.open(ctx)
		if err != nil {
			return nil, err
		}
		h.store = s
	}
	h.users++
	return h.store, nil
}

func (h *sharedStore) release() error {
	<-h.turn
	defer func() { h.turn <- struct{}{} }()
	if h.users--; h.users > 0 {
		return nil
	}
	s := h.store
	h.store = nil
	return s.Close()
}

// deliverEvery is how often delivery is tried again to a store that did not
// take it.
const deliverEvery = 10 * time.Minute

// deliverTime bounds one delivery.
const deliverTime = time.Minute

// keepDelivering brings what the journal has to the store, until ctx ends.
func (r *runner) keepDelivering(ctx context.Context) {
	ticker := time.NewTicker(deliverEvery)
	defer ticker.Stop()
	for {
		if err := r.deliver(ctx); err != nil && ctx.Err() == nil {
			r.log.Info("the store has not taken the record of the runs yet; the journal keeps it", "error", err)
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
func (r *runner) deliver(ctx context.Context) (err error) {
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
	s, release, err := r.store.borrow(ctx, 0)
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
func (r *runner) seed(ctx context.Context) error {
	book, err := r.journal.Read()
	if err != nil {
		return err
	}
	p := r.plan.Load()
	handled := make(map[string]time.Time)
	for _, j := range p.config.Jobs {
		if book.Entry(j.Name).Handled.IsZero() {
			handled[j.Name] = time.Time{}
		}
	}
	if len(handled) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	s, release, err := r.store.borrow(ctx, 0)
	if err != nil {
		return err
	}
	for run, fault := range s.Runs(ctx) {
		if err = fault; err != nil {
			break
		}
		if latest, new := handled[run.Job]; new && run.Trigger != jobrun.ByHand && run.Planned.After(latest) && run.Vantage == vantageOf(p.config, run.Job) {
			handled[run.Job] = run.Planned
		}
	}
	if err = errors.Join(err, release()); err != nil {
		return err
	}
	return r.journal.Update(func(b *schedule.Book) error {
		for name, planned := range handled {
			if j, known := p.config.Job(name); known && !planned.IsZero() {
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
func (r *runner) jobRows(ctx context.Context, s *store.Store, p *plan) ([]store.JobRow, error) {
	var rows []store.JobRow
	for row, err := range s.Jobs(ctx) {
		if err != nil {
			return nil, err
		}
		if _, known := p.config.Job(row.Job); row.Machine == r.machine && !known && !row.Paused {
			row.Paused, row.Changed = true, time.Now()
			rows = append(rows, row)
		}
	}
	for _, j := range p.config.Jobs {
		settings, err := json.Marshal(describeJob(j))
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
