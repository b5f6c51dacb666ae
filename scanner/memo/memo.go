// Package memo remembers for a time what was found out, so that what many need is
// found out once.
package memo

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// DefaultSize is how many values a cache keeps that names no size.
const DefaultSize = 1 << 15

// Cache keeps values by key: at most Size, and of more those used last. Its zero
// value is ready; many goroutines may use it.
type Cache[V any] struct {
	Size int // 0: DefaultSize

	once   sync.Once
	kept   *lru.Cache[string, entry[V]]
	flight singleflight.Group
}

type entry[V any] struct {
	value V
	until time.Time
}

// found is the result of finding a value out; others may have it when it is
// kept.
type found[V any] struct {
	value V
	kept  bool
}

// errLeft says that the context of the caller that was to find a value ended.
var errLeft = errors.New("left")

// Get returns the value of a key: what is kept, what another caller is about to
// find out, or what find returns, with how long it is kept. A value that is kept
// for no time is for the caller of find alone, and the others find it out
// themselves. find must not ask for another key of the same cache. ok is false when
// ctx ended first; a find that has begun is waited for.
func (c *Cache[V]) Get(ctx context.Context, key string, find func() (value V, keep time.Duration)) (value V, ok bool) {
	for ctx.Err() == nil {
		if value, known := c.peek(key); known {
			return value, true
		}
		var begun atomic.Bool // or never to begin
		result := c.flight.DoChan(key, func() (any, error) {
			if !begun.CompareAndSwap(false, true) {
				return nil, errLeft
			}
			if value, known := c.peek(key); known {
				return found[V]{value, true}, nil
			}
			value, keep := find()
			if keep > 0 {
				c.values().Add(key, entry[V]{value, time.Now().Add(keep)})
			}
			return found[V]{value, keep > 0}, nil
		})
		var r singleflight.Result
		select {
		case r = <-result:
		case <-ctx.Done():
			if begun.CompareAndSwap(false, true) {
				return value, false
			}
			r = <-result
		}
		if came, is := r.Val.(found[V]); is && (came.kept || begun.Load()) {
			return came.value, true
		}
	}
	return value, false
}

// Forget drops the values for which drop returns true.
func (c *Cache[V]) Forget(drop func(V) bool) {
	for _, key := range c.values().Keys() {
		if known, has := c.values().Peek(key); has && drop(known.value) {
			c.values().Remove(key)
		}
	}
}

// Len returns how many values are kept, with those whose time is over.
func (c *Cache[V]) Len() int { return c.values().Len() }

func (c *Cache[V]) peek(key string) (value V, known bool) {
	e, has := c.values().Get(key)
	if !has || !time.Now().Before(e.until) {
		return value, false
	}
	return e.value, true
}

func (c *Cache[V]) values() *lru.Cache[string, entry[V]] {
	c.once.Do(func() {
		size := c.Size
		if size <= 0 {
			size = DefaultSize
		}
		c.kept, _ = lru.New[string, entry[V]](size) // fails for a size below 1 only
	})
	return c.kept
}
