package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// checkHints compares the IPv6 addresses that a host's HTTPS record hints at
// with its AAAA records (RFC 9460 section 7.3). Browsers may connect to a hint
// before they know the records. A hint is never dialled.
func (v *measurement) checkHints(ctx context.Context, name string) {
	answer, reason := v.lookup(ctx, resolve.Dual, name, dns.TypeHTTPS)
	h := v.host(ctx, name)
	if reason != "" || h.failed[v6] != "" {
		return
	}
	var strays []string
	for _, hint := range ownHints(answer.Answer) {
		if !slices.Contains(h.aaaa, hint) && len(h.aaaa) < maxAddresses {
			strays = append(strays, hint.String())
		}
	}
	if len(strays) > 0 {
		v.find("web", h.name, partial(observation.IPv6HintDiffers), strings.Join(strays, " "))
	}
}

// ownHints returns the addresses in the ipv6hint of those HTTPS records that
// speak of their own name. Others hint at the addresses of another host.
func ownHints(records []dns.RR) []netip.Addr {
	var hints []netip.Addr
	for _, rr := range records {
		record, ok := rr.(*dns.HTTPS)
		if !ok || record.Priority == 0 || record.Target != "." && !strings.EqualFold(record.Target, record.Hdr.Name) {
			continue
		}
		for _, value := range record.Value {
			hint, ok := value.(*dns.SVCBIPv6Hint)
			if !ok {
				continue
			}
			for _, ip := range hint.Hint {
				if a, ok := netip.AddrFromSlice(ip.To16()); ok && len(hints) < maxAddresses {
					hints = append(hints, a)
				}
			}
		}
	}
	return hints
}
