package resolve

import (
	"adopt6/scanner/observation"
	"context"
	"fmt"
	"io"
	"iter"
	"net/netip"

	"github.com/miekg/dns"
)

// Stub asks one server about many names.
type Stub struct {
	Server netip.AddrPort
	Type   uint16
	RD     bool // recursion desired: the server is a resolver
	DO     bool
	// Window is the number of questions under way at a time; 0: 1000.
	Window int
}

const defaultWindow = 1000

// Stub asks s.Server for each of names and writes what it replies to w, one
// JSON object a line, in the order of the answers. Lost queries are tried
// again; truncated answers are reported as they are. It ends with the names,
// with ctx or with an error of w.
func (r *Resolver) Stub(ctx context.Context, s Stub, names iter.Seq[string], w io.Writer) (BatchStats, error) {
	if s.Window <= 0 {
		s.Window = defaultWindow
	}
	run := &stubRun{
		Stub: s, r: r, ctx: ctx, server: r.servers.get(s.Server),
		free: make(chan *stubQuery, s.Window), out: newOutput(w),
	}
	run.flags = 0
	if s.RD {
		run.flags = flagRD
	}
	for range s.Window {
		run.free <- &stubQuery{run: run, p: pending{}}
	}
	stop := context.AfterFunc(ctx, run.out.giveUp)
	for name := range names {
		if err := run.ask(name); err != nil {
			break
		}
	}
	for range s.Window { // wait for what is under way
		q := <-run.free
		run.stats.add(q.stats)
	}
	err := run.out.close()
	stop()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return run.stats, fmt.Errorf("ask %s: %w", s.Server, err)
	}
	return run.stats, nil
}

type stubRun struct {
	Stub
	r      *Resolver
	ctx    context.Context
	server *server
	flags  uint16
	free   chan *stubQuery // those not under way
	out    *output
	stats  BatchStats
}

// stubQuery is one of the questions under way; it is used again and again.
type stubQuery struct {
	run   *stubRun
	p     pending
	name  string
	tries int
	msg   message
	line  []byte
	stats BatchStats
}

// ask takes the next free query and sends it.
func (run *stubRun) ask(name string) error {
	if err := run.out.room(); err != nil {
		return err
	}
	if run.r.config.Limiter != nil {
		if err := run.r.config.Limiter.Wait(run.ctx, run.Server.Addr()); err != nil {
			return err
		}
	}
	var q *stubQuery
	select {
	case q = <-run.free:
	case <-run.ctx.Done():
		return run.ctx.Err()
	}
	q.stats.Asked++
	q.tries, q.p.q.fixed = 0, false
	var err error
	if q.name, err = canonical(name); err == nil {
		err = q.p.q.set(q.name, run.Type)
	}
	if err != nil {
		q.name = name
		q.failed(observation.BadName)
		return nil
	}
	q.send()
	return nil
}

func (q *stubQuery) send() {
	q.tries++
	q.stats.Queries++
	p := &q.p
	p.owner, p.server = q, q.run.server
	p.q.flags, p.q.edns, p.q.do = q.run.flags, !p.server.noEDNS.Load(), q.run.DO
	p.q.cookie = nil
	if p.q.edns && !p.server.noCookie.Load() {
		p.q.cookie = p.server.clientAndServerCookie()
	}
	p.timeout = q.run.r.config.Timeout
	if !q.run.RD { // a resolver may have to ask others first
		p.timeout = p.server.rto(q.tries-1, 1+q.run.r.config.Retries, p.timeout)
	}
	q.run.r.udp.submit(p)
}

// finish implements finisher.
func (q *stubQuery) finish(p *pending, reply []byte) {
	if reply == nil {
		p.q.fixed, p.doubtful = p.reason == reasonDoubtful, false
		if (p.reason == observation.Timeout || p.q.fixed) && q.again() {
			return
		}
		if p.q.fixed {
			p.reason = observation.BadResponse
		}
		q.failed(p.reason)
		return
	}
	undoMixedCase(reply)
	if err := parseMessage(&q.msg, reply, q.name); err != nil {
		q.failed(observation.BadResponse)
		return
	}
	m, s := &q.msg, p.server
	if m.cookie != nil && p.q.cookie != nil && !s.learnCookie(m.cookie) {
		q.failed(observation.BadResponse)
		return
	}
	if m.rcode == dns.RcodeBadCookie && q.again() {
		return
	}
	if p.q.edns && withoutEDNS(m) {
		s.noEDNS.Store(true)
		if q.again() {
			return
		}
	}
	line, err := appendReply(q.line[:0], q.name, q.run.Type, m)
	if err != nil {
		q.failed(observation.BadResponse)
		return
	}
	s.observe(p.rtt)
	q.stats.Answered++
	q.done(append(line, '}', '\n'))
}

// again sends the query once more unless it has been tried often enough.
func (q *stubQuery) again() bool {
	if q.tries > q.run.r.config.Retries || q.run.ctx.Err() != nil {
		return false
	}
	q.send()
	return true
}

func (q *stubQuery) failed(reason observation.Reason) {
	q.stats.Failed++
	line := append(q.line[:0], `{"name":`...)
	line = appendString(line, q.name)
	line = append(line, `,"type":"`...)
	line = appendType(line, q.run.Type)
	line = append(line, `","rcode":"SERVFAIL","reason":`...)
	line = appendString(line, string(reason))
	q.done(append(line, '}', '\n'))
}

func (q *stubQuery) done(line []byte) {
	q.line = line
	q.run.out.add(line)
	q.run.free <- q // never blocks: there is a slot for each
}
