package scanner

import (
	"math"
	"net/netip"
	"testing"
	"time"
)

// TestSlowDown follows the rate of a server through refusals and times without
// them, at given instants.
func TestSlowDown(t *testing.T) {
	start, server := time.Unix(1_000_000, 0), netip.MustParseAddr("9.9.9.9")
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	l := newLimiter(32, false)
	expect := func(when, want float64) {
		t.Helper()
		if got := l.rate(at(when)); math.Abs(got-want) > 1e-9 {
			t.Errorf("after %v s the rate is %v, want %v", when, got, want)
		}
	}
	expect(0, 32)
	l.refused(server, at(1), at(0.9), time.Second)
	expect(1, 16)
	if l.rest != at(2) {
		t.Errorf("the pause ends at %v", l.rest.Sub(start))
	}
	l.refused(server, at(1.1), at(0.95), time.Minute) // was under way: one refusal, not two
	expect(1.1, 16)
	if l.rest != at(2) {
		t.Errorf("the pause ends at %v", l.rest.Sub(start))
	}
	expect(10.9, 16)
	expect(11.1, 18)
	expect(21.1, 20)
	l.refused(server, at(22), at(21), time.Hour)
	expect(22, 10)
	if l.rest != at(32) {
		t.Errorf("a server that asks for an hour gets %v", l.rest.Sub(at(22)))
	}
	for i := range 20 {
		l.refused(server, at(40+float64(i)), at(40+float64(i)), time.Second)
	}
	expect(59, 2) // a sixteenth of the cap
	expect(59+149, 2+14*2)
	expect(59+150, 32)
	expect(1000, 32)

	slow := newLimiter(1, false)
	slow.refused(server, at(1), at(1), time.Second)
	if got := slow.rate(at(1)); got != 1 {
		t.Errorf("a cap of 1 is halved to %v", got)
	}
}

// TestSlowDownSpreads slows an operator down when a second of its servers
// refuses, and restores the rate of a server that refused only one question.
func TestSlowDownSpreads(t *testing.T) {
	rates := NewRates(Caps{PerServer: 20, PerOperator: 100})
	one, two, other := netip.MustParseAddr("9.9.9.1"), netip.MustParseAddr("9.9.9.2"), netip.MustParseAddr("9.9.8.1")
	rateOf := func(a netip.Addr) (server, operator float64) {
		now := time.Now()
		return rates.servers.limiterFor(a).rate(now), rates.operators.limiterFor(rates.OperatorOf(a)).rate(now)
	}
	expect := func(a netip.Addr, wantServer, wantOperator float64) {
		t.Helper()
		if server, operator := rateOf(a); server != wantServer || operator != wantOperator {
			t.Errorf("the rate of %s is %v, of its operator %v; want %v and %v", a, server, operator, wantServer, wantOperator)
		}
	}
	for range 2 {
		if !rates.SlowDown(one, time.Now(), time.Second) {
			t.Fatal("nothing was slowed down")
		}
	}
	expect(one, 5, 100) // two refusals of one server do not slow the operator
	rates.SlowDown(two, time.Now(), time.Second)
	expect(two, 10, 50)
	expect(other, 20, 100)
	rates.Restore(two)
	expect(two, 20, 50)
	if NewRates(Caps{Overall: 5}).SlowDown(one, time.Now(), time.Second) {
		t.Error("SlowDown reports a lower rate in a scan without a cap per server")
	}
}
