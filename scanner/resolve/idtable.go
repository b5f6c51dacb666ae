package resolve

import (
	"sync/atomic"
	"time"
)

const (
	ids        = 1 << 16
	tick       = 10 * time.Millisecond
	wheelSlots = 512
)

// idTable finds the query of a message id. The socket's writer alone assigns
// ids and expires them; a reader takes queries out at any time. No locks.
type idTable struct {
	entries [ids]atomic.Pointer[pending]
	// due holds the tick at which each id expires, and wheel the ids by that
	// tick modulo wheelSlots. Ids that were answered stay in the wheel until
	// their slot comes round. Both belong to the writer.
	due   [ids]uint32
	wheel [wheelSlots][]uint16
	now   uint32 // the last tick expired
	last  uint32 // the tick at which the last id expires
}

// taken marks an entry that a reader is looking at.
var taken = new(pending)

// assign gives p a free id, chosen at random, that expires in timeout.
func (t *idTable) assign(p *pending, random func() uint64) (uint16, bool) {
	for range 64 {
		id := uint16(random())
		if t.entries[id].Load() != nil {
			continue
		}
		due := t.now + 1 + uint32((p.timeout+tick-1)/tick)
		t.due[id] = due
		t.last = max(t.last, due)
		slot := due % wheelSlots
		t.wheel[slot] = append(t.wheel[slot], id)
		t.entries[id].Store(p)
		return id, true
	}
	return 0, false
}

// take removes and returns the query of id if match says that it is the one.
func (t *idTable) take(id uint16, match func(*pending) bool) *pending {
	p := t.entries[id].Load()
	if p == nil || p == taken || !t.entries[id].CompareAndSwap(p, taken) {
		return nil
	}
	if !match(p) {
		t.entries[id].Store(p)
		return nil
	}
	t.entries[id].Store(nil)
	return p
}

// remove takes p out of the table; false when it was removed already.
func (t *idTable) remove(id uint16, p *pending) bool {
	for {
		switch t.entries[id].Load() {
		case p:
			if t.entries[id].CompareAndSwap(p, nil) {
				return true
			}
		case taken: // for a moment only
		default:
			return false
		}
	}
}

// expire moves on to tick now and calls lost for each query whose time is up.
func (t *idTable) expire(now uint32, lost func(*pending)) {
	if now-t.now > wheelSlots {
		t.now = now - wheelSlots
	}
	for t.now < now {
		t.now++
		slot := t.now % wheelSlots
		old := t.wheel[slot]
		t.wheel[slot] = old[:0]
		for _, id := range old {
			switch due := t.due[id]; {
			case due%wheelSlots != slot: // assigned anew
			case due > now: // on a later round
				t.wheel[slot] = append(t.wheel[slot], id)
			default:
				t.expireID(id, lost)
			}
		}
	}
}

func (t *idTable) expireID(id uint16, lost func(*pending)) {
	p := t.entries[id].Load()
	switch {
	case p == nil:
	case p == taken:
		// A reader decides about it now; look again at the next tick.
		t.due[id] = t.now + 1
		t.last = max(t.last, t.due[id])
		slot := t.due[id] % wheelSlots
		t.wheel[slot] = append(t.wheel[slot], id)
	case t.entries[id].CompareAndSwap(p, nil):
		lost(p)
	}
}

// reset empties the table and returns what was in it to lost.
func (t *idTable) reset(lost func(*pending)) {
	for id := range t.entries {
		if p := t.entries[id].Swap(nil); p != nil && p != taken {
			lost(p)
		}
	}
	for i := range t.wheel {
		t.wheel[i] = t.wheel[i][:0]
	}
	t.now, t.last = 0, 0
}
