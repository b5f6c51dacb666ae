package lab

import (
	"net"
	"sync/atomic"
	"time"
)

// laggingConn is a connection to a host far away: whatever the server writes
// after it has read something waits for one round trip.
type laggingConn struct {
	net.Conn
	lab   *Lab
	lag   time.Duration
	heard atomic.Bool
}

// lagging returns the connection as the fault "delay" of its port has it.
// Opening one lags by itself, see linkFault.
func (l *Lab) lagging(conn net.Conn, v *view, port uint16) net.Conn {
	var lag time.Duration
	for _, f := range v.server.faults {
		if f.Do == "delay" && f.always() && f.matchesPort("tcp", port) {
			lag += f.Delay
		}
	}
	if lag <= 0 {
		return conn
	}
	return &laggingConn{Conn: conn, lab: l, lag: lag}
}

func (c *laggingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, err
}

func (c *laggingConn) Write(b []byte) (int, error) {
	if c.heard.Swap(false) && !c.lab.wait(c.lag) {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}
