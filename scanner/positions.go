package scanner

import "math/bits"

// Positions is a set of positions in a list, one bit each. The zero value and
// nil are empty.
type Positions struct {
	words []uint64
}

// Add puts a position into the set. Positions that no list can have, beyond
// 2^36, are ignored, so that a damaged store cannot exhaust memory.
func (p *Positions) Add(position uint64) {
	const most = 1 << 36
	if position >= most {
		return
	}
	word := int(position / 64)
	if word >= len(p.words) {
		p.words = append(p.words, make([]uint64, word+1-len(p.words))...)
	}
	p.words[word] |= 1 << (position % 64)
}

// Remove takes a position out of the set.
func (p *Positions) Remove(position uint64) {
	if word := position / 64; word < uint64(len(p.words)) {
		p.words[word] &^= 1 << (position % 64)
	}
}

// Complement returns the positions below n that the set does not hold.
func (p *Positions) Complement(n uint64) *Positions {
	c := new(Positions)
	for position := range n {
		if !p.Has(position) {
			c.Add(position)
		}
	}
	return c
}

// Has reports whether the set holds a position.
func (p *Positions) Has(position uint64) bool {
	if p == nil {
		return false
	}
	word := position / 64
	return word < uint64(len(p.words)) && p.words[word]&(1<<(position%64)) != 0
}

// Count returns how many positions the set holds.
func (p *Positions) Count() uint64 {
	if p == nil {
		return 0
	}
	n := 0
	for _, word := range p.words {
		n += bits.OnesCount64(word)
	}
	return uint64(n)
}
