package scanner

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"adopt6/lists"
)

func named(names ...string) iter.Seq2[lists.Target, error] {
	return func(yield func(lists.Target, error) bool) {
		for _, n := range names {
			if !yield(lists.Target{Name: n, Unicode: n, Kind: lists.Custom}, nil) {
				return
			}
		}
	}
}

func numbered(n int) iter.Seq2[lists.Target, error] {
	return func(yield func(lists.Target, error) bool) {
		for i := range n {
			name := fmt.Sprintf("d%07d.example", i)
			if !yield(lists.Target{Name: name, Unicode: name, Kind: lists.Custom}, nil) {
				return
			}
		}
	}
}

func pendingNames(t *testing.T, w *Worklist, done *Positions) map[uint64]string {
	t.Helper()
	got := make(map[uint64]string)
	for p, err := range w.Pending(done) {
		if err != nil {
			t.Fatal(err)
		}
		if earlier, twice := got[p.Position]; twice {
			t.Fatalf("position %d twice: %s and %s", p.Position, earlier, p.Target.Name)
		}
		got[p.Position] = p.Target.Name
	}
	return got
}

func TestWorklistLeavesOutDuplicates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scan")
	w, err := CreateWorklist(dir, Header{List: "test"}, named("a.tg", "b.tg", "a.tg", "c.tg", "b.tg"))
	if err != nil {
		t.Fatal(err)
	}
	if w.Targets != 3 || w.Duplicates != 2 {
		t.Errorf("got %d targets and %d duplicates, want 3 and 2", w.Targets, w.Duplicates)
	}
	got := pendingNames(t, w, nil)
	want := map[uint64]string{0: "a.tg", 1: "b.tg", 2: "c.tg"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestWorklistResumes opens a work list again and yields only what is not done.
func TestWorklistResumes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scan")
	const n = 3*markEvery*stripes/2 + 17
	if _, err := CreateWorklist(dir, Header{List: "test"}, numbered(n)); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWorklist(dir)
	if err != nil {
		t.Fatal(err)
	}
	done := new(Positions)
	for i := uint64(0); i < n; i += 3 {
		done.Add(i)
	}
	got := pendingNames(t, w, done)
	if want := n - int(done.Count()); len(got) != want {
		t.Fatalf("%d targets pending, want %d", len(got), want)
	}
	for position, name := range got {
		if position%3 == 0 || name != fmt.Sprintf("d%07d.example", position) {
			t.Fatalf("position %d has %s", position, name)
		}
	}
}

func TestWorklistNoticesAChangedFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scan")
	if _, err := CreateWorklist(dir, Header{}, named("a.tg", "b.tg")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, worklistFile), []byte("a.tg,a.tg,custom,,,,,,,,\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWorklist(dir); err == nil || !strings.Contains(err.Error(), "1 targets, scan.json says 2") {
		t.Errorf("got %v, want an error with both counts", err)
	}
}

// TestWorklistOfABadList leaves no folder that could be resumed.
func TestWorklistOfABadList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scan")
	bad := errors.New("list.csv:2: no domain")
	list := func(yield func(lists.Target, error) bool) {
		_ = yield(lists.Target{Name: "a.tg"}, nil) && yield(lists.Target{}, bad)
	}
	if _, err := CreateWorklist(dir, Header{}, list); !errors.Is(err, bad) {
		t.Errorf("got %v, want the list's error", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder of the failed scan is still there: %v", err)
	}
}

func TestFindDuplicatesInPasses(t *testing.T) {
	names := make([]string, 0, 1000)
	for i := range 1000 {
		names = append(names, fmt.Sprint("d", i%700))
	}
	for _, atOnce := range []int{10, 99, 1000, 5000} {
		f := fingerprintsOf(t, names)
		dups, err := findDuplicates(f, 1000, atOnce)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(1000) {
			if dups.Has(i) != (i >= 700) {
				t.Fatalf("%d at once: position %d counted wrongly", atOnce, i)
			}
		}
	}
}

// TestWorklistMemoryIsFlat reads a long list in the memory of a short one.
func TestWorklistMemoryIsFlat(t *testing.T) {
	const n = 400_000
	w, err := CreateWorklist(filepath.Join(t.TempDir(), "scan"), Header{}, numbered(n))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	for p, err := range w.Pending(nil) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Position%100_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			peak = max(peak, after.HeapAlloc)
		}
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("reading %d targets took %d bytes of heap, want under 8 MiB", n, grown)
	}
}

func fingerprintsOf(t *testing.T, names []string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	for _, n := range names {
		sum := sha256.Sum256([]byte(n))
		b.Write(sum[:16])
	}
	return bytes.NewReader(b.Bytes())
}
