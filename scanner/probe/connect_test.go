package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// TestDialVerdict names every way in which a connection fails. What the
// target's own time limit or this machine did never counts against the host.
func TestDialVerdict(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want observation.Verdict
	}{
		{t.Context(), &netaddr.DeniedError{Addr: netip.IPv6Loopback()}, broken(observation.SpecialPurposeAddress)},
		{t.Context(), syscall.ECONNREFUSED, broken(observation.TCPRefused)},
		{t.Context(), syscall.ECONNRESET, broken(observation.TCPReset)},
		{t.Context(), syscall.EPIPE, broken(observation.TCPReset)},
		{t.Context(), syscall.ETIMEDOUT, broken(observation.Timeout)},
		{t.Context(), os.ErrDeadlineExceeded, broken(observation.Timeout)},
		{t.Context(), context.DeadlineExceeded, broken(observation.Timeout)},
		{t.Context(), syscall.EHOSTUNREACH, broken(observation.Unreachable)},
		{t.Context(), syscall.ENETUNREACH, broken(observation.Unreachable)},
		{t.Context(), syscall.EACCES, broken(observation.Unreachable)},
		{t.Context(), syscall.EMFILE, unmeasured(observation.LocalFault)},
		{t.Context(), errors.New("something new"), unmeasured(observation.LocalFault)},
		{ended, syscall.ECONNREFUSED, unmeasured(observation.TargetTimeout)},
		{ended, context.DeadlineExceeded, unmeasured(observation.TargetTimeout)},
		{ended, &netaddr.DeniedError{Addr: netip.IPv6Loopback()}, broken(observation.SpecialPurposeAddress)},
	} {
		if got := dialVerdict(test.ctx, fmt.Errorf("dial: %w", test.err)); got != test.want {
			t.Errorf("%v, context %v: got %v, want %v", test.err, test.ctx.Err(), got, test.want)
		}
	}
}
