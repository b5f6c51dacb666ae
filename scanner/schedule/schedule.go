// Package schedule decides when jobs run.
//
// In: jobs from a configuration file, the time, and a journal on the disk of
// what was decided before. Out: calls of a function that runs a job, one run of
// a job at a time, and the journal. It never scans, opens a store or reads a
// clock of its own: all three are given to it.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// CatchUp says what is done about planned times that passed while nobody
// watched: the machine was off, or its clock was set forward.
type CatchUp string

// The policies. Whatever is not run is recorded as skipped.
const (
	CatchUpSkip CatchUp = "skip" // none is run
	CatchUpOnce CatchUp = "once" // the latest is run
	CatchUpAll  CatchUp = "all"  // all are run, the latest Job.CatchUpLimit at most
)

// Job is one entry of the configuration: what to scan, and when.
type Job struct {
	Name      string
	Timetable *Timetable
	Paused    bool

	// Lists are files of targets; Builtin stands for the built-in lists, and
	// none at all for these too.
	Lists     []string
	Countries []string // ISO 3166-1 alpha-2; empty for all
	Kinds     []string
	Levels    []string
	Vantage   string // where its scans run; empty where the file does not say
	Rates     Rates

	Jitter       time.Duration // a run begins up to this much after its planned time
	CatchUp      CatchUp
	CatchUpLimit int           // of CatchUpAll
	Retries      int           // further tries after a failure
	RetryAfter   time.Duration // before the first of these; each waits twice as long as the one before
	ResumeWithin time.Duration // a run that was interrupted longer ago is given up
	MaxDuration  time.Duration // a run that takes longer is ended; 0 is no limit
	Keep         string        // how long observations are kept, such as 24m; empty is for ever

	place place // of the job's settings in the file
}

// Builtin names the built-in lists among the files of a job.
const Builtin = "builtin"

// Rates override the settings of scans; nil leaves them as they are.
type Rates struct {
	Workers         *int           `json:"workers,omitempty"`
	Rate            *int           `json:"rate,omitempty"`              // queries and connections a second over all servers
	RatePerServer   *int           `json:"rate_per_server,omitempty"`   // the same to one address
	RatePerOperator *int           `json:"rate_per_operator,omitempty"` // the same to all addresses of one operator
	TargetTimeout   *time.Duration `json:"target_timeout,omitempty"`
}

// Where returns "file:line" of one of the job's settings, or of the job.
func (j *Job) Where(setting string) string { return j.place.of(setting) }

// terms say in what the plan of a job consists. When they change, times that
// passed under the old ones are not missed under the new.
func (j *Job) terms() string {
	if j.Paused {
		return "paused"
	}
	return j.Timetable.String()
}

// delay is how long after its planned time a run begins: the same for the same
// run however often it is asked, other for other jobs and vantages.
func (j *Job) delay(planned time.Time) time.Duration {
	if j.Jitter <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(j.Name + "\x00" + j.Vantage + "\x00" + planned.UTC().Format(time.RFC3339)))
	return time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(j.Jitter)).Truncate(time.Second)
}

// Begin returns when the run of a planned time begins: later by the jitter.
func (j *Job) Begin(planned time.Time) time.Time { return planned.Add(j.delay(planned)) }

// Outcome is how far a run came.
type Outcome string

// The outcomes. Waiting, Running and Interrupted runs are still to be done.
const (
	Waiting     Outcome = "waiting"     // due, and behind another run or before a retry
	Running     Outcome = "running"     // under way
	Interrupted Outcome = "interrupted" // stopped with the scheduler; goes on at its next start
	Finished    Outcome = "finished"    // the scan is complete in the store
	Failed      Outcome = "failed"      // given up
	Skipped     Outcome = "skipped"     // never begun
)

// Open says whether a run of this outcome is still to be done.
func (o Outcome) Open() bool { return o == Waiting || o == Running || o == Interrupted }

// The reasons that stand beside Failed and Skipped.
const (
	ReasonMissed       = "missed"         // the scheduler did not run at the planned time
	ReasonCatchUpLimit = "catch_up_limit" // older than the runs that are caught up
	ReasonStillRunning = "still_running"  // the run before had not ended
	ReasonElsewhere    = "runs_elsewhere" // another machine has this run
	ReasonRemoved      = "job_removed"    // the configuration has no such job any more
	ReasonTooOld       = "too_old"        // interrupted too long ago to go on with
	ReasonTooLong      = "too_long"       // it took longer than it may
	ReasonStopped      = "stopped"        // somebody ended it, or the process that ran it died
	ReasonError        = "error"          // the message says which
)

// The triggers of runs.
const (
	ByPlan    = "plan"     // its time came
	ByCatchUp = "catch_up" // its time had passed
	ByHand    = "hand"     // somebody asked for it
)

// Run is one run of a job, or a planned time that was skipped.
type Run struct {
	ID       uuid.UUID `json:"run"`
	Job      string    `json:"job"`
	Vantage  string    `json:"vantage"`
	Machine  string    `json:"machine"`
	By       uuid.UUID `json:"by"` // the journal that it stands in
	Trigger  string    `json:"trigger"`
	Planned  time.Time `json:"planned"` // UTC
	Begin    time.Time `json:"begin"`   // not before: the planned time with jitter, or the next try
	Started  time.Time `json:"started"` // of the first try; zero before
	Seen     time.Time `json:"seen"`    // when it was last known to be under way
	Ended    time.Time `json:"ended"`   // of the last try; zero while the run is open
	Outcome  Outcome   `json:"outcome"`
	Reason   string    `json:"reason,omitempty"`  // token, for Failed and Skipped
	Message  string    `json:"message,omitempty"` // for people
	Scan     uuid.UUID `json:"scan"`              // zero before the first try
	Tries    int       `json:"tries"`
	Revision uint64    `json:"revision"` // counts the changes of this run
	Stored   uint64    `json:"stored"`   // the revision that the store has; 0 for none
}

// Claimant names the scheduler of a run to others: by its machine, and by what
// tells two machines of one name apart.
func (r Run) Claimant() string { return r.Machine + "/" + r.By.String()[:8] }

// namespace makes the ids of planned runs.
var namespace = uuid.MustParse("6a0d3b1e-8f0a-5c57-9a53-2f1f6d6f7636")

// newRun is the run of a planned time. Its id follows from what it is, so that
// one that is planned anew after a crash is the same.
func newRun(j *Job, machine string, by uuid.UUID, trigger string, planned time.Time) Run {
	r := Run{
		Job: j.Name, Vantage: j.Vantage, Machine: machine, By: by, Trigger: trigger,
		Planned: planned.UTC(), Begin: j.Begin(planned).UTC(), Outcome: Waiting,
	}
	if trigger == ByHand {
		r.ID, r.Begin = uuid.New(), r.Planned
		return r
	}
	r.ID = uuid.NewSHA1(namespace, []byte(r.Job+"\x00"+r.Vantage+"\x00"+r.By.String()+"\x00"+r.Planned.Format(time.RFC3339)))
	return r
}
