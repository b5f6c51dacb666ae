package resolve

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

const (
	// backoffRounds is how often a question is asked again of a server that
	// refuses, and backoffPause the first pause; each further is twice as long.
	backoffRounds = 3
	backoffPause  = time.Second
	// silentAfter is how many lost queries in a row make the silence of a
	// server that answered a refusal.
	silentAfter = 3
	// crowdTime is how close together refusals of several names are taken to
	// have one cause.
	crowdTime = 10 * time.Second
	// maxRefused is how many names are remembered for a server that refuses
	// them and nothing else.
	maxRefused = 256
)

// history is what a server answered and what it refuses.
type history struct {
	// answered is a question of each transport that it answered.
	answered [TCP + 1]atomic.Pointer[asked]
	mu       sync.Mutex
	refused  map[string]struct{} // names, with all below, that it has nothing to say of
	silent   time.Time           // when it was last found to answer nothing any more
	latest   [2]refusedName      // refused last, of two that do not lie in each other
}

// refusedName is a name that was refused, and when.
type refusedName struct {
	name string
	at   time.Time
}

// alone keeps that a name was refused, and says whether no other was within
// crowdTime: servers under pressure refuse whatever comes.
func (h *history) alone(name string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	related := func(other string) bool { return dns.IsSubDomain(other, name) || dns.IsSubDomain(name, other) }
	if !related(h.latest[0].name) {
		h.latest[1] = h.latest[0]
	}
	h.latest[0] = refusedName{name, now}
	other := h.latest[1]
	return other.name == "" || related(other.name) || now.Sub(other.at) > crowdTime
}

// asked is a question.
type asked struct {
	name  string
	qtype uint16
}

// note keeps the first question that a server answered.
func (h *history) note(a *attempt) {
	if h.answered[a.transport].Load() == nil {
		h.answered[a.transport].CompareAndSwap(nil, &asked{a.name, a.qtype})
	}
}

// refuses says whether a server is known to have nothing to say of a name.
func (h *history) refuses(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for off, end := 0, false; len(h.refused) > 0 && !end; off, end = dns.NextLabel(name, off) {
		if _, known := h.refused[name[off:]]; known {
			return true
		}
	}
	return false
}

func (h *history) noteRefused(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refused == nil || len(h.refused) >= maxRefused {
		h.refused = make(map[string]struct{})
	}
	h.refused[name] = struct{}{}
}

// noteSilent keeps that a server answers nothing, and wasSilent says whether
// that was a short while ago: it needs no further proof.
func (h *history) noteSilent(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent = now
}

func (h *history) wasSilent(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.silent.IsZero() && now.Sub(h.silent) < 30*time.Second
}

// refusal says whether an outcome is how servers under pressure turn a question
// away: REFUSED, a connection that is not taken, or silence for some time.
func (r *Resolver) refusal(a *attempt, out *outcome) bool {
	switch out.reason {
	case "":
		return out.msg.rcode == dns.RcodeRefused
	case observation.TCPRefused, observation.TCPClosed:
		return true
	case observation.Timeout:
		return a.server.lost.Load() >= silentAfter
	}
	return false
}

// try sends one query and waits for its outcome, as send does. A server that
// has answered before and refuses is slowed down and asked again; when it
// refuses still, what it answered before tells a refusal of the question, which
// is an answer like any other, from one of us, whose reason is ReasonBackedOff.
func (r *Resolver) try(ctx context.Context, a *attempt, out *outcome) error {
	err := r.send(ctx, a, out)
	switch {
	case err != nil || r.config.Limiter == nil:
		return err
	case !r.refusal(a, out):
		if out.reason == "" && (out.msg.rcode == dns.RcodeSuccess || out.msg.rcode == dns.RcodeNameError) {
			a.server.history.note(a)
		}
		return nil
	}
	known := a.server.history.answered[a.transport].Load()
	if known == nil || a.server.history.refuses(a.name) {
		return nil
	}
	if out.reason != "" && a.server.history.wasSilent(time.Now()) {
		out.reason = observation.BackedOff
		return nil
	}
	return r.askGently(ctx, a, out, known)
}

// askGently asks a server again, more slowly each time.
func (r *Resolver) askGently(ctx context.Context, a *attempt, out *outcome, known *asked) error {
	addr := a.server.addr.Addr()
	sent, pause := out.sent, backoffPause
	rounds := backoffRounds
	if out.reason != "" {
		rounds = 1 // nothing came at all, which each round waits for
	}
	same := true // in every round only the question was refused
	for round := range rounds {
		alone := a.server.history.alone(a.name, time.Now())
		if !r.config.Limiter.SlowDown(addr, out.at, pause) {
			return nil
		}
		pause *= 2
		if err := r.send(ctx, a, out); err != nil {
			return err
		}
		sent += out.sent
		if !r.refusal(a, out) {
			out.sent = sent
			return nil
		}
		control := *a
		control.name, control.qtype = known.name, known.qtype
		var answer outcome
		if err := r.send(ctx, &control, &answer); err != nil {
			return err
		}
		sent += answer.sent
		same = same && answer.reason == "" && answer.msg.rcode != dns.RcodeRefused
		if same && (a.server.history.alone(a.name, time.Now()) && alone || round == rounds-1) {
			r.config.Limiter.Restore(addr)
			a.server.history.noteRefused(a.name)
			out.sent = sent
			return nil
		}
	}
	if out.reason != "" {
		a.server.history.noteSilent(time.Now())
	}
	out.reason, out.sent = observation.BackedOff, sent
	return nil
}
