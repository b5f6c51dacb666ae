package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"adopt6/configs"
	"adopt6/scanner/metrics"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

// lastDelivery is how long a scheduler that ends waits for the store.
const lastDelivery = 5 * time.Second

// serveSchedule runs the jobs until the context ends.
func (a *app) serveSchedule(cmd *cobra.Command, flags scheduleFlags) error {
	config, err := a.loadJobs()
	if err != nil {
		return err
	}
	r, err := a.newRunner(config, flags)
	if err != nil {
		return err
	}
	lock, err := schedule.LockDaemon(r.dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := checkLists(config.Jobs...); err != nil {
		r.log.Error("jobs will fail unless this is mended; the others run", "error", err)
	}
	if err := a.checkChannels(config); err != nil {
		r.log.Error("notifications will fail unless this is mended; the jobs run", "error", err)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	r.log.Info("the scheduler begins", "version", currentVersion().Version, "pid", os.Getpid(), "config", a.settings.File.Path, "jobs", len(config.Jobs), "state", r.dir)

	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if err := r.seed(ctx); err != nil {
		r.log.Warn("what the store knows of jobs that are new here was not read; they are planned from now on", "error", err)
	}
	a.live.ShowJobs(r.jobMetrics)
	var beside sync.WaitGroup
	for _, service := range r.services(cmd, hangups) {
		beside.Go(func() { service(ctx) })
	}
	s := r.scheduler()
	s.Tick = watchdogTick()
	s.Turn = readiness()
	err = s.Serve(ctx, config)
	tellSystemd(daemon.SdNotifyStopping)
	cancel()
	beside.Wait()
	r.sayGoodbye()
	return err
}

// services run beside the scheduler until their context ends.
func (r *runner) services(cmd *cobra.Command, hangups <-chan os.Signal) []func(context.Context) {
	return []func(context.Context){
		r.keepDelivering,
		r.keepNotifying,
		func(ctx context.Context) { r.reloadOn(ctx, cmd, hangups) },
	}
}

// jobMetrics says how the jobs are, for Prometheus.
func (r *runner) jobMetrics() []metrics.Job {
	book, err := r.journal.Read()
	if err != nil {
		return nil // the log says so already
	}
	var list []metrics.Job
	for _, j := range r.plan.Load().config.Jobs {
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
func (r *runner) sayGoodbye() {
	ctx, cancel := context.WithTimeout(context.Background(), lastDelivery)
	defer cancel()
	if err := r.deliver(ctx); err != nil {
		r.log.Info("the store has not taken the last changes; it gets them at the next start", "error", err)
	}
	r.log.Info("the scheduler ends")
}

// reloadOn reads the configuration again whenever a signal asks for it. One
// with a fault is refused, and the old stays in force.
func (r *runner) reloadOn(ctx context.Context, cmd *cobra.Command, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		tellSystemd(reloading())
		next, err := r.loadAgain(cmd)
		if err != nil {
			r.log.Error("the new configuration is refused, and the old one stays in force", "error", err)
		} else {
			r.plan.Store(next)
			select {
			case r.reload <- next.config:
			case <-ctx.Done():
				return
			}
			r.wakeUp()
		}
		tellSystemd(daemon.SdNotifyReady)
	}
}

// loadAgain reads settings and jobs. The state folder stays: what lies there is
// locked and open.
func (r *runner) loadAgain(cmd *cobra.Command) (*plan, error) {
	settings, err := configs.Load(r.app.configFile, cmd.Flags())
	if err != nil {
		return nil, err
	}
	fresh := &app{errOut: r.app.errOut, configFile: r.app.configFile, settings: settings}
	if dir, err := fresh.scheduleFolder(); err != nil {
		return nil, err
	} else if dir != r.dir {
		return nil, fmt.Errorf("the state folder (scan.state) would change from %s to %s, which needs a restart", r.dir, dir)
	}
	config, err := fresh.loadJobs()
	if err == nil {
		err = errors.Join(checkLists(config.Jobs...), fresh.checkChannels(config))
	}
	if err != nil {
		return nil, err
	}
	return &plan{config: config, settings: settings}, nil
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
