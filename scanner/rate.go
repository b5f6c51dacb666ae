package scanner

import (
	"context"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/projectdiscovery/ratelimit"
)

// Caps bound what a scan sends, in queries and connections a second. 0 or less
// means no limit.
type Caps struct {
	Overall     int // to all servers together
	PerServer   int // to one address
	PerOperator int // to all addresses of one operator
	// ASN returns the autonomous system of an address. Where that is known, it
	// is the address's operator. May be nil.
	ASN func(netip.Addr) (number uint32, known bool)
}

// Rates keeps a scan within its caps: no window of one second, wherever it
// begins, exceeds any of them. A server that refuses is sent less for a while:
// see SlowDown.
type Rates struct {
	caps      Caps
	overall   *bucket
	servers   *limiters[netip.Addr]
	operators *limiters[Operator]
	sent      atomic.Int64
}

// Caps returns the caps in force.
func (r *Rates) Caps() Caps { return r.caps }

// Sent returns how many queries and connections were admitted.
func (r *Rates) Sent() int64 { return r.sent.Load() }

// rateMargin is the fraction of a cap that is used, so that packets which the
// scheduler or the network bunches together stay below it too.
const rateMargin = 0.95

// NewRates returns the limits for a scan.
func NewRates(caps Caps) *Rates {
	r := &Rates{caps: caps}
	if caps.Overall > 0 {
		// What is sent in a hundredth of a second may be sent at once: a timer
		// per packet would not keep up with high rates.
		r.overall = newBucket(caps.Overall, max(1, caps.Overall/100))
	}
	if caps.PerServer > 0 {
		r.servers = newLimiters[netip.Addr](caps.PerServer, false)
	}
	if caps.PerOperator > 0 {
		r.operators = newLimiters[Operator](caps.PerOperator, true)
	}
	return r
}

// Wait returns when a packet may be sent to server, or with the context's
// error when that ends first.
func (r *Rates) Wait(ctx context.Context, server netip.Addr) error {
	// The slots are released only when the packet is sent: packets that wait
	// for the overall rate must not leave together once it admits them. Slots
	// are always taken in the same order, server before operator before
	// overall, so that there is no deadlock.
	var owner Operator
	if r.servers != nil {
		s := r.servers.limiterFor(server)
		if err := s.wait(ctx); err != nil {
			return err
		}
		defer s.done()
		if r.operators != nil && s.owner == (Operator{}) {
			s.owner = r.OperatorOf(server)
		}
		owner = s.owner
	} else if r.operators != nil {
		owner = r.OperatorOf(server)
	}
	if r.operators != nil {
		o := r.operators.limiterFor(owner)
		if err := o.wait(ctx); err != nil {
			return err
		}
		defer o.done()
	}
	err := ctx.Err()
	if r.overall != nil {
		err = r.overall.wait(ctx)
	}
	if err == nil {
		r.sent.Add(1)
	}
	return err
}

// SlowDown lowers the rate of a server that had answered and then refused a
// packet sent at the given time. Nothing more is sent to it for the pause, 10 s
// at most, and then half as much a second as before; each 10 s without a
// refusal restore a sixteenth of the cap. When a second server of the same
// operator refuses within 30 s, the operator is slowed down in the same way.
// SlowDown returns false without a cap per server, as there is no rate to lower.
func (r *Rates) SlowDown(server netip.Addr, sent time.Time, pause time.Duration) bool {
	if r.servers == nil {
		return false
	}
	now := time.Now()
	r.servers.limiterFor(server).refused(server, now, sent, pause)
	if r.operators != nil {
		r.operators.limiterFor(r.OperatorOf(server)).refused(server, now, sent, pause)
	}
	return true
}

// Restore undoes a SlowDown of a server: it refused the question, not the rate.
func (r *Rates) Restore(server netip.Addr) {
	if r.servers != nil {
		r.servers.limiterFor(server).restore()
	}
}

// Operator identifies who runs an address: by autonomous system, or by network
// where that is not known.
type Operator struct {
	AS      uint32       // 0: identified by Network
	Network netip.Prefix // a /24 of IPv4 or a /48 of IPv6
}

// String returns the number of the autonomous system, such as AS64496, or the
// network.
func (o Operator) String() string {
	if o.AS > 0 {
		return "AS" + strconv.FormatUint(uint64(o.AS), 10)
	}
	return o.Network.String()
}

// OperatorOf returns the operator of an address: its autonomous system where
// the table has it, otherwise the network around it, of the smallest size that
// is commonly announced (RFC 7454 section 6.1.3).
func (r *Rates) OperatorOf(addr netip.Addr) Operator { return OperatorOf(addr, r.caps.ASN) }

// OperatorOf is like [Rates.OperatorOf] for a given table, which may be nil.
func OperatorOf(addr netip.Addr, asn func(netip.Addr) (uint32, bool)) Operator {
	addr = addr.Unmap().WithZone("")
	if asn != nil {
		if number, known := asn(addr); known && number > 0 {
			return Operator{AS: number}
		}
	}
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	return Operator{Network: netip.PrefixFrom(addr, bits).Masked()}
}

// bucket admits packets one after another, each with a token.
type bucket struct {
	// Only the holder of the slot waits for a token, so that all others can
	// return when their context ends: the token library has no contexts.
	slot   slot
	tokens *ratelimit.Limiter
}

// newBucket returns a bucket that admits at most perSecond packets in any
// second, of which burst may be sent at once.
func newBucket(perSecond, burst int) *bucket {
	// A window that begins with a full bucket admits the burst and the inflow of
	// that second, so the two together must not exceed the cap.
	inflow := rateMargin * float64(perSecond-burst+1)
	tokens := ratelimit.NewLeakyBucket(context.Background(), uint(burst), time.Duration(float64(time.Second)/inflow))
	return &bucket{slot: newSlot(), tokens: tokens}
}

func (b *bucket) wait(ctx context.Context) error {
	if err := b.slot.take(ctx); err != nil {
		return err
	}
	b.tokens.Take()
	b.slot.release()
	return ctx.Err()
}
