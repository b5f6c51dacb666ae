package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"adopt6/scanner/netaddr"
)

// The reasons for which a server or a resolution yields no answer.
const (
	ReasonTimeout        = "timeout"                 // no reply in time
	ReasonServFail       = "servfail"                // RCODE SERVFAIL
	ReasonRefused        = "refused"                 // RCODE REFUSED or NOTAUTH
	ReasonFormErr        = "formerr"                 // RCODE FORMERR, without EDNS too
	ReasonNotImp         = "notimp"                  // RCODE NOTIMP or another that answers nothing
	ReasonLame           = "lame"                    // not authoritative, or a referral upwards or to itself
	ReasonBadResponse    = "bad_response"            // a message that cannot be read or makes no sense
	ReasonPortClosed     = "port_closed"             // ICMP port unreachable: nothing listens on UDP
	ReasonUnreachable    = "unreachable"             // ICMP host or network unreachable
	ReasonTCPRefused     = "tcp_refused"             // TCP connection refused or reset
	ReasonTCPClosed      = "tcp_closed"              // TCP connection closed before the answer
	ReasonNoRoute        = "no_route"                // this host has no route: says nothing of the server
	ReasonSpecialAddress = "special_purpose_address" // a special-purpose address; nothing was sent
	ReasonOptedOut       = "opted_out"               // whoever has the address asked for no packets; nothing was sent
	ReasonBackedOff      = "backed_off"              // it answered, and then refused for all that was done to spare it
	ReasonLocal          = "local_fault"             // this host could not send

	ReasonNoAddress = "no_server_address" // no name server has an address of the mode's families
	ReasonNSLoop    = "ns_loop"           // name servers that can only be found through themselves
	ReasonNSChain   = "ns_cname"          // every name server is an alias (RFC 2181 section 10.3)
	ReasonAliasLoop = "cname_loop"        // aliases that lead back

	ReasonBadName = "bad_name" // not a domain name; nothing was asked

	ReasonLimitQueries = "limit_queries" // Limits.Queries
	ReasonLimitDepth   = "limit_depth"   // Limits.Depth
	ReasonLimitFanOut  = "limit_fanout"  // Limits.FanOut
	ReasonLimitAliases = "limit_aliases" // Limits.Aliases
	ReasonLimitTime    = "limit_time"    // Limits.Time
)

// reasonNoName stands for a name server whose name does not exist. It becomes
// ReasonNoAddress.
const reasonNoName = "no_name"

// reasonOtherCase stands for a reply over UDP that repeats the question in other
// letters: the server does not preserve case, or somebody guessed all but that.
// It never leaves this package: the question is asked again over TCP.
const reasonOtherCase = "other_case"

// severity orders the reasons of several servers: the verdict on a zone is
// that of the server that came closest to an answer.
var severity = map[string]int{
	ReasonLimitTime: 100, ReasonLimitQueries: 99, ReasonLimitDepth: 98, ReasonLimitFanOut: 97,
	ReasonBackedOff: 22, ReasonOptedOut: 21, // what was not asked might have answered
	ReasonServFail: 20, ReasonRefused: 19, ReasonLame: 18, ReasonFormErr: 17, ReasonNotImp: 16, ReasonBadResponse: 15,
	ReasonTCPClosed: 12, ReasonTCPRefused: 11, ReasonTimeout: 10, ReasonPortClosed: 9, ReasonUnreachable: 8,
	ReasonNoRoute: 6, ReasonLocal: 5, ReasonSpecialAddress: 4,
	ReasonNSLoop: 3, ReasonNSChain: 2, ReasonNoAddress: 1,
}

// worse returns the reason of a and b that says more.
func worse(a, b string) string {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// ExchangeError says why a server gave no reply. It wraps the cause.
type ExchangeError struct {
	Server    netip.AddrPort
	Transport Transport
	Reason    string
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
func Reason(err error) string {
	if e := new(ExchangeError); errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// reasonOf returns the token for a fault of the operating system.
func reasonOf(transport Transport, err error) string {
	denied, optedOut := new(netaddr.DeniedError), new(netaddr.OptedOutError)
	switch {
	case errors.As(err, &denied):
		return ReasonSpecialAddress
	case errors.As(err, &optedOut):
		return ReasonOptedOut
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return ReasonTimeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		if transport == TCP {
			return ReasonTCPRefused
		}
		return ReasonPortClosed
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return ReasonNoRoute
	case errors.Is(err, syscall.EHOSTUNREACH):
		return ReasonUnreachable
	}
	return ReasonLocal
}
