package scanner

import (
	"context"
	"testing"
	"time"
)

// TestConcurrencyLimitFollowsDelay raises the limit while the machine keeps up,
// and lowers it when it falls behind.
func TestConcurrencyLimitFollowsDelay(t *testing.T) {
	l := newConcurrencyLimit(500)
	first, least := l.limit, l.lowest
	fill := func() {
		for l.running < l.limit {
			if !l.acquire(t.Context()) {
				t.Fatal("below the limit, a slot was refused")
			}
		}
	}
	fill()
	for range 200 { // the machine keeps up
		l.adjust(time.Millisecond)
		fill()
	}
	if l.limit != 500 {
		t.Fatalf("the limit grew from %d to %d, want 500", first, l.limit)
	}
	l.adjust(30 * time.Millisecond) // between the bounds: unchanged
	if l.limit != 500 {
		t.Errorf("the limit fell to %d at a tolerable delay", l.limit)
	}
	l.adjust(200 * time.Millisecond)
	if l.limit != 375 {
		t.Errorf("the limit is %d after falling behind, want 375", l.limit)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if l.acquire(ended) {
		t.Error("a target began above the limit")
	}
	for range 100 {
		l.adjust(time.Second)
	}
	if l.limit != least {
		t.Errorf("the limit fell to %d, want %d", l.limit, least)
	}
	for l.running > 0 {
		l.release()
	}
	l.adjust(time.Millisecond) // nothing is held back by the limit
	if l.limit != least {
		t.Errorf("the limit grew to %d although nothing waits", l.limit)
	}
}
