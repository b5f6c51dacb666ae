package service

import (
	"errors"
	"fmt"
	"strings"

	"adopt6/lists"
	"adopt6/scanner/schedule"
)

// CheckLists reads what jobs scan, to the last line.
func CheckLists(jobs ...schedule.Job) error {
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
	name, targets, done, err := jobTargets(nil, j)
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

// JobDescription is a job as JSON has it, in --json and in the table jobs.
type JobDescription struct {
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

// DescribeJob describes a job for JSON and the store.
func DescribeJob(j schedule.Job) JobDescription {
	list := func(l []string) []string { return append([]string{}, l...) }
	return JobDescription{
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
