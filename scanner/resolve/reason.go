package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// reasonNoName stands for a name server whose name does not exist. It becomes
// NoServerAddress.
const reasonNoName observation.Reason = "no_name"

// reasonDoubtful stands for a query over UDP to which nothing came but replies
// that leave the question out or repeat it in other letters: the server does so,
// or somebody has guessed all but that. It never leaves this package: the
// question is asked again over TCP.
const reasonDoubtful observation.Reason = "doubtful"

// severity orders the reasons of several servers: the verdict on a zone is
// that of the server that came closest to an answer.
var severity = map[observation.Reason]int{
	observation.LimitTime: 100, observation.LimitQueries: 99, observation.LimitDepth: 98, observation.LimitFanOut: 97,
	observation.BackedOff: 22, observation.OptedOut: 21, // what was not asked might have answered
	observation.ServFail: 20, observation.Refused: 19, observation.Lame: 18, observation.FormErr: 17, observation.NotImp: 16, observation.BadResponse: 15,
	observation.TCPClosed: 12, observation.TCPRefused: 11, observation.Timeout: 10, observation.PortClosed: 9, observation.Unreachable: 8,
	observation.NoRoute: 6, observation.LocalFault: 5, observation.SpecialPurposeAddress: 4,
	observation.NSLoop: 3, observation.NSIsAlias: 2, observation.NoServerAddress: 1,
}

// worse returns the reason of a and b that says more.
func worse(a, b observation.Reason) observation.Reason {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// ExchangeError says why a server gave no reply. It wraps the cause.
type ExchangeError struct {
	Server    netip.AddrPort
	Transport Transport
	Reason    observation.Reason
	Err       error // may be nil
	Tries     int   // queries that were sent, or could not be
}

func (e *ExchangeError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("query %s over %s: %s", e.Server, e.Transport, e.Reason)
	}
	return fmt.Sprintf("query %s over %s: %s: %v", e.Server, e.Transport, e.Reason, e.Err)
}

func (e *ExchangeError) Unwrap() error { return e.Err }

// Reason returns the token in an error of [Resolver.Exchange]; it is empty for
// nil and for the end of a context.
func Reason(err error) observation.Reason {
	if e := new(ExchangeError); errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// reasonOf returns the token for a fault of the operating system.
func reasonOf(transport Transport, err error) observation.Reason {
	denied, optedOut := new(netaddr.DeniedError), new(netaddr.OptedOutError)
	switch {
	case errors.As(err, &denied):
		return observation.SpecialPurposeAddress
	case errors.As(err, &optedOut):
		return observation.OptedOut
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return observation.Timeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		if transport == TCP {
			return observation.TCPRefused
		}
		return observation.PortClosed
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return observation.NoRoute
	case errors.Is(err, syscall.EHOSTUNREACH):
		return observation.Unreachable
	}
	return observation.LocalFault
}
