package zonefile

import (
	"cmp"
	"slices"
)

// Top lists the names that most delegations share, in bounded memory.
type Top struct {
	// Exact says that every count is exact. Otherwise a count may be up to
	// MaxError too low, and a name with no more than MaxError delegations
	// may be missing from the list.
	Exact    bool       `json:"exact"`
	MaxError uint64     `json:"max_error"`
	Entries  []TopEntry `json:"entries"`
}

// TopEntry is a name and the number of delegations that have it.
type TopEntry struct {
	Name        string `json:"name"`
	Delegations uint64 `json:"delegations"`
}

// topCapacity is how many names a counter tells apart. Up to as many different
// names, the counts are exact.
const topCapacity = 1 << 16

// topCounter counts names in bounded memory with the frequent items algorithm
// of Misra and Gries: when there is no room for a new name, the same number is
// taken from every count, and names that have none left are forgotten.
type topCounter struct {
	capacity int
	counts   map[string]*tally
	taken    uint64   // what was taken from every count so far
	free     []*tally // forgotten, to be used again
	scratch  []uint64
}

type tally struct {
	count    uint64
	operator []byte // of a host, in presentation form, once known
}

func newTopCounter(capacity int) *topCounter {
	return &topCounter{capacity: capacity, counts: make(map[string]*tally)}
}

// add counts a name once and returns its tally.
func (c *topCounter) add(name []byte) *tally {
	if t := c.counts[string(name)]; t != nil {
		t.count++
		return t
	}
	if len(c.counts) >= c.capacity {
		c.shrink()
	}
	t := new(tally)
	if n := len(c.free); n > 0 {
		t, c.free = c.free[n-1], c.free[:n-1]
	}
	*t = tally{count: 1}
	c.counts[string(name)] = t
	return t
}

// shrink takes the median count from every name.
func (c *topCounter) shrink() {
	c.scratch = c.scratch[:0]
	for _, t := range c.counts {
		c.scratch = append(c.scratch, t.count)
	}
	slices.Sort(c.scratch)
	median := c.scratch[len(c.scratch)/2]
	c.taken += median
	for name, t := range c.counts {
		if t.count <= median {
			delete(c.counts, name)
			c.free = append(c.free, t)
			continue
		}
		t.count -= median
	}
}

// top returns the n names with the highest counts; show makes a key readable.
func (c *topCounter) top(n int, show func(key string) string) Top {
	result := Top{Exact: c.taken == 0, MaxError: c.taken, Entries: []TopEntry{}}
	keys := make([]string, 0, len(c.counts))
	for key := range c.counts {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.counts[b].count, c.counts[a].count), cmp.Compare(a, b))
	})
	for _, key := range keys[:min(n, len(keys))] {
		result.Entries = append(result.Entries, TopEntry{Name: show(key), Delegations: c.counts[key].count})
	}
	return result
}
