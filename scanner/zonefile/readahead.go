package zonefile

import (
	"context"
	"io"
)

// readAhead reads from another reader in the background, so that waiting for a
// disk or a pipe costs no time and a cancelled context is noticed meanwhile.
type readAhead struct {
	ctx   context.Context
	full  chan chunk
	empty chan []byte
	quit  chan struct{}
	now   chunk
	used  int // bytes of now that were handed out
}

type chunk struct {
	data []byte
	err  error
}

// chunks is how many reads, of readSize bytes each, may be ahead.
const chunks = 4

func newReadAhead(ctx context.Context, r io.Reader) *readAhead {
	a := &readAhead{
		ctx:   ctx,
		full:  make(chan chunk, chunks),
		empty: make(chan []byte, chunks),
		quit:  make(chan struct{}),
	}
	for range chunks {
		a.empty <- make([]byte, readSize)
	}
	go a.fill(r)
	return a
}

// fill reads until the input ends or fails or nobody listens any more.
func (a *readAhead) fill(r io.Reader) {
	defer close(a.full)
	for {
		select {
		case <-a.quit:
			return
		case buf := <-a.empty:
			n, err := r.Read(buf[:cap(buf)])
			a.full <- chunk{buf[:n], err}
			if err != nil {
				return
			}
		}
	}
}

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	for a.used == len(a.now.data) {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.empty <- a.now.data
			a.now = chunk{}
		}
		select {
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		case a.now = <-a.full:
			a.used = 0
		}
	}
	n := copy(p, a.now.data[a.used:])
	a.used += n
	return n, nil
}

// stop tells the background to read no more. At the end of the input it has
// ended already. Otherwise a Read may be under way, which nothing can interrupt
// when a terminal or a pipe blocks it; it ends with its file or the program.
func (a *readAhead) stop() { close(a.quit) }
