package probe_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

const randomRuns = 300

// TestRandomServers measures domains all of whose servers act at random, by
// seeds that do not change: nothing may panic, hang, or stay behind.
func TestRandomServers(t *testing.T) {
	checkGoroutines(t)
	l := startLab(t, randomScenario())
	router := &randomRouter{lab: l, servers: map[uint64]*randomServers{}}
	prober := proberOver(t, l, &netaddr.Dialer{Lab: router}, nil, 150*time.Millisecond)
	prober.ConnectTimeout, prober.StepTimeout = 150*time.Millisecond, 150*time.Millisecond
	certificate := randomCertificate(t)
	for target, err := range labTargets(l) {
		if err != nil {
			t.Fatal(err)
		}
		router.servers[target.Position] = &randomServers{lab: l, seed: target.Position, certificate: certificate}
		t.Run(strconv.FormatUint(target.Position, 10), func(t *testing.T) {
			t.Parallel()
			router.servers[target.Position].start(t)
			measureRandom(t, prober, target)
		})
	}
}

// randomScenario has domains whose addresses hold their numbers, half of them
// signed.
func randomScenario() string {
	var y strings.Builder
	y.WriteString("about: Random.\ndomains:\n")
	for i := range randomRuns {
		host := func(n int) string { return fmt.Sprintf("[200.%d.%d.%d, \"2a0f:%x::%x\"]", 6+i>>8, i&255, n, 1+i, n) }
		fmt.Fprintf(&y, "  random%d.gov.ar: {truth: none, dnssec: %s, ns: {ns1: %s, ns2: %s}, web: %s, mail: {mx: {mail: %s}}}\n",
			i, []string{"signed", "unsigned"}[i%2], host(1), host(2), host(3), host(4))
	}
	return y.String()
}

// randomSeed is the number of the domain that an address belongs to.
func randomSeed(a netip.Addr) (uint64, bool) {
	if b := a.AsSlice(); a.Is4() {
		return uint64(b[1]-6)<<8 | uint64(b[2]), b[0] == 200 && b[1] >= 6 && b[1] < 8
	}
	b := a.As16()
	return uint64(b[2])<<8 | uint64(b[3]) - 1, b[0] == 0x2a && b[1] == 0x0f
}

// randomRouter leads to the random servers what is for their domains, and the
// rest to the lab.
type randomRouter struct {
	lab     *lab.Lab
	servers map[uint64]*randomServers
}

func (r *randomRouter) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	route, err := r.lab.Route(network, to)
	if seed, ok := randomSeed(to.Addr()); ok && err == nil {
		return r.servers[seed].route(network, to, route), nil
	}
	return route, err
}

func measureRandom(t *testing.T, prober *probe.Prober, target scanner.Pending) {
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	o := prober.Measure(ctx, target)
	for _, v := range verdicts(o) {
		if v.Status != observation.OK && v.Reason == "" || v.Reason == observation.TargetTimeout || v.Reason == observation.LocalFault {
			t.Errorf("a verdict is %v", v)
		}
	}
	if long := longest(reflect.ValueOf(o)); long > maxText {
		t.Errorf("a text of %d bytes", long)
	}
}

// checkGoroutines sees at the end of a test that no goroutine outlives it.
func checkGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for runtime.NumGoroutine() > before {
			if ctx.Err() != nil {
				stacks := make([]byte, 64<<10)
				t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
				return
			}
			runtime.Gosched()
		}
	})
}

// randomServers play every server of one domain. They lie in front of the
// lab, which they ask for true answers to spoil.
type randomServers struct {
	lab         *lab.Lab
	seed        uint64
	certificate tls.Certificate
	udp         net.PacketConn
	tcp         map[uint16]net.Listener // by the port that they play

	mu       sync.Mutex
	random   *rand.Rand
	upstream netip.AddrPort // a name server of the domain, in the lab
	open     map[net.Conn]bool
	wg       sync.WaitGroup
}

// start opens the servers' sockets, which are closed with the test.
func (s *randomServers) start(t *testing.T) {
	s.tcp, s.open, s.random = map[uint16]net.Listener{}, map[net.Conn]bool{}, rand.New(rand.NewPCG(s.seed, 6))
	t.Cleanup(s.close)
	var err error
	if s.udp, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.wg.Go(s.serveUDP)
	for _, port := range []uint16{25, 53, 80, 443} {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.tcp[port] = listener
		s.wg.Go(func() { s.accept(listener, port) })
	}
}

func (s *randomServers) close() {
	if s.udp != nil {
		s.udp.Close()
	}
	for _, listener := range s.tcp {
		listener.Close()
	}
	s.mu.Lock()
	for conn := range s.open {
		conn.Close()
	}
	s.open = nil
	s.mu.Unlock()
	s.wg.Wait()
}

// route returns the socket that plays a server of the domain; the lab's is the
// one that knows true answers.
func (s *randomServers) route(network string, to, lab netip.AddrPort) netip.AddrPort {
	if to.Port() == 53 {
		s.mu.Lock()
		s.upstream = lab
		s.mu.Unlock()
	}
	if network == "udp" {
		return s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	if listener := s.tcp[to.Port()]; listener != nil {
		return listener.Addr().(*net.TCPAddr).AddrPort()
	}
	return lab
}

// draw returns a new generator for each caller.
func (s *randomServers) draw() *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rand.New(rand.NewPCG(s.random.Uint64(), s.seed))
}

func (s *randomServers) accept(listener net.Listener, port uint16) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		closed := s.open == nil
		if !closed {
			s.open[conn] = true
		}
		s.mu.Unlock()
		if closed {
			conn.Close()
			return
		}
		s.wg.Go(func() {
			defer conn.Close()
			if conn.SetDeadline(time.Now().Add(time.Second)) == nil {
				s.serve(conn, port, s.draw())
			}
		})
	}
}

// serve speaks the protocol of a port, more or less.
func (s *randomServers) serve(conn net.Conn, port uint16, r *rand.Rand) {
	switch {
	case port == 53:
		s.serveDNS(conn, r)
	case port == 25:
		s.babble(conn, r, smtpFragments)
	case port == 443 && r.IntN(4) > 0:
		secure := tls.Server(conn, s.tlsConfig(r))
		if secure.Handshake() == nil {
			s.babble(secure, r, httpFragments)
			secure.Close()
		}
	case port == 443:
		s.babble(conn, r, tlsFragments)
	default:
		s.babble(conn, r, httpFragments)
	}
}

func (s *randomServers) tlsConfig(r *rand.Rand) *tls.Config {
	protocols := [][]string{nil, {"h2"}, {"http/1.1"}, {"h2", "http/1.1"}, {"nonsense"}}
	return &tls.Config{Certificates: []tls.Certificate{s.certificate}, NextProtos: protocols[r.IntN(len(protocols))],
		MinVersion: tls.VersionTLS10, MaxVersion: []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13}[r.IntN(3)]}
}

// babble says things of a protocol in any order, hears or does not, and ends
// at some point in one of several ways.
func (s *randomServers) babble(conn net.Conn, r *rand.Rand, fragments []string) {
	in := make([]byte, 4096)
	if r.IntN(2) == 0 { // begins well: HTTP clients send first
		if strings.HasPrefix(fragments[0], "HTTP") {
			_, _ = conn.Read(in)
		}
		_, _ = conn.Write([]byte(fragments[0]))
	}
	for range 1 + r.IntN(12) {
		switch r.IntN(10) {
		case 0, 1, 2: // hears
			if _, err := conn.Read(in); err != nil {
				return
			}
			if tlsNext := strings.HasPrefix(strings.ToUpper(string(in)), "STARTTLS") && r.IntN(2) == 0; tlsNext {
				fmt.Fprint(conn, "220 go ahead\r\n")
				secure := tls.Server(conn, s.tlsConfig(r))
				if secure.Handshake() != nil {
					return
				}
				conn = secure
			}
		case 3: // sends what no server sends
			noise := make([]byte, r.IntN(2000))
			for i := range noise {
				noise[i] = byte(r.Uint32())
			}
			if _, err := conn.Write(noise); err != nil {
				return
			}
		default:
			text := fragments[r.IntN(len(fragments))]
			if r.IntN(8) == 0 && len(text) > 0 {
				text = text[:r.IntN(len(text))]
			}
			if r.IntN(20) == 0 {
				text = strings.Repeat(text, 1+r.IntN(500))
			}
			if _, err := conn.Write([]byte(text)); err != nil {
				return
			}
		}
	}
	if tcp, ok := conn.(*net.TCPConn); ok && r.IntN(3) == 0 {
		_ = tcp.SetLinger(0) // a reset
	}
}
