package scanner

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// A governor decides how many targets are measured at the same time: few at
// first, more while this machine keeps up, fewer when it falls behind. A
// scanner that is too busy to read answers would take its own slowness for that
// of others, and a time-out that is its own fault for a broken host.
type governor struct {
	most, least int

	mu      sync.Mutex
	limit   int
	running int
	freed   chan struct{} // closed and replaced when a place becomes free
}

const (
	tick  = 10 * time.Millisecond // how often the delay is measured
	judge = 10                    // after how many ticks the limit is set
	// A goroutine that is ready and waits for longer than late has too many
	// before it; below early there is room for more. Time-outs are seconds, so
	// both are well below what could turn into a verdict.
	late, early = 50 * time.Millisecond, 20 * time.Millisecond
)

func newGovernor(workers int) *governor {
	least := min(workers, 2*runtime.GOMAXPROCS(0))
	return &governor{most: workers, least: least, limit: min(workers, 4*least), freed: make(chan struct{})}
}

// enter waits for a place, or for the end of ctx.
func (g *governor) enter(ctx context.Context) bool {
	for {
		g.mu.Lock()
		if g.running < g.limit {
			g.running++
			g.mu.Unlock()
			return true
		}
		freed := g.freed
		g.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (g *governor) leave() {
	g.mu.Lock()
	g.running--
	g.wake()
	g.mu.Unlock()
}

// wake lets those who wait look again.
func (g *governor) wake() {
	close(g.freed)
	g.freed = make(chan struct{})
}

// observe sets the limit by the longest delay of the last while. The limit
// grows only while it is what holds targets back.
func (g *governor) observe(delay time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case delay > late:
		g.limit = max(g.least, min(g.limit, g.running)*3/4)
	case delay < early && g.running >= g.limit:
		g.limit = min(g.most, g.limit+max(1, g.limit/16))
		g.wake()
	}
}

// watch measures how late this process gets to what is due, until ctx ends.
func (g *governor) watch(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		var worst time.Duration
		for range judge {
			before := time.Now()
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				worst = max(worst, time.Since(before)-tick)
			}
		}
		g.observe(worst)
	}
}
