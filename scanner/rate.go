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
	servers map[netip.Addr]*queue
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
		r.shards[i].servers = make(map[netip.Addr]*queue)
	}
	return r
}

// Wait returns when a packet may be sent to server, or with the context's
// error when that ends first.
func (r *Rates) Wait(ctx context.Context, server netip.Addr) error {
	if r.perServer > 0 {
		if err := r.server(server).wait(ctx); err != nil {
			return err
		}
	}
	if r.overall != nil {
		return r.overall.wait(ctx)
	}
	return ctx.Err()
}

// server returns the queue of one address, and forgets idle ones on the way.
func (r *Rates) server(addr netip.Addr) *queue {
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
		q = newQueue(r.perServer, 1)
		s.servers[addr] = q
	}
	q.lastUse = now
	return q
}

// queue lets packets go one after another, each when the bucket has a token.
type queue struct {
	// turn holds one token while nobody waits at the bucket. Only its holder
	// does, so everybody behind can leave when their context ends; the bucket
	// itself knows no contexts.
	turn    chan struct{}
	bucket  *ratelimit.Limiter
	lastUse time.Time // guarded by the shard's mutex
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
