package scanner

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// A limiter is the rate limiter of one key, a server or an operator: it admits
// one packet after another at a rate that refusals lower. Each refusal halves
// the rate, down to a fraction of the cap; time without refusals raises it in
// steps (additive increase, multiplicative decrease). docs/ethics.md states the
// rule.
//
// The gap between packets to an operator is measured from when the previous one
// was admitted, not from when it was sent: otherwise the time that it waited for
// the overall rate would be lost to those behind it. In one second may therefore
// be sent those admitted in that second and one admitted before; the margins
// allow for that.
type limiter struct {
	slot     slot
	operator bool      // the key is an operator, not a server
	sent     time.Time // when the last packet was sent; guarded by slot, as is admitted
	admitted time.Time
	lastUse  time.Time // guarded by the shard's mutex
	// owner is the operator of a server, once looked up; guarded by slot.
	owner Operator

	mu     sync.Mutex // guards the fields below
	most   float64    // the cap, in packets a second
	lowest float64    // the rate right after the last refusal
	slowed time.Time  // when that was; zero when the rate is the cap
	rest   time.Time  // nothing is sent before this

	refusing  netip.Addr // of an operator: the server that last refused
	refusedAt time.Time
}

const (
	lowestPart  = 1.0 / 16         // of the cap, but at least one packet a second
	regainAfter = 10 * time.Second // without a refusal
	regainStep  = 1.0 / 16         // of the cap
	// longestRest bounds the pause that a server may ask for.
	longestRest = 10 * time.Second
	// spreads is the time within which two servers of an operator must refuse
	// for the operator to be slowed down.
	spreads = 30 * time.Second
	// fewPackets is the rate, in packets a second, up to which the gap between
	// packets to an operator is measured from when they were sent: at so low a
	// rate one packet more would be a large part of it.
	fewPackets = 4
)

func newLimiter(perSecond int, operator bool) *limiter {
	return &limiter{slot: newSlot(), operator: operator, most: float64(perSecond)}
}

// wait returns when the next packet may be sent. When it returns nil, the caller
// must call done once the packet is sent.
func (l *limiter) wait(ctx context.Context) error {
	if err := l.slot.take(ctx); err != nil {
		return err
	}
	// Computed again after each wait, as the rate may have changed meanwhile.
	for delay := l.delay(); delay > 0; delay = l.delay() {
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			l.slot.release()
			return ctx.Err()
		}
	}
	l.admitted = time.Now()
	return nil
}

func (l *limiter) done() {
	l.sent = time.Now()
	l.slot.release()
}

// delay returns how long the next packet has to wait from now.
func (l *limiter) delay() time.Duration {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	perSecond, from := l.rate(now), l.sent
	margin := rateMargin * perSecond
	if l.operator && perSecond > fewPackets {
		margin, from = min(margin, perSecond-fewPackets/2), l.admitted
	}
	gap := time.Duration(float64(time.Second) / margin)
	return max(from.Add(gap).Sub(now), l.rest.Sub(now))
}

// rate returns how many packets a second may be sent now.
func (l *limiter) rate(now time.Time) float64 {
	if l.slowed.IsZero() {
		return l.most
	}
	steps := int(now.Sub(l.slowed) / regainAfter)
	if regained := l.lowest + float64(steps)*regainStep*l.most; regained < l.most {
		return regained
	}
	l.slowed = time.Time{}
	return l.most
}

// refused lowers the rate after server refused a packet sent at the given time.
// The refusal of a packet that was under way when the rate was last halved
// changes nothing. An operator is slowed down when two of its servers refuse.
func (l *limiter) refused(server netip.Addr, now, sent time.Time, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.operator {
		alone := !l.refusing.IsValid() || l.refusing == server || now.Sub(l.refusedAt) >= spreads
		l.refusing, l.refusedAt = server, now
		if pause = 0; alone {
			return
		}
	}
	if sent.Before(l.slowed) {
		return
	}
	if rest := now.Add(min(pause, longestRest)); rest.After(l.rest) {
		l.rest = rest
	}
	l.lowest = min(l.most, max(1, l.most*lowestPart, l.rate(now)/2))
	l.slowed = now
}

// restore undoes the effect of the last refusal.
func (l *limiter) restore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lowest = min(l.most, 2*l.lowest); l.lowest == l.most {
		l.slowed = time.Time{}
	}
	l.rest = time.Time{}
}

// idle reports whether no sender waits and a new limiter would act the same.
func (l *limiter) idle(now time.Time) bool {
	unused := now.Sub(l.lastUse)
	if unused <= idleTime || len(l.slot) == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slowed.IsZero() || unused > slowedTime
}

// slot is a lock that a sender can stop waiting for when its context ends. The
// channel holds one token while the slot is free.
type slot chan struct{}

func newSlot() slot {
	s := make(slot, 1)
	s.release()
	return s
}

func (s slot) take(ctx context.Context) error {
	select {
	case <-s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slot) release() { s <- struct{}{} }

const (
	rateShards = 64
	// idleTime is how long a limiter is kept after its last use, and slowedTime
	// that of one which was slowed down and has not regained its rate. The first
	// must exceed a second, else a forgotten server could be asked too soon.
	idleTime   = 10 * time.Second
	slowedTime = 5 * time.Minute
)

// limiters holds a limiter for each key, which is a server or an operator. It
// drops idle ones.
type limiters[K comparable] struct {
	perSecond int
	operators bool
	seed      maphash.Seed
	shards    [rateShards]limiterShard[K]
}

type limiterShard[K comparable] struct {
	mu      sync.Mutex
	known   map[K]*limiter
	sweepAt time.Time
}

func newLimiters[K comparable](perSecond int, operators bool) *limiters[K] {
	l := &limiters[K]{perSecond: perSecond, operators: operators, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].known = make(map[K]*limiter)
	}
	return l
}

// limiterFor returns the limiter of a key; now and then it drops idle ones.
func (l *limiters[K]) limiterFor(key K) *limiter {
	shard := &l.shards[maphash.Comparable(l.seed, key)%rateShards]
	now := time.Now()
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if now.After(shard.sweepAt) {
		for k, known := range shard.known {
			if known.idle(now) {
				delete(shard.known, k)
			}
		}
		shard.sweepAt = now.Add(idleTime)
	}
	known := shard.known[key]
	if known == nil {
		known = newLimiter(l.perSecond, l.operators)
		shard.known[key] = known
	}
	known.lastUse = now
	return known
}
