package observation

import (
	"net/netip"
	"time"
)

// Load is what a scan sent for one target.
type Load struct {
	Queries uint64
	Took    time.Duration
	// Servers are the addresses of its name servers, and Connections those of
	// web and mail servers with how many were made to each.
	Servers     []netip.Addr
	Connections map[netip.Addr]uint64
	OptedOut    bool // it asked not to be scanned, or was on the list then
}

// ConnectionCount is how many connections were made, to all addresses.
func (l *Load) ConnectionCount() (n uint64) {
	for _, made := range l.Connections {
		n += made
	}
	return n
}
