package scanner

import (
	"adopt6/scanner/observation"
	"cmp"
	"container/heap"
	"slices"
	"sync"
)

// Unblocker is an operator of name servers, and how many targets would resolve
// without IPv4 if it alone enabled IPv6.
type Unblocker struct {
	Operator string
	// Domains is the lower bound and AtMost the upper bound of the count. They
	// differ only when there were more operators than are kept.
	Domains, AtMost int64
}

// maxOperators is how many operators are counted at the same time. Every
// operator that unblocks more than one in maxOperators targets is among them.
const maxOperators = 4096

// unblockerTally finds the operators that unblock the most targets, in bounded
// memory (the space-saving algorithm of Metwally, Agrawal and El Abbadi, 2005).
// The zero value is ready.
type unblockerTally struct {
	mu       sync.Mutex
	byName   map[string]*unblockerCount
	smallest unblockerHeap
}

type unblockerCount struct {
	operator    string
	count, over int64 // over is by how much count may be too high
	slot        int   // in the heap
}

// add counts the operators that would unblock a target. A target that runs its
// own name servers unblocks only itself and is left out.
func (t *unblockerTally) add(o *observation.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, operator := range o.FreedBy {
		if operator != o.Target.Name {
			t.count(operator)
		}
	}
}

func (t *unblockerTally) count(operator string) {
	c := t.byName[operator]
	switch {
	case c != nil:
		c.count++
	case len(t.smallest) < maxOperators:
		if t.byName == nil {
			t.byName = make(map[string]*unblockerCount)
		}
		c = &unblockerCount{operator: operator, count: 1, slot: len(t.smallest)}
		t.byName[operator] = c
		heap.Push(&t.smallest, c)
	default:
		c = t.smallest[0]
		delete(t.byName, c.operator)
		t.byName[operator] = c
		c.operator, c.over, c.count = operator, c.count, c.count+1
	}
	heap.Fix(&t.smallest, c.slot)
}

// TopUnblockers returns the n operators that would unblock the most targets, most
// first.
func (t *Tally) TopUnblockers(n int) []Unblocker {
	t.unblockers.mu.Lock()
	defer t.unblockers.mu.Unlock()
	var all []Unblocker
	for _, c := range t.unblockers.smallest {
		all = append(all, Unblocker{c.operator, c.count - c.over, c.count})
	}
	slices.SortFunc(all, func(a, b Unblocker) int {
		return cmp.Or(cmp.Compare(b.Domains, a.Domains), cmp.Compare(a.Operator, b.Operator))
	})
	return all[:min(n, len(all))]
}

// unblockerHeap has the smallest count on top; it implements heap.Interface.
type unblockerHeap []*unblockerCount

func (h unblockerHeap) Len() int           { return len(h) }
func (h unblockerHeap) Less(i, j int) bool { return h[i].count < h[j].count }
func (h unblockerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}
func (h *unblockerHeap) Push(c any) { *h = append(*h, c.(*unblockerCount)) }
func (h *unblockerHeap) Pop() any   { panic("operators are replaced, never removed") }
