package resolve

import (
	"hash/maphash"
	"sync"
)

// flights lets one goroutine do what several need.
type flights[V any] struct {
	seed   maphash.Seed
	shards [cacheShards]struct {
		sync.Mutex
		under map[flightKey]*flight[V]
	}
}

// flightKey names a question and the zone whose servers are asked.
type flightKey struct {
	zone, name string
	kind       uint16
}

// flight is work under way. value is set before done is closed; it is zero when
// it has no result that others could use.
type flight[V any] struct {
	done  chan struct{} // made by the first who waits
	value V
}

func newFlights[V any]() *flights[V] {
	f := &flights[V]{seed: maphash.MakeSeed()}
	for i := range f.shards {
		f.shards[i].under = make(map[flightKey]*flight[V])
	}
	return f
}

// join returns the flight of k and whether the caller leads it: it is to do
// the work, and then to land the flight.
func (f *flights[V]) join(k flightKey) (*flight[V], bool) {
	s := &f.shards[maphash.String(f.seed, k.name)%cacheShards]
	s.Lock()
	defer s.Unlock()
	if known := s.under[k]; known != nil {
		if known.done == nil {
			known.done = make(chan struct{})
		}
		return known, false
	}
	fresh := new(flight[V])
	s.under[k] = fresh
	return fresh, true
}

// land ends a flight.
func (f *flights[V]) land(k flightKey, fl *flight[V], value V) {
	s := &f.shards[maphash.String(f.seed, k.name)%cacheShards]
	s.Lock()
	defer s.Unlock()
	delete(s.under, k)
	fl.value = value
	if fl.done != nil {
		close(fl.done)
	}
}
