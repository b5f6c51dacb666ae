package probe

import (
	"cmp"
	"net/netip"
	"slices"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// systems looks up which autonomous systems the addresses of the web site and
// of every contact lie in. It sends nothing.
func (v *measurement) systems() {
	if v.ASN == nil {
		return
	}
	for i := range v.obs.Endpoints {
		e := &v.obs.Endpoints[i]
		e.AS, _ = v.origin(e.Addr)
	}
	o := v.obs
	for _, addr := range slices.Concat(o.A, o.WWWA, o.AAAA, o.WWWAAAA) {
		as, known := v.origin(addr)
		if !known {
			continue
		}
		if !slices.ContainsFunc(o.Hosting, func(other observation.AS) bool { return other.Number == as.Number }) {
			o.Hosting = append(o.Hosting, as)
		}
		if addr.Is6() && !slices.Contains(o.HostingV6, as.Number) {
			o.HostingV6 = append(o.HostingV6, as.Number)
		}
	}
	slices.SortFunc(o.Hosting, func(a, b observation.AS) int { return cmp.Compare(a.Number, b.Number) })
	slices.Sort(o.HostingV6)
}

// origin returns the autonomous system that an address lies in. Nobody
// announces a special-purpose address, whatever a table says.
func (v *measurement) origin(addr netip.Addr) (as observation.AS, known bool) {
	if !addr.IsValid() || !netaddr.Classify(addr).Usable {
		return as, false
	}
	as.Number, as.Name, known = v.ASN(addr)
	return as, known
}
