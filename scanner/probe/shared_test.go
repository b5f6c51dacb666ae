package probe

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSharedIsFoundOutOnce has many ask at the same time: one finds out, the
// others wait for it.
func TestSharedIsFoundOutOnce(t *testing.T) {
	var s shared[int]
	var found atomic.Int32
	begun, end := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			value, ok := s.get(t.Context(), "tg.", func() (int, bool) {
				found.Add(1)
				close(begun)
				<-end
				return 7, false
			})
			if value != 7 || !ok {
				t.Errorf("got %d, %v", value, ok)
			}
		})
	}
	<-begun
	close(end)
	all.Wait()
	if n := found.Load(); n != 1 {
		t.Errorf("found out %d times", n)
	}
}

// TestSharedOutlivesWhoLooked: what a target that ran out of time was looking
// for is found out by the next, and waiting ends with the one who waits.
func TestSharedOutlivesWhoLooked(t *testing.T) {
	var s shared[int]
	first, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		if _, ok := s.get(first, "tg.", func() (int, bool) { close(begun); <-first.Done(); return 1, false }); ok {
			t.Error("an interrupted look-up counts")
		}
	})
	<-begun
	both.Go(func() {
		if value, ok := s.get(t.Context(), "tg.", func() (int, bool) { return 2, false }); value != 2 || !ok {
			t.Errorf("got %d, %v", value, ok)
		}
	})
	ended, end := context.WithCancel(t.Context())
	end()
	if _, ok := s.get(ended, "tg.", func() (int, bool) { return 3, false }); ok {
		t.Error("somebody whose time is up got an answer")
	}
	cancel()
	both.Wait()
}

// TestSharedIsBounded fills the cache many times over. What is in use stays.
func TestSharedIsBounded(t *testing.T) {
	var s shared[int]
	kept := func() (int, bool) { return 1, false }
	if _, ok := s.get(t.Context(), "hot", kept); !ok {
		t.Fatal("not found")
	}
	for i := range 3 * sharedEntries {
		s.get(t.Context(), fmt.Sprint(i), kept)
		if i%1000 == 0 {
			s.get(t.Context(), "hot", func() (int, bool) { t.Fatal("forgotten while in use"); return 0, false })
		}
	}
	if n := len(s.young) + len(s.old); n > sharedEntries+1 {
		t.Errorf("%d entries are kept, the bound is %d", n, sharedEntries)
	}
}

// TestSharedFailuresAreShort: a failure is tried again soon, a fact is not.
func TestSharedFailuresAreShort(t *testing.T) {
	var s shared[int]
	for _, failed := range []bool{true, false} {
		key := fmt.Sprint(failed)
		s.get(t.Context(), key, func() (int, bool) { return 1, failed })
		for later, want := range map[time.Duration]bool{time.Second: false, sharedFailure + time.Second: failed, sharedTime + time.Second: true} {
			f := s.young[key]
			if again := f.expires.Before(time.Now().Add(later)); again != want {
				t.Errorf("failed %v, %s later: looked at again %v", failed, later, again)
			}
		}
	}
}
