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
	maxTCPConns    = 256 // open at a time, over all servers
	maxPipelined   = 32  // queries under way on one connection
	tcpIdleTimeout = 2 * time.Second
)

var errPipelineClosed = errors.New("connection closed before the answer")

// tcpTransport sends queries over TCP (RFC 7766). Queries to one server share
// a connection, which is closed soon after the last answer.
type tcpTransport struct {
	mu      sync.Mutex
	conns   map[*server]*tcpConn // the one that takes new queries
	closed  bool
	places  chan struct{} // one token per open connection
	running sync.WaitGroup
	ctx     context.Context // ends when the transport is closed
	cancel  context.CancelFunc
}

// tcpConn is a connection and the queries under way on it.
type tcpConn struct {
	server *server
	conn   net.Conn
	ready  chan struct{} // closed when conn or err is set
	err    error

	write   sync.Mutex
	mu      sync.Mutex
	waiting map[uint16]*tcpQuery
	dead    bool
}

type tcpQuery struct {
	q     question
	reply chan []byte // one message; closed when the connection is gone
}

func newTCPTransport() *tcpTransport {
	t := &tcpTransport{conns: make(map[*server]*tcpConn), places: make(chan struct{}, maxTCPConns)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// exchange sends q to s and waits for the answer until ctx ends. The time
// returned is that from query to answer, without the handshake.
func (t *tcpTransport) exchange(ctx context.Context, s *server, q question) ([]byte, time.Duration, error) {
	if s.tcpErr != nil {
		return nil, 0, s.tcpErr
	}
	for {
		c, reused, err := t.connection(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		reply, rtt, err := c.exchange(ctx, q)
		if err == nil || !reused || ctx.Err() != nil {
			return reply, rtt, err
		}
		// A server may close an idle connection at any time (RFC 7766
		// section 6.2.4): only a fresh one counts.
		t.forget(c)
	}
}

// connection returns an open connection to s, dialled if need be, and whether
// it had been in use before.
func (t *tcpTransport) connection(ctx context.Context, s *server) (*tcpConn, bool, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, false, errClosed
	}
	c := t.conns[s]
	reused := c != nil && c.hasRoom()
	if !reused {
		c = &tcpConn{server: s, ready: make(chan struct{}), waiting: make(map[uint16]*tcpQuery)}
		t.conns[s] = c
		t.running.Add(1)
		go t.run(c)
	}
	t.mu.Unlock()
	select {
	case <-c.ready:
		return c, reused && c.err == nil, c.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// run dials, and then reads until the connection is idle or broken.
func (t *tcpTransport) run(c *tcpConn) {
	defer t.running.Done()
	select {
	case t.places <- struct{}{}:
		defer func() { <-t.places }()
	case <-t.ctx.Done():
		c.err = errClosed
		close(c.ready)
		return
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	c.conn, c.err = dialer.DialContext(t.ctx, "tcp", c.server.tcp.String())
	close(c.ready)
	if c.err != nil {
		t.forget(c)
		return
	}
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

// exchange sends one query and waits for its answer.
func (c *tcpConn) exchange(ctx context.Context, q question) ([]byte, time.Duration, error) {
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

// read hands messages to who waits for them, until the connection has been
// idle for some time or is broken.
func (c *tcpConn) read() {
	defer c.end()
	var size [2]byte
	for {
		if err := c.conn.SetReadDeadline(time.Now().Add(tcpIdleTimeout)); err != nil {
			return
		}
		n, err := io.ReadFull(c.conn, size[:])
		if n == 0 && err != nil && c.busy() && isTimeout(err) {
			continue // each query has a time limit of its own
		}
		if err != nil {
			return
		}
		reply := make([]byte, binary.BigEndian.Uint16(size[:]))
		if err := c.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
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

func (c *tcpConn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0
}

// deliver hands over a message. It returns false for one that nobody asked
// for in these words, which no sound server sends: late answers apart, the
// stream cannot be trusted from there on.
func (c *tcpConn) deliver(reply []byte) bool {
	if len(reply) < headerLen {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := binary.BigEndian.Uint16(reply)
	w := c.waiting[id]
	if w == nil {
		return true
	}
	if !w.q.isAnswerTo(reply) {
		return false
	}
	delete(c.waiting, id)
	w.reply <- reply
	return true
}

// end tells everybody who waits that nothing will come.
func (c *tcpConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for _, w := range c.waiting {
		close(w.reply)
	}
	clear(c.waiting)
}
