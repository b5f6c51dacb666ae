package scanner

import (
	"adopt6/scanner/observation"
	"cmp"
	"container/heap"
	"slices"
	"sync"
)

// Freed is how many targets an operator of name servers would make resolvable
// without IPv4, if it alone enabled IPv6.
type Freed struct {
	Operator string
	// Domains is the least that it can be, and AtMost the most. They differ
	// only where there were more operators than are kept.
	Domains, AtMost int64
}

// maxOperators is how many operators are counted at the same time. Any that
// frees more than one in so many of the targets is among them.
const maxOperators = 4096

// freedTally finds the operators that free the most targets, in bounded memory
// (the space-saving algorithm of Metwally, Agrawal and El Abbadi, 2005). The
// zero value is ready.
type freedTally struct {
	mu       sync.Mutex
	byName   map[string]*freedCount
	smallest freedHeap
}

type freedCount struct {
	operator    string
	count, over int64 // over is by how much count may be too high
	slot        int   // in the heap
}

// add counts the operators that would free a target. One that is the target
// itself, with name servers in house, frees nobody else and is left out.
func (t *freedTally) add(o *observation.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, operator := range o.FreedBy {
		if operator != o.Target.Name {
			t.count(operator)
		}
	}
}

func (t *freedTally) count(operator string) {
	c := t.byName[operator]
	switch {
	case c != nil:
		c.count++
	case len(t.smallest) < maxOperators:
		if t.byName == nil {
			t.byName = make(map[string]*freedCount)
		}
		c = &freedCount{operator: operator, count: 1, slot: len(t.smallest)}
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

// TopFreed returns the n operators that would free the most targets, the first
// first.
func (t *Tally) TopFreed(n int) []Freed {
	t.freed.mu.Lock()
	defer t.freed.mu.Unlock()
	var all []Freed
	for _, c := range t.freed.smallest {
		all = append(all, Freed{c.operator, c.count - c.over, c.count})
	}
	slices.SortFunc(all, func(a, b Freed) int {
		return cmp.Or(cmp.Compare(b.Domains, a.Domains), cmp.Compare(a.Operator, b.Operator))
	})
	return all[:min(n, len(all))]
}

// freedHeap has the smallest count on top; it implements heap.Interface.
type freedHeap []*freedCount

func (h freedHeap) Len() int           { return len(h) }
func (h freedHeap) Less(i, j int) bool { return h[i].count < h[j].count }
func (h freedHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}
func (h *freedHeap) Push(c any) { *h = append(*h, c.(*freedCount)) }
func (h *freedHeap) Pop() any   { panic("operators are replaced, never removed") }
