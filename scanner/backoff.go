package scanner

import (
	"net/netip"
	"time"
)

// The pace of a place that refuses: it is halved with each refusal, down to a
// part of the cap, and regained in steps (additive increase, multiplicative
// decrease). docs/ethics.md states the rule.
const (
	paceFloor   = 1.0 / 16         // of the cap, but at least one packet a second
	regainAfter = 10 * time.Second // without a refusal
	regainStep  = 1.0 / 16         // of the cap
	// longestRest bounds the pause that a server may ask for.
	longestRest = 10 * time.Second
	// spreads is how soon after each other two servers of an operator must
	// refuse for the operator to be slowed down.
	spreads = 30 * time.Second
)

// pace is how fast packets may follow each other to one place.
type pace struct {
	full   float64   // packets a second, the cap
	low    float64   // that of when it was slowed, after slowing
	slowed time.Time // the last time; zero: it runs at full
	rest   time.Time // nothing goes before

	refusing  netip.Addr // of an operator: the server that refused last
	refusedAt time.Time
}

// at returns the packets a second that may go now.
func (p *pace) at(now time.Time) float64 {
	if p.slowed.IsZero() {
		return p.full
	}
	steps := int(now.Sub(p.slowed) / regainAfter)
	if regained := p.low + float64(steps)*regainStep*p.full; regained < p.full {
		return regained
	}
	p.slowed = time.Time{}
	return p.full
}

// halve takes a refusal of a packet that was sent at a time. One that was on
// its way when the pace was halved for another changes nothing.
func (p *pace) halve(now, sent time.Time, pause time.Duration) {
	if rest := now.Add(min(pause, longestRest)); rest.After(p.rest) && !sent.Before(p.slowed) {
		p.rest = rest
	}
	if sent.Before(p.slowed) {
		return
	}
	p.low = min(p.full, max(1, p.full*paceFloor, p.at(now)/2))
	p.slowed = now
}

// SlowDown takes note that a server which had answered refused a packet that
// was sent at the given time. Nothing more goes to it for the pause, 10 s at
// most, and then half as much a second as before; each 10 s without a refusal
// give a sixteenth of the cap back. Where a second server of the same operator
// refuses within 30 s, the operator is slowed down in the same way. It returns
// false where there is no cap, and so nothing to slow down.
func (r *Rates) SlowDown(server netip.Addr, sent time.Time, pause time.Duration) bool {
	if r.servers == nil {
		return false
	}
	now := time.Now()
	s := r.servers.at(server)
	s.mu.Lock()
	s.pace.halve(now, sent, pause)
	s.mu.Unlock()
	if r.operators == nil {
		return true
	}
	o := r.operators.at(r.OperatorOf(server))
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pace.refusing.IsValid() && o.pace.refusing != server && now.Sub(o.pace.refusedAt) < spreads {
		o.pace.halve(now, sent, 0)
	}
	o.pace.refusing, o.pace.refusedAt = server, now
	return true
}

// Restore takes a SlowDown of a server back: what it refused was the question,
// not the number of them.
func (r *Rates) Restore(server netip.Addr) {
	if r.servers == nil {
		return
	}
	s := r.servers.at(server)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace.low = min(s.pace.full, 2*s.pace.low)
	if s.pace.low == s.pace.full {
		s.pace.slowed = time.Time{}
	}
	s.pace.rest = time.Time{}
}
