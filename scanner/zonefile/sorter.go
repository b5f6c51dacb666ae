package zonefile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// sorter sorts items, each a key and a payload, by key. It holds at most about
// limit bytes of them; more are sorted in parts (runs) that are written to
// disk and merged when they are read. Items of equal keys come out next to each
// other, in no particular order.
type sorter struct {
	disk  *disk
	limit int

	arena  []byte  // the items of the current run, encoded
	index  []entry // where they are
	sorted bool    // index is in order
	last   []byte  // key of the item added last, in arena

	levels []*level // written runs; each level's are merges of the one before
	items  uint64   // added in all
}

// entry locates an item in the arena. prefix holds the first bytes of its key
// after what all keys of the arena have in common, so that most comparisons
// touch nothing else.
type entry struct {
	prefix uint64
	at     int
}

// level is one file of runs.
type level struct {
	file *spill
	runs []section
}

// section is where a run lies in its file, in bytes.
type section struct{ at, size int64 }

// fanIn is how many runs of a level are merged to one of the next.
const fanIn = 256

// maxItemHeader is the most that an encoded item takes besides key and payload:
// their lengths as variable-length integers, in bytes.
const maxItemHeader = 2 + binary.MaxVarintLen32

// newSorter returns a sorter that keeps about limit bytes in memory.
func newSorter(d *disk, limit int) *sorter {
	return &sorter{disk: d, limit: limit, sorted: true}
}

// add takes an item. Nothing of key and payload is kept.
func (s *sorter) add(key, payload []byte) error {
	size := maxItemHeader + len(key) + len(payload)
	if len(s.arena)+size+16*len(s.index) > s.limit && len(s.index) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	if len(s.arena)+size > cap(s.arena) {
		s.grow(size)
	}
	at := len(s.arena)
	if s.sorted && at > 0 && bytes.Compare(s.last, key) > 0 {
		s.sorted = false
	}
	s.arena = appendItem(s.arena, key, payload)
	s.last, _, _ = itemAt(s.arena[at:])
	s.index = append(s.index, entry{at: at})
	s.items++
	return nil
}

// grow makes room for size more bytes. Beyond small sizes it does so once, for
// what the limit allows, because every further step would leave the old arena
// behind as garbage.
func (s *sorter) grow(size int) {
	const small = 1 << 20
	room, entries := s.limit, s.limit/64
	if len(s.arena)+size <= small/2 {
		room, entries = 2*(len(s.arena)+size), 2*len(s.index)
	}
	s.arena = append(make([]byte, 0, max(room, len(s.arena)+size)), s.arena...)
	if entries > cap(s.index) {
		s.index = append(make([]entry, 0, entries), s.index...)
	}
}

func appendItem(b, key, payload []byte) []byte {
	b = appendItemHeader(b, len(key), len(payload))
	b = append(b, key...)
	return append(b, payload...)
}

func appendItemHeader(b []byte, key, payload int) []byte {
	if key < 0x80 && payload < 0x80 {
		return append(b, byte(key), byte(payload))
	}
	b = binary.AppendUvarint(b, uint64(key))
	return binary.AppendUvarint(b, uint64(payload))
}

// itemHeader returns the lengths of the item that b begins with, and of its
// header; none when b is too short to tell.
func itemHeader(b []byte) (key, payload, header int) {
	if len(b) >= 2 && b[0] < 0x80 && b[1] < 0x80 {
		return int(b[0]), int(b[1]), 2
	}
	k, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, 0
	}
	p, m := binary.Uvarint(b[n:])
	if m <= 0 {
		return 0, 0, 0
	}
	return int(k), int(p), n + m
}

// itemAt returns the item that b begins with and how long it is.
func itemAt(b []byte) (key, payload []byte, size int) {
	k, p, n := itemHeader(b)
	size = n + k + p
	return b[n : n+k : n+k], b[n+k : size : size], size
}

// sort puts the index of the current run in order.
func (s *sorter) sort() {
	if s.sorted {
		return
	}
	common := s.commonPrefix()
	for i := range s.index {
		key, _, _ := itemAt(s.arena[s.index[i].at:])
		s.index[i].prefix = prefix64(key[common:])
	}
	slices.SortFunc(s.index, func(a, b entry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		ka, _, _ := itemAt(s.arena[a.at:])
		kb, _, _ := itemAt(s.arena[b.at:])
		return bytes.Compare(ka, kb)
	})
	s.sorted = true
}

// commonPrefix returns the length of what all keys of the run begin with.
func (s *sorter) commonPrefix() int {
	first, _, _ := itemAt(s.arena[s.index[0].at:])
	n := len(first)
	for _, e := range s.index {
		key, _, _ := itemAt(s.arena[e.at:])
		n = min(n, len(key))
		for !bytes.Equal(key[:n], first[:n]) {
			n--
		}
	}
	return n
}

// prefix64 returns the first 8 bytes of key as a number that compares alike.
func prefix64(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var padded [8]byte
	copy(padded[:], key)
	return binary.BigEndian.Uint64(padded[:])
}

// spill writes the current run to disk and makes room for the next.
func (s *sorter) spill() error {
	s.sort()
	if err := s.write(0, s.memoryRun()); err != nil {
		return err
	}
	s.arena, s.index, s.sorted = s.arena[:0], s.index[:0], true
	for n := 0; n < len(s.levels) && len(s.levels[n].runs) == fanIn; n++ {
		if err := s.write(n+1, newMerge(s.levels[n].open())); err != nil {
			return err
		}
		s.levels[n].runs = s.levels[n].runs[:0]
		if err := s.levels[n].file.truncate(); err != nil {
			return err
		}
	}
	return nil
}

// write appends what from yields to a level as a new run.
func (s *sorter) write(n int, from run) error {
	if n == len(s.levels) {
		file, err := s.disk.create()
		if err != nil {
			return err
		}
		s.levels = append(s.levels, &level{file: file})
	}
	l := s.levels[n]
	start := l.file.size
	for {
		key, payload, err := from.next()
		if err != nil {
			return err
		}
		if key == nil {
			break
		}
		if err := l.file.append(key, payload); err != nil {
			return err
		}
	}
	if err := l.file.flush(); err != nil {
		return err
	}
	l.runs = append(l.runs, section{at: start, size: l.file.size - start})
	return nil
}

func (l *level) open() []run {
	runs := make([]run, len(l.runs))
	for i, at := range l.runs {
		runs[i] = l.file.open(at)
	}
	return runs
}

// all returns every item in the order of the keys. It may be called again, to
// read them again, but nothing may be added afterwards.
func (s *sorter) all() run {
	var runs []run
	for _, l := range s.levels {
		runs = append(runs, l.open()...)
	}
	if len(s.index) > 0 {
		s.sort()
		runs = append(runs, s.memoryRun())
	}
	if len(runs) == 1 {
		return runs[0]
	}
	return newMerge(runs)
}

// close gives up memory and disk. It may be called again.
func (s *sorter) close() {
	s.arena, s.index, s.last = nil, nil, nil
	for _, l := range s.levels {
		l.file.close()
	}
	s.levels = nil
}
