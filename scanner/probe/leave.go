package probe

import "context"

// askLeave finds out what the operators of the target ask of the scan: first
// those of the domain that it is registered under, then its own. It comes
// before any other query for the target.
func (v *visit) askLeave(ctx context.Context) {
	policy, queries := v.OptOut.Ask(ctx, v.Resolver, v.obs.Target.Name)
	v.policy = policy
	v.count(queries)
}
