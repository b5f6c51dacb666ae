package probe

import "context"

// askOptOut looks up the opt-out policy of the target: first that of the domain
// that it is registered under, then its own. No other query for the target
// comes before it.
func (v *measurement) askOptOut(ctx context.Context) {
	policy, queries := v.OptOut.Ask(ctx, v.Resolver, v.obs.Target.Name)
	v.policy = policy
	v.count(queries)
}
