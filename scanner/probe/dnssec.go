package probe

import (
	"context"

	"github.com/miekg/dns"

	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

// security takes the state of the zone's key set from the resolver: it is
// secure only where the whole chain from the root is.
func security(ctx context.Context, v *visit) {
	if v.zone == "" {
		return
	}
	answer, reason := v.lookup(ctx, resolve.Dual, v.zone, dns.TypeDNSKEY)
	v.obs.DNSSEC, v.obs.DNSSECReason = answer.State, scanner.Reason(answer.StateReason)
	if reason != "" {
		v.obs.DNSSECReason = reason
	}
	for _, rr := range answer.Answer {
		if _, ok := rr.(*dns.DNSKEY); ok && v.obs.DNSKEY < 1<<16-1 {
			v.obs.DNSKEY++
		}
	}
}
