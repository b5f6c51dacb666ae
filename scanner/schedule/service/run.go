// Package service runs the jobs of a schedule: it makes their scans, keeps what
// became of them in the store, and does what follows a finished run.
//
// In: a plan and what the program around it lends, see Host. Out: scans in the
// store, records in the log. It is the one package below scanner that knows the
// store: a run is claimed there, so that two machines do not both make it.
package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	"adopt6/scanner/metrics"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
)

// Host is what a service is given by the program around it.
type Host struct {
	Dir           string // of the journal, the locks and the scans
	Log           *slog.Logger
	Clock         func() time.Time // the time of day
	SkipPreflight bool
	Live          *metrics.Set // shows scans and jobs; may be nil
	// Open opens the store that settings name, and Network what they scan.
	Open    func(context.Context, *configs.Settings) (*store.Store, error)
	Network func(*configs.Settings) (*network.Network, error)
	// Scan makes a campaign into a store, and tells whoever listens of it.
	Scan func(context.Context, *store.Store, campaign.Plan) error
	// After are done in this order after each finished run. One that fails is
	// logged; the run is finished all the same, and the others are done.
	After []After
	// Complain tells somebody who runs a job by hand what of these failed.
	Complain func(what string, err error)
	// Beside run beside the scheduler until their context ends.
	Beside []func(context.Context)
	// Load reads settings and jobs anew, for a reload.
	Load func() (*Plan, error)
}

// Service is what the scheduler calls when the time of a job has come, and what
// it does beside.
type Service struct {
	Host
	machine string
	journal *schedule.Journal
	store   *store.OnDemand
	plan    atomic.Pointer[Plan]
	wake    chan struct{} // something is to be delivered to the store
	reload  chan *schedule.Config
}

// Plan is a configuration and the settings that came with it.
type Plan struct {
	Config   *schedule.Config
	Settings *configs.Settings
	recorded bool // the store has its jobs; used by deliver alone
}

// New returns the service for a plan.
func New(h Host, p *Plan) (*Service, error) {
	r := &Service{Host: h, machine: hostName(), wake: make(chan struct{}, 1), reload: make(chan *schedule.Config)}
	var err error
	if r.journal, err = schedule.OpenJournal(h.Dir); err != nil {
		return nil, err
	}
	r.plan.Store(p)
	r.store = store.NewOnDemand("", 0, func(ctx context.Context) (*store.Store, error) { return h.Open(ctx, r.Settings()) })
	return r, nil
}

// Settings are those in force.
func (r *Service) Settings() *configs.Settings { return r.plan.Load().Settings }

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// RunNow runs a job in the foreground, and brings what became of it to the
// store.
func (r *Service) RunNow(ctx context.Context, j schedule.Job, fresh bool) (jobrun.Run, error) {
	run, err := r.scheduler().RunNow(ctx, j, fresh)
	return run, errors.Join(err, r.deliver(context.WithoutCancel(ctx)))
}

// scheduler returns the scheduler of these jobs.
func (r *Service) scheduler() *schedule.Scheduler {
	return &schedule.Scheduler{
		Journal: r.journal, Machine: r.machine,
		Run:  r.run,
		Lock: func(job string) (*lockfile.Lock, error) { return schedule.LockJob(r.Dir, job) },
		Now:  r.Clock, Reload: r.reload,
		Changed: func(jobrun.Run) { r.wakeUp() }, Log: r.Log,
	}
}

// wakeUp makes what changed be delivered to the store.
func (r *Service) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// run makes one try of a run.
func (r *Service) run(ctx context.Context, j schedule.Job, run jobrun.Run) (err error) {
	settings := *r.Settings()
	net, err := r.Network(&settings)
	if err != nil {
		return err
	}
	applyJob(&settings, j)
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
	complete, err := r.scanJob(ctx, s, net, &settings, j, run)
	stop()
	if ended := claim.Done(ctx, complete); ended != nil {
		r.Log.Warn("the claim on the run stays until it expires", "job", j.Name, "error", ended)
	}
	if err == nil {
		r.afterwards(ctx, s, j, run)
	}
	r.sweep(run.Scan)
	return err
}

// keepClaim renews a claim until it is stopped.
func (r *Service) keepClaim(ctx context.Context, claim *store.Claim) (stop func()) {
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
				r.Log.Warn("the claim on the run could not be renewed; another machine may begin one", "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// scanJob makes the scan of a run, or continues it.
func (r *Service) scanJob(ctx context.Context, s *store.Store, net *network.Network, settings *configs.Settings, j schedule.Job, run jobrun.Run) (complete bool, err error) {
	w, err := scanner.OpenWorklist(r.scanFolder(run.Scan))
	if errors.Is(err, os.ErrNotExist) {
		known, err := s.Scan(ctx, run.Scan)
		if unknown := new(store.UnknownScanError); err != nil && !errors.As(err, &unknown) {
			return false, err
		} else if err == nil && !known.Finished.IsZero() {
			return true, nil // it ended, and only the word of it was lost
		} else if err == nil {
			return false, fmt.Errorf("the scan %s was begun and its folder below %s is gone, so it cannot continue", run.Scan, r.Dir)
		}
		w, err = newJobWorklist(net, settings, j, run, r.scanFolder(run.Scan))
		if err != nil {
			return false, err
		}
	} else if err != nil {
		return false, err
	}
	err = r.Scan(ctx, s, campaign.Plan{Network: net, Settings: settings, Worklist: w, SkipPreflight: r.SkipPreflight, Job: j.Name, Live: r.Live})
	return err == nil, err
}

func (r *Service) scanFolder(scan uuid.UUID) string {
	return filepath.Join(r.Dir, "scans", scan.String())
}

// newJobWorklist makes the work list of a job's scan.
func newJobWorklist(net *network.Network, settings *configs.Settings, j schedule.Job, run jobrun.Run, dir string) (*scanner.Worklist, error) {
	name, targets, done, err := jobTargets(net.Targets, j)
	defer done()
	if err != nil {
		return nil, err
	}
	header := scanner.Header{Scan: run.Scan, List: name, Vantage: settings.Scan.Vantage, Created: time.Now().UTC()}
	w, err := scanner.CreateWorklist(dir, header, targets)
	if err == nil && w.Targets == 0 {
		err = errors.Join(fmt.Errorf("no targets: %s has none that match", name), w.Remove())
	}
	return w, err
}

// jobTargets returns what a job scans: its lists one after the other. builtin
// are the targets of a lab in place of the built-in lists; nil for none. The
// returned function closes what was opened.
func jobTargets(builtin iter.Seq[lists.Target], j schedule.Job) (name string, targets iter.Seq2[lists.Target, error], done func(), err error) {
	var open []*os.File
	done = func() {
		for _, file := range open {
			file.Close()
		}
	}
	chosen := lists.Choice{Countries: slices.Clone(j.Countries), Kinds: j.Kinds, Levels: j.Levels}
	if err := chosen.Check(); err != nil {
		return "", nil, done, err
	}
	files := j.Lists
	if len(files) == 0 {
		files = []string{schedule.Builtin}
	}
	var names []string
	var parts []iter.Seq2[lists.Target, error]
	for _, file := range files {
		switch {
		case file == schedule.Builtin && builtin != nil:
			names, parts = append(names, "the lab's targets"), append(parts, chosen.Of(lists.Each(builtin)))
		case file == schedule.Builtin:
			names, parts = append(names, "built-in lists"), append(parts, chosen.Builtin())
		default:
			f, err := os.Open(file)
			if err != nil {
				return "", nil, done, fmt.Errorf("open list: %w", err)
			}
			open = append(open, f)
			names, parts = append(names, file), append(parts, chosen.Of(lists.Read(bufio.NewReader(f), file)))
		}
	}
	return chosen.Describe(strings.Join(names, ", ")), lists.Join(parts...), done, nil
}

// sweep removes the folders of scans that nothing will go on with. ended is
// the scan of a run that has just been made and is not over in the journal.
func (r *Service) sweep(ended uuid.UUID) {
	folders, err := os.ReadDir(filepath.Join(r.Dir, "scans"))
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
			if err := os.RemoveAll(filepath.Join(r.Dir, "scans", f.Name())); err != nil {
				r.Log.Warn("the folder of an old scan cannot be removed", "error", err)
			}
		}
	}
}

// applyJob puts the settings of a job over those of the program.
func applyJob(s *configs.Settings, j schedule.Job) {
	if j.Vantage != "" {
		s.Scan.Vantage = j.Vantage
	}
	if r := j.Rates; r.Workers != nil {
		s.Scan.Workers = *r.Workers
	}
	if r := j.Rates; r.Rate != nil {
		s.Scan.Rate = *r.Rate
	}
	if r := j.Rates; r.RatePerServer != nil {
		s.Scan.RatePerServer = *r.RatePerServer
	}
	if r := j.Rates; r.RatePerOperator != nil {
		s.Scan.RatePerOperator = *r.RatePerOperator
	}
	if r := j.Rates; r.TargetTimeout != nil {
		s.Scan.Timeout = *r.TargetTimeout
	}
}
