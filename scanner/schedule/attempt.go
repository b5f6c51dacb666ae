package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/lockfile"
	"adopt6/scanner/schedule/jobrun"
)

// attempt is one try of a run, in progress.
type attempt struct {
	run  jobrun.Run
	job  Job
	lock *lockfile.Lock
	err  error
}

// errTooLong ends a run that takes longer than it may.
var errTooLong = errors.New("it took longer than max_duration")

// begin starts one try of a run.
func (s *Scheduler) begin(ctx context.Context, j Job, r jobrun.Run) error {
	lock, err := s.lock(j.Name)
	if busy := new(BusyError); errors.As(err, &busy) {
		if r.Tries > 0 {
			return nil // it continues to wait
		}
		return s.update(func(b *Book, now time.Time) []jobrun.Run {
			return []jobrun.Run{b.put(r.Skip(now, jobrun.ReasonStillRunning, busy.Error()))}
		})
	} else if err != nil {
		return err
	}
	a := &attempt{job: j, lock: lock}
	err = s.update(func(b *Book, now time.Time) []jobrun.Run {
		i := slices.IndexFunc(b.entry(r.Job).Runs, func(x jobrun.Run) bool { return x.ID == r.ID && x.Outcome == jobrun.Waiting })
		if i < 0 {
			return nil // taken over by hand
		}
		a.run = b.put(b.entry(r.Job).Runs[i].Start(now))
		return []jobrun.Run{a.run}
	})
	if err != nil || a.run.ID == uuid.Nil {
		return errors.Join(err, lock.Unlock())
	}
	s.active[j.Name] = a
	r = a.run // a copy: noteRunning changes a.run during the try
	go func() {
		a.err = s.try(ctx, j, r)
		s.ended <- a
	}()
	return nil
}

// lock takes a job's lock, or returns the zero lock when none is needed.
func (s *Scheduler) lock(job string) (*lockfile.Lock, error) {
	if s.Lock == nil {
		return new(lockfile.Lock), nil
	}
	return s.Lock(job)
}

// try runs one try, for MaxDuration at most.
func (s *Scheduler) try(ctx context.Context, j Job, r jobrun.Run) error {
	if j.MaxDuration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, j.MaxDuration, errTooLong)
		defer cancel()
	}
	err := s.Run(ctx, j, r)
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(context.Cause(ctx), errTooLong):
		return errTooLong
	}
	return context.Canceled
}

// recordEnds writes the results of ended tries to the journal.
func (s *Scheduler) recordEnds() error {
	for len(s.over) > 0 {
		a := s.over[0]
		err := s.update(func(b *Book, now time.Time) []jobrun.Run { return []jobrun.Run{b.put(a.result(now))} })
		if err != nil {
			return err
		}
		s.over = s.over[1:]
		delete(s.active, a.job.Name)
		if err := a.lock.Unlock(); err != nil {
			s.Log.Warn("a lock could not be released", "job", a.job.Name, "error", err)
		}
	}
	return nil
}

// result returns the run as its try left it.
func (a *attempt) result(now time.Time) jobrun.Run {
	r := a.run
	r.Seen = now.UTC()
	elsewhere := new(jobrun.ElsewhereError)
	switch {
	case a.err == nil:
		r.Outcome, r.Ended = jobrun.Finished, now.UTC()
	case errors.As(a.err, &elsewhere):
		r = r.Skip(now, jobrun.ReasonElsewhere, a.err.Error())
		if r.Tries == 1 { // this machine has no scan of it
			r.Scan, r.Started, r.Tries = uuid.Nil, time.Time{}, 0
		}
	case errors.Is(a.err, errTooLong):
		r = r.Fail(now, jobrun.ReasonTooLong, fmt.Sprintf("it took longer than max_duration, %s", a.job.MaxDuration))
	case errors.Is(a.err, context.Canceled) && r.Trigger == jobrun.ByHand:
		r = r.Fail(now, jobrun.ReasonStopped, "interrupted; what was measured is kept")
	case errors.Is(a.err, context.Canceled):
		r.Outcome, r.Message = jobrun.Interrupted, "stopped with the scheduler; it continues at the next start"
	case r.Trigger != jobrun.ByHand && r.Tries <= a.job.Retries:
		r.Outcome, r.Begin = jobrun.Waiting, now.Add(a.job.RetryAfter<<(r.Tries-1)).UTC()
		r.Message = fmt.Sprintf("try %d failed: %v", r.Tries, a.err)
	default:
		r = r.Fail(now, jobrun.ReasonError, a.err.Error())
	}
	return r
}
