package zonefile

import (
	"bytes"
	"hash/maphash"
)

// hostTable is the set of the hosts that name delegations other than their
// own, with their glue. It compares whole names, so it is exact.
type hostTable struct {
	limit int
	seed  maphash.Seed
	// slots say where in the chunks a host is, in the lower placeBits, beside
	// a few bits of the name's hash, which save most looks at other names. 0
	// is a free slot.
	slots []uint32
	hosts int
	full  bool // a host did not fit: the table is of no use

	// chunks hold the hosts one after another: the length of the name (2
	// bytes), the glue and flags (1 byte) and the name. They are many, so
	// that growing copies nothing. No host crosses from one to the next.
	chunks [][]byte
}

// glueCounted is a flag beside the glue: the host has been counted.
const glueCounted Glue = 1 << 7

// hostHeader is the size of a host in a chunk without its name, in bytes.
const hostHeader = 3

// chunkBits says how large a chunk is, 1 << chunkBits bytes, and placeBits how
// large all may be.
const (
	chunkBits = 18
	placeBits = 27
)

// newHostTable returns a table that takes about limit bytes at most.
func newHostTable(limit int) *hostTable {
	limit = min(limit, 1<<placeBits)
	return &hostTable{limit: limit, slots: make([]uint32, 1<<8), seed: maphash.MakeSeed()}
}

// size is how much memory the table takes, in bytes.
func (t *hostTable) size() int { return len(t.chunks)<<chunkBits + 4*len(t.slots) }

// add puts a host in, unless it is there.
func (t *hostTable) add(name Name) {
	if t.full {
		return
	}
	slot, tag := t.find(name)
	if t.slots[slot] != 0 {
		return
	}
	if t.hosts++; 4*t.hosts > 3*len(t.slots) {
		t.grow()
		slot, tag = t.find(name)
	}
	t.slots[slot] = tag | t.place(name)
	if t.size() > t.limit {
		t.chunks, t.slots, t.full = nil, nil, true
	}
}

// place appends a host to the chunks and returns where it is.
func (t *hostTable) place(name Name) uint32 {
	last := len(t.chunks) - 1
	if last < 0 || len(t.chunks[last])+hostHeader+len(name) > 1<<chunkBits {
		// The first byte stays unused in each, so that no host is at 0.
		t.chunks = append(t.chunks, make([]byte, 1, 1<<chunkBits))
		last++
	}
	chunk := t.chunks[last]
	at := last<<chunkBits | len(chunk)
	chunk = append(chunk, byte(len(name)>>8), byte(len(name)), 0)
	t.chunks[last] = append(chunk, name...)
	return uint32(at)
}

// at returns the name of the host at a place, and the byte of its glue.
func (t *hostTable) at(place uint32) (Name, *Glue) {
	place &= 1<<placeBits - 1
	host := t.chunks[place>>chunkBits][place&(1<<chunkBits-1):]
	size := int(host[0])<<8 | int(host[1])
	return Name(host[hostHeader : hostHeader+size]), (*Glue)(&host[2])
}

// grow doubles the number of slots.
func (t *hostTable) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for c, chunk := range t.chunks {
		for at := 1; at < len(chunk); {
			place := uint32(c<<chunkBits | at)
			name, _ := t.at(place)
			slot, tag := t.find(name)
			t.slots[slot] = tag | place
			at += hostHeader + len(name)
		}
	}
}

// find returns the slot that holds name or, when none does, the one to put it
// in, and what its place is to be marked with.
func (t *hostTable) find(name Name) (slot int, tag uint32) {
	hash := maphash.Bytes(t.seed, name)
	tag = uint32(hash >> (32 + placeBits) << placeBits)
	mask := len(t.slots) - 1
	slot = int(hash) & mask
	for t.slots[slot] != 0 {
		if t.slots[slot]>>placeBits == tag>>placeBits {
			if other, _ := t.at(t.slots[slot]); bytes.Equal(other, name) {
				break
			}
		}
		slot = (slot + 1) & mask
	}
	return slot, tag
}

// set gives a host its glue, if it is in the table.
func (t *hostTable) set(name Name, glue Glue) {
	slot, _ := t.find(name)
	if place := t.slots[slot]; place != 0 {
		_, stored := t.at(place)
		*stored = glue
	}
}

// get returns the glue of a host and whether it is in the table. first is true
// the first time that a host is asked for.
func (t *hostTable) get(name Name) (glue Glue, first, in bool) {
	slot, _ := t.find(name)
	place := t.slots[slot]
	if place == 0 {
		return 0, false, false
	}
	_, stored := t.at(place)
	glue = *stored
	*stored |= glueCounted
	return glue &^ glueCounted, glue&glueCounted == 0, true
}
