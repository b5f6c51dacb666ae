package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

// shownTime is a moment in the zone of its job.
const shownTime = "Mon 2006-01-02 15:04"

func newScheduleNextCommand(a *app) *cobra.Command {
	var count int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "next [JOB...]",
		Short: "Print when jobs run next",
		Long: `Print the next planned times of every job, or of those named, in the job's time
zone and in UTC, and when the run begins: later by the job's jitter, which is
always the same for one planned time.`,
		Example: `  adopt6 schedule next --count 5
  adopt6 schedule next ministries --json`,
		RunE: func(_ *cobra.Command, names []string) error {
			config, err := a.loadJobs()
			if err != nil {
				return err
			}
			times, err := a.nextTimes(config, names, count)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(times)
			}
			return printNext(a.out, times)
		},
	}
	count = 3
	configs.IntFlag(cmd.Flags(), &count, "count", 1, 1000, "planned times of each job")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// plannedTime is a time at which a job runs.
type plannedTime struct {
	Job      string    `json:"job"`
	Planned  time.Time `json:"planned"` // in the job's zone
	Begin    time.Time `json:"begin"`   // UTC
	TimeZone string    `json:"time_zone"`
}

func (a *app) nextTimes(config *schedule.Config, names []string, count int) ([]plannedTime, error) {
	dir, err := a.scheduleFolder()
	if err != nil {
		return nil, err
	}
	book, err := schedule.ReadJournal(dir)
	if err != nil {
		return nil, err
	}
	jobs := config.Jobs
	if len(names) > 0 {
		jobs = nil
	}
	for _, name := range names {
		j, err := chosenJob(config, name)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, *j)
	}
	list := []plannedTime{}
	for _, j := range jobs {
		next := j.NextAfter(book.Entry(j.Name), time.Now())
		for range count {
			if next.IsZero() {
				break
			}
			list = append(list, plannedTime{j.Name, next, j.Begin(next).UTC(), j.Timetable.Zone().String()})
			next = j.Timetable.Next(next)
		}
	}
	slices.SortStableFunc(list, func(x, y plannedTime) int { return x.Planned.Compare(y.Planned) })
	return list, nil
}

func printNext(w io.Writer, times []plannedTime) error {
	if len(times) == 0 {
		_, err := fmt.Fprintln(w, "Nothing is planned: the jobs are paused.")
		return err
	}
	out := tabwriter.NewWriter(terminal.Printable(w), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "JOB\tPLANNED\tZONE\tBEGINS, UTC\n")
	for _, t := range times {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", terminal.Cut(t.Job, 22), t.Planned.Format(shownTime), t.Planned.Format("-07:00"), t.Begin.Format("2006-01-02 15:04:05"))
	}
	return out.Flush()
}

func newScheduleStatusCommand(a *app) *cobra.Command {
	var asJSON, fail bool
	cmd := &cobra.Command{
		Use:   "status [JOB]",
		Short: "Print what became of the jobs' runs and what comes next",
		Long: `Print of every job what became of its last run and when the next is planned, or
of one job its latest runs.

This is read from the journal in the state folder (scan.state), so it works
while a scan has the store. The store's table runs has the same for every
machine.

For programs that watch, --fail makes the exit code 1 when no scheduler runs,
and when the last run of a job that is not paused failed or was skipped.`,
		Example: `  adopt6 schedule status
  adopt6 schedule status ministries
  adopt6 query 'SELECT job, planned, outcome, reason FROM runs FINAL'`,
		Args: func(cmd *cobra.Command, args []string) error { return asMisuse(cobra.MaximumNArgs(1)(cmd, args)) },
		RunE: func(_ *cobra.Command, args []string) error {
			config, err := a.loadJobs()
			if err != nil {
				return err
			}
			status, err := a.scheduleStatus(config)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if _, err := chosenJob(config, args[0]); err != nil {
					return err
				}
				status.Jobs = slices.DeleteFunc(status.Jobs, func(j jobStatus) bool { return j.Job != args[0] })
			}
			switch {
			case asJSON:
				err = json.NewEncoder(a.out).Encode(status)
			case len(args) > 0:
				err = status.Jobs[0].printRuns(a.out)
			default:
				err = status.print(a.out)
			}
			if err == nil && fail {
				err = status.fault()
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON, with all runs that are known")
	cmd.Flags().BoolVar(&fail, "fail", false, "exit with 1 when something is not as it should be")
	return cmd
}

// scheduleStatus is how all jobs are.
type scheduleStatus struct {
	PID   int         `json:"pid"` // of the scheduler; 0 when none runs
	State string      `json:"state"`
	Jobs  []jobStatus `json:"jobs"`
}

// jobStatus is how one job is. Times in its zone are the caller's to make.
type jobStatus struct {
	Job    string       `json:"job"`
	Paused bool         `json:"paused"`
	Next   time.Time    `json:"next"` // zero for none
	Runs   []jobrun.Run `json:"runs"` // the latest last
	zone   *time.Location
}

func (a *app) scheduleStatus(config *schedule.Config) (scheduleStatus, error) {
	dir, err := a.scheduleFolder()
	if err != nil {
		return scheduleStatus{}, err
	}
	book, err := schedule.ReadJournal(dir)
	if err != nil {
		return scheduleStatus{}, err
	}
	pid, err := schedule.DaemonPID(dir)
	if err != nil {
		return scheduleStatus{}, err
	}
	status := scheduleStatus{PID: pid, State: dir, Jobs: []jobStatus{}}
	for _, j := range config.Jobs {
		e := book.Entry(j.Name)
		status.Jobs = append(status.Jobs, jobStatus{
			Job: j.Name, Paused: j.Paused, Next: j.NextAfter(e, time.Now()),
			Runs: append([]jobrun.Run{}, e.Runs...), zone: j.Timetable.Zone(),
		})
	}
	return status, nil
}

// fault says what is not as it should be.
func (s scheduleStatus) fault() error {
	var faults []error
	if s.PID == 0 {
		faults = append(faults, fmt.Errorf("no scheduler runs on %s", s.State))
	}
	for _, j := range s.Jobs {
		if len(j.Runs) == 0 || j.Paused {
			continue
		}
		if last := j.Runs[len(j.Runs)-1]; last.Outcome == jobrun.Failed || last.Outcome == jobrun.Skipped && last.Reason != jobrun.ReasonElsewhere {
			faults = append(faults, fmt.Errorf("job %s, planned for %s: %s: %s", j.Job, last.Planned.Format(time.RFC3339), shownOutcome(last), last.Message))
		}
	}
	return errors.Join(faults...)
}

func (s scheduleStatus) print(w io.Writer) error {
	if s.PID != 0 {
		fmt.Fprintf(w, "The scheduler runs, with pid %d.\n\n", s.PID)
	} else {
		fmt.Fprintf(w, "No scheduler runs on %s.\n\n", s.State)
	}
	out := tabwriter.NewWriter(terminal.Printable(w), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "JOB\tNEXT\tLAST\tOUTCOME\n")
	for _, j := range s.Jobs {
		next, last, outcome := "-", "-", "never run"
		switch {
		case j.Paused:
			next = "paused"
		case !j.Next.IsZero():
			next = j.Next.In(j.zone).Format("Mon 02 Jan 15:04")
		}
		if n := len(j.Runs); n > 0 {
			run := j.Runs[n-1]
			last, outcome = run.Planned.In(j.zone).Format("2006-01-02 15:04"), shownOutcome(run)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", terminal.Cut(j.Job, 20), next, last, terminal.Cut(outcome, 22))
	}
	return out.Flush()
}

func shownOutcome(r jobrun.Run) string {
	if r.Reason != "" && r.Reason != jobrun.ReasonError {
		return string(r.Outcome) + ", " + r.Reason
	}
	return string(r.Outcome)
}

// shownRuns is how many runs of a job are printed.
const shownRuns = 15

func (j jobStatus) printRuns(w io.Writer) error {
	if len(j.Runs) == 0 {
		_, err := fmt.Fprintln(w, "The job has not run yet.")
		return err
	}
	out := tabwriter.NewWriter(terminal.Printable(w), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "PLANNED\tTOOK\tTRIES\tOUTCOME\tSCAN\n")
	latest := j.Runs[max(0, len(j.Runs)-shownRuns):]
	for _, r := range latest {
		took, scan := "-", "-"
		if !r.Started.IsZero() && !r.Ended.IsZero() {
			took = r.Ended.Sub(r.Started).Round(time.Second).String()
		}
		if r.Scan != uuid.Nil {
			scan, _, _ = strings.Cut(r.Scan.String(), "-")
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%s\t%s\n", r.Planned.In(j.zone).Format("2006-01-02 15:04"), took, r.Tries, terminal.Cut(shownOutcome(r), 24), scan)
	}
	err := out.Flush()
	if last := latest[len(latest)-1]; last.Message != "" {
		_, more := fmt.Fprintf(terminal.Printable(w), "\nThe last one: %s.\n", strings.TrimSuffix(terminal.Wrap(last.Message, 66), "."))
		err = errors.Join(err, more)
	}
	return err
}
