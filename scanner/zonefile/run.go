package zonefile

import "bytes"

// run yields items in the order of their keys. The key is nil after the last;
// key and payload are valid until the next call.
type run interface {
	next() (key, payload []byte, err error)
}

// memoryRun yields the items of a sorter's arena.
type memoryRun struct {
	arena []byte
	index []entry
	// touched is the sum of bytes that are read for nothing but to have the
	// items that come next in the processor's cache by then.
	touched byte
}

// ahead is by how many items memoryRun reads ahead.
const ahead = 8

func (s *sorter) memoryRun() run { return &memoryRun{arena: s.arena, index: s.index} }

func (r *memoryRun) next() (key, payload []byte, err error) {
	if len(r.index) == 0 {
		return nil, nil, nil
	}
	key, payload, _ = itemAt(r.arena[r.index[0].at:])
	r.index = r.index[1:]
	if len(r.index) > ahead {
		r.touched ^= r.arena[r.index[ahead].at]
	}
	return key, payload, nil
}

// merge yields the items of several runs: a binary heap of the runs, the one
// with the least key at its root.
type merge struct {
	heap  []*head
	fresh []run // before the first call of next
}

// head is a run and the item it stands at.
type head struct {
	key, payload []byte
	from         run
}

func newMerge(runs []run) *merge { return &merge{fresh: runs} }

func (m *merge) next() (key, payload []byte, err error) {
	if m.fresh != nil {
		if err := m.fill(); err != nil {
			return nil, nil, err
		}
	} else if len(m.heap) > 0 {
		root := m.heap[0]
		if root.key, root.payload, err = root.from.next(); err != nil {
			return nil, nil, err
		}
		if root.key == nil {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.sink(0)
	}
	if len(m.heap) == 0 {
		return nil, nil, nil
	}
	return m.heap[0].key, m.heap[0].payload, nil
}

// fill reads the first item of every run.
func (m *merge) fill() error {
	for _, r := range m.fresh {
		key, payload, err := r.next()
		if err != nil {
			return err
		}
		if key != nil {
			m.heap = append(m.heap, &head{key: key, payload: payload, from: r})
		}
	}
	m.fresh = nil
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return nil
}

// sink restores the heap below i.
func (m *merge) sink(i int) {
	if i >= len(m.heap) {
		return
	}
	top := m.heap[i]
	for {
		child := 2*i + 1
		if child >= len(m.heap) {
			break
		}
		if right := child + 1; right < len(m.heap) && bytes.Compare(m.heap[right].key, m.heap[child].key) < 0 {
			child = right
		}
		if bytes.Compare(top.key, m.heap[child].key) <= 0 {
			break
		}
		m.heap[i] = m.heap[child]
		i = child
	}
	m.heap[i] = top
}
