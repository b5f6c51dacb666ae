package scanner

import (
	"context"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/projectdiscovery/ratelimit"
)

// Caps are what a scan may send, in queries and connections a second. A cap of
// 0 or less is none.
type Caps struct {
	Overall     int // in all
	PerServer   int // to one address
	PerOperator int // to all addresses of one operator
	// ASN returns the number of the autonomous system that an address lies in;
	// an address of which it is known belongs to that operator. May be nil.
	ASN func(netip.Addr) (number uint32, known bool)
}

// Rates holds a scan to its caps. No second, wherever it begins, sees more
// than any of them. A server that refuses gets less for a while: see SlowDown.
type Rates struct {
	caps      Caps
	overall   *bucket
	servers   *limiters[netip.Addr]
	operators *limiters[Operator]
	sent      atomic.Int64
}

// Caps returns the caps that hold.
func (r *Rates) Caps() Caps { return r.caps }

// Sent returns how many queries and connections were let go.
func (r *Rates) Sent() int64 { return r.sent.Load() }

// rateMargin is the part of a cap that is used, so that packets which the
// scheduler or the network bunches together stay below it too.
const rateMargin = 0.95

// NewRates returns the limits for a scan.
func NewRates(caps Caps) *Rates {
	r := &Rates{caps: caps}
	if caps.Overall > 0 {
		// A hundredth of a second's worth may go at once: a timer per packet
		// would not keep up with high rates.
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
	// The slots are released when the packet goes: those that wait for the overall
	// rate must not go together when it lets them. They are taken in one order,
	// so nobody waits for one who waits for them.
	var owner Operator
	if r.servers != nil {
		s := r.servers.of(server)
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
		o := r.operators.of(owner)
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
	r.servers.of(server).refused(server, now, sent, pause)
	if r.operators != nil {
		r.operators.of(r.OperatorOf(server)).refused(server, now, sent, pause)
	}
	return true
}

// Restore takes a SlowDown of a server back: what it refused was the question,
// not the number of them.
func (r *Rates) Restore(server netip.Addr) {
	if r.servers != nil {
		r.servers.of(server).restore()
	}
}

// Operator stands for whoever runs an address: an autonomous system, or where
// that is not known a network.
type Operator struct {
	AS      uint32       // 0: Network says who
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

// OperatorOf returns the operator of an address, by the table of autonomous
// systems where it has the address and else by the network around it: what one
// operator commonly announces as one (RFC 7454 section 6.1.3).
func (r *Rates) OperatorOf(addr netip.Addr) Operator { return OperatorOf(addr, r.caps.ASN) }

// OperatorOf is as [Rates.OperatorOf], for a table that may be nil.
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

// bucket lets packets go one after another, each when it has a token.
type bucket struct {
	// Only who has the slot waits for a token, so everybody behind can leave when
	// their context ends; the tokens themselves know no contexts.
	slot   slot
	tokens *ratelimit.Limiter
}

// newBucket returns a bucket that lets at most perSecond packets go in any
// second, of which burst may go at once.
func newBucket(perSecond, burst int) *bucket {
	// A window that begins with a full bucket sees the burst and what flows in
	// before it ends, so the two together must not exceed the cap.
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
