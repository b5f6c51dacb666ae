package probe

import (
	"adopt6/scanner/observation"
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"
)

// mailServers keeps what mail servers showed, so that an exchanger behind
// thousands of domains is greeted once in a while and not once for each. One
// target talks, those who come meanwhile wait for it. The zero value is empty.
type mailServers struct {
	mu     sync.Mutex
	known  map[mailServer]*list.Element
	recent list.List        // of *mailEntry, the one used last in front
	clock  func() time.Time // nil: time.Now
}

// mailServer is an address under the name that led to it, which decides on the
// certificate.
type mailServer struct {
	host string
	addr netip.Addr
}

type mailEntry struct {
	server   mailServer
	done     chan struct{} // closed when exchange and until are set
	exchange exchange
	until    time.Time
}

const (
	// maxMailServers bounds what is kept; an entry takes about 1 KB.
	maxMailServers = 8192
	// A success is believed for long; a failure only until a busy server has
	// had time to recover.
	mailSuccessLife = 10 * time.Minute
	mailFailureLife = time.Minute
)

// get returns what a server showed a short while ago, or what talk returns.
// When ctx ends while another target talks, the result is unmeasured.
func (m *mailServers) get(ctx context.Context, server mailServer, talk func() exchange) exchange {
	for {
		e, first := m.entry(server)
		if first {
			e.exchange = talk()
			e.until = m.now().Add(life(e.exchange.verdict))
			close(e.done)
			return e.exchange
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return exchange{verdict: unmeasured(interrupted(ctx))}
		}
		// What another target had no time for says nothing to this one.
		if m.now().Before(e.until) {
			return e.exchange
		}
	}
}

// entry returns the entry of a server. For the first who asks it is new, and
// waits to be filled.
func (m *mailServers) entry(server mailServer) (e *mailEntry, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = make(map[mailServer]*list.Element)
	}
	if element := m.known[server]; element != nil {
		e := element.Value.(*mailEntry)
		if !e.over(m.now()) {
			m.recent.MoveToFront(element)
			return e, false
		}
		m.recent.Remove(element)
	}
	e = &mailEntry{server: server, done: make(chan struct{})}
	m.known[server] = m.recent.PushFront(e)
	if m.recent.Len() > maxMailServers {
		oldest := m.recent.Remove(m.recent.Back()).(*mailEntry)
		delete(m.known, oldest.server)
	}
	return e, true
}

// over says whether an entry's time is up. It is not while its target talks.
func (e *mailEntry) over(now time.Time) bool {
	select {
	case <-e.done:
		return !now.Before(e.until)
	default:
		return false
	}
}

func life(verdict observation.Verdict) time.Duration {
	switch {
	case verdict.Status == observation.OK:
		return mailSuccessLife
	case ownFault(verdict.Reason), verdict.Reason == observation.NoRoute,
		verdict.Reason == observation.OptedOut, verdict.Reason == observation.BackedOff:
		return 0
	}
	return mailFailureLife
}

func (m *mailServers) now() time.Time {
	if m.clock != nil {
		return m.clock()
	}
	return time.Now()
}
