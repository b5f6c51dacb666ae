package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"adopt6/scanner"
)

const (
	// factTTL is how long what one zone showed of a name server holds for
	// others, and maxFacts how many such facts are kept.
	factTTL  = 10 * time.Minute
	maxFacts = 1 << 16
)

// factKind is something about a name server that does not depend on the zone
// it is asked for.
type factKind uint8

const (
	takesTCP    factKind = iota // it answers over TCP
	sendsLarge                  // what becomes of answers of more than 512 bytes
	sendsLarger                 // of more than 1232 bytes
	isSilent                    // what else was tried where UDP brought nothing
)

type factKey struct {
	addr netip.Addr
	kind factKind
}

// serverFact is one such fact.
type serverFact struct {
	verdict   scanner.Verdict
	rtt       time.Duration
	detail    string
	truncated bool
}

// serverFacts keeps what is known of name servers, so that those shared by many
// zones are asked for it once. The zero value is ready for use.
type serverFacts struct {
	mu    sync.Mutex
	known map[factKey]*pendingFact
	now   func() time.Time // nil: time.Now
}

// pendingFact is a fact, or the wait for one.
type pendingFact struct {
	done    chan struct{} // closed when the fields below are set
	kept    bool
	fact    serverFact
	expires time.Time
}

// get returns a fact. The first to want it asks, and says whether the answer is
// to be kept for others; meanwhile they wait. It returns false when ctx ends
// first.
func (s *serverFacts) get(ctx context.Context, key factKey, ask func() (fact serverFact, keep bool)) (serverFact, bool) {
	for {
		p, mine := s.claim(key)
		if mine {
			fact, keep := ask()
			s.settle(key, p, fact, keep)
			return fact, true
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return serverFact{}, false
		}
		if p.kept {
			return p.fact, true
		}
	}
}

// claim returns the fact that is there, or a new one for the caller to find
// out.
func (s *serverFacts) claim(key factKey) (p *pendingFact, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.known[key]; p != nil && (p.expires.IsZero() || s.time().Before(p.expires)) {
		return p, false
	}
	if s.known == nil {
		s.known = make(map[factKey]*pendingFact)
	}
	if len(s.known) >= maxFacts {
		// Any will do: what is forgotten is asked again.
		for old := range s.known {
			delete(s.known, old)
			break
		}
	}
	p = &pendingFact{done: make(chan struct{})}
	s.known[key] = p
	return p, true
}

// settle hands the fact to who waits for it.
func (s *serverFacts) settle(key factKey, p *pendingFact, fact serverFact, keep bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.fact, p.kept, p.expires = fact, keep, s.time().Add(factTTL)
	if !keep && s.known[key] == p {
		delete(s.known, key)
	}
	close(p.done)
}

func (s *serverFacts) time() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}
