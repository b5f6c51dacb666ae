package scanner

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

const (
	rateShards = 64
	// idlePlace is how long a place is kept after its last use, and slowedPlace
	// that of one which was slowed down and has not regained its pace. The
	// first must exceed a second, else a forgotten server could be asked too
	// soon.
	idlePlace   = 10 * time.Second
	slowedPlace = 5 * time.Minute
)

// places are where packets go, servers or operators, each with a spacing of
// its own. Those that are idle are forgotten.
type places[K comparable] struct {
	perSecond int
	shared    bool // see spacing
	seed      maphash.Seed
	shards    [rateShards]placeShard[K]
}

type placeShard[K comparable] struct {
	mu      sync.Mutex
	known   map[K]*spacing
	sweepAt time.Time
}

func newPlaces[K comparable](perSecond int, shared bool) *places[K] {
	p := &places[K]{perSecond: perSecond, shared: shared, seed: maphash.MakeSeed()}
	for i := range p.shards {
		p.shards[i].known = make(map[K]*spacing)
	}
	return p
}

// at returns the spacing of a place, and forgets idle ones on the way.
func (p *places[K]) at(key K) *spacing {
	shard := &p.shards[maphash.Comparable(p.seed, key)%rateShards]
	now := time.Now()
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if now.After(shard.sweepAt) {
		for k, s := range shard.known {
			if s.idle(now) {
				delete(shard.known, k)
			}
		}
		shard.sweepAt = now.Add(idlePlace)
	}
	s := shard.known[key]
	if s == nil {
		s = newSpacing(p.perSecond, p.shared)
		shard.known[key] = s
	}
	s.lastUse = now
	return s
}

// spacing keeps the packets to one place apart.
//
// That of a shared place counts from when a packet was let in, not from when it
// went, so that what it waits for the overall rate is not lost to those behind
// it. Within a second then go those that were let in within it and one that
// was before, which margins allow for.
type spacing struct {
	turn    chan struct{} // holds one token while nobody is about to send
	shared  bool
	last    time.Time // when a packet last went; guarded by turn, as is let
	let     time.Time // when one was let in
	lastUse time.Time // guarded by the shard's mutex
	// operator is that of a server once it was looked up; guarded by turn.
	operator Operator

	mu   sync.Mutex // guards pace
	pace pace
}

func newSpacing(perSecond int, shared bool) *spacing {
	s := &spacing{turn: make(chan struct{}, 1), shared: shared, pace: pace{full: float64(perSecond)}}
	s.turn <- struct{}{}
	return s
}

// idle says whether nobody waits, and a new spacing would do as well.
func (s *spacing) idle(now time.Time) bool {
	unused := now.Sub(s.lastUse)
	if unused <= idlePlace || len(s.turn) == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace.slowed.IsZero() || unused > slowedPlace
}

// enter returns when the next packet may go. Without error it must be left.
func (s *spacing) enter(ctx context.Context) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	// Again after each wait: the pace may have changed meanwhile.
	for wait := s.wait(); wait > 0; wait = s.wait() {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			s.turn <- struct{}{}
			return ctx.Err()
		}
	}
	s.let = time.Now()
	return nil
}

// wait returns how long the next packet has to wait from now.
func (s *spacing) wait() time.Duration {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	perSecond, from := s.pace.at(now), s.last
	margin := rateMargin * perSecond
	if s.shared && perSecond > fewShared {
		margin, from = min(margin, perSecond-fewShared/2), s.let
	}
	gap := time.Duration(float64(time.Second) / margin)
	return max(from.Add(gap).Sub(now), s.pace.rest.Sub(now))
}

// fewShared is the pace, in packets a second, up to which those of a shared
// place are counted from when they went: there one more would be much.
const fewShared = 4

func (s *spacing) leave() {
	s.last = time.Now()
	s.turn <- struct{}{}
}
