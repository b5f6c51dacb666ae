package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Event is one step of a resolution: a decision, or a query and its result.
type Event struct {
	At        time.Duration // since the start
	Depth     int           // 0 for the name itself, more for the lookup of name servers
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

// String returns the event as one line of plain text.
func (e Event) String() string {
	b := fmt.Appendf(nil, "%8.1f ms  %*s", float64(e.At.Microseconds())/1000, 2*e.Depth, "")
	question := e.Name + " " + dns.Type(e.Type).String()
	switch e.Step {
	case StepStart:
		b = fmt.Appendf(b, "%s: ask from %s down", question, e.Zone)
	case StepReply, StepNoReply:
		b = fmt.Appendf(b, "%s: %s %s/%s", question, e.Host, e.Server.Addr(), e.Transport)
		if e.Step == StepReply {
			b = fmt.Appendf(b, " %s, %.1f ms", dns.RcodeToString[e.RCode], float64(e.RTT.Microseconds())/1000)
		}
	case StepReferral:
		return string(fmt.Appendf(b, "%s: referral from %s to %s", question, e.Zone, e.Note))
	case StepAlias:
		return string(fmt.Appendf(b, "%s: alias of %s", question, e.Note))
	case StepCached:
		b = fmt.Appendf(b, "%s: known already", question)
	case StepShared:
		b = fmt.Appendf(b, "%s: asked for by another lookup", question)
	case StepAnswer:
		b = fmt.Appendf(b, "%s: %s from %s", question, dns.RcodeToString[e.RCode], e.Zone)
	case StepFailed:
		b = fmt.Appendf(b, "%s: failed at %s", question, e.Zone)
	case StepDNSSEC:
		b = fmt.Appendf(b, "%s: DNSSEC", question)
	}
	if e.Note != "" {
		b = fmt.Appendf(b, ", %s", e.Note)
	}
	return string(b)
}

// MarshalJSON implements json.Marshaler. Times are in milliseconds.
func (e Event) MarshalJSON() ([]byte, error) {
	b := fmt.Appendf(nil, `{"at":%.3f,"depth":%d,"step":%q`, float64(e.At.Microseconds())/1000, e.Depth, e.Step)
	b = appendMember(b, "zone", e.Zone)
	b = appendMember(b, "name", e.Name)
	b = append(b, `,"type":"`...)
	b = append(appendType(b, e.Type), '"')
	if e.Server.IsValid() {
		b = appendMember(b, "host", e.Host)
		b = appendMember(b, "server", e.Server.Addr().String())
		b = appendMember(b, "transport", e.Transport.String())
	}
	if e.Step == StepReply {
		b = appendMember(b, "rcode", dns.RcodeToString[e.RCode])
		b = fmt.Appendf(b, `,"rtt":%.3f`, float64(e.RTT.Microseconds())/1000)
	}
	if e.Note != "" {
		b = appendMember(b, "note", e.Note)
	}
	return append(b, '}'), nil
}

// Step is the kind of an [Event].
type Step string

// The steps.
const (
	StepStart    Step = "start"    // a lookup begins; Zone is the closest zone cut known
	StepCached   Step = "cached"   // answered from the cache
	StepReply    Step = "reply"    // a server replied
	StepNoReply  Step = "no_reply" // a server did not; Note is the reason
	StepReferral Step = "referral" // Note is the zone cut found
	StepAlias    Step = "alias"    // Note is the name that is looked up instead
	StepShared   Step = "shared"   // another resolution was asking the same already
	StepFailed   Step = "failed"   // a lookup ends; Note is the reason
	StepAnswer   Step = "answer"   // a lookup ends
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
