package scanner

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestRatesHoldInEverySecond sends for half a minute of simulated time, as fast
// as the limits allow, and checks every window of one second, not only those
// that begin on the second.
func TestRatesHoldInEverySecond(t *testing.T) { synctest.Test(t, ratesHold) }

func ratesHold(t *testing.T) {
	const seconds = 30
	const overall, perServer, perOperator, servers = 100, 20, 60, 12
	// There are three operators. Two are in the table, one of them with two
	// networks.
	rates := NewRates(Caps{Overall: overall, PerServer: perServer, PerOperator: perOperator, ASN: func(a netip.Addr) (uint32, bool) {
		third := a.As4()[2]
		return uint32(third/2 + 1), third < 3
	}})
	ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
	defer cancel()

	var mu sync.Mutex
	sent := make(map[netip.Addr][]time.Time)
	var all []time.Time
	var senders sync.WaitGroup
	for i := range servers * 3 {
		server := netip.AddrFrom4([4]byte{9, 9, byte(i % 4), byte(i % servers)})
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
	if least := seconds * overall * 9 / 10; len(all) < least {
		t.Errorf("sent %d packets in %d s, want at least %d: the limit is too tight", len(all), seconds, least)
	}
	if n := busiestSecond(all); n > overall {
		t.Errorf("%d packets in one second, cap %d", n, overall)
	}
	operators := make(map[Operator][]time.Time)
	for server, times := range sent {
		o := rates.OperatorOf(server)
		operators[o] = append(operators[o], times...)
	}
	if len(operators) != 3 {
		t.Errorf("operators %v", operators)
	}
	for o, times := range operators {
		slices.SortFunc(times, time.Time.Compare)
		if n := busiestSecond(times); n > perOperator {
			t.Errorf("%d packets to %s in one second, cap %d", n, o, perOperator)
		}
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
func TestRatesLeaveAtOnce(t *testing.T) { synctest.Test(t, ratesLeave) }

func ratesLeave(t *testing.T) {
	rates := NewRates(Caps{PerServer: 1})
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
	synctest.Wait() // one was admitted, and waits again
	cancel()
	start := time.Now()
	waiting.Wait()
	if elapsed := time.Since(start); elapsed > 0 {
		t.Errorf("50 waiters at one query a second left after %s", elapsed)
	}
}

func TestRatesForgetIdleServers(t *testing.T) {
	rates := NewRates(Caps{PerServer: 1000, PerOperator: 1_000_000})
	for i := range 10_000 {
		server := netip.AddrFrom4([4]byte{9, 9, byte(i >> 8), byte(i)})
		if err := rates.Wait(t.Context(), server); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rates.servers.shards {
		s := &rates.servers.shards[i]
		for _, q := range s.known {
			q.lastUse = q.lastUse.Add(-time.Minute)
		}
		s.sweepAt = time.Time{}
	}
	// Enough new servers to fall into every shard, and so to sweep each.
	const fresh = 2000
	for i := range fresh {
		rates.servers.limiterFor(netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}))
	}
	kept := 0
	for i := range rates.servers.shards {
		kept += len(rates.servers.shards[i].known)
	}
	if kept != fresh {
		t.Errorf("%d servers kept after a sweep, want the %d new ones", kept, fresh)
	}
}

func BenchmarkRatesWithoutLimit(b *testing.B) {
	rates := NewRates(Caps{PerServer: 1_000_000_000})
	addr := netip.MustParseAddr("9.9.9.9")
	for b.Loop() {
		if err := rates.Wait(b.Context(), addr); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRatesPerOperator(b *testing.B) {
	rates := NewRates(Caps{PerServer: 1_000_000_000, PerOperator: 1_000_000_000})
	addr := netip.MustParseAddr("9.9.9.9")
	for b.Loop() {
		if err := rates.Wait(b.Context(), addr); err != nil {
			b.Fatal(err)
		}
	}
}
