package resolve

import (
	"adopt6/scanner/observation"
	"context"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// BatchStats counts the results of many questions.
type BatchStats struct {
	Asked, Answered, Failed int64
	Queries                 int64 // tries included
}

func (s *BatchStats) add(t BatchStats) {
	s.Asked += t.Asked
	s.Answered += t.Answered
	s.Failed += t.Failed
	s.Queries += t.Queries
}

// ResolveAll resolves names, so many at a time as there are workers, and
// writes each result to w as it is done, one JSON object a line (see
// [Result.AppendJSON]). It ends with the names, with ctx or with an error of w.
func (r *Resolver) ResolveAll(ctx context.Context, mode Mode, qtype uint16, workers int, names iter.Seq[string], w io.Writer) (BatchStats, error) {
	out := newOutput(w)
	stop := context.AfterFunc(ctx, out.giveUp)
	defer stop()
	work := make(chan string, workers)
	counts := make([]BatchStats, max(1, workers))
	var running sync.WaitGroup
	for i := range counts {
		running.Go(func() {
			var line []byte
			for name := range work {
				line = r.resolveOne(ctx, mode, name, qtype, &counts[i], line[:0])
				out.add(line)
			}
		})
	}
	for name := range names {
		if out.room() != nil {
			break
		}
		work <- name
	}
	close(work)
	running.Wait()
	var total BatchStats
	for _, c := range counts {
		total.add(c)
	}
	err := out.close()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return total, err
}

// resolveOne appends the line for one name.
func (r *Resolver) resolveOne(ctx context.Context, mode Mode, name string, qtype uint16, count *BatchStats, line []byte) []byte {
	if ctx.Err() != nil {
		return line
	}
	result, err := r.Resolve(ctx, mode, name, qtype)
	if ctx.Err() != nil {
		return line // it was not finished
	}
	if err != nil {
		result = &Result{Name: name, Type: qtype, RCode: dns.RcodeServerFailure, Reason: observation.BadName}
	}
	count.Asked++
	count.Queries += int64(result.Queries)
	if result.Reason == "" {
		count.Answered++
	} else {
		count.Failed++
	}
	return append(result.AppendJSON(line), '\n')
}

const (
	// outputFlush is when output is handed to the writer, and outputBacklog
	// when asking waits for the writer to catch up, both in bytes. Less than
	// outputFlush is handed over after outputDelay.
	outputFlush   = 128 << 10
	outputBacklog = 8 << 20
	outputDelay   = 100 * time.Millisecond
)

// output gathers lines from many goroutines and writes them from one of its
// own, so that a slow writer holds up asking and never reading.
type output struct {
	mu      sync.Mutex
	ready   sync.Cond // something to write, or closing
	drained sync.Cond
	full    []byte
	spare   []byte
	timer   *time.Timer // runs while full waits to be worth a write
	due     bool        // it has waited long enough
	closing bool
	err     error
	ended   chan struct{}
}

func newOutput(w io.Writer) *output {
	o := &output{ended: make(chan struct{})}
	o.ready.L, o.drained.L = &o.mu, &o.mu
	o.timer = time.AfterFunc(time.Hour, o.dueNow)
	go o.run(w)
	return o
}

func (o *output) run(w io.Writer) {
	defer close(o.ended)
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.full) < outputFlush && !o.due && !o.closing {
			o.ready.Wait()
		}
		o.due = false
		if len(o.full) == 0 {
			if o.closing {
				return
			}
			continue
		}
		o.full, o.spare = o.spare[:0], o.full
		o.drained.Broadcast()
		o.mu.Unlock()
		_, err := w.Write(o.spare)
		o.mu.Lock()
		if o.err == nil {
			o.err = err
		}
	}
}

// add takes a line.
func (o *output) add(line []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.full) == 0 {
		o.timer.Reset(outputDelay)
	}
	o.full = append(o.full, line...)
	if len(o.full) >= outputFlush {
		o.ready.Signal()
	}
}

// dueNow has what there is written.
func (o *output) dueNow() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.due = true
	o.ready.Signal()
}

// room waits until the writer has caught up. It returns the writer's error.
func (o *output) room() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.full) > outputBacklog && o.err == nil {
		o.drained.Wait()
	}
	return o.err
}

// giveUp ends every wait for the writer.
func (o *output) giveUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = context.Canceled
	}
	o.drained.Broadcast()
}

// close writes what is left and returns the writer's error.
func (o *output) close() error {
	o.mu.Lock()
	o.closing = true
	o.ready.Signal()
	o.mu.Unlock()
	<-o.ended
	o.timer.Stop()
	return o.err
}
