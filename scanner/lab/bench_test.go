package lab_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"adopt6/scanner/lab"
)

// BenchmarkStart starts the laboratory with 100,000 domains.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		bulk(b).Close()
	}
	l := bulk(b)
	defer l.Close()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
}

func bulk(b *testing.B) *lab.Lab {
	b.Helper()
	s, err := lab.Builtin("bulk")
	if err != nil {
		b.Fatal(err)
	}
	l, err := lab.Start(s)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkAnswers measures answers a second over UDP, with askers that send
// and receive in batches so that they cost little themselves. The work is of
// one CPU: laboratory, askers and kernel together share those that there are.
func BenchmarkAnswers(b *testing.B) {
	for _, c := range []struct {
		name   string
		do     bool
		unique bool
	}{{"repeated", false, false}, {"repeated-signed", true, false}, {"unique", false, true}, {"unique-signed", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			l := bulk(b)
			defer l.Close()
			load(b, l, c.do, c.unique)
		})
	}
}

// load asks ccTLD servers for generated domains until b.N answers have come.
func load(b *testing.B, l *lab.Lab, do, unique bool) {
	const askers, batch = 2, 64
	questions := make([][]byte, 0, 4096)
	for target := range l.Targets() {
		m := new(dns.Msg)
		m.SetQuestion("www."+target.Name+".", dns.TypeAAAA)
		m.RecursionDesired = false
		m.SetEdns0(1232, do)
		wire, err := m.Pack()
		if err != nil {
			b.Fatal(err)
		}
		questions = append(questions, wire)
		if !unique && len(questions) == 256 {
			break
		}
	}
	to := make([]*net.UDPAddr, len(questions))
	servers := map[string]*net.UDPAddr{}
	i := 0
	for target := range l.Targets() {
		if i == len(questions) {
			break
		}
		tld := target.Name[len(target.Name)-2:]
		if servers[tld] == nil {
			servers[tld] = serverFor(b, l, tld)
		}
		to[i] = servers[tld]
		i++
	}
	var answered, asked atomic.Int64
	var group sync.WaitGroup
	before := cpuTime(b)
	b.ResetTimer()
	for a := range askers {
		group.Go(func() {
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetReadBuffer(8 << 20)
			p := ipv4.NewPacketConn(conn)
			out, in := make([]ipv4.Message, batch), make([]ipv4.Message, batch)
			for i := range in {
				in[i].Buffers = [][]byte{make([]byte, 4096)}
			}
			next := a * len(questions) / askers
			for answered.Load() < int64(b.N) {
				for i := range out {
					out[i] = ipv4.Message{Buffers: [][]byte{questions[next%len(questions)]}, Addr: to[next%len(questions)]}
					next++
				}
				sent, err := p.WriteBatch(out, 0)
				if err != nil {
					b.Error(err)
					return
				}
				asked.Add(int64(sent))
				for got := 0; got < sent; {
					_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
					n, err := p.ReadBatch(in, 0)
					if err != nil {
						break // lost
					}
					got += n
					answered.Add(int64(n))
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(answered.Load())/b.Elapsed().Seconds(), "answers/s")
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1e3/float64(answered.Load()), "cpu-us/answer")
	b.ReportMetric(float64(asked.Load()-answered.Load()), "lost")
}

// cpuTime returns the CPU time that this process has used: laboratory and
// askers together.
func cpuTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// serverFor returns the socket of a top-level domain's first server.
func serverFor(b *testing.B, l *lab.Lab, tld string) *net.UDPAddr {
	b.Helper()
	r, err := ask(b, l, "tcp", "198.41.0.4", tld+".", dns.TypeNS, false)
	if err != nil || len(r.Extra) == 0 {
		b.Fatal(fmt.Errorf("no referral to %s: %w", tld, err))
	}
	for _, rr := range r.Extra {
		if glue, ok := rr.(*dns.A); ok {
			addr, _ := netip.AddrFromSlice(glue.A.To4())
			socket, err := l.Route("udp", netip.AddrPortFrom(addr, 53))
			if err != nil {
				b.Fatal(err)
			}
			return net.UDPAddrFromAddrPort(socket)
		}
	}
	b.Fatalf("no glue for %s", tld)
	return nil
}
