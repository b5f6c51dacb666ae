package schedule

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"adopt6/scanner/lockfile"
	"adopt6/scanner/schedule/jobrun"
)

// world is a scheduler in simulated time, with a clock that can be set.
type world struct {
	t       *testing.T
	offset  atomic.Int64 // of the clock to the simulated time
	journal *Journal
	reload  chan *Config
	tick    time.Duration
	lock    func(string) (*lockfile.Lock, error)

	mu   sync.Mutex
	runs []string // "job planned at": what was begun
	run  func(ctx context.Context, j Job, r jobrun.Run) error
}

func newWorld(t *testing.T, start string) *world {
	w := &world{t: t, journal: new(Journal), reload: make(chan *Config), tick: time.Minute}
	w.set(at(t, start))
	return w
}

func (w *world) now() time.Time    { return time.Now().Add(time.Duration(w.offset.Load())).Round(0) }
func (w *world) set(now time.Time) { w.offset.Store(int64(time.Until(now))) }
func (w *world) until(text string) { w.sleep(at(w.t, text).Sub(w.now())) }
func (w *world) sleep(d time.Duration) {
	time.Sleep(d) // simulated
	synctest.Wait()
}

func (w *world) begun() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.runs)
}

// start runs the scheduler until the returned function is called.
func (w *world) start(config *Config) (stop func()) {
	s := &Scheduler{
		Journal: w.journal, Machine: "one", Now: w.now, Reload: w.reload, Tick: w.tick, Lock: w.lock,
		Log: slog.New(slog.DiscardHandler),
		Changed: func(r jobrun.Run) {
			if err := w.journal.Update(func(b *Book) error { b.MarkStored([]jobrun.Run{r}); return nil }); err != nil {
				w.t.Error(err)
			}
		},
		Run: func(ctx context.Context, j Job, r jobrun.Run) error {
			w.mu.Lock()
			w.runs = append(w.runs, r.Job+" "+r.Planned.Format("01-02T15:04")+" at "+w.now().UTC().Format("01-02T15:04"))
			w.mu.Unlock()
			if w.run == nil {
				return nil
			}
			return w.run(ctx, j, r)
		},
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, config) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

// became lists the outcomes of a job's runs: "planned outcome reason".
func (w *world) became(job string) []string {
	book, err := w.journal.Read()
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, r := range book.entry(job).Runs {
		list = append(list, strings.TrimSpace(r.Planned.Format("01-02T15:04")+" "+string(r.Outcome)+" "+r.Reason))
	}
	return list
}

func (w *world) want(what string, got, want []string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func configOf(t *testing.T, jobs string) *Config {
	t.Helper()
	config, err := parseText("adopt6.yaml", "schedule:\n  jobs:\n"+jobs)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestYear runs a year of daily and hourly jobs in a zone with daylight saving:
// every day has one run, including the two on which clocks change, and so does
// every elapsed hour.
func TestYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-01-01T00:30:00Z")
		w.tick = time.Hour
		w.run = func(context.Context, Job, jobrun.Run) error { time.Sleep(20 * time.Minute); return nil }
		stop := w.start(configOf(t, `
    - {name: daily, cron: "30 2 * * *", time_zone: Europe/Paris}
    - {name: hourly, cron: "0 * * * *", time_zone: Europe/Paris, jitter: 10m}
`))
		w.until("2027-01-01T00:30:00Z")
		stop()
		days, hours := make(map[string]int), 0
		for _, line := range w.begun() {
			if day, daily := strings.CutPrefix(line, "daily "); daily {
				planned, err := time.Parse("2006-01-02T15:04", "2026-"+day[:11])
				if err != nil {
					t.Fatal(err)
				}
				paris := timetable(t, "0 0 * * *", "Europe/Paris").Zone()
				days[planned.In(paris).Format("01-02")]++
			} else {
				hours++
			}
		}
		if len(days) != 365 || hours != 365*24 {
			t.Errorf("%d days and %d hours had a run, want 365 and %d", len(days), hours, 365*24)
		}
		for day, n := range days {
			if n != 1 {
				t.Errorf("%s had %d daily runs", day, n)
			}
		}
	})
}

// TestCatchUp stops the scheduler for five days, under each policy.
func TestCatchUp(t *testing.T) {
	for policy, test := range map[string]struct{ begun, became []string }{
		"skip": {
			[]string{"d 03-01T03:00 at 03-01T03:00", "d 03-07T03:00 at 03-07T03:00"},
			[]string{"03-01T03:00 finished", "03-02T03:00 skipped missed", "03-03T03:00 skipped missed", "03-04T03:00 skipped missed",
				"03-05T03:00 skipped missed", "03-06T03:00 skipped missed", "03-07T03:00 finished"},
		},
		"once": {
			[]string{"d 03-01T03:00 at 03-01T03:00", "d 03-06T03:00 at 03-06T12:00", "d 03-07T03:00 at 03-07T03:00"},
			[]string{"03-01T03:00 finished", "03-02T03:00 skipped missed", "03-03T03:00 skipped missed", "03-04T03:00 skipped missed",
				"03-05T03:00 skipped missed", "03-06T03:00 finished", "03-07T03:00 finished"},
		},
		"all": {
			[]string{"d 03-01T03:00 at 03-01T03:00", "d 03-04T03:00 at 03-06T12:00", "d 03-05T03:00 at 03-06T12:30", "d 03-06T03:00 at 03-06T13:00", "d 03-07T03:00 at 03-07T03:00"},
			[]string{"03-01T03:00 finished", "03-02T03:00 skipped catch_up_limit", "03-03T03:00 skipped catch_up_limit", "03-04T03:00 finished",
				"03-05T03:00 finished", "03-06T03:00 finished", "03-07T03:00 finished"},
		},
	} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-02-28T12:00:00Z")
				w.run = func(context.Context, Job, jobrun.Run) error { time.Sleep(30 * time.Minute); return nil }
				config := configOf(t, "    - {name: d, cron: 0 3 * * *, catch_up: "+policy+", catch_up_limit: 3}\n")
				stop := w.start(config)
				w.until("2026-03-01T12:00:00Z")
				stop()
				w.sleep(5 * 24 * time.Hour)
				stop = w.start(config)
				w.until("2026-03-07T12:00:00Z")
				stop()
				w.want("begun", w.begun(), test.begun)
				w.want("became", w.became("d"), test.became)
			})
		})
	}
}

// TestLongDowntimeIsCounted has more missed times than are recorded one by one.
func TestLongDowntimeIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-01-01T00:30:00Z")
		config := configOf(t, "    - {name: h, cron: 0 * * * *}\n")
		w.start(config)()
		w.sleep(300 * 24 * time.Hour)
		stop := w.start(config)
		stop()
		book, _ := w.journal.Read()
		runs := book.entry("h").Runs
		if len(runs) > 60 || !strings.Contains(runs[0].Message, "so were ") || len(w.begun()) != 1 {
			t.Errorf("%d runs, the first: %s; begun %v", len(runs), runs[0].Message, w.begun())
		}
	})
}

// TestOverlap has a run that takes longer than the time to the next.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T00:30:00Z")
		w.run = func(context.Context, Job, jobrun.Run) error { time.Sleep(150 * time.Minute); return nil }
		stop := w.start(configOf(t, "    - {name: h, cron: 0 * * * *}\n"))
		w.until("2026-03-01T05:30:00Z")
		stop()
		w.want("became", w.became("h"), []string{"03-01T01:00 finished", "03-01T02:00 skipped still_running", "03-01T03:00 skipped still_running",
			"03-01T04:00 finished", "03-01T05:00 skipped still_running"})
	})
}

// TestFailingJob fails in every try and does not stop the others, which wait
// for each other as long as only one may run.
func TestFailingJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		w.run = func(_ context.Context, j Job, _ jobrun.Run) error {
			time.Sleep(5 * time.Minute)
			if j.Name == "bad" {
				return errors.New("no route")
			}
			return nil
		}
		stop := w.start(configOf(t, `
    - {name: bad, cron: 0 3 * * *, retries: 2, retry_after: 10m}
    - {name: good, cron: 0 3 * * *}
    - {name: later, cron: 1 3 * * *}
`))
		w.until("2026-03-01T12:00:00Z")
		stop()
		got := w.begun()
		slices.Sort(got)
		if len(got) != 5 || !slices.Contains(got, "later 03-01T03:01 at 03-01T03:10") {
			t.Errorf("begun: %q", got)
		}
		w.want("bad", w.became("bad"), []string{"03-01T03:00 failed error"})
		w.want("good", w.became("good"), []string{"03-01T03:00 finished"})
		book, _ := w.journal.Read()
		if r := book.entry("bad").Runs[0]; r.Tries != 3 || r.Message != "no route" || r.Ended.Format("15:04") != "03:45" && r.Ended.Format("15:04") != "03:50" {
			t.Errorf("bad ended as %+v", r)
		}
	})
}

// TestParallel lets two jobs run at the same time, and never one job twice.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		var now, most atomic.Int64
		w.run = func(context.Context, Job, jobrun.Run) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Hour)
			now.Add(-1)
			return nil
		}
		config := configOf(t, "    - {name: a, cron: 0 3 * * *}\n    - {name: b, cron: 0 3 * * *}\n    - {name: c, cron: 0 3 * * *}\n")
		config.Parallel = 2
		stop := w.start(config)
		w.until("2026-03-01T06:00:00Z")
		stop()
		if most.Load() != 2 || len(w.begun()) != 3 {
			t.Errorf("%d at the same time, %v", most.Load(), w.begun())
		}
	})
}

// TestStopAndGoOn stops a run in the middle: the next start continues with its
// scan, unless too much time has passed.
func TestStopAndGoOn(t *testing.T) {
	for name, test := range map[string]struct {
		pause time.Duration
		want  []string
	}{
		"soon": {time.Hour, []string{"03-01T03:00 finished"}},
		"late": {48 * time.Hour, []string{"03-01T03:00 failed too_old", "03-02T03:00 skipped missed", "03-03T03:00 finished"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-03-01T02:30:00Z")
				var scans []string
				w.run = func(ctx context.Context, _ Job, r jobrun.Run) error {
					scans = append(scans, r.Scan.String())
					select {
					case <-ctx.Done():
						return errors.New("interrupted")
					case <-time.After(2 * time.Hour):
						return nil
					}
				}
				config := configOf(t, "    - {name: d, cron: 0 3 * * *, resume_within: 20h}\n")
				stop := w.start(config)
				w.until("2026-03-01T04:00:00Z")
				stop()
				w.want("after the stop", w.became("d"), []string{"03-01T03:00 interrupted"})
				w.sleep(test.pause)
				stop = w.start(config)
				w.sleep(3 * time.Hour)
				stop()
				w.want("at the end", w.became("d"), test.want)
				if len(scans) != 2 || (scans[0] == scans[1]) != (name == "soon") {
					t.Errorf("scans %v", scans)
				}
			})
		})
	}
}

// TestCrash leaves the journal as a killed process does: one run in progress and
// one waiting for it.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		w.run = func(ctx context.Context, _ Job, _ jobrun.Run) error { <-ctx.Done(); return ctx.Err() }
		config := configOf(t, "    - {name: a, cron: 0 3 * * *}\n    - {name: b, cron: 10 3 * * *}\n")
		stop := w.start(config)
		w.until("2026-03-01T04:00:00Z")
		book, err := w.journal.Read() // what is on the disk then
		if err != nil {
			t.Fatal(err)
		}
		stop()
		w.journal = &Journal{now: book}
		w.run = nil
		w.sleep(time.Hour)
		stop = w.start(config)
		w.sleep(time.Hour)
		stop()
		w.want("a", w.became("a"), []string{"03-01T03:00 finished"})
		w.want("b", w.became("b"), []string{"03-01T03:10 finished"})
		w.want("begun", w.begun(), []string{"a 03-01T03:00 at 03-01T03:00", "a 03-01T03:00 at 03-01T05:00", "b 03-01T03:10 at 03-01T05:00"})
	})
}

// TestClockSteps sets the clock while the scheduler runs.
func TestClockSteps(t *testing.T) {
	for _, test := range []struct {
		name string
		by   time.Duration
		want []string
	}{
		{"back by two hours: nothing runs twice", -2 * time.Hour,
			[]string{"h 03-01T03:00 at 03-01T03:00", "h 03-01T04:00 at 03-01T04:00"}},
		{"back by ten days: planned by the new clock when it has stayed", -240 * time.Hour,
			[]string{"h 03-01T03:00 at 03-01T03:00", "h 02-19T05:00 at 02-19T05:00", "h 02-19T06:00 at 02-19T06:00"}},
		{"forward by three hours and a half: one of the missed", 210 * time.Minute,
			[]string{"h 03-01T03:00 at 03-01T03:00", "h 03-01T06:00 at 03-01T06:56", "h 03-01T07:00 at 03-01T07:00", "h 03-01T08:00 at 03-01T08:00", "h 03-01T09:00 at 03-01T09:00"}},
		{"forward by four minutes: late and not missed", 4 * time.Minute,
			[]string{"h 03-01T03:00 at 03-01T03:00", "h 03-01T04:00 at 03-01T04:00", "h 03-01T05:00 at 03-01T05:00", "h 03-01T06:00 at 03-01T06:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "2026-03-01T02:30:00Z")
				stop := w.start(configOf(t, "    - {name: h, cron: 0 * * * *, catch_up: once}\n"))
				w.until("2026-03-01T03:25:10Z")
				w.set(w.now().Add(test.by))
				w.sleep(3 * time.Hour)
				stop()
				w.want("begun", w.begun(), test.want)
			})
		})
	}
}

// TestStartWithoutClock starts on a machine that learns the time only after some
// minutes: nothing counts as missed.
func TestStartWithoutClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		config := configOf(t, "    - {name: d, cron: 0 3 * * *, catch_up: once}\n")
		stop := w.start(config)
		w.until("2026-03-01T04:00:00Z")
		stop()
		w.set(at(t, "1970-01-01T00:00:10Z"))
		stop = w.start(config)
		w.sleep(10 * time.Minute)
		w.set(at(t, "2026-03-01T04:20:00Z"))
		w.until("2026-03-02T04:00:00Z")
		stop()
		w.want("begun", w.begun(), []string{"d 03-01T03:00 at 03-01T03:00", "d 03-02T03:00 at 03-02T03:00"})
	})
}

// TestReload changes a time, pauses a job, removes one and adds one.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T00:30:00Z")
		stop := w.start(configOf(t, `
    - {name: moved, cron: 0 10 * * *}
    - {name: paused, cron: 0 10 * * *}
    - {name: removed, cron: 0 9 * * *, jitter: 10h}
`))
		w.until("2026-03-01T09:30:00Z") // removed waits for its jitter
		w.reload <- configOf(t, `
    - {name: moved, cron: 0 8 * * *}
    - {name: paused, cron: 0 10 * * *, paused: true}
    - {name: added, cron: 0 7 * * *}
`)
		w.until("2026-03-02T12:00:00Z")
		stop()
		w.want("begun", w.begun(), []string{"added 03-02T07:00 at 03-02T07:00", "moved 03-02T08:00 at 03-02T08:00"})
		w.want("removed", w.became("removed"), []string{"03-01T09:00 skipped job_removed"})
		w.want("paused", w.became("paused"), nil)
	})
}

// TestElsewhere skips runs that another machine or process has.
func TestElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		w.run = func(context.Context, Job, jobrun.Run) error { return &jobrun.ElsewhereError{Claimant: "two"} }
		var busy atomic.Bool
		w.lock = func(string) (*lockfile.Lock, error) {
			if busy.Load() {
				return nil, &BusyError{"job d", &lockfile.HeldError{PID: 7}}
			}
			return new(lockfile.Lock), nil
		}
		stop := w.start(configOf(t, "    - {name: d, cron: 0 * * * *}\n"))
		w.until("2026-03-01T03:30:00Z")
		busy.Store(true)
		w.until("2026-03-01T04:30:00Z")
		stop()
		w.want("became", w.became("d"), []string{"03-01T03:00 skipped runs_elsewhere", "03-01T04:00 skipped still_running"})
	})
}

// TestTooLong ends a run that takes longer than max_duration.
func TestTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		w.run = func(ctx context.Context, _ Job, _ jobrun.Run) error { <-ctx.Done(); return ctx.Err() }
		stop := w.start(configOf(t, "    - {name: d, cron: 0 3 * * *, max_duration: 2h}\n"))
		w.until("2026-03-01T05:30:00Z")
		stop()
		w.want("became", w.became("d"), []string{"03-01T03:00 failed too_long"})
	})
}

// TestByHand continues with the scan that failed before, unless asked not to.
func TestByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		fail := true
		s := &Scheduler{Journal: w.journal, Now: w.now, Log: slog.New(slog.DiscardHandler), Run: func(context.Context, Job, jobrun.Run) error {
			if fail {
				return errors.New("disk full")
			}
			return nil
		}}
		job := configOf(t, "    - {name: d, cron: 0 3 * * *}\n").Jobs[0]
		first, err := s.RunNow(t.Context(), job, false)
		if err == nil || first.Outcome != jobrun.Failed {
			t.Fatalf("%+v, %v", first, err)
		}
		fail = false
		second, err := s.RunNow(t.Context(), job, false)
		if err != nil || second.Outcome != jobrun.Finished || second.Scan != first.Scan || second.ID == first.ID {
			t.Errorf("%+v, %v", second, err)
		}
		third, err := s.RunNow(t.Context(), job, false)
		if err != nil || third.Scan == first.Scan {
			t.Errorf("a finished scan was continued: %+v, %v", third, err)
		}
	})
}

// TestRestartWhileWaiting stops the scheduler shortly while a run waits for its
// jitter: it is not missed, whatever the policy.
func TestRestartWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		config := configOf(t, "    - {name: d, cron: 0 3 * * *, jitter: 10h, catch_up: skip}\n")
		begin := config.Jobs[0].Begin(at(t, "2026-03-01T03:00:00Z"))
		if begin.Sub(w.now()) < time.Hour {
			t.Fatalf("the jitter is too short for this test: %s", begin)
		}
		stop := w.start(config)
		w.until("2026-03-01T03:20:00Z")
		stop()
		w.sleep(4 * time.Minute)
		stop = w.start(config)
		w.until("2026-03-01T20:00:00Z")
		stop()
		w.want("begun", w.begun(), []string{"d 03-01T03:00 at " + begin.UTC().Format("01-02T15:04")})
	})
}

// TestLateTick has a tick so late that two planned times are due: one run is
// enough.
func TestLateTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:59:30Z")
		stop := w.start(configOf(t, "    - {name: m, cron: 0-2 3 * * *}\n"))
		w.set(w.now().Add(3 * time.Minute))
		w.sleep(time.Hour)
		stop()
		if got := w.became("m"); len(w.begun()) != 1 || len(got) != 3 {
			t.Errorf("begun %v, became %v", w.begun(), got)
		}
	})
}
