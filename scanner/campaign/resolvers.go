package campaign

import (
	"iter"
	"sync"

	"adopt6/scanner/resolve"
)

// resolvers holds the resolvers that a scan has used.
type resolvers struct {
	mu   sync.Mutex
	list []*resolve.Resolver
}

func (s *resolvers) add(r *resolve.Resolver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, r)
}

// queries yields the queries of all of them; a kind may come more than once.
func (s *resolvers) queries() iter.Seq2[resolve.QueryKind, int64] {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	return func(yield func(resolve.QueryKind, int64) bool) {
		for _, r := range list {
			for kind, n := range r.Queries() {
				if !yield(kind, n) {
					return
				}
			}
		}
	}
}

// cacheBytes is what the caches of the one in use hold.
func (s *resolvers) cacheBytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list[len(s.list)-1].CacheBytes()
}
