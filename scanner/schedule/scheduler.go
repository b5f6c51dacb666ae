package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/lockfile"
	"adopt6/scanner/schedule/jobrun"
)

// Scheduler runs jobs when their time comes. Its fields are set before Serve
// and not changed afterwards.
type Scheduler struct {
	Journal *Journal
	Machine string // host name
	// Run makes one try of a run and returns when it ends; nil when the scan is
	// complete. A run that was begun before has its scan's id and continues it.
	Run func(ctx context.Context, job Job, run jobrun.Run) error
	// Lock takes a job's lock against other processes; its error is a
	// *BusyError when one of them holds it. Nil disables locking.
	Lock func(job string) (*lockfile.Lock, error)
	// Now is the time of day. The scheduler waits with timers, so setting the
	// clock neither stops nor hurries it.
	Now func() time.Time
	// Tick is the longest that the scheduler sleeps, and so the longest until it
	// detects that the clock was set; 0 means a minute.
	Tick   time.Duration
	Reload <-chan *Config // new configurations, already checked; may be nil
	// Changed is called with every run that changed, and Awake at least every
	// Tick with the next planned time. Both must return at once; both may be
	// nil.
	Changed func(jobrun.Run)
	Awake   func(next time.Time)
	Log     *slog.Logger

	config *Config
	active map[string]*attempt // by job
	ended  chan *attempt
	over   []*attempt // ended, but not yet in the journal
	clock  clockWatch
}

// seenEvery is how often the journal records that a run is in progress.
const seenEvery = 5 * time.Minute

// Serve runs the jobs until ctx ends; then it stops the runs in progress, waits
// for them and records their state.
func (s *Scheduler) Serve(ctx context.Context, config *Config) error {
	s.config, s.active, s.ended = config, make(map[string]*attempt), make(chan *attempt)
	if s.Tick == 0 {
		s.Tick = time.Minute
	}
	if err := s.update(func(b *Book, now time.Time) []jobrun.Run { return b.restore(s.config, now, s.isBusy) }); err != nil {
		return err
	}
	for {
		s.advance(ctx)
		next := s.next()
		if s.Awake != nil {
			s.Awake(next)
		}
		timer := time.NewTimer(s.sleep(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return s.stop()
		case done := <-s.ended:
			s.over = append(s.over, done)
		case config := <-s.Reload:
			s.reload(config)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// advance records, plans and begins all that is due. A step that cannot be
// written to the journal is not taken, and tried again at the next tick.
func (s *Scheduler) advance(ctx context.Context) {
	s.clock.look(s.Now(), s.Log)
	for _, step := range []func() error{
		s.recordEnds,
		s.noteRunning,
		func() error { return s.update(s.decide) },
		func() error { return s.beginDue(ctx) },
	} {
		if err := step(); err != nil {
			s.Log.Error("the journal cannot be written; no run begins until it can", "error", err)
			return
		}
	}
}

// update changes the journal, and announces the changed runs once they are on
// disk.
func (s *Scheduler) update(change func(b *Book, now time.Time) []jobrun.Run) error {
	var changed []jobrun.Run
	err := s.Journal.Update(func(b *Book) error { changed = change(b, s.Now()); return nil })
	if err != nil {
		return err
	}
	for _, r := range changed {
		s.announce(r)
	}
	return nil
}

// decide plans what is due.
func (s *Scheduler) decide(b *Book, now time.Time) (changed []jobrun.Run) {
	if now.Sub(b.Alive).Abs() >= seenEvery {
		b.Alive = now.UTC()
	}
	for i := range s.config.Jobs {
		j := &s.config.Jobs[i]
		changed = append(changed, b.dropOrphans(j.Name, now, func() bool { return s.active[j.Name] != nil || s.isBusy(j.Name) })...)
		changed = append(changed, b.plan(j, s.Machine, now, s.clock.isSteady())...)
	}
	return changed
}

// noteRunning records in the journal which runs are in progress.
func (s *Scheduler) noteRunning() error {
	now := s.Now()
	for _, a := range s.active {
		if now.Sub(a.run.Seen).Abs() < seenEvery {
			continue
		}
		err := s.Journal.Update(func(b *Book) error {
			a.run.Seen = now.UTC()
			a.run = b.put(a.run)
			return nil
		})
		if err != nil {
			return err
		}
		if s.Changed != nil {
			s.Changed(a.run)
		}
	}
	return nil
}

// dropOrphans closes runs begun by hand whose process ended without recording a
// result.
func (b *Book) dropOrphans(job string, now time.Time, busy func() bool) (changed []jobrun.Run) {
	for _, r := range b.entry(job).Open() {
		if r.Outcome == jobrun.Running && r.Trigger == jobrun.ByHand && !busy() {
			changed = append(changed, b.put(r.Fail(now, jobrun.ReasonStopped, "the process that ran it ended")))
		}
	}
	return changed
}

// isBusy reports whether another process runs a job.
func (s *Scheduler) isBusy(job string) bool {
	if s.Lock == nil {
		return false
	}
	lock, err := s.Lock(job)
	if err != nil {
		return true
	}
	return lock.Unlock() != nil
}

// beginDue begins the waiting runs whose time has come, as many as may run at
// the same time.
func (s *Scheduler) beginDue(ctx context.Context) error {
	var due []jobrun.Run
	err := s.Journal.view(func(b *Book) {
		for _, e := range b.Jobs {
			for _, r := range e.Open() {
				if r.Outcome == jobrun.Waiting && !r.Begin.After(s.Now()) {
					due = append(due, r)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	slices.SortFunc(due, func(a, b jobrun.Run) int {
		if c := a.Begin.Compare(b.Begin); c != 0 {
			return c
		}
		return a.Planned.Compare(b.Planned)
	})
	var faults []error
	for _, r := range due {
		j, known := s.config.Job(r.Job)
		if !known || s.active[r.Job] != nil || len(s.active) >= s.config.Parallel || ctx.Err() != nil {
			continue
		}
		if err := s.begin(ctx, *j, r); err != nil { // the other runs begin all the same
			faults = append(faults, fmt.Errorf("begin job %s: %w", r.Job, err))
		}
	}
	return errors.Join(faults...)
}

// stop waits for the runs in progress, whose context has ended.
func (s *Scheduler) stop() error {
	for len(s.over) < len(s.active) {
		s.over = append(s.over, <-s.ended)
	}
	return s.recordEnds()
}

// reload switches to a new configuration. Runs in progress keep the old one.
func (s *Scheduler) reload(config *Config) {
	err := s.update(func(b *Book, now time.Time) (changed []jobrun.Run) {
		for name, e := range b.Jobs {
			if _, known := config.Job(name); known {
				continue
			}
			for _, r := range e.Open() {
				if r.Outcome == jobrun.Waiting {
					changed = append(changed, b.put(r.Close(now, jobrun.ReasonRemoved, "the job is no longer in the configuration")))
				}
			}
		}
		return changed
	})
	if err != nil {
		s.Log.Error("the old configuration stays in force: the journal cannot be written", "error", err)
		return
	}
	s.config = config
	s.Log.Info("the new configuration is in force", "jobs", len(config.Jobs))
}

// next returns the next time at which something is due; zero for never.
func (s *Scheduler) next() (next time.Time) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	err := s.Journal.view(func(b *Book) {
		for i := range s.config.Jobs {
			j := &s.config.Jobs[i]
			e := b.Jobs[j.Name]
			if e == nil {
				continue
			}
			sooner(j.NextAfter(*e, s.Now()))
			for _, r := range e.Open() {
				if r.Outcome == jobrun.Waiting && s.active[j.Name] == nil && len(s.active) < s.config.Parallel {
					sooner(r.Begin)
				}
			}
		}
	})
	if err != nil {
		return time.Time{} // tried again at the next tick
	}
	return next
}

// NextAfter returns the next planned time of a job that is not yet handled; zero
// for never.
func (j *Job) NextAfter(e Entry, now time.Time) time.Time {
	if j.Paused {
		return time.Time{}
	}
	from := e.Handled
	if e.Terms != j.terms() || from.IsZero() || from.After(now.Add(clockBack)) {
		from = now
	}
	return j.Timetable.Next(from)
}

// sleep returns how long the scheduler may sleep.
func (s *Scheduler) sleep(next time.Time) time.Duration {
	const least = 10 * time.Millisecond // what is due but cannot begin is tried again at the next tick
	wait := next.Sub(s.Now())
	if next.IsZero() || wait > s.Tick || wait <= 0 {
		return s.Tick
	}
	return max(wait, least)
}

// announce logs a change of a run and passes it to Changed.
func (s *Scheduler) announce(r jobrun.Run) {
	if s.Changed != nil {
		s.Changed(r)
	}
	args := []any{"job", r.Job, "planned", r.Planned.Format(time.RFC3339), "outcome", string(r.Outcome)}
	if r.Reason != "" {
		args = append(args, "reason", r.Reason)
	}
	if r.Message != "" {
		args = append(args, "message", r.Message)
	}
	if r.Scan != uuid.Nil {
		args = append(args, "scan", r.Scan.String(), "try", r.Tries)
	}
	level, text := slog.LevelInfo, "run "+string(r.Outcome)
	if r.Outcome == jobrun.Failed || r.Outcome == jobrun.Skipped || r.Outcome == jobrun.Waiting && r.Tries > 0 {
		level = slog.LevelWarn
	}
	s.Log.Log(context.Background(), level, text, args...)
}
