package server

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"adopt6/store"
	"adopt6/store/engine"
)

// OnDemand lends a store that is open only while it is used and a little longer.
// The folder of an embedded store belongs to one process at a time, so that
// between two uses a scan may have it.
type OnDemand struct {
	open func(context.Context) (*store.Store, error)
	mark func() (time.Time, error) // when the folder was last locked or unlocked
	idle time.Duration

	mu      sync.Mutex
	current *store.Store
	users   int
	closing *time.Timer
	seen    time.Time // mark after our last use
	fault   error     // of the last close
}

// NewOnDemand lends what open opens. Lockfile is the file that every process
// writes to which opens or closes the store.
func NewOnDemand(lockfile string, idle time.Duration, open func(context.Context) (*store.Store, error)) *OnDemand {
	return &OnDemand{open: open, idle: idle, mark: func() (time.Time, error) {
		info, err := os.Stat(lockfile)
		if err != nil {
			return time.Time{}, err
		}
		return info.ModTime(), nil
	}}
}

// Lend calls use with the open store. It is a *BusyError while another process
// has the folder.
func (d *OnDemand) Lend(ctx context.Context, use func(*store.Store) error) error {
	s, err := d.take(ctx)
	if locked := new(engine.LockedError); errors.As(err, &locked) {
		return &BusyError{err}
	}
	if err != nil {
		return err
	}
	defer d.give()
	return use(s)
}

// take opens the store where it is not open. Others wait meanwhile.
func (d *OnDemand) take(ctx context.Context) (*store.Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing != nil {
		d.closing.Stop()
		d.closing = nil
	}
	if d.current == nil {
		s, err := d.open(context.WithoutCancel(ctx)) // the store outlives the request
		if err != nil {
			return nil, err
		}
		d.current = s
	}
	d.users++
	return d.current, nil
}

func (d *OnDemand) give() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users--
	if d.users == 0 {
		d.closing = time.AfterFunc(d.idle, func() { d.close(false) })
	}
}

// close closes the store unless it is used again, or in any case.
func (d *OnDemand) close(always bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == nil || d.users > 0 && !always {
		return
	}
	d.fault = d.current.Close()
	d.current = nil
	d.seen, _ = d.mark()
}

// Close closes the store for good. Nobody uses it any more.
func (d *OnDemand) Close() error {
	d.mu.Lock()
	if d.closing != nil {
		d.closing.Stop()
	}
	d.mu.Unlock()
	d.close(true)
	return d.fault
}

// Changed says whether another process may have written to the store since it
// was last read here.
func (d *OnDemand) Changed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil {
		return false // nobody else can have it
	}
	now, err := d.mark()
	return err != nil || !now.Equal(d.seen)
}
