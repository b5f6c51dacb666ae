package fetch

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errTooMuch means that a server sends more than is read.
var errTooMuch = errors.New("more than is read")

// guard is a connection that yields a bounded number of bytes and remembers
// how it failed, whatever the layers above make of it. Reads come from one
// goroutine at a time.
type guard struct {
	net.Conn
	mu     sync.Mutex
	left   int64
	read   int64
	err    error         // the first of a read or a write
	byteAt time.Duration // of the first byte of the response; 0 before it
}

func newGuard(conn net.Conn, most int64) *guard { return &guard{Conn: conn, left: most} }

// limit sets the deadline of the next step.
func (g *guard) limit(step time.Duration) { _ = g.Conn.SetDeadline(time.Now().Add(step)) }

func (g *guard) Read(p []byte) (int, error) {
	g.mu.Lock()
	left := g.left
	g.mu.Unlock()
	if left <= 0 {
		return 0, errTooMuch
	}
	n, err := g.Conn.Read(p[:min(int64(len(p)), left)])
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left -= int64(n)
	g.read += int64(n)
	if g.err == nil {
		g.err = err
	}
	return n, err
}

func (g *guard) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	return n, err
}

// failure returns the first error of the connection, nil without.
func (g *guard) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// exceeded reports whether the byte limit is reached.
func (g *guard) exceeded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left <= 0
}

// total returns the number of bytes read.
func (g *guard) total() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.read
}

// firstByte records the time of the first byte of the response.
func (g *guard) firstByte(after time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byteAt == 0 {
		g.byteAt = after
	}
}

func (g *guard) first() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byteAt
}
