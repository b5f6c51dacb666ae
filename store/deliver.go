package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"adopt6/scanner/observation"
	"adopt6/store/engine"
	"adopt6/store/spool"
)

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// deliver sends sealed segments to ClickHouse, one after the other, until ctx
// ends or ClickHouse refuses one for good. It also seals a segment that has
// waited long enough.
func (w *Writer) deliver(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(w.bounds.age)
	defer tick.Stop()
	for {
		next, ok := w.next()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
			case <-tick.C:
			}
			continue
		}
		sent := time.Now()
		err := w.store.persist(ctx, next, w.stuck)
		if ctx.Err() != nil && err != nil {
			return
		}
		w.mu.Lock()
		w.full, w.fullSince = nil, time.Time{}
		if err != nil {
			w.failure = err
		} else {
			w.delivered(next, time.Since(sent))
		}
		w.notify()
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// stuck notes that the store's disk is full. Flush does not wait for it without
// end, as it does for a server that is away.
func (w *Writer) stuck(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full = nil; isDiskFull(err) {
		if w.full = w.store.explain(err); w.fullSince.IsZero() {
			w.fullSince = time.Now()
		}
	}
	w.notify()
}

// next returns the batch to deliver. When none waits, it seals a current one
// that is old enough.
func (w *Writer) next() (next *batch, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if rows, _, begun := w.folder.Current(); len(w.queue) == 0 && rows > 0 && time.Since(begun) >= w.bounds.age {
		w.seal()
	}
	// What is in memory goes first, so that it makes room there; those on the
	// disk have time. Every batch stands for itself.
	for _, b := range w.queue {
		if b.synced && (next == nil || next.list == nil && b.list != nil) {
			next = b
		}
	}
	return next, next != nil
}

// delivered takes a batch, which took so long, from the queue.
func (w *Writer) delivered(b *batch, took time.Duration) {
	w.stats.Batches++
	w.stats.Rows += int64(b.Rows)
	w.stats.Took += took
	w.queue = slices.DeleteFunc(w.queue, func(other *batch) bool { return other == b })
	w.waiting -= b.Bytes
}

// persist delivers a batch of a scan, however often that takes, and removes it.
// Its error is final, or the context's.
func (s *Store) persist(ctx context.Context, b *batch, failed func(error)) error {
	pause := firstRetry
	for tries := 1; ; tries++ {
		err := s.deliverBatch(ctx, b)
		switch {
		case err == nil && tries > 1:
			s.cfg.Logf("ClickHouse at %s takes results again", s.where)
			return nil
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !passing(err):
			return s.explain(err)
		case tries == 1:
			s.cfg.Logf("ClickHouse does not take results; they are kept in %s and sent again, at least every %s: %v", s.spoolDir, lastRetry, s.explain(err))
		}
		failed(err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, lastRetry)
	}
}

// deliverBatch sends a batch once, from memory or from the disk.
func (s *Store) deliverBatch(ctx context.Context, b *batch) error {
	if b.list == nil {
		return s.deliverSegment(ctx, b.Segment)
	}
	if err := insertObservations(s.inserting(ctx), s.db, b.started, b.list); err != nil {
		return err
	}
	return removeDelivered(b.Segment)
}

// inserting spares the embedded engine the search for rows of one key within a
// batch: FINAL and merges find them.
func (s *Store) inserting(ctx context.Context) context.Context {
	if s.engine == nil {
		return ctx
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"optimize_on_insert": 0}))
}

func removeDelivered(segment spool.Segment) error {
	if err := segment.Remove(); err != nil {
		return fmt.Errorf("remove a delivered segment: %w", err)
	}
	return nil
}

// deliverSegment reads one segment and sends it once. Sending it again after an
// unclear failure is safe: the rows have the same keys.
func (s *Store) deliverSegment(ctx context.Context, segment spool.Segment) error {
	var started time.Time
	var list []*observation.Observation
	damage, err := segment.Load(func(h spool.Header) { started = h.Started }, func(o *observation.Observation) { list = append(list, o) })
	switch {
	case errors.Is(err, spool.ErrEmpty):
		return segment.Remove()
	case errors.Is(err, spool.ErrNoSegment):
		return s.setAside(segment, "its header cannot be read")
	case err != nil:
		return err
	}
	if err := insertObservations(s.inserting(ctx), s.db, started, list); err != nil {
		return err
	}
	if text := damage.String(); text != "" {
		return s.setAside(segment, fmt.Sprintf("it has %s; its other %d results were stored", text, len(list)))
	}
	return removeDelivered(segment)
}

func (s *Store) setAside(segment spool.Segment, why string) error {
	name, err := segment.SetAside()
	if err != nil {
		return fmt.Errorf("set a damaged segment aside: %w", err)
	}
	s.cfg.Logf("a file of the spool is damaged: %s. It is kept as %s, and --resume measures the lost targets again", why, name)
	return nil
}

// deliverLeftOvers sends what earlier runs left in the spool, until a folder
// fails.
func (s *Store) deliverLeftOvers(ctx context.Context) error {
	folders, err := spool.LeftOver(s.spoolDir)
	for _, folder := range folders {
		if err == nil {
			err = s.deliverFolder(ctx, folder)
		}
		err = errors.Join(err, folder.Close())
	}
	return err
}

func (s *Store) deliverFolder(ctx context.Context, folder *spool.Folder) error {
	segments, err := folder.Segments()
	if err != nil {
		return err
	}
	for _, segment := range segments {
		if err := s.deliverSegment(ctx, segment); err != nil {
			return fmt.Errorf("deliver what an earlier run left in %s: %w", folder.Dir(), err)
		}
	}
	if len(segments) > 0 {
		s.cfg.Logf("delivered %d batches that an earlier run had left in the spool", len(segments))
	}
	return nil
}

// refusals are the codes of exceptions that a retry cannot fix: the schema
// is not the one expected, or the account may not write.
var refusals = map[int32]bool{
	10:  true, // NOT_FOUND_COLUMN_IN_BLOCK
	16:  true, // NO_SUCH_COLUMN_IN_TABLE
	36:  true, // BAD_ARGUMENTS
	47:  true, // UNKNOWN_IDENTIFIER
	50:  true, // UNKNOWN_TYPE
	53:  true, // TYPE_MISMATCH
	60:  true, // UNKNOWN_TABLE
	62:  true, // SYNTAX_ERROR
	81:  true, // UNKNOWN_DATABASE
	164: true, // READONLY
	497: true, // ACCESS_DENIED
}

// passing says whether a failure may go away by itself: everything about the
// network and the server's load is.
func passing(err error) bool {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return !refusals[exception.Code] && !isWrongPassword(exception.Code)
	}
	return !errors.As(err, new(*engine.GoneError)) && // restarted already, in vain
		!errors.As(err, new(*proto.BlockError)) && // the table's columns are not ours
		!errors.Is(err, syscall.ENOENT) // the segment was removed
}
