package scanner

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// TestRatesHoldInEverySecond sends as fast as the limits let it and looks at
// every window of one second, not only those that begin on the second.
func TestRatesHoldInEverySecond(t *testing.T) {
	const overall, perServer, servers = 100, 20, 10
	rates := NewRates(overall, perServer)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()

	var mu sync.Mutex
	sent := make(map[netip.Addr][]time.Time)
	var all []time.Time
	var senders sync.WaitGroup
	for i := range servers * 3 {
		server := netip.AddrFrom4([4]byte{9, 9, 9, byte(i % servers)})
		senders.Go(func() {
			for rates.Wait(ctx, server) == nil {
				now := time.Now()
				mu.Lock()
				sent[server] = append(sent[server], now)
				all = append(all, now)
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	if len(all) < overall {
		t.Errorf("sent %d packets in 1.5 s, want at least %d: the limit is too tight", len(all), overall)
	}
	if n := busiestSecond(all); n > overall {
		t.Errorf("%d packets in one second, cap %d", n, overall)
	}
	for server, times := range sent {
		if n := busiestSecond(times); n > perServer {
			t.Errorf("%d packets to %s in one second, cap %d", n, server, perServer)
		}
	}
}

func busiestSecond(times []time.Time) int {
	most, first := 0, 0
	for i, t := range times {
		for t.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// TestRatesLeaveAtOnce shows that a long queue at one server does not hold up
// the end of a scan.
func TestRatesLeaveAtOnce(t *testing.T) {
	rates := NewRates(0, 1)
	server := netip.MustParseAddr("9.9.9.9")
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			for {
				if err := rates.Wait(ctx, server); err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v, want the context's error", err)
					}
					return
				}
			}
		})
	}
	cancel()
	start := time.Now()
	waiting.Wait()
	if took := time.Since(start); took > 1500*time.Millisecond {
		t.Errorf("50 waiters at one query a second left after %s", took)
	}
}

func TestRatesForgetIdleServers(t *testing.T) {
	rates := NewRates(0, 1000)
	for i := range 10_000 {
		server := netip.AddrFrom4([4]byte{9, 9, byte(i >> 8), byte(i)})
		if err := rates.Wait(t.Context(), server); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rates.shards {
		s := &rates.shards[i]
		for _, q := range s.servers {
			q.lastUse = q.lastUse.Add(-time.Minute)
		}
		s.sweepAt = time.Time{}
	}
	// Enough new servers to fall into every shard, and so to sweep each.
	const fresh = 2000
	for i := range fresh {
		rates.server(netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}))
	}
	kept := 0
	for i := range rates.shards {
		kept += len(rates.shards[i].servers)
	}
	if kept != fresh {
		t.Errorf("%d servers kept after a sweep, want the %d new ones", kept, fresh)
	}
}

func BenchmarkRatesWithoutLimit(b *testing.B) {
	rates := NewRates(0, 1_000_000_000)
	addr := netip.MustParseAddr("9.9.9.9")
	for b.Loop() {
		if err := rates.Wait(b.Context(), addr); err != nil {
			b.Fatal(err)
		}
	}
}
