package scanner

import (
	"context"
	"testing"
	"time"
)

func TestGovernor(t *testing.T) {
	g := newGovernor(500)
	first, least := g.limit, g.least
	fill := func() {
		for g.running < g.limit {
			if !g.enter(t.Context()) {
				t.Fatal("no place")
			}
		}
	}
	fill()
	for range 200 { // the machine keeps up
		g.observe(time.Millisecond)
		fill()
	}
	if g.limit != 500 {
		t.Fatalf("the limit grew from %d to %d, want 500", first, g.limit)
	}
	g.observe(30 * time.Millisecond) // between the bounds: stay
	if g.limit != 500 {
		t.Errorf("the limit fell to %d without need", g.limit)
	}
	g.observe(200 * time.Millisecond)
	if g.limit != 375 {
		t.Errorf("the limit is %d after falling behind, want 375", g.limit)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if g.enter(ended) {
		t.Error("a target began above the limit")
	}
	for range 100 {
		g.observe(time.Second)
	}
	if g.limit != least {
		t.Errorf("the limit fell to %d, want %d", g.limit, least)
	}
	for g.running > 0 {
		g.leave()
	}
	g.observe(time.Millisecond) // nothing is held back: no reason to grow
	if g.limit != least {
		t.Errorf("the limit grew to %d although nothing waits", g.limit)
	}
}
