package resolve

import (
	"context"
	"errors"
	"net/netip"
	"sync"
)

// Budget bounds the packets that are sent on behalf of one target, over all
// its resolutions and exchanges: in all, and to one address, whoever that
// belongs to. Facts that were learnt for other targets cost nothing.
type Budget struct {
	queries, perAddress int
	exhausted           func() // called once, when the first query is refused

	mu        sync.Mutex
	sent      int
	byAddress map[netip.Addr]int
	spent     bool
}

// NewBudget returns a budget of so many queries, and of so many to one
// address. When a query would exceed it, exhausted is called; that query is
// not sent, and neither is any after it.
func NewBudget(queries, perAddress int, exhausted func()) *Budget {
	return &Budget{queries: queries, perAddress: perAddress, exhausted: exhausted, byAddress: make(map[netip.Addr]int)}
}

// ErrBudget is returned for what the target's [Budget] does not allow.
var ErrBudget = errors.New("the target's budget of queries is spent")

type budgetKey struct{}

// WithBudget returns a context under which a Resolver sends no more than b
// allows.
func WithBudget(ctx context.Context, b *Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, b)
}

func budgetOf(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
}

// take takes note of a query to an address, and returns false where it must
// not be sent. A nil budget has no end.
func (b *Budget) take(to netip.Addr) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	refuse := b.spent || b.sent >= b.queries || b.byAddress[to] >= b.perAddress
	first := refuse && !b.spent
	if refuse {
		b.spent = true
	} else {
		b.sent++
		b.byAddress[to]++
	}
	b.mu.Unlock()
	if first {
		b.exhausted()
	}
	return !refuse
}

// Sent returns how many queries were sent so far.
func (b *Budget) Sent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}
