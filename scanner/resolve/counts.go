package resolve

import (
	"adopt6/scanner/observation"
	"iter"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/miekg/dns"
)

// QueryKind classifies queries: how they were sent and how they ended.
type QueryKind struct {
	Family    string // "ipv4" or "ipv6"
	Transport string // "udp" or "tcp"
	// Outcome is the RCODE of the answer in lower case, such as "noerror", or
	// "other" for an uncommon one; "timeout"; or "failed" for all else.
	Outcome string
}

// The indexes of outcomes: RCODEs up to 15, which need no EDNS, then the rest.
const (
	rcodes       = 16
	otherRcode   = rcodes
	timedOut     = rcodes + 1
	otherFailure = rcodes + 2
	outcomes     = rcodes + 3
)

// queryCounts counts queries by family (0 is IPv4), transport (0 is UDP) and
// outcome.
type queryCounts [2][2][outcomes]atomic.Int64

func (c *queryCounts) add(server netip.Addr, transport Transport, out *outcome) {
	family, over := 0, 0
	if server.Is6() {
		family = 1
	}
	if transport == TCP {
		over = 1
	}
	place := otherFailure
	switch {
	case out.reason == observation.Timeout:
		place = timedOut
	case out.reason == "" && out.msg.rcode < rcodes:
		place = int(out.msg.rcode)
	case out.reason == "":
		place = otherRcode
	}
	c[family][over][place].Add(1)
}

// Queries yields how many queries of each kind were sent and came to an end
// since the resolver was made. It may be called at any time.
func (r *Resolver) Queries() iter.Seq2[QueryKind, int64] {
	return func(yield func(QueryKind, int64) bool) {
		for f, family := range []string{"ipv4", "ipv6"} {
			for t, transport := range []string{"udp", "tcp"} {
				for o := range outcomes {
					n := r.counts[f][t][o].Load()
					if n > 0 && !yield(QueryKind{family, transport, outcomeName(o)}, n) {
						return
					}
				}
			}
		}
	}
}

func outcomeName(place int) string {
	switch place {
	case timedOut:
		return "timeout"
	case otherFailure:
		return "failed"
	}
	if name, known := dns.RcodeToString[place]; known && place < rcodes {
		return strings.ToLower(name)
	}
	return "other"
}

// CacheBytes returns about how much memory the caches hold.
func (r *Resolver) CacheBytes() int64 {
	var sum int64
	for _, v := range r.views {
		if v != nil {
			sum += v.cuts.bytes() + v.answers.bytes() + v.zones.bytes() + v.failures.bytes()
		}
	}
	return sum
}
