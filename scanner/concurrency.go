package scanner

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// A concurrencyLimit is the adaptive limit on how many targets are measured at
// the same time: few at first, more while this machine keeps up, fewer when it
// falls behind. A scanner too busy to read answers in time would report its own
// slowness as time-outs of the servers it measures.
type concurrencyLimit struct {
	highest, lowest int

	mu      sync.Mutex
	limit   int
	running int
	changed chan struct{} // closed and replaced when a slot becomes free
}

const (
	sampleInterval = 10 * time.Millisecond // how often the delay is measured
	samplesPerStep = 10                    // after how many samples the limit is adjusted
	// A ready goroutine that waits longer than lateDelay has too many ahead of
	// it; below earlyDelay there is capacity for more. Time-outs are seconds, so
	// both are well below what could change a verdict.
	lateDelay, earlyDelay = 50 * time.Millisecond, 20 * time.Millisecond
)

func newConcurrencyLimit(workers int) *concurrencyLimit {
	least := min(workers, 2*runtime.GOMAXPROCS(0))
	return &concurrencyLimit{highest: workers, lowest: least, limit: min(workers, 4*least), changed: make(chan struct{})}
}

// acquire waits for a slot and takes it. It returns false when ctx ends first.
func (l *concurrencyLimit) acquire(ctx context.Context) bool {
	for {
		l.mu.Lock()
		if l.running < l.limit {
			l.running++
			l.mu.Unlock()
			return true
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// release frees the slot of a target that was measured.
func (l *concurrencyLimit) release() {
	l.mu.Lock()
	l.running--
	l.wakeWaiters()
	l.mu.Unlock()
}

// wakeWaiters makes every waiting acquire check the limit again.
func (l *concurrencyLimit) wakeWaiters() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// adjust sets the limit by the longest delay of the last samples. It raises the
// limit only while the limit is what holds targets back.
func (l *concurrencyLimit) adjust(delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case delay > lateDelay:
		l.limit = max(l.lowest, min(l.limit, l.running)*3/4)
	case delay < earlyDelay && l.running >= l.limit:
		l.limit = min(l.highest, l.limit+max(1, l.limit/16))
		l.wakeWaiters()
	}
}

// watch measures how late timers of this process fire, and adjusts the limit,
// until ctx ends.
func (l *concurrencyLimit) watch(ctx context.Context) {
	ticker := time.NewTicker(sampleInterval)
	defer ticker.Stop()
	for {
		var worst time.Duration
		for range samplesPerStep {
			before := time.Now()
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				worst = max(worst, time.Since(before)-sampleInterval)
			}
		}
		l.adjust(worst)
	}
}
