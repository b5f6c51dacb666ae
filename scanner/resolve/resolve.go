// Package resolve is an iterative DNS resolver (RFC 1034, 1035, 2181, 9156).
//
// In: a name, a type and the address families that may be used. Out: what the
// authoritative servers say, found from the root down, or the reason why
// nothing could be learnt. It never asks a recursive resolver, never uses a
// fact or a packet of a family that the mode excludes, and never runs without
// a bound on work and time.
package resolve

import (
	"context"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// Mode says which address families a resolution may use. Each mode has caches
// of its own, so that nothing learnt over one family helps another.
type Mode uint8

// The modes.
const (
	Dual   Mode = iota // IPv4 and IPv6
	V4Only             // as if IPv6 did not exist
	V6Only             // as if IPv4 did not exist
	modes
)

// String returns "dual", "v4" or "v6".
func (m Mode) String() string {
	switch m {
	case V4Only:
		return "v4"
	case V6Only:
		return "v6"
	}
	return "dual"
}

// uses says whether packets of a's family may be sent in mode m.
func (m Mode) uses(a netip.Addr) bool {
	switch m {
	case V4Only:
		return a.Is4()
	case V6Only:
		return a.Is6() && !a.Is4In6()
	}
	return a.IsValid()
}

// addressTypes are the types of record that hold addresses of m's families.
func (m Mode) addressTypes() []uint16 {
	switch m {
	case V4Only:
		return []uint16{dns.TypeA}
	case V6Only:
		return []uint16{dns.TypeAAAA}
	}
	return []uint16{dns.TypeA, dns.TypeAAAA}
}

// Limiter holds queries back.
type Limiter interface {
	// Wait returns when one query may be sent to server, or with the context's
	// error.
	Wait(ctx context.Context, server netip.Addr) error
	// SlowDown lets nothing go to server for the pause, and less after it than
	// before. sent is when the packet went that was refused. It returns false
	// where nothing can be slowed down; else the server is asked again.
	SlowDown(server netip.Addr, sent time.Time, pause time.Duration) bool
	// Restore takes back what SlowDown did.
	Restore(server netip.Addr)
}

// Config says how to resolve. The zero value works: it starts at the root
// servers of the Internet.
type Config struct {
	Dialer  *netaddr.Dialer // nil: global addresses only
	Roots   []RootServer    // nil: BuiltinHints
	Limiter Limiter         // nil: no limit
	Timeout time.Duration   // the longest wait for one answer; 0: 2 s
	Retries int             // further tries of a server after a lost query; below 0: none, 0: 2
	Limits  Limits          // zero fields take the value of DefaultLimits
	// Anchors are the trust anchors to validate from; nil: nothing is
	// validated, and every state is indeterminate.
	Anchors *dnssec.Anchors
	// At is the time as of which signatures are judged; zero: the present.
	At time.Time
	// CacheBytes bounds the memory of the caches of all modes together,
	// roughly; 0: 256 MiB.
	CacheBytes int64
	// FullNames turns QNAME minimisation (RFC 9156) off.
	FullNames bool
	// Now is the clock that TTLs run by; nil: time.Now.
	Now func() time.Time
}

// Result is what a resolution found out.
type Result struct {
	Name  string // the question's name: lower case, with the final dot
	Type  uint16
	RCode int // SERVFAIL when Reason is not empty
	// Answer holds the CNAME and DNAME records on the way and the records
	// asked for; empty when there are none (RCode is NOERROR or NXDOMAIN).
	Answer []dns.RR
	// Zone is the zone that the answer came from, or at which resolution
	// failed: one whose servers could not be found or did not answer.
	Zone string
	// Reason is empty when the servers answered, and else a token that says
	// why not; see the Reason constants.
	Reason observation.Reason
	// TTL is how long the answer may be kept.
	TTL time.Duration
	// Queries is the number of queries sent for this resolution, tries and
	// the lookup of name servers included. Cached facts cost none.
	Queries int

	// State is the security status of the answer, aliases included, and Facts
	// what it rests on. StateReason says why it is not secure and StateZone in
	// which zone that arose. A bogus answer is reported like any other.
	State       observation.State
	StateReason observation.Reason
	StateZone   string
	Facts       dnssec.Facts
	// At is the time as of which signatures were judged.
	At time.Time
}

// Delegation is what the parent of a zone says of it.
type Delegation struct {
	Zone   string // the zone cut at or above the name asked for; with the final dot
	Parent string // the zone above; empty for the root
	NS     []string
	// Glue holds the addresses that the parent sent with the NS records, of
	// both families whatever the mode, by name. Only names in or below
	// Parent are in it: the parent has no say over others.
	Glue map[string][]netip.Addr
	DS   []*dns.DS
	// AtParent are addresses of name servers within the zone that the parent
	// has and does not send along: it gives them when asked for the name.
	AtParent map[string][]netip.Addr
	// Referrals is what each of the parent's servers says; empty where one was
	// enough. NS and Glue are then what all of them say together.
	Referrals []Referral
	// Reason is empty when the parent answered, or a token of [Result].
	Reason observation.Reason
	RCode  int // of the parent: NXDOMAIN says that the name is not delegated
	// SameServers is true where the parent's servers serve the zone too and
	// answered for it, so that NS holds the zone's own records and no glue
	// was to be seen.
	SameServers bool
	Queries     int
	// State is the security status of DS or of its absence, as for [Result].
	State       observation.State
	StateReason observation.Reason
	StateZone   string
}

// Transport is what carries a query.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
)

// String returns "udp" or "tcp".
func (t Transport) String() string {
	if t == TCP {
		return "tcp"
	}
	return "udp"
}

// Query is one question to one server.
type Query struct {
	Server    netip.AddrPort
	Transport Transport
	Name      string
	Type      uint16
	RD        bool // recursion desired
	CD        bool // checking disabled
	DO        bool // DNSSEC records wanted; needs EDNS
	NoEDNS    bool // send no OPT record; else EDNS0 with a buffer of 1232 bytes
	// Timeout is the wait for each try; 0: the resolver's, and twice that over
	// TCP, which takes two round trips and repeats a lost SYN after one second
	// and after three (RFC 6298). Retries is as in Config; only lost UDP
	// queries are tried again.
	Timeout time.Duration
	Retries int
}

// Reply is the answer to a Query. It is the first well-formed message that
// matches the question: an answer of SERVFAIL or a truncated one is a reply.
type Reply struct {
	Msg       *dns.Msg
	RTT       time.Duration // of the try that was answered
	Truncated bool          // TC was set: ask again over TCP
	Tries     int
	Bytes     int // of the message; over UDP at most 4097, which stands for more
}
