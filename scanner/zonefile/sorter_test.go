package zonefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSorter sorts more items than fit in memory, with so many runs that they
// are merged in several levels.
func TestSorter(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, limit := range []int{1, 1 << 10, 1 << 30} {
		d := &disk{ctx: context.Background(), dir: t.TempDir()}
		s := newSorter(d, limit)
		var want []string
		n := 30_000
		if limit == 1 {
			n = 3000 // each is a run of its own
		}
		for i := range n {
			key := make([]byte, random.IntN(12))
			for j := range key {
				key[j] = "\x00\x01ab"[random.IntN(4)]
			}
			payload := binary.AppendUvarint(nil, uint64(i))
			if i%1000 == 0 { // longer than any buffer
				payload = append(payload, strings.Repeat("x", 2*readBuffer)...)
			}
			want = append(want, fmt.Sprintf("%x %x", key, payload[:min(8, len(payload))]))
			if err := s.add(key, payload); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		for range 2 { // it can be read more than once
			if got := readAll(t, s.all()); !slices.Equal(got, want) {
				t.Fatalf("limit %d: %d items are not in order or not the same as %d", limit, len(got), len(want))
			}
		}
		if limit < 1<<20 && len(s.levels) < 2 {
			t.Errorf("limit %d: %d levels of runs", limit, len(s.levels))
		}
		s.close()
		if d.held != 0 {
			t.Errorf("limit %d: %d bytes left", limit, d.held)
		}
	}
}

// readAll checks that keys are in order and returns the items sorted.
func readAll(t *testing.T, r run) (items []string) {
	var last []byte
	for {
		key, payload, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if key == nil {
			slices.Sort(items)
			return items
		}
		if bytes.Compare(last, key) > 0 {
			t.Fatalf("%x comes after %x", key, last)
		}
		last = append(last[:0], key...)
		items = append(items, fmt.Sprintf("%x %x", key, payload[:min(8, len(payload))]))
	}
}

func TestSorterEmpty(t *testing.T) {
	s := newSorter(&disk{ctx: context.Background()}, 1<<20)
	if items := readAll(t, s.all()); len(items) != 0 {
		t.Errorf("%d items", len(items))
	}
}

// TestSorterOnFullDisk asserts that a disk without room is an error that says
// what to do.
func TestSorterOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatalf("needs /dev/full: %v", err)
	}
	d := &disk{ctx: context.Background(), dir: t.TempDir()}
	s := newSorter(d, 1<<10)
	file, err := d.create()
	if err != nil {
		t.Fatal(err)
	}
	file.f.Close()
	if file.f, err = os.OpenFile("/dev/full", os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	file.w.Reset(file.f)
	s.levels = []*level{{file: file}}
	for i := 0; err == nil && i < 1_000_000; i++ {
		err = s.add([]byte(fmt.Sprint(i)), []byte("payload"))
	}
	if err == nil || !strings.Contains(err.Error(), "no room left in") || !strings.Contains(err.Error(), "--temp-dir") {
		t.Errorf("got %v", err)
	}
}

func TestSorterCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := newSorter(&disk{ctx: ctx, dir: t.TempDir()}, 1<<20)
	var err error
	for i := 0; err == nil && i < 10_000_000; i++ {
		err = s.add([]byte(fmt.Sprint(i)), []byte("payload"))
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestTopCounter counts names of a skewed distribution in too little room. The
// frequent ones must be there, with the error that is stated.
func TestTopCounter(t *testing.T) {
	c := newTopCounter(128)
	exact := map[string]uint64{}
	random := rand.New(rand.NewPCG(5, 6))
	zipf := rand.NewZipf(random, 1.2, 1, 100_000)
	for range 200_000 {
		name := fmt.Sprint(zipf.Uint64())
		exact[name]++
		c.add([]byte(name))
	}
	top := c.top(10, func(key []byte) string { return string(key) })
	if top.Exact || top.MaxError == 0 || len(top.Entries) != 10 {
		t.Fatalf("%+v", top)
	}
	for _, e := range top.Entries {
		if n := exact[e.Name]; e.Delegations > n || e.Delegations+top.MaxError < n {
			t.Errorf("%s: counted %d with an error of at most %d, has %d", e.Name, e.Delegations, top.MaxError, n)
		}
	}
	for name, n := range exact {
		listed := slices.ContainsFunc(top.Entries, func(e TopEntry) bool { return e.Name == name })
		if n > top.Entries[9].Delegations+top.MaxError && !listed {
			t.Errorf("%s has %d and is missing", name, n)
		}
	}
	if len(c.tallies) > 128 {
		t.Errorf("%d names are kept", len(c.tallies))
	}
}

func TestTopCounterExact(t *testing.T) {
	c := newTopCounter(4)
	for _, name := range []string{"b", "a", "c", "b", "a"} {
		c.add([]byte(name))
	}
	top := c.top(2, func(key []byte) string { return strings.ToUpper(string(key)) })
	want := []TopEntry{{"A", 2}, {"B", 2}}
	if !top.Exact || !slices.Equal(top.Entries, want) {
		t.Errorf("%+v", top)
	}
}
