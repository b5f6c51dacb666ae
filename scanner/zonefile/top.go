package zonefile

import (
	"bytes"
	"cmp"
	"hash/maphash"
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
	seed    maphash.Seed
	slots   []int32 // 1 + the index of a tally; 0 for a free slot
	tallies []tally
	names   []byte // of the tallies, one after another
	taken   uint64 // what was taken from every count so far
	scratch []uint64
}

type tally struct {
	count uint64
	name  span
}

// span is a part of topCounter.names.
type span struct{ at, end int32 }

// newTopCounter returns a counter for capacity names, which is a power of two.
func newTopCounter(capacity int) *topCounter {
	return &topCounter{
		seed:    maphash.MakeSeed(),
		slots:   make([]int32, 2*capacity),
		tallies: make([]tally, 0, capacity),
	}
}

// add counts a name once.
func (c *topCounter) add(name []byte) {
	slot := c.find(name)
	if i := c.slots[slot]; i != 0 {
		c.tallies[i-1].count++
		return
	}
	if len(c.tallies) == cap(c.tallies) {
		c.shrink()
		slot = c.find(name)
	}
	at := len(c.names)
	c.names = append(c.names, name...)
	c.tallies = append(c.tallies, tally{1, span{int32(at), int32(len(c.names))}})
	c.slots[slot] = int32(len(c.tallies))
}

func (c *topCounter) name(t tally) []byte { return c.names[t.name.at:t.name.end] }

// find returns the slot that holds name or, when none does, the one to put it
// in.
func (c *topCounter) find(name []byte) int {
	mask := len(c.slots) - 1
	slot := int(maphash.Bytes(c.seed, name)) & mask
	for c.slots[slot] != 0 && !bytes.Equal(c.name(c.tallies[c.slots[slot]-1]), name) {
		slot = (slot + 1) & mask
	}
	return slot
}

// shrink takes the median count from every name.
func (c *topCounter) shrink() {
	c.scratch = c.scratch[:0]
	for _, t := range c.tallies {
		c.scratch = append(c.scratch, t.count)
	}
	slices.Sort(c.scratch)
	median := c.scratch[len(c.scratch)/2]
	c.taken += median
	clear(c.slots)
	kept := c.tallies[:0]
	used := 0 // names move to the front, over those that are forgotten
	for _, t := range c.tallies {
		if t.count <= median {
			continue
		}
		n := copy(c.names[used:], c.name(t))
		kept = append(kept, tally{t.count - median, span{int32(used), int32(used + n)}})
		used += n
	}
	c.tallies, c.names = kept, c.names[:used]
	for i, t := range c.tallies {
		c.slots[c.find(c.name(t))] = int32(i + 1)
	}
}

// top returns the n names with the highest counts; show makes a key readable.
func (c *topCounter) top(n int, show func(key []byte) string) Top {
	result := Top{Exact: c.taken == 0, MaxError: c.taken, Entries: []TopEntry{}}
	order := slices.Clone(c.tallies)
	slices.SortFunc(order, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.count, a.count), bytes.Compare(c.name(a), c.name(b)))
	})
	for _, t := range order[:min(n, len(order))] {
		result.Entries = append(result.Entries, TopEntry{Name: show(c.name(t)), Delegations: t.count})
	}
	return result
}
