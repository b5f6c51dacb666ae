package resolve

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"
)

// Connections over TCP are scarce: a server that answers a little at a time can
// hold one for long. No operator and no target may hold so many that the others
// wait for them, and every wait is bounded.
const (
	maxTCPConns         = 256 // open at a time, over all servers
	maxTCPConnsOperator = 48  // of these, to the network of one operator
	maxTCPConnsTarget   = 24  // of these, opened for one target (see Budget)
	tcpSlotTimeout      = 10 * time.Second
)

// errNoTCPSlot is returned when no connection became free in time. It says
// nothing of the server.
var errNoTCPSlot = errors.New("too many connections are open")

// tcpSlots shares the connections among operators and targets.
type tcpSlots struct {
	mu         sync.Mutex
	open       int
	byOperator map[netip.Prefix]int
	byTarget   map[*Budget]int
	freed      chan struct{} // closed when a slot is given back
	timeout    time.Duration
}

func newTCPSlots() *tcpSlots {
	return &tcpSlots{
		byOperator: make(map[netip.Prefix]int), byTarget: make(map[*Budget]int),
		freed: make(chan struct{}), timeout: tcpSlotTimeout,
	}
}

// acquire takes a slot for a connection to server and returns what gives it
// back. It fails with errNoTCPSlot when none becomes free in time, and with
// the context's error when that ends first.
func (s *tcpSlots) acquire(ctx context.Context, server netip.Addr, target *Budget) (release func(), err error) {
	operator := networkOf(server)
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	for {
		freed, ok := s.take(operator, target)
		if ok {
			return func() { s.release(operator, target) }, nil
		}
		select {
		case <-freed:
		case <-timer.C:
			return nil, errNoTCPSlot
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take returns true with a slot, or else what is closed when one is given back.
func (s *tcpSlots) take(operator netip.Prefix, target *Budget) (<-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= maxTCPConns || s.byOperator[operator] >= maxTCPConnsOperator || target != nil && s.byTarget[target] >= maxTCPConnsTarget {
		return s.freed, false
	}
	s.open++
	s.byOperator[operator]++
	if target != nil {
		s.byTarget[target]++
	}
	return nil, true
}

func (s *tcpSlots) release(operator netip.Prefix, target *Budget) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.byOperator[operator]--; s.byOperator[operator] == 0 {
		delete(s.byOperator, operator)
	}
	if target != nil {
		if s.byTarget[target]--; s.byTarget[target] == 0 {
			delete(s.byTarget, target)
		}
	}
	close(s.freed)
	s.freed = make(chan struct{})
}

// networkOf returns the network around an address that one operator commonly
// announces as one (RFC 7454 section 6.1.3).
func networkOf(a netip.Addr) netip.Prefix {
	bits := 48
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a, bits).Masked()
}
