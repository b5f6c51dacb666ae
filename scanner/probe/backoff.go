package probe

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"adopt6/scanner/fetch"
	"adopt6/scanner/smtp"
)

// backoffPause is the pause before a server that refuses is tried again, where
// it names none, and maxReached bounds the ports that are remembered to have
// worked, in two generations.
const (
	backoffPause = 2 * time.Second
	maxReached   = 1 << 16
)

// ports are those that worked at some time during this attempt at the targets.
// The zero value is empty.
type ports struct {
	mu         sync.Mutex
	young, old map[netip.AddrPort]struct{}
}

func (p *ports) has(port netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, young := p.young[port]
	_, old := p.old[port]
	return young || old
}

func (p *ports) add(port netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.young == nil || len(p.young) >= maxReached/2 {
		p.young, p.old = make(map[netip.AddrPort]struct{}), p.young
	}
	p.young[port] = struct{}{}
}

// slowDown lowers the rate of queries to a server that refused one; false where
// its rate cannot be lowered.
func (p *Prober) slowDown(server netip.Addr, sent time.Time, pause time.Duration) bool {
	return p.Limiter != nil && p.Limiter.SlowDown(server, sent, pause)
}

// tooMany says whether a web server asks for fewer requests: by 429, or by 503
// with a time to come back at where it served pages before (RFC 6585 section 4,
// RFC 9110 section 15.6.4).
func tooMany(page *fetch.Response, served bool) bool {
	return page.Status == http.StatusTooManyRequests ||
		page.Status == http.StatusServiceUnavailable && page.RetryAfter > 0 && served
}

// putOff says whether a mail server greets with a temporary error.
func putOff(s *smtp.Session) bool { return s.Facts.Code >= 400 && s.Facts.Code < 500 }
