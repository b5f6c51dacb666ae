// Package schedule decides when jobs run.
//
// In: jobs from a configuration file, the time, and a journal on disk of earlier
// decisions. Out: calls of a function that runs a job, one run of a job at a
// time, and the journal. It never scans or opens a store, and its clock is given
// to it.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"adopt6/configs/section"
	"adopt6/scanner/schedule/jobrun"
)

// CatchUp is the policy for planned times that passed while the scheduler did not
// run, because the machine was off or its clock was set forward.
type CatchUp string

// The policies. Planned times that are not run are recorded as skipped.
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

	// Lists are files of targets. Builtin means the built-in lists, which are
	// also the default when there is none.
	Lists     []string
	Countries []string // ISO 3166-1 alpha-2; empty for all
	Kinds     []string
	Levels    []string
	Vantage   string // where its scans run; empty when the file does not set it
	Rates     Rates

	Jitter       time.Duration // a run begins up to this much after its planned time
	CatchUp      CatchUp
	CatchUpLimit int           // of CatchUpAll
	Retries      int           // further tries after a failure
	RetryAfter   time.Duration // before the first of these; each waits twice as long as the one before
	ResumeWithin time.Duration // a run that was interrupted longer ago is given up
	MaxDuration  time.Duration // a run that takes longer is ended; 0 means no limit
	Keep         string        // how long observations are kept, such as 24m; empty means for ever

	Lines section.Lines // where in the file the job's settings are
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

// terms returns what the plan of a job depends on. When the terms change, times
// that passed under the old ones do not count as missed.
func (j *Job) terms() string {
	if j.Paused {
		return "paused"
	}
	return j.Timetable.String()
}

// delay returns how long after its planned time a run begins: always the same
// for one run, and different for other jobs and vantages.
func (j *Job) delay(planned time.Time) time.Duration {
	if j.Jitter <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(j.Name + "\x00" + j.Vantage + "\x00" + planned.UTC().Format(time.RFC3339)))
	return time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(j.Jitter)).Truncate(time.Second)
}

// Begin returns when the run of a planned time begins, jitter included.
func (j *Job) Begin(planned time.Time) time.Time { return planned.Add(j.delay(planned)) }

// namespace is the UUID namespace of the ids of planned runs.
var namespace = uuid.MustParse("6a0d3b1e-8f0a-5c57-9a53-2f1f6d6f7636")

// newRun returns the run of a planned time. Its id is derived from its contents,
// so that a run planned again after a crash has the same id.
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
