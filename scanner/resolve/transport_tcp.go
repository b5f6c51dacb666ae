package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	maxPipelined   = 32              // queries under way on one connection
	tcpIdleTimeout = 2 * time.Second // since the last answer to a query on a connection
	// tcpMessageTimeout is how long one message may take from its first byte
	// to its last, and maxUnasked how many messages a connection may carry
	// that answer no query under way: late answers, or junk that keeps it open.
	tcpMessageTimeout = 5 * time.Second
	maxUnasked        = maxPipelined
)

var (
	errPipelineClosed = errors.New("connection closed before the answer")
	errNotOpened      = errors.New("no connection")
)

// tcpTransport sends queries over TCP (RFC 7766). Queries to one server share
// a connection, which is closed soon after the last answer.
type tcpTransport struct {
	mu      sync.Mutex
	conns   map[*server]*tcpConn // the one that takes new queries
	closed  bool
	slots   *tcpSlots
	idle    time.Duration // tcpIdleTimeout
	running sync.WaitGroup
	ctx     context.Context // ends when the transport is closed
	cancel  context.CancelFunc
}

// tcpConn is a connection and the queries under way on it.
type tcpConn struct {
	server  *server
	target  *Budget // of who opened it; may be nil
	conn    net.Conn
	dialled chan struct{} // closed when it has a slot, or none could be had
	ready   chan struct{} // closed when conn or err is set
	err     error

	idle    time.Duration
	write   sync.Mutex
	mu      sync.Mutex
	waiting map[uint16]*tcpQuery
	useful  time.Time // the last answer to a query
	unasked int       // messages that answered none
	dead    bool
}

type tcpQuery struct {
	q     question
	reply chan []byte // one message; closed when the connection is gone
}

func newTCPTransport() *tcpTransport {
	t := &tcpTransport{conns: make(map[*server]*tcpConn), slots: newTCPSlots(), idle: tcpIdleTimeout}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// exchange sends q to s and waits for the answer, for timeout at most. Waiting
// for a free connection is not part of timeout; the time returned is that from
// query to answer, without the handshake.
func (t *tcpTransport) exchange(ctx context.Context, timeout time.Duration, s *server, q question) ([]byte, time.Duration, error) {
	if s.tcpErr != nil {
		return nil, 0, s.tcpErr
	}
	for {
		c, reused, err := t.connection(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		limited, cancel := context.WithTimeout(ctx, timeout)
		reply, rtt, err := c.exchange(limited, q)
		stale := err != nil && reused && limited.Err() == nil && !errors.Is(err, errNotOpened)
		cancel()
		if !stale {
			return reply, rtt, err
		}
		// A server may close an idle connection at any time (RFC 7766
		// section 6.2.4): only a fresh one counts.
		t.forget(c)
	}
}

// connection returns a connection to s that has a slot, with dialling begun,
// and whether it had been in use before.
func (t *tcpTransport) connection(ctx context.Context, s *server) (*tcpConn, bool, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, false, errClosed
	}
	c := t.conns[s]
	reused := c != nil && c.hasRoom()
	if !reused {
		c = &tcpConn{
			server: s, target: budgetOf(ctx), idle: t.idle, waiting: make(map[uint16]*tcpQuery),
			dialled: make(chan struct{}), ready: make(chan struct{}),
		}
		t.conns[s] = c
		t.running.Add(1)
		go t.run(c)
	}
	t.mu.Unlock()
	select {
	case <-c.dialled:
		return c, reused, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// run waits for a slot, dials, and then reads until the connection is idle or
// broken.
func (t *tcpTransport) run(c *tcpConn) {
	defer t.running.Done()
	release, err := t.slots.acquire(t.ctx, c.server.addr.Addr(), c.target)
	close(c.dialled)
	if err != nil {
		c.err = err
		t.forget(c)
		close(c.ready)
		return
	}
	defer release()
	dialer := net.Dialer{Timeout: 10 * time.Second}
	c.conn, c.err = dialer.DialContext(t.ctx, "tcp", c.server.tcp.String())
	c.useful = time.Now()
	if c.err != nil {
		t.forget(c)
		close(c.ready)
		return
	}
	close(c.ready)
	stop := context.AfterFunc(t.ctx, func() { c.conn.Close() })
	defer stop()
	c.read()
	t.forget(c)
	c.conn.Close()
}

// forget sees that c takes no further queries.
func (t *tcpTransport) forget(c *tcpConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns[c.server] == c {
		delete(t.conns, c.server)
	}
}

// close ends every connection and waits for their goroutines.
func (t *tcpTransport) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.running.Wait()
}

func (c *tcpConn) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.dead && len(c.waiting) < maxPipelined
}

// exchange waits for the handshake, sends one query and waits for its answer.
func (c *tcpConn) exchange(ctx context.Context, q question) ([]byte, time.Duration, error) {
	select {
	case <-c.ready:
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	if c.err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errNotOpened, c.err)
	}
	w := &tcpQuery{q: q, reply: make(chan []byte, 1)}
	id, ok := c.register(w)
	if !ok {
		return nil, 0, errPipelineClosed
	}
	defer c.unregister(id)
	b := q.appendQuery(make([]byte, 2, 2+maxQuery), id)
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	sent := time.Now()
	deadline, _ := ctx.Deadline()
	c.write.Lock()
	err := c.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = c.conn.Write(b)
	}
	c.write.Unlock()
	if err != nil {
		return nil, 0, fmt.Errorf("send: %w", err)
	}
	select {
	case reply, ok := <-w.reply:
		if !ok {
			return nil, 0, errPipelineClosed
		}
		return reply, time.Since(sent), nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// register gives w an id. It returns false when the connection is closing.
func (c *tcpConn) register(w *tcpQuery) (uint16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return 0, false
	}
	for {
		id := uint16(rand.Uint32())
		if _, used := c.waiting[id]; !used {
			c.waiting[id] = w
			return id, true
		}
	}
}

func (c *tcpConn) unregister(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// read hands messages to the queries that wait for them, until the connection
// has been idle for some time or is broken.
func (c *tcpConn) read() {
	defer c.end()
	var size [2]byte
	for {
		if err := c.conn.SetReadDeadline(c.idleDeadline()); err != nil {
			return
		}
		n, err := io.ReadFull(c.conn, size[:])
		if n == 0 && err != nil && isTimeout(err) && c.inUse() {
			continue // each query has a time limit of its own
		}
		if err != nil {
			return
		}
		reply := make([]byte, binary.BigEndian.Uint16(size[:]))
		if err := c.conn.SetReadDeadline(time.Now().Add(tcpMessageTimeout)); err != nil {
			return
		}
		if _, err := io.ReadFull(c.conn, reply); err != nil || !c.deliver(reply) {
			return
		}
	}
}

func isTimeout(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}

// idleDeadline is when to look whether the connection is still in use. Only
// answers keep an idle connection open, whatever else arrives on it.
func (c *tcpConn) idleDeadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) > 0 {
		return time.Now().Add(c.idle)
	}
	return c.useful.Add(c.idle)
}

// inUse says whether the connection is to stay open: a query is under way, or
// was answered a moment ago.
func (c *tcpConn) inUse() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0 || time.Since(c.useful) < c.idle
}

// deliver hands over a message. It returns false for one that no sound server
// sends, as the stream cannot be trusted from there on: one that answers
// another question, and too many that answer none.
func (c *tcpConn) deliver(reply []byte) bool {
	if len(reply) < headerLen {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := binary.BigEndian.Uint16(reply)
	w := c.waiting[id]
	if w == nil { // late, or junk
		c.unasked++
		return c.unasked <= maxUnasked
	}
	if !w.q.isAnswerTo(reply) {
		return false
	}
	delete(c.waiting, id)
	c.useful = time.Now()
	w.reply <- reply
	return true
}

// end fails every waiting query.
func (c *tcpConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for _, w := range c.waiting {
		close(w.reply)
	}
	clear(c.waiting)
}
