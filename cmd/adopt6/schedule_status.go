package main

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/configs"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

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
			return pages.PrintNext(a.out, times)
		},
	}
	count = 3
	configs.IntFlag(cmd.Flags(), &count, "count", 1, 1000, "planned times of each job")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (a *app) nextTimes(config *schedule.Config, names []string, count int) ([]pages.PlannedTime, error) {
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
	list := []pages.PlannedTime{}
	for _, j := range jobs {
		next := j.NextAfter(book.Entry(j.Name), time.Now())
		for range count {
			if next.IsZero() {
				break
			}
			list = append(list, pages.PlannedTime{Job: j.Name, Planned: next, Begin: j.Begin(next).UTC(), TimeZone: j.Timetable.Zone().String()})
			next = j.Timetable.Next(next)
		}
	}
	slices.SortStableFunc(list, func(x, y pages.PlannedTime) int { return x.Planned.Compare(y.Planned) })
	return list, nil
}

func newScheduleStatusCommand(a *app) *cobra.Command {
	var asJSON, fail bool
	cmd := &cobra.Command{
		Use:   "status [JOB]",
		Short: "Print the results of the jobs' runs and what is due next",
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
				status.Jobs = slices.DeleteFunc(status.Jobs, func(j pages.JobStatus) bool { return j.Job != args[0] })
			}
			switch {
			case asJSON:
				err = json.NewEncoder(a.out).Encode(status)
			case len(args) > 0:
				err = status.Jobs[0].PrintRuns(a.out)
			default:
				err = status.Print(a.out)
			}
			if err == nil && fail {
				err = status.Fault()
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON, with all runs that are known")
	cmd.Flags().BoolVar(&fail, "fail", false, "exit with 1 when something is not as it should be")
	return cmd
}

func (a *app) scheduleStatus(config *schedule.Config) (pages.Schedule, error) {
	dir, err := a.scheduleFolder()
	if err != nil {
		return pages.Schedule{}, err
	}
	book, err := schedule.ReadJournal(dir)
	if err != nil {
		return pages.Schedule{}, err
	}
	pid, err := schedule.DaemonPID(dir)
	if err != nil {
		return pages.Schedule{}, err
	}
	status := pages.Schedule{PID: pid, State: dir, Jobs: []pages.JobStatus{}}
	for _, j := range config.Jobs {
		e := book.Entry(j.Name)
		status.Jobs = append(status.Jobs, pages.JobStatus{
			Job: j.Name, Paused: j.Paused, Next: j.NextAfter(e, time.Now()),
			Runs: append([]jobrun.Run{}, e.Runs...), Zone: j.Timetable.Zone(),
		})
	}
	return status, nil
}
