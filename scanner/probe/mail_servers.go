package probe

import (
	"context"
	"net/netip"
	"time"

	"adopt6/scanner/observation"
)

const (
	// A success is believed for long; a failure only until a busy server has
	// had time to recover.
	mailSuccessLife = 10 * time.Minute
	mailFailureLife = time.Minute
)

// greet returns what a mail server showed a short while ago, or a conversation
// with it, so that an exchanger behind thousands of domains is greeted once in a
// while and not once for each. host is the name that led to the address, which
// decides on the certificate. When ctx ends during another target's session, the result
// is unmeasured.
func (v *measurement) greet(ctx context.Context, host string, addr netip.Addr) exchange {
	seen, ok := v.mailServers.Get(ctx, host+" "+addr.String(), func() (exchange, time.Duration) {
		seen := v.smtpSession(ctx, host, addr)
		return seen, life(seen.verdict)
	})
	if !ok {
		return exchange{verdict: unmeasured(interrupted(ctx))}
	}
	return seen
}

// life is how long what was seen is kept. What a target had no time for, or was at
// fault here, says nothing to others.
func life(verdict observation.Verdict) time.Duration {
	switch {
	case verdict.Status == observation.OK:
		return mailSuccessLife
	case ownFault(verdict.Reason), verdict.Reason == observation.NoRoute,
		verdict.Reason == observation.OptedOut, verdict.Reason == observation.BackedOff:
		return 0
	}
	return mailFailureLife
}
