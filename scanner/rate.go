package scanner

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/projectdiscovery/ratelimit"
)

// Rates holds what a scan may send: so many queries and connections a second
// in all, and so many to one address. No second, wherever it begins, sees more
// than the cap. The zero value has no limits.
type Rates struct {
	perServer int
	overall   *queue
	shards    [rateShards]rateShard
	seed      maphash.Seed
}

const (
	rateShards = 64
	// idleServer is how long the state of a server is kept after its last use.
	// It must exceed a second, else a forgotten server could be asked too soon.
	idleServer = 10 * time.Second
	// rateMargin is the part of a cap that is used, so that packets which the
	// scheduler or the network bunches together stay below it too.
	rateMargin = 0.95
)

type rateShard struct {
	mu      sync.Mutex
	servers map[netip.Addr]*spacing
	sweepAt time.Time
}

// NewRates returns the limits for a scan; a cap of 0 or less is none.
func NewRates(overall, perServer int) *Rates {
	r := &Rates{perServer: perServer, seed: maphash.MakeSeed()}
	if overall > 0 {
		// A hundredth of a second's worth may go at once: a timer per packet
		// would not keep up with high rates.
		r.overall = newQueue(overall, max(1, overall/100))
	}
	for i := range r.shards {
		r.shards[i].servers = make(map[netip.Addr]*spacing)
	}
	return r
}

// Wait returns when a packet may be sent to server, or with the context's
// error when that ends first.
func (r *Rates) Wait(ctx context.Context, server netip.Addr) error {
	if r.perServer > 0 {
		s := r.server(server)
		if err := s.enter(ctx); err != nil {
			return err
		}
		// Left when the packet goes: those to one server that wait for the
		// overall rate must not go together when it lets them.
		defer s.leave()
	}
	if r.overall != nil {
		return r.overall.wait(ctx)
	}
	return ctx.Err()
}

// server returns the queue of one address, and forgets idle ones on the way.
func (r *Rates) server(addr netip.Addr) *spacing {
	s := &r.shards[maphash.Comparable(r.seed, addr)%rateShards]
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.sweepAt) {
		for a, q := range s.servers {
			if now.Sub(q.lastUse) > idleServer && len(q.turn) == 1 {
				delete(s.servers, a)
			}
		}
		s.sweepAt = now.Add(idleServer)
	}
	q := s.servers[addr]
	if q == nil {
		q = newSpacing(r.perServer)
		s.servers[addr] = q
	}
	q.lastUse = now
	return q
}

// spacing keeps the packets to one server apart.
type spacing struct {
	turn    chan struct{} // holds one token while nobody is about to send
	gap     time.Duration
	last    time.Time // when a packet last went; guarded by turn
	lastUse time.Time // guarded by the shard's mutex
}

func newSpacing(perSecond int) *spacing {
	s := &spacing{turn: make(chan struct{}, 1), gap: time.Duration(float64(time.Second) / (rateMargin * float64(perSecond)))}
	s.turn <- struct{}{}
	return s
}

// enter returns when the next packet may go. Without error it must be left.
func (s *spacing) enter(ctx context.Context) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if wait := s.gap - time.Since(s.last); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			s.turn <- struct{}{}
			return ctx.Err()
		}
	}
	return nil
}

func (s *spacing) leave() {
	s.last = time.Now()
	s.turn <- struct{}{}
}

// queue lets packets go one after another, each when the bucket has a token.
type queue struct {
	// turn holds one token while nobody waits at the bucket. Only its holder
	// does, so everybody behind can leave when their context ends; the bucket
	// itself knows no contexts.
	turn   chan struct{}
	bucket *ratelimit.Limiter
}

// newQueue returns a queue that lets at most perSecond packets go in any
// second, of which burst may go at once.
func newQueue(perSecond, burst int) *queue {
	// A window that begins with a full bucket sees the burst and what flows in
	// before it ends, so the two together must not exceed the cap.
	inflow := rateMargin * float64(perSecond-burst+1)
	q := &queue{
		turn:   make(chan struct{}, 1),
		bucket: ratelimit.NewLeakyBucket(context.Background(), uint(burst), time.Duration(float64(time.Second)/inflow)),
	}
	q.turn <- struct{}{}
	return q
}

func (q *queue) wait(ctx context.Context) error {
	select {
	case <-q.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	q.bucket.Take()
	q.turn <- struct{}{}
	return ctx.Err()
}
