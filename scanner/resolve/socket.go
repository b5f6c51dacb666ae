package resolve

import (
	"adopt6/scanner/observation"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	batchSize = 64
	// bufferSize is more than ednsSize: some servers send larger answers than
	// were asked for. One that fills it was cut off.
	bufferSize = 4096 + 1
	// socketBuffer is asked of the kernel for each direction; it may give less.
	socketBuffer = 4 << 20

	// A port is in use for so many queries or so long.
	rotateQueries = 20_000
	rotateAge     = 30 * time.Second
)

// batchConn is what ipv4.PacketConn and ipv6.PacketConn have in common.
type batchConn interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// socket is one UDP socket with a port of its own, a goroutine that writes and
// expires and one that reads.
type socket struct {
	queue
	transport *udpTransport
	slot      *slot
	network   string // "udp4" or "udp6"
	conn      *net.UDPConn
	batch     batchConn
	table     *idTable
	random    *rand.ChaCha8 // the writer's; seeded from the system
	opened    time.Time
	sent      int
	readerEnd chan struct{}

	// The writer's batch.
	out    []ipv4.Message
	ids    [batchSize]uint16
	owners [batchSize]*pending
}

// openSocket opens a socket of a family ("udp4" or "udp6") on a random port.
func openSocket(t *udpTransport, s *slot, network string) (*socket, error) {
	var seed [32]byte
	crand.Read(seed[:]) // never fails
	sock := &socket{
		queue:     queue{wake: make(chan struct{}, 1)},
		transport: t, slot: s, network: network,
		random:    rand.NewChaCha8(seed),
		opened:    time.Now(),
		readerEnd: make(chan struct{}),
	}
	var err error
	if sock.conn, err = listenRandom(network, sock.random); err != nil {
		return nil, fmt.Errorf("open a UDP socket: %w", err)
	}
	_ = sock.conn.SetReadBuffer(socketBuffer) // best effort
	_ = sock.conn.SetWriteBuffer(socketBuffer)
	receiveErrors(sock.conn, network)
	if network == "udp4" {
		sock.batch = ipv4.NewPacketConn(sock.conn)
	} else {
		sock.batch = ipv6.NewPacketConn(sock.conn)
	}
	sock.table = t.tables.Get().(*idTable)
	sock.out = newMessages(maxQuery)
	return sock, nil
}

// listenRandom binds to a port chosen at random (RFC 5452 section 4.5).
func listenRandom(network string, random *rand.ChaCha8) (*net.UDPConn, error) {
	for range 32 {
		port := 1024 + int(random.Uint64()%(65536-1024))
		conn, err := net.ListenUDP(network, &net.UDPAddr{Port: port})
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES) {
			return conn, err
		}
	}
	return net.ListenUDP(network, nil)
}

func newMessages(size int) []ipv4.Message {
	ms := make([]ipv4.Message, batchSize)
	backing := make([]byte, batchSize*size)
	for i := range ms {
		ms[i].Buffers = [][]byte{backing[i*size : (i+1)*size : (i+1)*size]}
	}
	return ms
}

// tick returns t in the table's ticks.
func (s *socket) tick(t time.Time) uint32 { return uint32(t.Sub(s.opened) / tick) }

// write runs until the socket has been replaced and its last query answered or
// lost, or until the transport is closed.
func (s *socket) write() {
	defer s.transport.running.Done()
	timer := time.NewTimer(tick)
	defer timer.Stop()
	retired := false
	for {
		now := time.Now()
		s.table.expire(s.tick(now), (*pending).expire)
		idle := s.table.now >= s.table.last
		if retired && idle {
			break
		}
		if !retired {
			list := s.take()
			if list != nil && (s.sent >= s.transport.rotateQueries || now.Sub(s.opened) >= rotateAge) && s.transport.replace(s) {
				retired = true
				s.forward(list)
				s.forward(s.close())
				continue
			}
			if list != nil {
				s.send(list)
				continue
			}
		}
		var fire <-chan time.Time
		if !idle || retired {
			timer.Reset(tick)
			fire = timer.C
		}
		select {
		case <-s.wake:
		case <-fire:
		case <-s.transport.closing:
			s.fail(s.close())
			s.end()
			return
		}
	}
	s.end()
}

// end closes the socket and waits for its reader.
func (s *socket) end() {
	s.conn.Close()
	<-s.readerEnd
	s.table.reset(func(p *pending) { p.complete(nil, observation.LocalFault, 0) })
	s.transport.tables.Put(s.table)
}

// forward gives queries that came too late to the socket's successor.
func (s *socket) forward(list *pending) {
	for list != nil {
		p := list
		list, p.next = p.next, nil
		s.transport.submitTo(s.slot, p)
	}
}

func (s *socket) fail(list *pending) {
	for list != nil {
		p := list
		list, p.next = p.next, nil
		p.complete(nil, observation.LocalFault, 0)
	}
}

// send assigns ids to the queries of list and sends them in batches.
func (s *socket) send(list *pending) {
	for list != nil {
		now := time.Now()
		n := 0
		for n < batchSize && list != nil {
			p := list
			list, p.next = p.next, nil
			if !p.q.fixed {
				p.q.mixCase(s.random.Uint64)
			}
			p.sent = now
			// The message is built before the id is in the table: from then
			// on p may be gone at any moment.
			b := p.q.appendQuery(s.out[n].Buffers[0][:0], 0)
			s.out[n].Addr = p.server.sockaddr
			id, ok := s.table.assign(p, s.random.Uint64)
			if !ok {
				p.complete(nil, observation.LocalFault, 0)
				continue
			}
			binary.BigEndian.PutUint16(b, id)
			s.out[n].Buffers[0] = b
			s.ids[n], s.owners[n] = id, p
			n++
		}
		s.flush(n)
	}
}

// flush sends the first n messages of the batch.
func (s *socket) flush(n int) {
	s.sent += n
	for i, retries := 0, 0; i < n; {
		wrote, err := s.batch.WriteBatch(s.out[i:n], 0)
		i += max(wrote, 0)
		if err == nil || i >= n {
			retries = 0
			continue
		}
		// The fault may be an ICMP error of an earlier query, which the
		// kernel reports at the next call whatever it is for.
		s.drainErrors()
		if retries++; retries <= 2 {
			continue
		}
		if s.table.remove(s.ids[i], s.owners[i]) {
			s.owners[i].complete(nil, reasonOf(UDP, err), 0)
		}
		i, retries = i+1, 0
	}
	clear(s.owners[:n])
}

// read takes in answers until the socket is closed.
func (s *socket) read() {
	defer close(s.readerEnd)
	in := newMessages(bufferSize)
	for {
		n, err := s.batch.ReadBatch(in, 0)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.drainErrors()
			continue
		}
		now := time.Now()
		for i := range n {
			from, ok := in[i].Addr.(*net.UDPAddr)
			wire := in[i].Buffers[0][:min(in[i].N, bufferSize)]
			if len(wire) == bufferSize {
				wire[2] |= flagTC >> 8 // the kernel cut it off
			}
			if ok {
				s.deliver(wire, from.AddrPort(), now)
			}
		}
	}
}

// deliver completes the query that wire answers, if there is one: id, address,
// port and question must be those of the query. What only the id speaks for is
// noted, and the true answer still waited for.
func (s *socket) deliver(wire []byte, from netip.AddrPort, now time.Time) {
	if len(wire) < headerLen {
		return
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	p := s.table.take(binary.BigEndian.Uint16(wire), func(p *pending) bool {
		switch {
		case p.server.udp != from:
			return false
		case p.q.isExactAnswerTo(wire), p.q.fixed && isFailureWithoutQuestion(wire):
			return true
		}
		p.doubtful = p.doubtful || p.q.isDoubtful(wire)
		return false
	})
	if p != nil {
		p.complete(wire, "", now.Sub(p.sent))
	}
}

// unreachable completes the query that an ICMP error quotes.
func (s *socket) unreachable(query []byte, to netip.AddrPort, reason observation.Reason) {
	if len(query) < headerLen {
		return
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	p := s.table.take(binary.BigEndian.Uint16(query), func(p *pending) bool {
		rest := query[headerLen:]
		n := min(len(rest), len(p.q.wire))
		return p.server.udp == to && string(rest[:n]) == string(p.q.wire[:n])
	})
	if p != nil {
		p.complete(nil, reason, 0)
	}
}
