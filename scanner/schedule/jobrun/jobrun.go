// Package jobrun describes the runs of scheduled jobs and their outcomes. It is
// plain data, which the scheduler writes, the store keeps and reports show; it
// decides nothing and imports nothing else of adopt6.
package jobrun

import (
	"time"

	"github.com/google/uuid"
)

// Outcome is the state of a run.
type Outcome string

// The outcomes. Waiting, Running and Interrupted runs are still to be done.
const (
	Waiting     Outcome = "waiting"     // due, and behind another run or before a retry
	Running     Outcome = "running"     // under way
	Interrupted Outcome = "interrupted" // stopped with the scheduler; continues at its next start
	Finished    Outcome = "finished"    // the scan is complete in the store
	Failed      Outcome = "failed"      // given up
	Skipped     Outcome = "skipped"     // never begun
)

// Open reports whether a run of this outcome is still to be done.
func (o Outcome) Open() bool { return o == Waiting || o == Running || o == Interrupted }

// The reasons for Failed and Skipped.
const (
	ReasonMissed       = "missed"         // the scheduler did not run at the planned time
	ReasonCatchUpLimit = "catch_up_limit" // older than the runs that are caught up
	ReasonStillRunning = "still_running"  // the previous run had not ended
	ReasonElsewhere    = "runs_elsewhere" // another machine has this run
	ReasonRemoved      = "job_removed"    // the job is no longer in the configuration
	ReasonTooOld       = "too_old"        // interrupted too long ago to continue with
	ReasonTooLong      = "too_long"       // it took longer than max_duration
	ReasonStopped      = "stopped"        // it was ended by hand, or the process that ran it died
	ReasonError        = "error"          // the message says which
)

// The triggers of runs.
const (
	ByPlan    = "plan"     // its time came
	ByCatchUp = "catch_up" // its time had passed
	ByHand    = "hand"     // a person asked for it
)

// Run is one run of a job, or a planned time that was skipped.
type Run struct {
	ID       uuid.UUID `col:"run" json:"run"`
	Job      string    `col:"job" json:"job"`
	Vantage  string    `col:"vantage" json:"vantage"`
	Machine  string    `col:"machine" json:"machine"`
	By       uuid.UUID `json:"by"` // the journal that holds it
	Trigger  string    `col:"trigger" json:"trigger"`
	Planned  time.Time `col:"planned" json:"planned"`   // UTC
	Begin    time.Time `json:"begin"`                   // not before: the planned time with jitter, or the next try
	Started  time.Time `col:"started" json:"started"`   // of the first try; zero before
	Seen     time.Time `json:"seen"`                    // when it was last known to be under way
	Ended    time.Time `col:"finished" json:"finished"` // of the last try; zero while the run is open
	Outcome  Outcome   `col:"outcome" json:"outcome"`
	Reason   string    `col:"reason" json:"reason,omitempty"`   // token, for Failed and Skipped
	Message  string    `col:"message" json:"message,omitempty"` // for people
	Scan     uuid.UUID `col:"scan" json:"scan"`                 // zero before the first try
	Tries    int       `col:"tries" json:"tries"`
	Revision uint64    `col:"revision" json:"revision"` // counts the changes of this run
	Stored   uint64    `json:"stored"`                  // the revision that the store has; 0 for none
}

// Claimant names the scheduler of a run to others: by its machine, and by what
// tells two machines of one name apart.
func (r Run) Claimant() string { return r.Machine + "/" + r.By.String()[:8] }

// ElsewhereError reports that another scheduler has a run.
type ElsewhereError struct{ Claimant string }

func (e *ElsewhereError) Error() string {
	return "the scheduler " + e.Claimant + " has this run, or another run of the job in progress"
}

// Start returns the run with another try in progress.
func (r Run) Start(now time.Time) Run {
	r.Outcome, r.Reason, r.Message, r.Seen, r.Ended = Running, "", "", now.UTC(), time.Time{}
	r.Tries++
	if r.Started.IsZero() {
		r.Started = now.UTC()
	}
	if r.Scan == uuid.Nil {
		r.Scan = uuid.New()
	}
	return r
}

// Skip returns the run as skipped.
func (r Run) Skip(now time.Time, reason, message string) Run {
	r.Outcome, r.Reason, r.Message, r.Ended = Skipped, reason, message, now.UTC()
	return r
}

// Fail returns the run as failed.
func (r Run) Fail(now time.Time, reason, message string) Run {
	r.Outcome, r.Reason, r.Message, r.Ended = Failed, reason, message, now.UTC()
	return r
}

// LastSeen returns when a run was last known to be in progress.
func (r Run) LastSeen() time.Time {
	latest := r.Started
	for _, t := range []time.Time{r.Seen, r.Ended} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// Close ends a run that is not continued: failed if it was ever begun, otherwise
// skipped.
func (r Run) Close(now time.Time, reason, message string) Run {
	if r.Tries == 0 {
		return r.Skip(now, reason, message)
	}
	return r.Fail(now, reason, message)
}
