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

	"adopt6/configs/section"
	"adopt6/scanner/schedule/jobrun"
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
	MaxDuration  time.Duration // a run that takes longer is ended; 0 means no limit
	Keep         string        // how long observations are kept, such as 24m; empty is for ever

	Lines section.Lines // where the job's settings stand
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
func (j *Job) Where(setting string) string { return j.Lines.Where(setting) }

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

// namespace makes the ids of planned runs.
var namespace = uuid.MustParse("6a0d3b1e-8f0a-5c57-9a53-2f1f6d6f7636")

// newRun is the run of a planned time. Its id follows from what it is, so that
// one that is planned anew after a crash is the same.
func newRun(j *Job, machine string, by uuid.UUID, trigger string, planned time.Time) jobrun.Run {
	r := jobrun.Run{
		Job: j.Name, Vantage: j.Vantage, Machine: machine, By: by, Trigger: trigger,
		Planned: planned.UTC(), Begin: j.Begin(planned).UTC(), Outcome: jobrun.Waiting,
	}
	if trigger == jobrun.ByHand {
		r.ID, r.Begin = uuid.New(), r.Planned
		return r
	}
	r.ID = uuid.NewSHA1(namespace, []byte(r.Job+"\x00"+r.Vantage+"\x00"+r.By.String()+"\x00"+r.Planned.Format(time.RFC3339)))
	return r
}
