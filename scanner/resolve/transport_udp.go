package resolve

import (
	"adopt6/scanner/observation"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
)

var errClosed = errors.New("resolver is closed")

// socketsPerFamily is how many ports are in use at a time for each family.
const socketsPerFamily = 4

// udpTransport sends queries from a few sockets per family, whose ports are
// changed all the time: a forged answer must guess port, id and case.
type udpTransport struct {
	families [2]struct {
		network string
		slots   [socketsPerFamily]slot
	}
	mu      sync.Mutex // opening and replacing sockets
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
	tables  sync.Pool
	// pendings holds queries whose outcome has been taken.
	pendings sync.Pool
	// rotateQueries is the number of queries after which a port is changed.
	rotateQueries int
}

// slot holds a socket that is in use.
type slot struct {
	socket atomic.Pointer[socket]
}

func newUDPTransport() *udpTransport {
	t := &udpTransport{
		closing: make(chan struct{}),
		tables:  sync.Pool{New: func() any { return new(idTable) }},

		rotateQueries: rotateQueries,
	}
	t.families[0].network, t.families[1].network = "udp4", "udp6"
	return t
}

func (t *udpTransport) family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// submit sends p and sees that it is completed, whatever happens.
func (t *udpTransport) submit(p *pending) {
	if p.server.udpErr != nil {
		p.complete(nil, reasonOf(UDP, p.server.udpErr), 0)
		return
	}
	family := &t.families[t.family(p.server.udp.Addr())]
	t.submitTo(&family.slots[rand.Uint32N(socketsPerFamily)], p)
}

// submitTo sends p from the socket of a slot.
func (t *udpTransport) submitTo(s *slot, p *pending) {
	for {
		sock := s.socket.Load()
		if sock == nil {
			var err error
			if sock, err = t.open(s, p.server.udp.Addr()); err != nil {
				p.complete(nil, reasonOf(UDP, err), 0)
				return
			}
		}
		if sock.push(p) {
			return
		}
		if t.isClosed() {
			p.complete(nil, observation.LocalFault, 0)
			return
		}
	}
}

// open fills an empty slot.
func (t *udpTransport) open(s *slot, to netip.Addr) (*socket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errClosed
	}
	if sock := s.socket.Load(); sock != nil {
		return sock, nil
	}
	return t.start(s, t.families[t.family(to)].network)
}

// replace replaces old by a fresh socket. It returns false when none can be
// opened; then old stays in use.
func (t *udpTransport) replace(old *socket) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	_, err := t.start(old.slot, old.network)
	return err == nil
}

// start opens a socket in s and starts its goroutines. The caller holds t.mu.
func (t *udpTransport) start(s *slot, network string) (*socket, error) {
	sock, err := openSocket(t, s, network)
	if err != nil {
		return nil, err
	}
	t.running.Add(1)
	go sock.read()
	go sock.write()
	s.socket.Store(sock)
	return sock, nil
}

func (t *udpTransport) isClosed() bool {
	select {
	case <-t.closing:
		return true
	default:
		return false
	}
}

// close ends every socket and waits for the goroutines. What is under way
// ends with ReasonLocal.
func (t *udpTransport) close() {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.closing)
	}
	t.mu.Unlock()
	t.running.Wait()
}
