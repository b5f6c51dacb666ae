package scanner

import (
	"context"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
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
	overall   *rate.Limiter
	servers   *places[netip.Addr]
	operators *places[Operator]
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
		r.servers = newPlaces[netip.Addr](caps.PerServer, false)
	}
	if caps.PerOperator > 0 {
		r.operators = newPlaces[Operator](caps.PerOperator, true)
	}
	return r
}

// Wait returns when a packet may be sent to server, or with the context's
// error when that ends first.
func (r *Rates) Wait(ctx context.Context, server netip.Addr) error {
	// The turns are left when the packet goes: those that wait for the overall
	// rate must not go together when it lets them. They are taken in one order,
	// so nobody waits for one who waits for them.
	var owner Operator
	if r.servers != nil {
		s := r.servers.at(server)
		if err := s.enter(ctx); err != nil {
			return err
		}
		defer s.leave()
		if r.operators != nil && s.operator == (Operator{}) {
			s.operator = r.OperatorOf(server)
		}
		owner = s.operator
	} else if r.operators != nil {
		owner = r.OperatorOf(server)
	}
	if r.operators != nil {
		o := r.operators.at(owner)
		if err := o.enter(ctx); err != nil {
			return err
		}
		defer o.leave()
	}
	err := ctx.Err()
	if r.overall != nil {
		err = take(ctx, r.overall)
	}
	if err == nil {
		r.sent.Add(1)
	}
	return err
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

// newBucket returns a limiter that lets at most perSecond packets go in any
// second, of which burst may go at once.
func newBucket(perSecond, burst int) *rate.Limiter {
	// A window that begins with a full bucket sees the burst and what flows in
	// before it ends, so the two together must not exceed the cap.
	return rate.NewLimiter(rate.Limit(rateMargin*float64(perSecond-burst+1)), burst)
}

// take waits for a token. Unlike the limiter's own Wait it does not give up
// before ctx ends, so its error is always that of ctx.
func take(ctx context.Context, bucket *rate.Limiter) error {
	token := bucket.Reserve()
	timer := time.NewTimer(token.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		token.Cancel()
		return ctx.Err()
	}
}
