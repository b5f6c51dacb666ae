package lab

import (
	"io"
	"net"
	"sync"
)

// connections are the open TCP connections, so that Close can end them.
type connections struct {
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// add keeps a connection; false when the laboratory has closed already.
func (c *connections) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	if c.open == nil {
		c.open = map[net.Conn]struct{}{}
	}
	c.open[conn] = struct{}{}
	return true
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		conn.Close()
	}
}

// gone is closed when the other side or the laboratory ends the connection.
// What arrives until then is thrown away.
func (l *Lab) gone(conn net.Conn) <-chan struct{} {
	done := make(chan struct{})
	l.wg.Go(func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, conn)
	})
	return done
}
