package resolve

import (
	"context"
	"net/netip"
	"time"
)

// Event is one step of a resolution: a decision, or a query and what came of
// it.
type Event struct {
	At        time.Duration // since the start
	Depth     int           // 0 for the name itself, more for the look-up of name servers
	Step      Step
	Zone      string // the zone whose servers are asked
	Name      string // of the question
	Type      uint16
	Host      string         // the name server, where it is known
	Server    netip.AddrPort // of a query
	Transport Transport
	RCode     int // of a reply
	RTT       time.Duration
	Note      string // reason, referral, target of an alias
}

// Step is the kind of an [Event].
type Step string

// The steps.
const (
	StepStart    Step = "start"    // a look-up begins; Zone is the closest zone cut known
	StepCached   Step = "cached"   // answered from the cache
	StepReply    Step = "reply"    // a server replied
	StepNoReply  Step = "no_reply" // a server did not; Note is the reason
	StepReferral Step = "referral" // Note is the zone cut found
	StepAlias    Step = "alias"    // Note is the name that is looked up instead
	StepShared   Step = "shared"   // another resolution was asking the same already
	StepFailed   Step = "failed"   // a look-up ends; Note is the reason
	StepAnswer   Step = "answer"   // a look-up ends
	StepDNSSEC   Step = "dnssec"   // a link of the chain of trust; Note is its state
)

type traceKey struct{}

// WithTrace returns a context whose resolutions report each step to trace, in
// order and from the goroutine that called Resolve.
func WithTrace(ctx context.Context, trace func(Event)) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

func traceOf(ctx context.Context) func(Event) {
	trace, _ := ctx.Value(traceKey{}).(func(Event))
	return trace
}

// event reports a step of j. Callers test j.trace first: a trace that is off
// costs one comparison.
func (j *job) event(e Event) {
	e.At = time.Since(j.started)
	e.Depth = j.depth
	j.trace(e)
}
