package server

import (
	"context"
	"errors"

	"adopt6/store"
	"adopt6/store/engine"
)

// OnDemand lends a store that is open only while it is used and a little longer.
// The error is a *BusyError while another process has the folder.
func OnDemand(from *store.OnDemand) Lend {
	return func(ctx context.Context, use func(*store.Store) error) (err error) {
		s, giveBack, err := from.Borrow(ctx, 0)
		if locked := new(engine.LockedError); errors.As(err, &locked) {
			return &BusyError{err}
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, giveBack()) }()
		return use(s)
	}
}
