package probe

import (
	"context"

	"adopt6/lists"
)

// addresses looks up the addresses of the apex and of www below it.
func addresses(ctx context.Context, v *visit) {
	apex := v.host(ctx, v.name())
	v.obs.A, v.obs.AAAA = apex.a, apex.aaaa
	if v.obs.Target.Kind != lists.CCTLD {
		www := v.host(ctx, "www."+v.name())
		v.obs.WWWA, v.obs.WWWAAAA = www.a, www.aaaa
	}
}
