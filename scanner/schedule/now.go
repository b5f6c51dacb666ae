package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/schedule/jobrun"
)

// RunNow runs a job at once, in this process and under the job's lock. When the
// job's last run was interrupted, it continues that run's scan, unless fresh is
// set. The error is a *BusyError when the job is running.
func (s *Scheduler) RunNow(ctx context.Context, j Job, fresh bool) (jobrun.Run, error) {
	lock, err := s.lock(j.Name)
	if err != nil {
		return jobrun.Run{}, err
	}
	a := &attempt{job: j, lock: lock}
	err = s.update(func(b *Book, now time.Time) []jobrun.Run {
		changed := b.takeOver(j.Name, now)
		r := newRun(&j, s.Machine, b.ID, jobrun.ByHand, now.Truncate(time.Second))
		if last, begun := b.entry(j.Name).Last(); begun && !fresh && last.Outcome == jobrun.Failed && now.Sub(last.LastSeen()) <= j.ResumeWithin {
			r.Scan = last.Scan
		}
		a.run = b.put(r.Start(now))
		return append(changed, a.run)
	})
	if err != nil {
		return jobrun.Run{}, errors.Join(err, lock.Unlock())
	}
	a.err = s.try(ctx, j, a.run)
	err = s.update(func(b *Book, now time.Time) []jobrun.Run {
		a.run = b.put(a.result(now))
		return []jobrun.Run{a.run}
	})
	return a.run, errors.Join(a.err, err, lock.Unlock())
}

// takeOver closes the runs of a job that were begun and wait to continue. The
// caller holds the job's lock, so no other process runs it.
func (b *Book) takeOver(job string, now time.Time) (changed []jobrun.Run) {
	for _, r := range b.entry(job).Open() {
		if r.Tries > 0 && r.Scan != uuid.Nil {
			changed = append(changed, b.put(r.Fail(now, jobrun.ReasonStopped, fmt.Sprintf("taken over by hand after try %d", r.Tries))))
		}
	}
	return changed
}
