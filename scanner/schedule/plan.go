package schedule

import (
	"fmt"
	"time"

	"adopt6/scanner/schedule/jobrun"
)

const (
	// grace is how late a planned time may be handled without counting as
	// missed.
	grace = 5 * time.Minute
	// clockBack is how far the clock may be set back without times being
	// planned again: a job never runs twice for the hour that was repeated.
	clockBack = 24 * time.Hour
	// lookBack is how far back missed times are searched for.
	lookBack = 400 * 24 * time.Hour
	// shortBreak is how long a restart may take without waiting runs counting as
	// missed: grace, plus the greatest age of Book.Alive.
	shortBreak = grace + seenEvery
	// recordedSkips is how many missed times are recorded one by one; the others
	// are only counted.
	recordedSkips = 20
)

// plan handles the planned times of a job that are due. It returns the runs that
// it added, in order. A clock that is days behind the journal is trusted only
// when steady; until then nothing is planned.
func (b *Book) plan(j *Job, machine string, now time.Time, steady bool) []jobrun.Run {
	e := b.entry(j.Name)
	if e.Handled.After(now.Add(clockBack)) {
		if !steady {
			return nil
		}
		e.Handled = now.UTC()
	}
	if terms := j.terms(); e.Terms != terms || e.Handled.IsZero() {
		e.Terms, e.Handled = terms, now.UTC()
	}
	if j.Paused {
		return nil
	}
	due, older := dueTimes(j, e.Handled, now)
	if len(due) == 0 {
		return nil
	}
	e.Handled = due[len(due)-1].UTC()
	busy := len(e.Open()) > 0
	first := len(due) - j.caughtUp(due, now) // index of the first that is run
	var runs []jobrun.Run
	for i, planned := range due {
		onTime := now.Sub(planned) <= grace
		r := newRun(j, machine, b.ID, triggerOf(onTime), planned)
		switch {
		case onTime && busy:
			r = r.Skip(now, jobrun.ReasonStillRunning, "the previous run had not ended")
		case i < first && j.CatchUp == CatchUpAll:
			r = r.Skip(now, jobrun.ReasonCatchUpLimit, fmt.Sprintf("only the latest %d missed runs are caught up", j.CatchUpLimit))
		case i < first:
			r = r.Skip(now, jobrun.ReasonMissed, "the scheduler did not run at that time, or its clock was set forward")
		default:
			if r.Begin.Before(now) && !onTime {
				r.Begin = now.UTC()
			}
			busy = busy || onTime
		}
		if i == 0 && older > 0 {
			r.Message += fmt.Sprintf("; so were %d earlier times", older)
		}
		runs = append(runs, b.put(r))
	}
	return runs
}

func triggerOf(onTime bool) string {
	if onTime {
		return jobrun.ByPlan
	}
	return jobrun.ByCatchUp
}

// dueTimes returns the planned times after handled up to now: the latest as a
// list, and the number of older ones.
func dueTimes(j *Job, handled, now time.Time) (due []time.Time, older int) {
	if earliest := now.Add(-lookBack); handled.Before(earliest) {
		handled = earliest
	}
	most := recordedSkips + j.CatchUpLimit
	for t := j.Timetable.Next(handled); !t.IsZero() && !t.After(now); t = j.Timetable.Next(t) {
		if due = append(due, t); len(due) > 2*most {
			older += len(due) - most
			due = append(due[:0], due[len(due)-most:]...)
		}
	}
	if len(due) > most {
		older += len(due) - most
		due = due[len(due)-most:]
	}
	return due, older
}

// caughtUp returns how many of the due times are run, counted from the latest.
func (j *Job) caughtUp(due []time.Time, now time.Time) int {
	onTime := 0
	for _, t := range due {
		if now.Sub(t) <= grace {
			onTime++
		}
	}
	switch j.CatchUp {
	case CatchUpAll:
		return min(len(due), max(j.CatchUpLimit, onTime))
	case CatchUpOnce:
		return max(1, onTime)
	}
	return onTime
}

// restore handles the runs that the previous process left open. busy reports
// whether another process runs a job. It returns the runs it changed.
func (b *Book) restore(config *Config, now time.Time, busy func(job string) bool) []jobrun.Run {
	var changed []jobrun.Run
	for name, e := range b.Jobs {
		open := e.Open()
		if len(open) == 0 || busy(name) {
			continue
		}
		j, known := config.Job(name)
		for _, r := range open {
			switch age := now.Sub(r.LastSeen()); {
			case !known:
				r = r.Close(now, jobrun.ReasonRemoved, "the job is no longer in the configuration")
			case r.Trigger == jobrun.ByHand:
				r = r.Fail(now, jobrun.ReasonStopped, "the process that ran it ended")
			case r.Tries == 0 && now.Sub(b.Alive) <= shortBreak:
				continue // it continues to wait
			case r.Tries == 0: // never begun: planned again, by the policy for missed times
				b.forget(r)
				if before := r.Planned.Add(-time.Second); before.Before(e.Handled) {
					e.Handled = before
				}
				continue
			case age > j.ResumeWithin:
				r = r.Fail(now, jobrun.ReasonTooOld, fmt.Sprintf("interrupted %s ago; resume_within is %s", age.Round(time.Minute), j.ResumeWithin))
			default:
				r.Outcome, r.Begin = jobrun.Waiting, now.UTC()
			}
			changed = append(changed, b.put(r))
		}
	}
	return changed
}

// forget removes a run.
func (b *Book) forget(r jobrun.Run) {
	e := b.entry(r.Job)
	for i := range e.Runs {
		if e.Runs[i].ID == r.ID {
			e.Runs = append(e.Runs[:i], e.Runs[i+1:]...)
			return
		}
	}
}
