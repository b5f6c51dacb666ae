package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/campaign"
	"adopt6/scanner/lockfile"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
)

// runner runs jobs: what the scheduler calls when the time of one has come.
type runner struct {
	app     *app
	flags   scheduleFlags
	dir     string // of the journal, the locks and the scans
	machine string
	journal *schedule.Journal
	store   *store.OnDemand
	log     *slog.Logger
	// show returns what a run prints to and takes its settings from.
	show   func(schedule.Job) *app
	plan   atomic.Pointer[plan]
	wake   chan struct{} // something is to be delivered to the store
	reload chan *schedule.Config
}

// plan is a configuration and the settings that came with it.
type plan struct {
	config   *schedule.Config
	settings *configs.Settings
	recorded bool // the store has its jobs; used by deliver alone
}

// progressLines is how often a scan of the scheduler logs how far it is.
const progressLines = 5 * time.Minute

func (a *app) newRunner(config *schedule.Config, flags scheduleFlags) (*runner, error) {
	dir, err := a.scheduleFolder()
	if err != nil {
		return nil, err
	}
	r := &runner{
		app: a, flags: flags, dir: dir, machine: hostName(), log: slog.New(a.journalHandler()),
		wake: make(chan struct{}, 1), reload: make(chan *schedule.Config),
	}
	if r.journal, err = schedule.OpenJournal(dir); err != nil {
		return nil, err
	}
	r.plan.Store(&plan{config: config, settings: a.settings})
	r.store = store.NewOnDemand("", 0, func(ctx context.Context) (*store.Store, error) {
		opener := &app{log: r.log, errOut: io.Discard, settings: r.plan.Load().settings}
		return opener.openStore(ctx, false)
	})
	r.show = func(j schedule.Job) *app {
		return &app{
			errOut: io.Discard, log: r.log.With("job", j.Name), configFile: a.configFile,
			settings: r.plan.Load().settings, live: a.live,
		}
	}
	return r, nil
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// scheduler returns the scheduler of these jobs.
func (r *runner) scheduler() *schedule.Scheduler {
	return &schedule.Scheduler{
		Journal: r.journal, Machine: r.machine,
		Run:  r.run,
		Lock: func(job string) (*lockfile.Lock, error) { return schedule.LockJob(r.dir, job) },
		Now:  r.flags.clock, Reload: r.reload,
		Changed: func(jobrun.Run) { r.wakeUp() }, Log: r.log,
	}
}

// wakeUp makes what changed be delivered to the store.
func (r *runner) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// run makes one try of a run.
func (r *runner) run(ctx context.Context, j schedule.Job, run jobrun.Run) (err error) {
	shown, settings := *r.show(j), *r.show(j).settings
	shown.in, shown.settings = nil, &settings // a job's targets are never piped in
	net, err := shown.openNetwork(r.flags.labFile)
	if err != nil {
		return err
	}
	shown.settings = jobSettings(shown.settings, j)
	s, release, err := r.store.Borrow(ctx, storePatience)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	claim, err := s.ClaimRun(ctx, run)
	if err != nil {
		return err
	}
	stop := r.keepClaim(ctx, claim)
	complete, err := shown.scanJob(ctx, s, net, j, run, r)
	stop()
	if ended := claim.Done(ctx, complete); ended != nil {
		r.log.Warn("the claim on the run stays until it expires", "job", j.Name, "error", ended)
	}
	if err == nil {
		r.afterwards(ctx, s, j, run)
	}
	r.sweep(run.Scan)
	return err
}

// keepClaim renews a claim until it is stopped.
func (r *runner) keepClaim(ctx context.Context, claim *store.Claim) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(store.ClaimRenewal)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := claim.Renew(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("the claim on the run could not be renewed; another machine may begin one", "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// scanJob makes the scan of a run, or goes on with it.
func (a *app) scanJob(ctx context.Context, s *store.Store, net *network.Network, j schedule.Job, run jobrun.Run, r *runner) (complete bool, err error) {
	w, err := scanner.OpenWorklist(r.scanFolder(run.Scan))
	if errors.Is(err, os.ErrNotExist) {
		known, err := s.Scan(ctx, run.Scan)
		if unknown := new(store.UnknownScanError); err != nil && !errors.As(err, &unknown) {
			return false, err
		} else if err == nil && !known.Finished.IsZero() {
			return true, nil // it ended, and only the word of it was lost
		} else if err == nil {
			return false, fmt.Errorf("the scan %s was begun and its folder below %s is gone, so it cannot go on", run.Scan, r.dir)
		}
		w, err = a.newJobWorklist(net, j, run, r.scanFolder(run.Scan))
		if err != nil {
			return false, err
		}
	} else if err != nil {
		return false, err
	}
	err = a.runCampaign(ctx, s, campaign.Plan{Network: net, Worklist: w, SkipPreflight: r.flags.skipPreflight, Job: j.Name})
	return err == nil, err
}

func (r *runner) scanFolder(scan uuid.UUID) string {
	return filepath.Join(r.dir, "scans", scan.String())
}

// newJobWorklist makes the work list of a job's scan.
func (a *app) newJobWorklist(net *network.Network, j schedule.Job, run jobrun.Run, dir string) (*scanner.Worklist, error) {
	name, targets, done, err := a.jobTargets(net, j)
	defer done()
	if err != nil {
		return nil, err
	}
	header := scanner.Header{Scan: run.Scan, List: name, Vantage: a.vantage(), Created: time.Now().UTC()}
	w, err := scanner.CreateWorklist(dir, header, targets)
	if err == nil && w.Targets == 0 {
		err = errors.Join(fmt.Errorf("no targets: %s has none that match", name), w.Remove())
	}
	return w, err
}

// jobTargets returns what a job scans: its lists one after the other. The
// returned function closes what was opened.
func (a *app) jobTargets(net *network.Network, j schedule.Job) (name string, targets iter.Seq2[lists.Target, error], done func(), err error) {
	chosen := targetFlags{Choice: lists.Choice{Countries: slices.Clone(j.Countries), Kinds: j.Kinds, Levels: j.Levels}, builtin: net.Targets}
	files := j.Lists
	if len(files) == 0 {
		files = []string{schedule.Builtin}
	}
	var names []string
	var parts []iter.Seq2[lists.Target, error]
	var closers []func()
	done = func() {
		for _, close := range closers {
			close()
		}
	}
	for _, file := range files {
		if chosen.list = file; file == schedule.Builtin {
			chosen.list = ""
		}
		name, part, close, err := chosen.targets(a, nil)
		if err != nil {
			return "", nil, done, err
		}
		names, parts, closers = append(names, name), append(parts, part), append(closers, close)
	}
	return chosen.Describe(strings.Join(names, ", ")), lists.Join(parts...), done, nil
}

// sweep removes the folders of scans that nothing will go on with. ended is
// the scan of a run that has just been made and is not over in the journal.
func (r *runner) sweep(ended uuid.UUID) {
	folders, err := os.ReadDir(filepath.Join(r.dir, "scans"))
	if err != nil {
		return // there are none
	}
	book, err := r.journal.Read() // after the folders: a run is in it before its folder is made
	if err != nil {
		return
	}
	needed := map[string]bool{ended.String(): true}
	for _, e := range book.Jobs {
		for _, run := range e.Open() {
			needed[run.Scan.String()] = true
		}
		if last, ok := e.Last(); ok && last.Outcome == jobrun.Failed {
			needed[last.Scan.String()] = true
		}
	}
	for _, f := range folders {
		if !needed[f.Name()] {
			if err := os.RemoveAll(filepath.Join(r.dir, "scans", f.Name())); err != nil {
				r.log.Warn("the folder of an old scan cannot be removed", "error", err)
			}
		}
	}
}
