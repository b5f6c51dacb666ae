package probe

import (
	"adopt6/scanner/observation"
	"context"
	"net/netip"
	"time"
)

// factKind is something about a name server that does not depend on the zone
// it is asked for.
type factKind string

const (
	takesTCP    factKind = "tcp"    // it answers over TCP
	sendsLarge  factKind = "large"  // what becomes of answers of more than 512 bytes
	sendsLarger factKind = "larger" // of more than 1232 bytes
	isSilent    factKind = "silent" // what else was tried where UDP brought nothing
)

// serverFact is one such fact.
type serverFact struct {
	verdict   observation.Verdict
	rtt       time.Duration
	detail    string
	truncated bool
	// zoneOnly says that the fact may be due to the zone that was asked for,
	// and holds for no other.
	zoneOnly bool
}

// serverFact returns what is cached of an address, or what ask finds out. It
// returns false when ctx ends first.
func (v *measurement) serverFact(ctx context.Context, addr netip.Addr, kind factKind, ask func() serverFact) (serverFact, bool) {
	mine := false
	fact, ok := v.servers.get(ctx, string(kind)+" "+addr.String(), func() (serverFact, bool) {
		mine = true
		fact := ask()
		return fact, fact.verdict.Status != observation.OK
	})
	if ok && !mine && fact.zoneOnly {
		fact = ask()
	}
	return fact, ok
}
