package probe

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// addresses looks up the addresses of the apex and of www below it, through
// aliases, and judges every IPv6 address that is published. Nothing is dialled.
func addresses(ctx context.Context, v *measurement) {
	if v.obs.Target.Kind.IsZone() {
		apex := v.host(ctx, v.name())
		v.obs.A, v.obs.AAAA = apex.a, apex.aaaa
		v.findAddresses(apex)
		return
	}
	var apex, www *host
	var both sync.WaitGroup
	both.Go(func() { apex = v.host(ctx, v.name()) })
	both.Go(func() { www = v.host(ctx, "www."+v.name()) })
	both.Wait()
	v.obs.A, v.obs.AAAA = apex.a, apex.aaaa
	v.obs.WWWA, v.obs.WWWAAAA = www.a, www.aaaa
	v.obs.WWWSameAddress = apex.hasAddress() && slices.Equal(apex.a, www.a) && slices.Equal(apex.aaaa, www.aaaa)
	v.findAddresses(apex)
	v.findAddresses(www)
	v.obs.Address = judgeAddresses(apex, www)
}

// findAddresses finds the IPv6 addresses of a host that the Internet cannot
// reach, and addresses that are too many.
func (v *measurement) findAddresses(h *host) {
	for _, addr := range h.aaaa {
		if class := netaddr.Classify(addr); !class.Usable {
			v.find("address", h.name, broken(observation.SpecialPurposeAddress), fmt.Sprintf("%s: %s", addr, class))
		}
	}
	if h.dangles() {
		v.find("address", h.name, broken(observation.DanglingAlias), "leads to "+h.leadsTo)
	}
	if h.most > maxAddresses {
		v.find("address", h.name, partial(observation.TooManyRecords), fmt.Sprintf("%d addresses of a family, %d are measured", h.most, maxAddresses))
	}
}

// hasAddress says whether the name has an address of either family.
func (h *host) hasAddress() bool { return len(h.a)+len(h.aaaa) > 0 }

// judgeAddresses gives the verdict on the AAAA records of apex and www. A host
// without any address is not part of the site.
func judgeAddresses(apex, www *host) observation.Verdict {
	a, w := apex.published(), www.published()
	switch {
	case a.Status == observation.Unmeasured:
		return a
	case w.Status == observation.Unmeasured:
		return w
	case !www.hasAddress() && !apex.hasAddress() && w.Reason == observation.DanglingAlias:
		return w
	case !www.hasAddress():
		return a
	case !apex.hasAddress():
		return w
	case a == w:
		return a
	case a.Reason == observation.SpecialPurposeAddress, w.Reason == observation.SpecialPurposeAddress:
		if len(apex.usable())+len(www.usable()) > 0 {
			return partial(observation.SpecialPurposeAddress)
		}
		return broken(observation.SpecialPurposeAddress)
	case a.Status == observation.OK:
		return partial(observation.AAAAOnlyOnApex)
	}
	return partial(observation.AAAAOnlyOnWWW)
}
