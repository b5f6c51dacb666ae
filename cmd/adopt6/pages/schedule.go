package pages

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/schedule/jobrun"
)

// ShownTime is a moment in the zone of its job.
const ShownTime = "Mon 2006-01-02 15:04"

// PlannedTime is a time at which a job runs.
type PlannedTime struct {
	Job      string    `json:"job"`
	Planned  time.Time `json:"planned"` // in the job's zone
	Begin    time.Time `json:"begin"`   // UTC
	TimeZone string    `json:"time_zone"`
}

// PrintNext writes the times at which jobs run.
func PrintNext(w io.Writer, times []PlannedTime) error {
	if len(times) == 0 {
		_, err := fmt.Fprintln(w, "Nothing is planned: the jobs are paused.")
		return err
	}
	out := tabwriter.NewWriter(terminal.Printable(w), 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "JOB\tPLANNED\tZONE\tBEGINS, UTC\n")
	for _, t := range times {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", terminal.Cut(t.Job, 22), t.Planned.Format(ShownTime), t.Planned.Format("-07:00"), t.Begin.Format("2006-01-02 15:04:05"))
	}
	return out.Flush()
}

// Schedule is how all jobs are.
type Schedule struct {
	PID   int         `json:"pid"` // of the scheduler; 0 when none runs
	State string      `json:"state"`
	Jobs  []JobStatus `json:"jobs"`
}

// JobStatus is how one job is. Times are printed in its zone.
type JobStatus struct {
	Job    string         `json:"job"`
	Paused bool           `json:"paused"`
	Next   time.Time      `json:"next"` // zero for none
	Runs   []jobrun.Run   `json:"runs"` // the latest last
	Zone   *time.Location `json:"-"`
}

// Fault says what is not as it should be.
func (s Schedule) Fault() error {
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

// Print writes a line for each job.
func (s Schedule) Print(w io.Writer) error {
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
			next = j.Next.In(j.Zone).Format("Mon 02 Jan 15:04")
		}
		if n := len(j.Runs); n > 0 {
			run := j.Runs[n-1]
			last, outcome = run.Planned.In(j.Zone).Format("2006-01-02 15:04"), shownOutcome(run)
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

// PrintRuns writes the latest runs.
func (j JobStatus) PrintRuns(w io.Writer) error {
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
		fmt.Fprintf(out, "%s\t%s\t%d\t%s\t%s\n", r.Planned.In(j.Zone).Format("2006-01-02 15:04"), took, r.Tries, terminal.Cut(shownOutcome(r), 24), scan)
	}
	err := out.Flush()
	if last := latest[len(latest)-1]; last.Message != "" {
		_, more := fmt.Fprintf(terminal.Printable(w), "\nThe last one: %s.\n", strings.TrimSuffix(terminal.Wrap(last.Message, 66), "."))
		err = errors.Join(err, more)
	}
	return err
}
