package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
)

// cache keeps what was made, up to a size in bytes; what was not asked for the
// longest goes first. What is being made is made once for all who ask.
type cache[V any] struct {
	name    string
	limit   int64
	size    func(V) int64
	bound   func(context.Context) (context.Context, context.CancelFunc)
	running *sync.WaitGroup
	metrics *metrics
	making  singleflight.Group

	mu   sync.Mutex
	used int64
	kept *lru.LRU[string, V]
}

// maxKept bounds the entries of a cache beside their size: small ones cost more
// than their bytes.
const maxKept = 100_000

func newCache[V any](name string, limit int64, size func(V) int64, bound func(context.Context) (context.Context, context.CancelFunc),
	running *sync.WaitGroup, m *metrics) *cache[V] {
	c := &cache[V]{name: name, limit: limit, size: size, bound: bound, running: running, metrics: m}
	// It only fails for a number of entries that is not positive.
	c.kept, _ = lru.NewLRU(maxKept, func(_ string, v V) { c.used -= size(v) })
	return c
}

// get returns what is kept under a key, or makes it. The making continues when the
// one who asked first has gone, for others may wait for it.
func (c *cache[V]) get(ctx context.Context, key string, make func(context.Context) (V, error)) (V, error) {
	if v, found := c.peek(key); found {
		c.metrics.cached(c.name, "hit")
		return v, nil
	}
	c.metrics.cached(c.name, "miss")
	c.running.Add(1)
	result := c.making.DoChan(key, func() (any, error) {
		if v, found := c.peek(key); found {
			return v, nil
		}
		ctx, cancel := c.bound(ctx)
		defer cancel()
		v, err := guarded(ctx, make)
		if err == nil {
			c.keep(key, v)
		}
		return v, err
	})
	done := func() { c.running.Done() }
	select {
	case r := <-result:
		done()
		if r.Err != nil {
			var none V
			return none, r.Err
		}
		return r.Val.(V), nil
	case <-ctx.Done():
		go func() { defer done(); <-result }()
		var none V
		return none, &BusyError{ctx.Err()}
	}
}

// guarded turns a panic into an error: it would end the whole server otherwise,
// for what is made is made outside of the requests that wait for it.
func guarded[V any](ctx context.Context, make func(context.Context) (V, error)) (v V, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v\n%s", fault, debug.Stack())
		}
	}()
	return make(ctx)
}

func (c *cache[V]) peek(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Get(key)
}

// held is what is kept, in bytes.
func (c *cache[V]) held() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

func (c *cache[V]) keep(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size(v) > c.limit/4 {
		return // it would push everything else out
	}
	c.kept.Remove(key)
	c.kept.Add(key, v)
	for c.used += c.size(v); c.used > c.limit; {
		c.kept.RemoveOldest()
	}
	c.metrics.holds(c.name, c.used)
}
