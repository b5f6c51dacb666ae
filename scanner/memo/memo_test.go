package memo

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestFoundOutOnce: concurrent requests for one value cost one lookup,
// and so do those who come while it is kept.
func TestFoundOutOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c Cache[int32]
		var asked atomic.Int32
		want := func(value int32) {
			t.Helper()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					got, ok := c.Get(t.Context(), "key", func() (int32, time.Duration) { time.Sleep(time.Second); return asked.Add(1), time.Minute })
					if !ok || got != value {
						t.Errorf("got %d, %v, want %d", got, ok, value)
					}
				})
			}
			all.Wait()
		}
		want(1)
		time.Sleep(58 * time.Second)
		want(1)
		time.Sleep(3 * time.Second)
		want(2)
		c.Forget(func(value int32) bool { return value == 2 })
		want(3)
	})
}

// TestPassedOn: what is kept for no time is only for the caller that found it
// out; who waited finds it out next, and waiting ends with the waiter's own
// time.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c Cache[string]
		var all sync.WaitGroup
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		all.Go(func() {
			got, ok := c.Get(short, "key", func() (string, time.Duration) { time.Sleep(time.Minute); return "late", 0 })
			if !ok || got != "late" {
				t.Errorf("who found it out got %q, %v", got, ok)
			}
		})
		synctest.Wait()
		if _, ok := c.Get(short, "key", nil); ok || time.Since(started(short)) > time.Second {
			t.Error("a value came before it was known, or late")
		}
		got, ok := c.Get(t.Context(), "key", func() (string, time.Duration) { return "mine", time.Second })
		if !ok || got != "mine" {
			t.Errorf("got %q, %v", got, ok)
		}
		if _, ok := c.Get(short, "other", nil); ok {
			t.Error("somebody whose time is up got an answer")
		}
		all.Wait()
	})
}

// started is when a context of a second began.
func started(ctx context.Context) time.Time {
	end, _ := ctx.Deadline()
	return end.Add(-time.Second)
}

// TestBounded fills the cache many times over. What is in use stays.
func TestBounded(t *testing.T) {
	t.Parallel()
	c := Cache[int]{Size: 100}
	for n := range 1000 {
		c.Get(t.Context(), fmt.Sprint(n), func() (int, time.Duration) { return n, time.Hour })
		c.Get(t.Context(), "0", func() (int, time.Duration) { t.Error("forgotten while in use"); return 0, time.Hour })
	}
	if c.Len() != 100 {
		t.Errorf("%d values are kept", c.Len())
	}
}
