package resolve

import (
	"context"
	"time"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

// job is the work of one call: its bounds and where it stands.
type job struct {
	r       *Resolver
	view    *view
	outer   context.Context // the caller's
	started time.Time
	trace   func(Event) // nil: off
	queries int
	lookups int // of name servers, whether they took queries or not
	depth   int
	stack   []key // nested lookups, outermost first
	out     outcome

	// within is outer bounded by Limits.Time, when something needed it.
	within context.Context
	cancel context.CancelFunc

	full      bool // ask for DNSSEC records and validate
	validator *dnssec.Validator
	referrals []*answer // met by this job
	avoid     []*server // not to be asked
}

func (r *Resolver) newJob(ctx context.Context, mode Mode) *job {
	j, _ := r.jobs.Get().(*job)
	if j == nil {
		j = new(job)
	}
	j.r, j.view, j.outer, j.started, j.trace = r, r.views[mode%modes], ctx, time.Now(), traceOf(ctx)
	if r.config.Anchors == nil {
		return j
	}
	j.full = true
	at := r.config.At
	if at.IsZero() {
		at = r.config.Now()
	}
	if j.validator == nil {
		j.validator = dnssec.NewValidator(at, dnssec.DefaultBudget())
	} else {
		j.validator.Reset(at, dnssec.DefaultBudget())
	}
	return j
}

// end gives j back, with the memory that the next one can use.
func (j *job) end() {
	if j.cancel != nil {
		j.cancel()
	}
	clear(j.referrals)
	out := outcome{buffer: j.out.buffer, msg: message{records: j.out.msg.records}}
	pool := &j.r.jobs
	*j = job{validator: j.validator, stack: j.stack[:0], referrals: j.referrals[:0], out: out}
	pool.Put(j)
}

// ctx returns the caller's context, bounded by the time limit.
func (j *job) ctx() context.Context {
	if j.within == nil {
		j.within, j.cancel = context.WithDeadline(j.outer, j.started.Add(j.r.config.Limits.Time))
	}
	return j.within
}

// timeLeft returns what is left of the time limit.
func (j *job) timeLeft() time.Duration { return j.r.config.Limits.Time - time.Since(j.started) }

// failure is why a lookup failed. err is set when the caller's context
// ended, and then nothing else is.
type failure struct {
	reason observation.Reason
	zone   string
	err    error
	// alive is true where servers of the zone were silent to this question, and
	// answered another.
	alive bool
	// large is true where the answer was too large for UDP, and TCP brought
	// nothing: it says nothing of other questions, nor whether it is the servers
	// or this vantage that cannot speak over TCP.
	large bool
}

// final says whether the whole job is over: no other server can help.
func (f *failure) final() bool {
	switch f.reason {
	case observation.LimitQueries, observation.LimitTime:
		return true
	}
	return f.err != nil
}

// shared says whether a failure would be the same for every job that asks: it
// does not depend on how this one came there or on what it may spend.
func (f *failure) shared() bool {
	return !f.final() && f.reason != observation.LimitDepth && f.reason != observation.NSLoop
}

// ended returns the failure for an error that ends the job.
func (j *job) ended(zone string, err error) *failure {
	if j.outer.Err() != nil {
		return &failure{err: j.outer.Err()}
	}
	if j.timeLeft() <= 0 {
		return &failure{reason: observation.LimitTime, zone: zone}
	}
	return &failure{err: err}
}

// now returns the time by which TTLs run, in Unix seconds.
func (j *job) now() int64 { return j.r.config.Now().Unix() }
