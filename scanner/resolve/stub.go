package resolve

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"sync"

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

// StubStats counts what came of the questions.
type StubStats struct {
	Asked, Answered, Failed int64
	Queries                 int64 // tries included
}

const (
	defaultWindow = 1000
	// stubFlush is when output is handed to the writer, and stubBacklog when
	// asking waits for the writer to catch up, both in bytes.
	stubFlush   = 128 << 10
	stubBacklog = 8 << 20
)

// Stub asks s.Server for each of names and writes what it replies to w, one
// JSON object a line, in the order of the answers. Lost queries are tried
// again; truncated answers are reported as they are. It ends with the names,
// with ctx or with an error of w.
func (r *Resolver) Stub(ctx context.Context, s Stub, names iter.Seq[string], w io.Writer) (StubStats, error) {
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
	stats  StubStats
}

// stubQuery is one of the questions under way; it is used again and again.
type stubQuery struct {
	run   *stubRun
	p     pending
	name  string
	tries int
	msg   message
	line  []byte
	stats StubStats
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
	q.tries = 0
	var err error
	if q.name, err = canonical(name); err == nil {
		err = q.p.q.set(q.name, run.Type)
	}
	if err != nil {
		q.name = name
		q.failed("bad_name")
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
		if p.reason == ReasonTimeout && q.again() {
			return
		}
		q.failed(p.reason)
		return
	}
	if err := parseMessage(&q.msg, reply, q.name); err != nil {
		q.failed(ReasonBadResponse)
		return
	}
	m, s := &q.msg, p.server
	if m.cookie != nil && p.q.cookie != nil && !s.learnCookie(m.cookie) {
		q.failed(ReasonBadResponse)
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
		q.failed(ReasonBadResponse)
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

func (q *stubQuery) failed(reason string) {
	q.stats.Failed++
	line := append(q.line[:0], `{"name":`...)
	line = appendString(line, q.name)
	line = append(line, `,"type":"`...)
	line = appendType(line, q.run.Type)
	line = append(line, `","rcode":"SERVFAIL","reason":`...)
	line = appendString(line, reason)
	q.done(append(line, '}', '\n'))
}

func (q *stubQuery) done(line []byte) {
	q.line = line
	q.run.out.add(line)
	q.run.free <- q // never blocks: there is a place for each
}

func (s *StubStats) add(t StubStats) {
	s.Asked += t.Asked
	s.Answered += t.Answered
	s.Failed += t.Failed
	s.Queries += t.Queries
}

// output gathers lines from many goroutines and writes them from one of its
// own, so that a slow writer holds up asking and never reading.
type output struct {
	mu      sync.Mutex
	ready   sync.Cond // something to write, or closing
	drained sync.Cond
	full    []byte
	spare   []byte
	closing bool
	err     error
	ended   chan struct{}
}

func newOutput(w io.Writer) *output {
	o := &output{ended: make(chan struct{})}
	o.ready.L, o.drained.L = &o.mu, &o.mu
	go o.run(w)
	return o
}

func (o *output) run(w io.Writer) {
	defer close(o.ended)
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.full) < stubFlush && !o.closing {
			o.ready.Wait()
		}
		if len(o.full) == 0 {
			return
		}
		o.full, o.spare = o.spare[:0], o.full
		o.drained.Broadcast()
		o.mu.Unlock()
		_, err := w.Write(o.spare)
		o.mu.Lock()
		if o.err == nil {
			o.err = err
		}
	}
}

// add takes a line.
func (o *output) add(line []byte) {
	o.mu.Lock()
	o.full = append(o.full, line...)
	if len(o.full) >= stubFlush {
		o.ready.Signal()
	}
	o.mu.Unlock()
}

// room waits until the writer has caught up. It returns the writer's error.
func (o *output) room() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.full) > stubBacklog && o.err == nil {
		o.drained.Wait()
	}
	return o.err
}

// giveUp lets nobody wait for the writer any longer.
func (o *output) giveUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = context.Canceled
	}
	o.drained.Broadcast()
}

// close writes what is left and returns the writer's error.
func (o *output) close() error {
	o.mu.Lock()
	o.closing = true
	o.ready.Signal()
	o.mu.Unlock()
	<-o.ended
	return o.err
}
