package campaign

import (
	"sync"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
)

// Event is something that happened: Started, Checked, Pass, Progress or Done,
// in this order. Pass and Progress may come any number of times.
type Event interface{ isEvent() }

// Started says what is about to be measured.
type Started struct {
	scanner.Header
	Simulated bool
	// Part is how many targets this machine measures of those of the header,
	// and Kept how many of them are kept already, of an earlier try.
	Kept, Part uint64
}

// Checked says what the preflight found.
type Checked struct{ *preflight.Result }

// Pass says that targets which failed are measured once more, after a pause.
type Pass struct {
	Number  int // 2 for the first of these
	Targets uint64
	Pause   time.Duration
}

// Progress is how far a campaign is.
type Progress struct {
	Done, Total int64 // targets of this machine that were left when it began
	Took        time.Duration
	// Counts are the targets that are done by the status of their leading
	// verdict, see [scanner.Tally.Count].
	Counts map[observation.Status]int64
	Pass   Pass // the one under way; zero in the first
}

// Done says that all targets of this machine are kept.
type Done struct {
	scanner.Header
	Mine, All uint64 // kept of this machine's part and of the whole list
	Resumed   bool   // an earlier try measured some of them
	// Freed are the operators that, each alone by enabling IPv6, would make the
	// most of the targets measured now resolvable without IPv4.
	Freed   []scanner.Unblocker
	Checked *preflight.Result // empty without a preflight
}

// Complete says whether the scan is: no machine has a target left.
func (d Done) Complete() bool { return d.All == d.Targets }

func (Started) isEvent()  {}
func (Checked) isEvent()  {}
func (Pass) isEvent()     {}
func (Progress) isEvent() {}
func (Done) isEvent()     {}

// events passes them on one at a time.
type events struct {
	mu   sync.Mutex
	tell func(Event)
	pass Pass // the last one
}

func (e *events) send(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if pass, ok := event.(Pass); ok {
		e.pass = pass
	}
	e.tell(event)
}

// progressEvery is how often a progress event is sent, often enough for a bar.
const progressEvery = 200 * time.Millisecond

// progress tells how far a campaign is until stop is called.
func (e *events) progress(tally *scanner.Tally, total int64) (stop func()) {
	begun, done := time.Now(), make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			p := Progress{Done: tally.Done(), Total: total, Took: time.Since(begun), Counts: make(map[observation.Status]int64)}
			for _, status := range observation.Statuses() {
				p.Counts[status] = tally.Count(status)
			}
			e.mu.Lock()
			p.Pass = e.pass
			e.tell(p)
			e.mu.Unlock()
		}
	})
	return func() { close(done); telling.Wait() }
}
