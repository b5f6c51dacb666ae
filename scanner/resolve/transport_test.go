package resolve

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// echo answers every query with its own question, and notes where they came
// from.
type echo struct {
	conn  *net.UDPConn
	mu    sync.Mutex
	ports map[uint16]int
}

func newEcho(t testing.TB, network, addr string) *echo {
	conn, err := net.ListenUDP(network, &net.UDPAddr{IP: net.ParseIP(addr)})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadBuffer(4 << 20)
	e := &echo{conn: conn, ports: make(map[uint16]int)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.mu.Lock()
			e.ports[from.Port()]++
			e.mu.Unlock()
			buf[2] |= 0x84
			conn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-ended })
	return e
}

func (e *echo) addr() netip.AddrPort { return e.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func localResolver(t testing.TB, change func(*Config)) *Resolver {
	config := Config{Dialer: &netaddr.Dialer{AllowSpecial: true}, Timeout: 3 * time.Second}
	if change != nil {
		change(&config)
	}
	r, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestPortsChangeWhileQueriesAreUnderWay(t *testing.T) {
	for _, family := range []struct{ network, addr string }{{"udp4", "127.0.0.1"}, {"udp6", "::1"}} {
		e := newEcho(t, family.network, family.addr)
		r := localResolver(t, nil)
		r.udp.rotateQueries = 100
		const workers, each = 32, 100
		var running sync.WaitGroup
		for i := range workers {
			running.Go(func() {
				for k := range each {
					q := Query{Server: e.addr(), Name: fmt.Sprintf("n%d-%d.test.", i, k), Type: dns.TypeA}
					if _, err := r.Exchange(context.Background(), q); err != nil {
						t.Error(err)
					}
				}
			})
		}
		running.Wait()
		e.mu.Lock()
		if len(e.ports) < workers*each/100/2 {
			t.Errorf("%s: %d queries came from %d ports", family.network, workers*each, len(e.ports))
		}
		e.mu.Unlock()
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	before := runtime.NumGoroutine()
	r := localResolver(t, func(c *Config) { c.Timeout = time.Minute })
	ended := make(chan error)
	go func() {
		_, err := r.Exchange(context.Background(), Query{Server: silent.LocalAddr().(*net.UDPAddr).AddrPort(), Name: "test.", Type: dns.TypeA, Retries: -1})
		ended <- err
	}()
	buf := make([]byte, 512)
	if _, _, err := silent.ReadFrom(buf); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; Reason(err) != observation.LocalFault {
		t.Errorf("got %v", err)
	}
	if _, err := r.Exchange(context.Background(), Query{Server: netip.MustParseAddrPort("127.0.0.1:53"), Name: "test.", Type: dns.TypeA}); Reason(err) != observation.LocalFault {
		t.Errorf("after Close: %v", err)
	}
	for range 30_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// counter is a limiter that counts.
type counter struct {
	waits atomic.Int64
	err   error
}

func (c *counter) Wait(context.Context, netip.Addr) error {
	c.waits.Add(1)
	return c.err
}

func (*counter) SlowDown(netip.Addr, time.Time, time.Duration) bool { return false }
func (*counter) Restore(netip.Addr)                                 {}

func TestEveryPacketWaitsForTheLimiter(t *testing.T) {
	n := threeLevels(t)
	limiter := new(counter)
	r := n.resolver(func(c *Config) { c.Limiter = limiter }, rootAddr)
	result := resolve(t, r, V4Only, "far.example.test", dns.TypeA)
	sent := n.queries(rootAddr) + n.queries(tldAddr) + n.queries(leafAddr)
	if limiter.waits.Load() != sent || int64(result.Queries) != sent {
		t.Errorf("%d queries arrived, the limiter saw %d, the result says %d", sent, limiter.waits.Load(), result.Queries)
	}
	limiter.err = context.DeadlineExceeded
	if _, err := r.Resolve(context.Background(), V4Only, "more.example.test", dns.TypeA); err == nil {
		t.Error("a limiter's error was ignored")
	}
	if after := n.queries(leafAddr) + n.queries(tldAddr) + n.queries(rootAddr); after != sent {
		t.Errorf("%d queries went out against the limiter's word", after-sent)
	}
}

func TestOneFlightForManyLookups(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr)
	var running sync.WaitGroup
	for range 200 {
		running.Go(func() {
			if got := summary(resolve(t, r, V4Only, "example.test", dns.TypeA)); got != "NOERROR 203.0.112.1" {
				t.Error(got)
			}
		})
	}
	running.Wait()
	if q := n.queries(leafAddr); q > 10 {
		t.Errorf("200 lookups of one name took %d queries at its server", q)
	}
}

func TestIDTable(t *testing.T) {
	table := new(idTable)
	next := uint64(0)
	random := func() uint64 { next++; return next / 2 } // every id comes twice
	short, long := &pending{timeout: 3 * tick}, &pending{timeout: 2 * wheelSlots * tick}
	id1, ok1 := table.assign(short, random)
	id2, ok2 := table.assign(long, random)
	if !ok1 || !ok2 || id1 == id2 {
		t.Fatalf("ids %d and %d", id1, id2)
	}
	var lost []*pending
	collect := func(p *pending) { lost = append(lost, p) }
	table.expire(3, collect)
	if len(lost) != 0 {
		t.Error("lost too early")
	}
	table.expire(4, collect)
	if !slices.Equal(lost, []*pending{short}) {
		t.Errorf("lost %v, want the short one", lost)
	}
	if p := table.take(id2, func(*pending) bool { return false }); p != nil {
		t.Error("taken by one that does not match")
	}
	if p := table.take(id1, func(*pending) bool { return true }); p != nil {
		t.Error("taken after it was lost")
	}
	table.expire(2*wheelSlots, collect)
	if len(lost) != 1 {
		t.Error("the long one was lost a round too early")
	}
	table.expire(2*wheelSlots+1, collect)
	if len(lost) != 2 || lost[1] != long {
		t.Error("the long one was not lost")
	}
}

func TestIDsRunOut(t *testing.T) {
	table := new(idTable)
	same := func() uint64 { return 7 }
	if _, ok := table.assign(new(pending), same); !ok {
		t.Fatal("no id")
	}
	if _, ok := table.assign(new(pending), same); ok {
		t.Error("an id was given away twice")
	}
}
