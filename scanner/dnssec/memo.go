package dnssec

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
)

// memo remembers the last signatures of a zone that were found good, by the
// SHA-256 of what was signed and of the signature. The records that deny and
// the SOA come with answer after answer; a hash costs a hundredth of a
// signature check. The zero value is empty. Safe for concurrent use.
type memo struct {
	slots [memoSlots]atomic.Pointer[[sha256.Size]byte]
	next  atomic.Uint32 // the slot that is written next
}

const memoSlots = 16

// sum returns the fingerprint of a signature over data. It may write behind
// data.
func sum(data, signature []byte) [sha256.Size]byte {
	all := append(data, signature...)
	return sha256.Sum256(binary.BigEndian.AppendUint32(all, uint32(len(signature))))
}

func (m *memo) has(sum *[sha256.Size]byte) bool {
	for i := range m.slots {
		if have := m.slots[i].Load(); have != nil && *have == *sum {
			return true
		}
	}
	return false
}

func (m *memo) add(sum [sha256.Size]byte) {
	m.slots[(m.next.Add(1)-1)%memoSlots].Store(&sum)
}
