package probe

import (
	"context"

	"adopt6/scanner/resolve"
)

const (
	// DefaultMaxQueries is how many DNS queries one target may cost over all
	// probes. The median of real lists is some 30; docs/ethics.md has figures.
	DefaultMaxQueries = 500
	// maxQueriesPerAddress is how many of them may go to one address, which a
	// hostile zone may have chosen to attack a third party.
	maxQueriesPerAddress = 200
)

// withinBudget returns a context that ends, with the cause resolve.ErrBudget,
// when the target has cost as many queries as it may.
func (p *Prober) withinBudget(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	most := p.MaxQueries
	if most <= 0 {
		most = DefaultMaxQueries
	}
	budget := resolve.NewBudget(most, min(most, maxQueriesPerAddress), func() { cancel(resolve.ErrBudget) })
	return resolve.WithBudget(ctx, budget), cancel
}
