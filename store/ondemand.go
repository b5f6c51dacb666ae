package store

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sync/semaphore"

	"adopt6/store/engine"
)

// OnDemand is a store that is open only while it is used, and a little
// longer. The folder of an embedded store belongs to one process at a time, so
// that between two uses another may have it.
type OnDemand struct {
	open     func(context.Context) (*Store, error)
	lockFile string
	idle     time.Duration

	change  *semaphore.Weighted // guards what follows
	current *Store
	users   int
	closing *time.Timer
	seen    time.Time // of the lock file, after our last use
	fault   error     // of the last close
}

// openPoll is how often a folder is tried that another process has.
const openPoll = 5 * time.Second

// NewOnDemand lends what open opens, which stays open for idle after a use.
// lockFile is the file that every process writes to which opens or closes the
// store; empty where it is not checked for changes.
func NewOnDemand(lockFile string, idle time.Duration, open func(context.Context) (*Store, error)) *OnDemand {
	return &OnDemand{open: open, lockFile: lockFile, idle: idle, change: semaphore.NewWeighted(1)}
}

// Borrow returns the open store, and what gives it back. It waits with patience for
// another process that has the folder; then the error is an *engine.LockedError.
func (d *OnDemand) Borrow(ctx context.Context, patience time.Duration) (s *Store, giveBack func() error, err error) {
	deadline := time.Now().Add(patience)
	for {
		if s, err = d.take(ctx); err == nil {
			return s, d.giveBack, nil
		}
		if locked := new(engine.LockedError); !errors.As(err, &locked) || time.Now().After(deadline) {
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, errors.Join(err, ctx.Err())
		case <-time.After(openPoll):
		}
	}
}

// take opens the store where it is not open. Others wait meanwhile.
func (d *OnDemand) take(ctx context.Context) (*Store, error) {
	if err := d.change.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer d.change.Release(1)
	if d.closing != nil {
		d.closing.Stop()
		d.closing = nil
	}
	if d.current == nil {
		s, err := d.open(ctx)
		if err != nil {
			return nil, err
		}
		d.current = s
	}
	d.users++
	return d.current, nil
}

func (d *OnDemand) giveBack() error {
	d.lock()
	defer d.change.Release(1)
	if d.users--; d.users > 0 {
		return nil
	}
	if d.idle == 0 {
		return d.end()
	}
	d.closing = time.AfterFunc(d.idle, func() {
		d.lock()
		defer d.change.Release(1)
		if d.users == 0 {
			d.end()
		}
	})
	return nil
}

// Close closes the store for good. Nobody uses it any more.
func (d *OnDemand) Close() error {
	d.lock()
	defer d.change.Release(1)
	if d.closing != nil {
		d.closing.Stop()
	}
	d.end()
	return d.fault
}

// Changed says whether another process may have written to the store since it was
// last used here.
func (d *OnDemand) Changed() bool {
	d.lock()
	defer d.change.Release(1)
	if d.current != nil {
		return false // it is not shared
	}
	now, err := d.mark()
	return err != nil || !now.Equal(d.seen)
}

// lock waits for the other uses, which are short.
func (d *OnDemand) lock() { _ = d.change.Acquire(context.Background(), 1) }

// end closes the store where it is open.
func (d *OnDemand) end() error {
	if d.current == nil {
		return nil
	}
	d.fault = d.current.Close()
	d.current = nil
	d.seen, _ = d.mark()
	return d.fault
}

// mark is when the folder was last locked or unlocked.
func (d *OnDemand) mark() (time.Time, error) {
	info, err := os.Stat(d.lockFile)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
