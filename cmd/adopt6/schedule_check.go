package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/service"
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
				err = asMisuse(errors.Join(service.CheckLists(config.Jobs...), a.checkChannels(config)))
			}
			if err != nil {
				return err
			}
			described := make([]service.JobDescription, len(config.Jobs))
			for i, j := range config.Jobs {
				described[i] = service.DescribeJob(j)
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

func (a *app) printChecked(config *schedule.Config) error {
	out := tabwriter.NewWriter(terminal.Printable(a.out), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "JOB\tCRON\tTIME ZONE\tFIRST\n")
	now := time.Now()
	for _, j := range config.Jobs {
		first := "paused"
		if !j.Paused {
			first = j.Timetable.Next(now).Format(pages.ShownTime)
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
