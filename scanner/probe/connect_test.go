package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"adopt6/scanner"
	"adopt6/scanner/netaddr"
)

// TestDialVerdict names every way in which a connection fails. What the
// target's own time limit or this machine did is never held against the host.
func TestDialVerdict(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want scanner.Verdict
	}{
		{t.Context(), &netaddr.DeniedError{Addr: netip.IPv6Loopback()}, broken(scanner.SpecialPurposeAddress)},
		{t.Context(), syscall.ECONNREFUSED, broken(scanner.TCPRefused)},
		{t.Context(), syscall.ECONNRESET, broken(scanner.TCPReset)},
		{t.Context(), syscall.EPIPE, broken(scanner.TCPReset)},
		{t.Context(), syscall.ETIMEDOUT, broken(scanner.Timeout)},
		{t.Context(), os.ErrDeadlineExceeded, broken(scanner.Timeout)},
		{t.Context(), context.DeadlineExceeded, broken(scanner.Timeout)},
		{t.Context(), syscall.EHOSTUNREACH, broken(scanner.Unreachable)},
		{t.Context(), syscall.ENETUNREACH, broken(scanner.Unreachable)},
		{t.Context(), syscall.EACCES, broken(scanner.Unreachable)},
		{t.Context(), syscall.EMFILE, unmeasured(scanner.LocalFault)},
		{t.Context(), errors.New("something new"), unmeasured(scanner.LocalFault)},
		{ended, syscall.ECONNREFUSED, unmeasured(scanner.TargetTimeout)},
		{ended, context.DeadlineExceeded, unmeasured(scanner.TargetTimeout)},
		{ended, &netaddr.DeniedError{Addr: netip.IPv6Loopback()}, broken(scanner.SpecialPurposeAddress)},
	} {
		if got := dialVerdict(test.ctx, fmt.Errorf("dial: %w", test.err)); got != test.want {
			t.Errorf("%v, context %v: got %v, want %v", test.err, test.ctx.Err(), got, test.want)
		}
	}
}
