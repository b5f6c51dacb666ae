package resolve

import (
	"hash/maphash"
	"sync"
	"time"
)

const cacheShards = 64

// key names what is kept: the answer to a question, or what is known of a
// zone (kind 0).
type key struct {
	name string
	kind uint16
}

// cache keeps values until their time is up or the room is needed. It is
// divided into parts by key, so that goroutines seldom wait for each other.
type cache[V any] struct {
	seed   maphash.Seed
	now    func() time.Time
	shards [cacheShards]cacheShard[V]
}

type cacheShard[V any] struct {
	sync.Mutex
	entries map[key]*entry[V]
	// ring and hand make a clock: what was used since the hand last passed
	// stays, the rest goes.
	ring  []*entry[V]
	hand  int
	bytes int64
	limit int64
}

type entry[V any] struct {
	key     key
	value   V
	expires int64 // Unix seconds
	bytes   int32
	slot    int32 // in the ring
	used    bool
}

// entryBytes is what an entry costs beside its value and name: itself, its
// places in the map and in the ring.
const entryBytes = 128

func newCache[V any](limit int64, now func() time.Time) *cache[V] {
	c := &cache[V]{seed: maphash.MakeSeed(), now: now}
	for i := range c.shards {
		c.shards[i].entries = make(map[key]*entry[V])
		c.shards[i].limit = limit / cacheShards
	}
	return c
}

func (c *cache[V]) shard(k key) *cacheShard[V] {
	return &c.shards[maphash.String(c.seed, k.name)%cacheShards]
}

// get returns the value of k while its time is not up.
func (c *cache[V]) get(k key) (value V, ok bool) {
	s := c.shard(k)
	s.Lock()
	defer s.Unlock()
	e := s.entries[k]
	if e == nil {
		return value, false
	}
	if e.expires <= c.now().Unix() {
		s.drop(e)
		return value, false
	}
	e.used = true
	return e.value, true
}

// put keeps value until expires (Unix seconds). bytes is the memory of value
// and of the key's name.
func (c *cache[V]) put(k key, value V, expires int64, bytes int) {
	if expires <= c.now().Unix() {
		return
	}
	s := c.shard(k)
	s.Lock()
	defer s.Unlock()
	if old := s.entries[k]; old != nil {
		s.drop(old)
	}
	e := &entry[V]{key: k, value: value, expires: expires, bytes: int32(bytes + entryBytes), slot: int32(len(s.ring)), used: true}
	s.entries[k] = e
	s.ring = append(s.ring, e)
	s.bytes += int64(e.bytes)
	for s.bytes > s.limit && len(s.ring) > 1 {
		s.evict(e)
	}
}

// evict drops the first value that the hand finds unused, and not spare.
func (s *cacheShard[V]) evict(spare *entry[V]) {
	for {
		s.hand++
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if e.used || e == spare {
			e.used = false
			if e != spare || len(s.ring) > 1 {
				continue
			}
		}
		s.drop(e)
		return
	}
}

func (s *cacheShard[V]) drop(e *entry[V]) {
	delete(s.entries, e.key)
	last := s.ring[len(s.ring)-1]
	s.ring[e.slot], last.slot = last, e.slot
	s.ring[len(s.ring)-1] = nil
	s.ring = s.ring[:len(s.ring)-1]
	s.bytes -= int64(e.bytes)
}

func (c *cache[V]) bytes() (sum int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.Lock()
		sum += s.bytes
		s.Unlock()
	}
	return sum
}
