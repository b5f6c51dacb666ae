package service

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"adopt6/scanner/metrics"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

// lastDelivery is how long a scheduler that ends waits for the store.
const lastDelivery = 5 * time.Second

// Serve runs the jobs until ctx ends, and reads the configuration again at each
// hangup.
func (r *Service) Serve(ctx context.Context, hangups <-chan os.Signal) error {
	lock, err := schedule.LockDaemon(r.Dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.seed(ctx); err != nil {
		r.Log.Warn("what the store knows of jobs that are new here was not read; they are planned from now on", "error", err)
	}
	r.Live.ShowJobs(r.jobMetrics)
	var beside sync.WaitGroup
	for _, service := range append(r.Beside, r.keepDelivering, func(ctx context.Context) { r.reloadOn(ctx, hangups) }) {
		beside.Go(func() { service(ctx) })
	}
	s := r.scheduler()
	s.Tick = watchdogTick()
	s.Awake = readiness()
	err = s.Serve(ctx, r.plan.Load().Config)
	tellSystemd(daemon.SdNotifyStopping)
	cancel()
	beside.Wait()
	r.sayGoodbye()
	return err
}

// jobMetrics says how the jobs are, for Prometheus.
func (r *Service) jobMetrics() []metrics.Job {
	book, err := r.journal.Read()
	if err != nil {
		return nil // the log says so already
	}
	var list []metrics.Job
	for _, j := range r.plan.Load().Config.Jobs {
		e := book.Entry(j.Name)
		shown := metrics.Job{Name: j.Name, Paused: j.Paused, Next: j.NextAfter(e, time.Now())}
		for _, run := range e.Runs {
			shown.Outcome = string(run.Outcome)
			if run.Outcome == jobrun.Finished {
				shown.Success = run.Ended
			}
		}
		list = append(list, shown)
	}
	return list
}

// sayGoodbye brings the last changes to the store, if it takes them at once.
func (r *Service) sayGoodbye() {
	ctx, cancel := context.WithTimeout(context.Background(), lastDelivery)
	defer cancel()
	if err := r.deliver(ctx); err != nil {
		r.Log.Info("the store has not taken the last changes; it gets them at the next start", "error", err)
	}
	r.Log.Info("the scheduler ends")
}

// reloadOn reads the configuration again whenever a signal asks for it. One
// with a fault is refused, and the old stays in force.
func (r *Service) reloadOn(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		tellSystemd(reloading())
		next, err := r.Load()
		if err != nil {
			r.Log.Error("the new configuration is refused, and the old one stays in force", "error", err)
		} else {
			r.plan.Store(next)
			select {
			case r.reload <- next.Config:
			case <-ctx.Done():
				return
			}
			r.wakeUp()
		}
		tellSystemd(daemon.SdNotifyReady)
	}
}

// reloading says to systemd that the configuration is read again, and since
// when.
func reloading() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return daemon.SdNotifyReloading
	}
	return fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000)
}

// tellSystemd tells systemd something, where it listens. What it does not hear
// does no harm: it kills a service that it misses, which starts again.
func tellSystemd(state string) { _, _ = daemon.SdNotify(false, state) }

// watchdogTick is how often the scheduler must turn for systemd's watchdog; 0
// where there is none.
func watchdogTick() time.Duration {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return min(interval/2, time.Minute)
}

// readiness returns what tells systemd that the scheduler turns, and what comes
// next.
func readiness() func(next time.Time) {
	said := ""
	return func(next time.Time) {
		status := "STATUS=Nothing is planned"
		if !next.IsZero() {
			status = "STATUS=Next at " + next.Format("2006-01-02 15:04 MST")
		}
		state := daemon.SdNotifyWatchdog
		if said == "" {
			state += "\n" + daemon.SdNotifyReady
		}
		if status != said {
			state += "\n" + status
			said = status
		}
		tellSystemd(state)
	}
}
