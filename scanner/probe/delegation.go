package probe

import (
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

// maxNameServers is how many name servers of a zone are measured.
const maxNameServers = 20

// delegation finds the zone that the target lies in, its name servers and its
// DS records.
func delegation(ctx context.Context, v *visit) {
	d, err := v.Resolver.Delegation(ctx, resolve.Dual, v.name())
	if err == nil {
		v.obs.Queries += uint32(d.Queries)
	}
	switch {
	case err != nil:
		v.obs.DNS = unmeasured(interrupted(ctx))
		return
	case d.Reason != "":
		v.obs.DNS = unmeasured(scanner.DNSFailure)
		return
	case d.RCode == dns.RcodeNameError:
		v.obs.DNS = absent(scanner.NXDomain)
		return
	}
	v.zone = d.Zone
	v.obs.Zone = strings.ToLower(strings.TrimSuffix(d.Zone, "."))
	v.obs.DS = uint16(min(len(d.DS), 1<<16-1))

	// The zone's own word on its name servers is the authoritative one; the
	// parent's has to do where the zone does not answer.
	names := d.NS
	if own, reason := v.lookup(ctx, resolve.Dual, d.Zone, dns.TypeNS); reason == "" {
		if ns := nsNames(own.Answer, d.Zone); len(ns) > 0 {
			names = ns
		}
	}
	v.obs.NameServers = tidyNames(names, maxNameServers)
	if len(v.obs.NameServers) == 0 {
		v.obs.DNS = absent(scanner.NoNS)
	}
}

func nsNames(records []dns.RR, zone string) []string {
	var names []string
	for _, rr := range records {
		if ns, ok := rr.(*dns.NS); ok && strings.EqualFold(ns.Hdr.Name, zone) {
			names = append(names, ns.Ns)
		}
	}
	return names
}

// tidyNames returns names in lower case without the final dot, sorted, each
// once, at most n of them.
func tidyNames(names []string, n int) []string {
	tidy := make([]string, 0, len(names))
	for _, name := range names {
		tidy = append(tidy, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	slices.Sort(tidy)
	tidy = slices.Compact(tidy)
	return tidy[:min(len(tidy), n)]
}
