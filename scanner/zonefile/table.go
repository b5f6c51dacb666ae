package zonefile

import (
	"bytes"
	"hash/maphash"
)

// hostTable is the set of the hosts that name delegations other than their
// own, with their glue. It compares whole names, so it is exact.
type hostTable struct {
	limit int
	// arena holds per host the length of its name (2 bytes), its glue and
	// flags (1 byte) and the name.
	arena []byte
	slots []uint32 // where in arena a host is; 0 for a free slot
	hosts int
	seed  maphash.Seed
	full  bool // a host did not fit: the table is of no use
}

// glueCounted is a flag beside the glue: the host has been counted.
const glueCounted Glue = 1 << 7

// hostHeader is the size of a host in the arena without its name, in bytes.
const hostHeader = 3

// newHostTable returns a table that takes about limit bytes at most.
func newHostTable(limit int) *hostTable {
	return &hostTable{
		limit: limit,
		arena: make([]byte, 1, 1<<10), // no host is at 0
		slots: make([]uint32, 1<<8),
		seed:  maphash.MakeSeed(),
	}
}

// add puts a host in, unless it is there.
func (t *hostTable) add(name Name) {
	if t.full {
		return
	}
	slot := t.find(name)
	if t.slots[slot] != 0 {
		return
	}
	if len(t.arena)+hostHeader+len(name)+4*len(t.slots) > t.limit {
		t.arena, t.slots, t.full = nil, nil, true
		return
	}
	t.slots[slot] = uint32(len(t.arena))
	t.arena = append(t.arena, byte(len(name)>>8), byte(len(name)), 0)
	t.arena = append(t.arena, name...)
	if t.hosts++; 4*t.hosts > 3*len(t.slots) {
		t.grow()
	}
}

// grow doubles the number of slots.
func (t *hostTable) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for at := 1; at < len(t.arena); {
		name := t.nameAt(at)
		t.slots[t.find(name)] = uint32(at)
		at += hostHeader + len(name)
	}
}

func (t *hostTable) nameAt(at int) Name {
	size := int(t.arena[at])<<8 | int(t.arena[at+1])
	return Name(t.arena[at+hostHeader : at+hostHeader+size])
}

// find returns the slot that holds name or, when none does, the one to put it
// in.
func (t *hostTable) find(name Name) int {
	mask := len(t.slots) - 1
	slot := int(maphash.Bytes(t.seed, name)) & mask
	for t.slots[slot] != 0 && !bytes.Equal(t.nameAt(int(t.slots[slot])), name) {
		slot = (slot + 1) & mask
	}
	return slot
}

// set gives a host its glue, if it is in the table.
func (t *hostTable) set(name Name, glue Glue) {
	if at := t.slots[t.find(name)]; at != 0 {
		t.arena[at+2] = byte(glue)
	}
}

// get returns the glue of a host and whether it is in the table. first is true
// the first time that a host is asked for.
func (t *hostTable) get(name Name) (glue Glue, first, in bool) {
	at := t.slots[t.find(name)]
	if at == 0 {
		return 0, false, false
	}
	glue = Glue(t.arena[at+2])
	t.arena[at+2] |= byte(glueCounted)
	return glue &^ glueCounted, glue&glueCounted == 0, true
}
