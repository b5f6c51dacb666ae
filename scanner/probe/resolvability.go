package probe

import (
	"context"
	"slices"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

// resolvability resolves the target once more as a host without IPv4 would:
// the zone of a ccTLD, and for other targets an IPv6 address of the apex or of
// www.
func resolvability(ctx context.Context, v *visit) {
	if !v.Routes.V6 {
		v.obs.V6Only = unmeasured(scanner.NoRoute)
		return
	}
	if v.obs.DNS.Reason == scanner.NXDomain {
		v.obs.V6Only = absent(scanner.NXDomain)
		return
	}
	name, qtype := v.name(), dns.TypeSOA
	if v.obs.Target.Kind != lists.CCTLD {
		qtype = dns.TypeAAAA
		if len(v.obs.AAAA) == 0 {
			name = "www." + name
		}
		if h := v.host(ctx, name); len(h.aaaa) == 0 {
			v.obs.V6Only = v.addressVerdict(h)
			return
		}
	}
	answer, reason := v.lookup(ctx, resolve.V6Only, name, qtype)
	switch {
	case reason == scanner.TargetTimeout, reason == scanner.LocalFault:
		v.obs.V6Only = unmeasured(reason)
	case reason != "" && v.obs.DNS.Reason == scanner.NoNSAAAA:
		v.obs.V6Only = broken(scanner.NoNSAAAA)
	case reason != "" || !slices.ContainsFunc(answer.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == qtype }):
		v.obs.V6Only = broken(scanner.V6OnlyUnresolvable)
	default:
		v.obs.V6Only = scanner.Verdict{Status: scanner.OK}
	}
}
