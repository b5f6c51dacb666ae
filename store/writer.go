package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/observation"
	"adopt6/store/spool"
)

// bounds say when a Writer sends a batch, and when it makes the scan wait.
type bounds struct {
	rows  int           // of a batch
	bytes int64         // of a batch, in the spool
	age   time.Duration // how long a row waits for its batch to fill
	spool int64         // undelivered bytes at which Write waits
	full  time.Duration // how long Flush waits for a store whose disk is full
}

var defaultBounds = bounds{rows: 10_000, bytes: 8 << 20, age: 2 * time.Second, spool: 4 << 30, full: 5 * time.Minute}

// Writer stores the observations of one scan. It is safe for concurrent use.
//
// Every observation goes to the spool first, a batch of them to ClickHouse, and
// from the spool only when ClickHouse has confirmed the batch. A ClickHouse
// that is away for a while costs disk, not memory, and does not hold up the
// scan until the spool has reached its bound.
type Writer struct {
	store   *Store
	bounds  bounds
	started time.Time // of the scan

	mu        sync.Mutex
	folder    *spool.Folder
	current   []*observation.Observation // those of the segment that is being written
	queue     []*batch                   // cut off and not delivered
	waiting   int64                      // bytes in queue
	syncing   int                        // batches in queue that are not on the disk yet
	failure   error                      // why nothing is delivered any more
	full      error                      // the store has a full disk, since fullSince
	fullSince time.Time
	changed   chan struct{} // closed and replaced whenever queue or failure changes
	closed    bool
	stats     WriterStats

	syncs  sync.WaitGroup
	wake   chan struct{} // tells deliver that there is something in the queue
	cancel context.CancelFunc
	done   chan struct{} // closed when deliver has ended
}

// batch is a segment of the spool and, for the few that are sent at once, what
// is in it, so that nothing has to be read back from the disk.
type batch struct {
	spool.Segment
	started time.Time                  // of the scan
	list    []*observation.Observation // nil: on the disk only
	synced  bool                       // it is on the disk; only then it is sent
}

// inMemory is how many batches are kept in memory beside the current one: the
// one that is being sent, and the next. Of further ones there is no need, and
// memory stays bounded.
const inMemory = 2

// unsynced is how many batches may be on their way to the disk before Write
// waits for it.
const unsynced = 3

// ErrWriterClosed is returned by Write after Close.
var ErrWriterClosed = errors.New("the store's writer is closed")

// UndeliveredError says that not everything has reached ClickHouse. Nothing is
// lost: what remains is delivered when the store is next opened for writing.
type UndeliveredError struct {
	Segments int
	Bytes    int64
	Folder   string
	Err      error // why; nil when there was only no time
}

func (e *UndeliveredError) Error() string {
	why := "the time was up"
	if e.Err != nil {
		why = e.Err.Error()
	}
	return fmt.Sprintf("%d batches (%d bytes) are not in ClickHouse yet: %s; they wait in %s and are delivered when the next scan opens this store", e.Segments, e.Bytes, why, e.Folder)
}

func (e *UndeliveredError) Unwrap() error { return e.Err }

// Writer returns a writer for a scan that NewScan has recorded. The context
// bounds only this call.
func (s *Store) Writer(ctx context.Context, scan uuid.UUID) (*Writer, error) {
	if s.cfg.ReadOnly {
		return nil, errReadOnly
	}
	info, err := s.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	folder, err := spool.Create(s.spoolDir, spool.Header{Scan: scan, Started: info.Started})
	if err != nil {
		return nil, s.explain(err)
	}
	w := &Writer{
		store: s, bounds: s.bounds, started: info.Started, folder: folder,
		changed: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	running, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go w.deliver(running)
	return w, nil
}

// Write takes over an observation, which must not be changed afterwards. It
// waits while the spool is at its bound, until ctx ends. An error that is not
// the context's means that observations cannot be kept any more: the disk is
// full, or ClickHouse refuses them.
func (w *Writer) Write(ctx context.Context, o *observation.Observation) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for (w.waiting >= w.bounds.spool || w.syncing >= unsynced) && w.failure == nil && !w.closed {
		w.stats.Waits++
		if err := w.await(ctx); err != nil {
			return err
		}
	}
	switch {
	case w.closed:
		return ErrWriterClosed
	case w.failure != nil:
		return w.failure
	}
	if err := w.folder.Append(o); err != nil {
		return w.store.explain(err)
	}
	w.current = append(w.current, o)
	if rows, bytes, _ := w.folder.Current(); rows >= w.bounds.rows || bytes >= w.bounds.bytes {
		w.seal()
	}
	return nil
}

// WriterStats says how far a Writer is.
type WriterStats struct {
	Rows    int64         // observations that ClickHouse has confirmed
	Batches int64         // in which they were sent
	Took    time.Duration // from sending these to their confirmation, in all
	Spooled int64         // bytes on disk that it has not confirmed
	Waits   int64         // times that Write waited for room
}

// Stats may be called at any time.
func (w *Writer) Stats() WriterStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	stats := w.stats
	_, bytes, _ := w.folder.Current()
	stats.Spooled = w.waiting + bytes
	return stats
}

// await unlocks until something has changed.
func (w *Writer) await(ctx context.Context) error {
	changed := w.changed
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Writer) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// seal puts the current segment on the disk, while measuring continues, and
// then hands it to deliver.
func (w *Writer) seal() {
	cut, ok := w.folder.Cut()
	if !ok {
		return
	}
	b := &batch{Segment: cut.Segment(), started: w.started, list: w.keep()}
	w.queue = append(w.queue, b)
	w.waiting += b.Bytes
	w.syncing++
	w.syncs.Go(func() {
		err := cut.Sync()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.syncing--
		if b.synced = err == nil; !b.synced && w.failure == nil {
			w.failure = w.store.explain(err)
		}
		w.notify()
		select {
		case w.wake <- struct{}{}:
		default:
		}
	})
}

// keep returns the current observations to be sent from memory. Nil means that
// there are enough in memory: these wait on the disk.
func (w *Writer) keep() []*observation.Observation {
	list, kept := w.current, 0
	w.current = nil
	for _, b := range w.queue {
		if b.list != nil {
			kept++
		}
	}
	if kept == inMemory {
		return nil
	}
	return list
}

// Flush returns when everything written before is in ClickHouse. It gives up
// when that has failed for good, when the store's disk has been full for five
// minutes, or when ctx ends: the error is then an *UndeliveredError.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seal()
	for len(w.queue) > 0 {
		if w.failure != nil {
			return w.undelivered(w.failure)
		}
		if w.full != nil && time.Since(w.fullSince) >= w.bounds.full {
			return w.undelivered(fmt.Errorf("%w (waited %s for room)", w.full, w.bounds.full))
		}
		if w.await(ctx) != nil {
			return w.undelivered(nil)
		}
	}
	return nil
}

func (w *Writer) undelivered(err error) error {
	return &UndeliveredError{Segments: len(w.queue), Bytes: w.waiting, Folder: w.folder.Dir(), Err: err}
}

// Close flushes within the time that ctx gives and ends the writer.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	w.notify()
	w.mu.Unlock()
	err := w.Flush(ctx)
	w.cancel()
	<-w.done
	w.syncs.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(err, w.folder.Close())
}
