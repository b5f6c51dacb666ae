package probe

import (
	"context"
	"time"

	"adopt6/scanner/memo"
)

const (
	// sharedTime is how long a fact is kept for other targets, and
	// sharedFailure how long one that could not be learnt (RFC 9520 section
	// 3.2 asks for 1 to 300 s).
	sharedTime    = 10 * time.Minute
	sharedFailure = 30 * time.Second
)

// shared caches what targets have in common. The zero value is ready.
type shared[V any] struct{ memo.Cache[V] }

// get returns the fact of a key. find finds it out, and says whether it
// failed; it must not ask for another fact of the same cache. ok is false when
// the context ended.
func (s *shared[V]) get(ctx context.Context, key string, find func() (value V, failed bool)) (value V, ok bool) {
	value, ok = s.Get(ctx, key, func() (V, time.Duration) {
		value, failed := find()
		switch {
		case ctx.Err() != nil:
			return value, 0
		case failed:
			return value, sharedFailure
		}
		return value, sharedTime
	})
	return value, ok && ctx.Err() == nil
}
