package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
	"adopt6/store"
)

func newScheduleCheckCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the jobs of the configuration without running any",
		Long: `Read the configuration and every list that it names, to the last line, and print
the jobs, or every fault with its file, its line and what to write instead. What
passes here is what the scheduler takes when it starts and on SIGHUP.`,
		Example: `  adopt6 schedule check
  adopt6 schedule check --config new.yaml && systemctl reload adopt6-schedule`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			config, err := a.loadJobs()
			if err == nil {
				err = asMisuse(errors.Join(checkLists(config.Jobs...), a.checkChannels(config)))
			}
			if err != nil {
				return err
			}
			described := make([]jobDescription, len(config.Jobs))
			for i, j := range config.Jobs {
				described[i] = describeJob(j)
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(described)
			}
			return a.printChecked(config)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// checkKeep finds faults in how long observations are kept.
func checkKeep(config *schedule.Config) error {
	var faults []error
	for _, j := range config.Jobs {
		if _, err := store.ParseKeep(j.Keep, time.Now()); j.Keep != "" && err != nil {
			faults = append(faults, fmt.Errorf("%s: keep: %w", j.Where("keep"), err))
		}
	}
	return errors.Join(faults...)
}

// checkLists reads what jobs scan, to the last line.
func checkLists(jobs ...schedule.Job) error {
	var faults []error
	for _, j := range jobs {
		if err := checkJobTargets(j); err != nil {
			faults = append(faults, fmt.Errorf("%s: lists: %w", j.Where("lists"), err))
		}
	}
	return errors.Join(faults...)
}

// checkJobTargets reads what a job scans.
func checkJobTargets(j schedule.Job) error {
	a := &app{}
	name, targets, done, err := a.jobTargets(new(network.Network), j)
	defer done()
	if err != nil {
		return err
	}
	some := false
	for _, err := range targets {
		if err != nil {
			return err
		}
		some = true
	}
	if !some {
		return fmt.Errorf("no targets: %s has none that match", name)
	}
	return nil
}

// jobDescription is a job as JSON has it, in --json and in the table jobs.
type jobDescription struct {
	Job         string           `json:"job"`
	Cron        string           `json:"cron"`
	TimeZone    string           `json:"time_zone"`
	Paused      bool             `json:"paused"`
	Lists       []string         `json:"lists"`
	Countries   []string         `json:"countries"`
	Kinds       []string         `json:"kinds"`
	Levels      []string         `json:"levels"`
	Vantage     string           `json:"vantage"`
	Rates       schedule.Rates   `json:"rates"`
	Jitter      string           `json:"jitter"`
	CatchUp     schedule.CatchUp `json:"catch_up"`
	CatchUpMost int              `json:"catch_up_limit"`
	Retries     int              `json:"retries"`
	RetryAfter  string           `json:"retry_after"`
	Resume      string           `json:"resume_within"`
	MaxDuration string           `json:"max_duration"`
	Keep        string           `json:"keep"`
}

func describeJob(j schedule.Job) jobDescription {
	list := func(l []string) []string { return append([]string{}, l...) }
	return jobDescription{
		Job: j.Name, Cron: j.Timetable.Spec(), TimeZone: j.Timetable.Zone().String(), Paused: j.Paused,
		Lists: list(j.Lists), Countries: list(j.Countries), Kinds: list(j.Kinds), Levels: list(j.Levels),
		Vantage: j.Vantage, Rates: j.Rates, Jitter: j.Jitter.String(), CatchUp: j.CatchUp, CatchUpMost: j.CatchUpLimit,
		Retries: j.Retries, RetryAfter: j.RetryAfter.String(), Resume: j.ResumeWithin.String(),
		MaxDuration: j.MaxDuration.String(), Keep: j.Keep,
	}
}

// targetsOf says what a job scans, for people.
func targetsOf(j schedule.Job) string {
	names := strings.Join(j.Lists, ", ")
	if names == "" || names == schedule.Builtin {
		names = "built-in lists"
	}
	f := lists.Choice{Countries: j.Countries, Kinds: j.Kinds, Levels: j.Levels}
	return f.Describe(names)
}

func (a *app) printChecked(config *schedule.Config) error {
	out := tabwriter.NewWriter(terminal.Printable(a.out), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "JOB\tCRON\tTIME ZONE\tFIRST\n")
	now := time.Now()
	for _, j := range config.Jobs {
		first := "paused"
		if !j.Paused {
			first = j.Timetable.Next(now).Format(shownTime)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", terminal.Cut(j.Name, 22), terminal.Cut(j.Timetable.Spec(), 14), terminal.Cut(j.Timetable.Zone().String(), 20), first)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	keeps := make(map[string]bool)
	for _, j := range config.Jobs {
		keeps[j.Keep] = true
	}
	if len(keeps) > 1 {
		fmt.Fprint(a.out, "\nThe jobs keep observations for different times. Months hold the scans of all\njobs, so the job that keeps the longest decides; without keep it is for ever.\n")
	}
	_, err := fmt.Fprintf(a.out, "\n%s: no fault in %s.\n", a.settings.File.Path, terminal.Plural(len(config.Jobs), "job"))
	return err
}
