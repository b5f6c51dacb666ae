package probe

import (
	"context"
	"sync"
	"time"
)

const (
	// sharedTime is how long a fact is kept for other targets, and
	// sharedFailure how long one that could not be learnt (RFC 9520 section
	// 3.2 asks for 1 to 300 s).
	sharedTime    = 10 * time.Minute
	sharedFailure = 30 * time.Second
	// sharedEntries bounds the facts of one kind. They are kept in two
	// generations, each of half as many: what is not used while one fills up
	// is forgotten.
	sharedEntries = 1 << 15
)

// shared keeps what targets have in common: the first that asks finds it out,
// and the others wait for it or find it done. The zero value is ready.
type shared[V any] struct {
	mu         sync.Mutex
	young, old map[string]*fact[V]
}

type fact[V any] struct {
	done    chan struct{} // closed when value is there
	value   V
	kept    bool // false: whoever looked was interrupted
	expires time.Time
}

// get returns the fact of a key. find finds it out, and says whether it
// failed; it must not ask for another fact of the same cache. ok is false when
// the context ended.
func (s *shared[V]) get(ctx context.Context, key string, find func() (value V, failed bool)) (value V, ok bool) {
	for ctx.Err() == nil {
		f, leads := s.join(key, time.Now())
		if leads {
			s.lead(ctx, f, find)
			return f.value, f.kept
		}
		select {
		case <-f.done:
			if f.kept {
				return f.value, true
			}
		case <-ctx.Done():
		}
	}
	return value, false
}

func (s *shared[V]) lead(ctx context.Context, f *fact[V], find func() (V, bool)) {
	value, failed := find()
	s.mu.Lock()
	defer s.mu.Unlock()
	f.value, f.kept = value, ctx.Err() == nil
	switch {
	case !f.kept:
		f.expires = time.Time{}
	case failed:
		f.expires = time.Now().Add(sharedFailure)
	default:
		f.expires = time.Now().Add(sharedTime)
	}
	close(f.done)
}

// join returns the fact of a key; leads is true when the caller has to find
// it out.
func (s *shared[V]) join(key string, now time.Time) (f *fact[V], leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f = s.young[key]; f == nil {
		f = s.old[key]
	}
	if leads = f == nil || f.expires.Before(now); leads {
		// Until it is found out nobody else looks.
		f = &fact[V]{done: make(chan struct{}), expires: now.Add(24 * time.Hour)}
	}
	if s.young == nil || len(s.young) >= sharedEntries/2 {
		s.young, s.old = make(map[string]*fact[V]), s.young
	}
	s.young[key] = f
	return f, leads
}
