package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

// attempt is one try of one question at one server.
type attempt struct {
	server    *server
	transport Transport
	name      string // canonical
	qtype     uint16
	flags     uint16
	edns, do  bool
	fixedCase bool
	alone     bool // over TCP: on a connection of its own
	timeout   time.Duration
}

// outcome is what came of an attempt: a message, or a reason.
type outcome struct {
	msg    message
	rtt    time.Duration
	reason observation.Reason
	err    error     // the cause of reason, where there is more to say
	buffer []byte    // of msg, for use with the next attempt
	sent   int       // queries that it took
	at     time.Time // when the last of them went
}

// send sends one query and waits for its outcome. It returns an error for the
// end of ctx or of its budget, and for a name that no query can carry; then
// nothing is known.
func (r *Resolver) send(ctx context.Context, a *attempt, out *outcome) error {
	if !budgetOf(ctx).take(a.server.addr.Addr()) {
		return ErrBudget
	}
	if r.config.Limiter != nil {
		if err := r.config.Limiter.Wait(ctx, a.server.addr.Addr()); err != nil {
			return err
		}
	}
	*out = outcome{buffer: out.buffer, msg: message{records: out.msg.records}, sent: 1, at: time.Now()}
	var wire []byte
	var err error
	if a.transport == TCP {
		wire, err = r.tryTCP(ctx, a, out)
	} else {
		wire, err = r.tryUDP(ctx, a, out)
	}
	if err != nil {
		return err
	}
	defer func() { r.counts.add(a.server.addr.Addr(), a.transport, out) }()
	if out.reason != "" {
		return nil
	}
	undoMixedCase(wire)
	if err := parseMessage(&out.msg, wire, a.name); err != nil {
		out.reason, out.err = observation.BadResponse, err
		return nil
	}
	if a.transport == TCP && out.msg.truncated() {
		// There is no larger transport to turn to: it is not the whole answer.
		out.reason, out.err = observation.BadResponse, errTruncatedOverTCP
		return nil
	}
	if out.msg.cookie != nil && a.edns && !a.server.noCookie.Load() && !a.server.learnCookie(out.msg.cookie) {
		out.reason = observation.BadResponse
		return nil
	}
	a.server.observe(out.rtt)
	return nil
}

var errTruncatedOverTCP = errors.New("the answer over TCP says that it is truncated")

func (a *attempt) question(q *question) error {
	if err := q.set(a.name, a.qtype); err != nil {
		return err
	}
	q.flags, q.edns, q.do, q.fixed = a.flags, a.edns, a.do, a.fixedCase
	q.cookie = nil
	if a.edns && !a.server.noCookie.Load() {
		q.cookie = a.server.clientAndServerCookie()
	}
	return nil
}

func (r *Resolver) tryUDP(ctx context.Context, a *attempt, out *outcome) ([]byte, error) {
	p := r.udp.newPending()
	p.server, p.timeout = a.server, a.timeout
	if err := a.question(&p.q); err != nil {
		r.udp.free(p)
		return nil, err
	}
	r.udp.submit(p)
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, ctx.Err() // p is left to the socket
	}
	out.reason, out.rtt = p.reason, p.rtt
	var wire []byte
	if p.reason == "" {
		wire = p.reply
		p.reply, out.buffer = out.buffer, p.reply
	} else if p.reason == observation.Timeout {
		a.server.penalise()
	}
	r.udp.free(p)
	return wire, nil
}

func (r *Resolver) tryTCP(ctx context.Context, a *attempt, out *outcome) ([]byte, error) {
	var q question
	if err := a.question(&q); err != nil {
		return nil, err
	}
	var wire []byte
	var rtt time.Duration
	var err error
	if a.alone {
		wire, rtt, err = r.tcp.exchangeAlone(ctx, a.timeout, a.server, q)
	} else {
		wire, rtt, err = r.tcp.exchange(ctx, a.timeout, a.server, q)
	}
	switch {
	case err == nil:
		out.rtt = rtt
		return wire, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == errPipelineClosed:
		out.reason, out.err = observation.TCPClosed, err
	case err == errOtherAnswer:
		out.reason, out.err = observation.BadResponse, err
	default:
		out.reason, out.err = reasonOf(TCP, err), err
		if out.reason == observation.Timeout {
			a.server.penalise()
		}
	}
	return nil, nil
}

// Exchange asks one server one question and returns its reply as it is. It
// falls back on nothing: not on TCP when truncated, nor on a query without
// EDNS. A query over TCP has a connection of its own, so that its fate says
// whether the server takes connections. Errors are *ExchangeError, or the context's; for their token see
// [Reason].
func (r *Resolver) Exchange(ctx context.Context, q Query) (*Reply, error) {
	name, err := canonical(q.Name)
	if err != nil {
		return nil, err
	}
	a := attempt{
		server: r.servers.get(q.Server), transport: q.Transport,
		name: name, qtype: q.Type, edns: !q.NoEDNS, do: q.DO, timeout: q.Timeout, alone: q.Transport == TCP,
	}
	if q.RD {
		a.flags |= flagRD
	}
	if q.CD {
		a.flags |= flagCD
	}
	if a.timeout <= 0 {
		if a.timeout = r.config.Timeout; q.Transport == TCP {
			a.timeout *= 2
		}
	}
	extra := 0 // queries that a server which refused took
	tries := 1 + retries(q.Retries, r.config.Retries)
	if q.Transport == TCP {
		tries = 1
	}
	cookieTried, said := false, ""
	var out outcome
	for n := 1; ; n++ {
		if n > tries+3 { // one more for the cookie, two for the case
			return nil, &ExchangeError{Server: q.Server, Transport: q.Transport, Reason: observation.BadResponse, Tries: n - 1}
		}
		if err := r.try(ctx, &a, &out); err != nil {
			return nil, fmt.Errorf("query %s %s at %s: %w", name, dns.Type(q.Type), q.Server, err)
		}
		extra += out.sent - 1
		if out.reason == "" && out.msg.rcode == dns.RcodeBadCookie && !cookieTried {
			cookieTried = true // the answer brought the cookie to use
			continue
		}
		if out.reason == reasonDoubtful {
			a.fixedCase = true // this server turns letters into small ones, or leaves the question out
			continue
		}
		if out.reason == "" && a.fixedCase && said == "" {
			said = out.msg.said() // to be believed it must say so again
			continue
		}
		if out.reason == "" && a.fixedCase && said != out.msg.said() {
			return nil, &ExchangeError{Server: q.Server, Transport: q.Transport, Reason: observation.BadResponse, Tries: n}
		}
		if out.reason == "" {
			return newReply(&out, &q, n+extra)
		}
		if n >= tries || out.reason != observation.Timeout && out.reason != observation.BadResponse {
			return nil, &ExchangeError{Server: q.Server, Transport: q.Transport, Reason: out.reason, Err: out.err, Tries: n + extra}
		}
	}
}

func newReply(out *outcome, q *Query, tries int) (*Reply, error) {
	reply := &Reply{Msg: new(dns.Msg), RTT: out.rtt, Truncated: out.msg.truncated(), Tries: tries, Bytes: len(out.msg.wire)}
	if err := reply.Msg.Unpack(out.msg.wire); err != nil && !reply.Truncated {
		return nil, &ExchangeError{Server: q.Server, Transport: q.Transport, Reason: observation.BadResponse, Err: err, Tries: tries}
	}
	return reply, nil
}

// retries returns the number of further tries: asked, or else the default.
func retries(asked, byDefault int) int {
	if asked == 0 {
		asked = byDefault
	}
	return max(asked, 0)
}
