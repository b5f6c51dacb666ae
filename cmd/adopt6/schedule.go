package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/report/notify"
	"adopt6/report/notify/channels"
	"adopt6/scanner/campaign"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/service"
	"adopt6/store"
	"adopt6/store/sink"
)

// scheduleFlags are those of the commands that run jobs.
type scheduleFlags struct {
	labFile       string
	clockFile     string // how far the scheduler's clock is ahead; for rehearsals in a lab
	skipPreflight bool
}

func (f *scheduleFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.labFile, "lab", "", "scan a running lab, by the `file` that 'adopt6 lab up' wrote")
	cmd.Flags().StringVar(&f.clockFile, "clock-file", "", "`file` with how far the scheduler's clock is ahead, such as 36h; with --lab only")
	cmd.Flags().Lookup("clock-file").Hidden = true
	registerPreflightFlag(cmd, &f.skipPreflight)
	registerScanFlags(cmd)
	registerStoreFlags(cmd)
}

// clock is the scheduler's time of day: that of the machine, or in a rehearsal
// that of a file, read whenever it is asked for.
func (f *scheduleFlags) clock() time.Time {
	now := time.Now().Round(0)
	if f.labFile == "" || f.clockFile == "" {
		return now
	}
	text, err := os.ReadFile(f.clockFile)
	if err != nil {
		return now
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return now
	}
	return now.Add(ahead)
}

func newScheduleCommand(a *app) *cobra.Command {
	var flags scheduleFlags
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Run scans at planned times, as a service",
		Long: `Run the jobs of the configuration's section "schedule" when their time comes,
until the program is stopped. The section may stand in a schedule.yaml
beside the configuration file as well. docs/schedule.md says how to plan a year
of scans; configs/schedule.yaml is an example with every setting explained.

A job runs once at a time. What was missed while the machine was off is run or
left out as the job says, and what was interrupted continues. Every planned time
is kept in the store's table runs, with what became of it.

SIGHUP reads the configuration again: a bad one is refused with the reason, and
the old one stays. SIGTERM and SIGINT end the program at once; the scan that
runs continues when it is next started.`,
		Example: `  adopt6 schedule check
  adopt6 schedule next --count 5
  adopt6 schedule --config /etc/adopt6/adopt6.yaml
  adopt6 schedule status`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args)
			}
			unwatch, err := a.watch()
			if err != nil {
				return err
			}
			defer unwatch()
			return a.serveSchedule(cmd, flags)
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	flags.register(cmd)
	registerWatchFlags(cmd)
	cmd.AddCommand(newScheduleCheckCommand(a), newScheduleNextCommand(a), newScheduleRunCommand(a), newScheduleStatusCommand(a))
	return cmd
}

func newScheduleRunCommand(a *app) *cobra.Command {
	var flags scheduleFlags
	var fresh bool
	cmd := &cobra.Command{
		Use:   "run JOB",
		Short: "Run a job now",
		Long: `Run a job of the configuration now, in this process. The scheduler and this
command never run one job at the same time.

When the job's last run failed or was interrupted, its scan continues; --fresh
begins a new one.`,
		Example: `  adopt6 schedule run ministries
  adopt6 schedule run ministries --fresh`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runJobNow(cmd.Context(), args[0], fresh, flags)
		},
	}
	flags.register(cmd)
	cmd.Flags().BoolVar(&fresh, "fresh", false, "begin a new scan also where one could continue")
	return cmd
}

// scheduleFolder is where the schedule keeps its journal, locks and scans.
func (a *app) scheduleFolder() (string, error) {
	state, err := a.stateFolder()
	return filepath.Join(state, "schedule"), err
}

// loadJobs reads the jobs of the configuration file that the settings came
// from. checkLists finds what is wrong with what they scan.
func (a *app) loadJobs() (*schedule.Config, error) {
	if a.settings.File == nil {
		return nil, misusef("there is no configuration file, and so no jobs; write ./adopt6.yaml or /etc/adopt6/adopt6.yaml, or name one with --config (configs/schedule.yaml has an example of jobs)")
	}
	config, err := schedule.Load(a.settings.File)
	if err == nil {
		err = checkKeep(config)
	}
	if err != nil {
		return nil, asMisuse(err)
	}
	for i := range config.Jobs {
		if config.Jobs[i].Vantage == "" {
			config.Jobs[i].Vantage = a.vantage()
		}
	}
	return config, nil
}

// shownJobs is how many jobs an error names.
const shownJobs = 10

// chosenJob returns a job by its name.
func chosenJob(config *schedule.Config, name string) (*schedule.Job, error) {
	job, known := config.Job(name)
	if !known {
		return nil, misusef("there is no job %q; the configuration has %s", name, terminal.Listed(config.Names(), shownJobs))
	}
	return job, nil
}

// runJobNow runs a job in the foreground.
func (a *app) runJobNow(ctx context.Context, name string, fresh bool, flags scheduleFlags) error {
	config, err := a.loadJobs()
	if err != nil {
		return err
	}
	job, err := chosenJob(config, name)
	if err != nil {
		return err
	}
	if err := service.CheckLists(*job); err != nil {
		return asMisuse(err)
	}
	h, err := a.schedulerHost(flags, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	h.Scan = a.runCampaign
	h.Complain = func(what string, err error) { a.note("Could not %s: %v", what, err) }
	r, err := service.New(h, &service.Plan{Config: config, Settings: a.settings})
	if err != nil {
		return err
	}
	run, err := r.RunNow(ctx, *job, fresh)
	if busy := new(schedule.BusyError); errors.As(err, &busy) {
		return fmt.Errorf("%w; `%s schedule status` says how far it is", err, calledAs())
	}
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted; what was measured is kept\nContinue with: %s schedule run %s", calledAs(), name)
	}
	if err == nil {
		fmt.Fprintf(a.errOut, "Job %s has finished with scan %s.\n", name, run.Scan)
		err = a.sendQueued(ctx)
	}
	return err
}

// journalHandler logs in a form for people and machines. The journal of systemd
// has its own times.
func (a *app) journalHandler() slog.Handler {
	options := &slog.HandlerOptions{}
	if os.Getenv("JOURNAL_STREAM") != "" {
		options.ReplaceAttr = func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		}
	}
	if a.settings.Log.Format == "json" {
		return slog.NewJSONHandler(a.errOut, options)
	}
	return slog.NewTextHandler(a.errOut, options)
}

// serveSchedule runs the jobs until the context ends.
func (a *app) serveSchedule(cmd *cobra.Command, flags scheduleFlags) error {
	config, err := a.loadJobs()
	if err != nil {
		return err
	}
	log := slog.New(a.journalHandler())
	h, err := a.schedulerHost(flags, cmd, log)
	if err != nil {
		return err
	}
	if err := service.CheckLists(config.Jobs...); err != nil {
		log.Error("jobs will fail unless this is fixed; the others run", "error", err)
	}
	if err := a.checkChannels(config); err != nil {
		log.Error("notifications will fail unless this is fixed; the jobs run", "error", err)
	}
	var r *service.Service
	h.Beside = []func(context.Context){func(ctx context.Context) {
		channels.Keep(ctx, log, func() (*notify.Spool, []channels.Channel, error) {
			return (&app{settings: r.Settings()}).openNotify()
		})
	}}
	if r, err = service.New(h, &service.Plan{Config: config, Settings: a.settings}); err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	log.Info("the scheduler begins", "version", currentVersion().Version, "pid", os.Getpid(), "config", a.settings.File.Path, "jobs", len(config.Jobs), "state", h.Dir)
	return r.Serve(cmd.Context(), hangups)
}

// schedulerLogs is how often a scan of the scheduler logs how far it is.
const schedulerLogs = 5 * time.Minute

// schedulerHost is what jobs run with. cmd has the flags that a reload reads
// again; nil where there is none.
func (a *app) schedulerHost(flags scheduleFlags, cmd *cobra.Command, log *slog.Logger) (service.Host, error) {
	dir, err := a.scheduleFolder()
	if err != nil {
		return service.Host{}, err
	}
	with := func(settings *configs.Settings) *app {
		return &app{errOut: io.Discard, log: log, configFile: a.configFile, settings: settings, live: a.live}
	}
	h := service.Host{
		Dir: dir, Log: log, Clock: flags.clock, SkipPreflight: flags.skipPreflight, Live: a.live,
		Open: func(ctx context.Context, s *configs.Settings) (*store.Store, error) {
			return with(s).openStore(ctx, false)
		},
		Network: func(s *configs.Settings) (*network.Network, error) { return with(s).openNetwork(flags.labFile) },
		Scan: func(ctx context.Context, s *store.Store, p campaign.Plan) (err error) {
			if p.Folders, err = a.writtenFolders(); err != nil {
				return err
			}
			return campaign.Run(ctx, p, sink.Sink{Store: s}, campaign.Log(log.With("job", p.Job), schedulerLogs))
		},
		After: []service.After{{Name: "queue the digests of what changed", Do: func(ctx context.Context, s *store.Store, done service.Finished) error {
			return notifyAfterRun(ctx, with(done.Settings), s, done)
		}}},
		Load: func() (*service.Plan, error) { return a.loadAgain(cmd, dir) },
	}
	return h, nil
}

// loadAgain reads settings and jobs. The state folder stays: what lies there is
// locked and open.
func (a *app) loadAgain(cmd *cobra.Command, dir string) (*service.Plan, error) {
	settings, err := configs.Load(a.configFile, cmd.Flags())
	if err != nil {
		return nil, err
	}
	fresh := &app{errOut: a.errOut, configFile: a.configFile, settings: settings}
	if next, err := fresh.scheduleFolder(); err != nil {
		return nil, err
	} else if next != dir {
		return nil, fmt.Errorf("the state folder (scan.state) would change from %s to %s, which needs a restart", dir, next)
	}
	config, err := fresh.loadJobs()
	if err == nil {
		err = errors.Join(service.CheckLists(config.Jobs...), fresh.checkChannels(config))
	}
	if err != nil {
		return nil, err
	}
	return &service.Plan{Config: config, Settings: settings}, nil
}
