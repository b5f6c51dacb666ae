package probe

import (
	"context"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// findUnregistered notes name servers below a domain that does not exist.
// Whoever registers the domain can answer for the zone, to every resolver that
// asks that server. A name that lacks a record in a domain which is there is
// only a mistake.
func (v *measurement) findUnregistered(ctx context.Context, servers []*host, note noteFunc) (unregistered map[*host]bool) {
	domains := make([]string, len(servers)) // that do not exist, by server
	var all sync.WaitGroup
	for i, h := range servers {
		if h.exist || h.failure() != "" {
			continue
		}
		all.Go(func() {
			domain := reach.Operator(h.name, "")
			answer, failure := v.lookup(ctx, resolve.Dual, dns.Fqdn(domain), dns.TypeNS)
			if failure == "" && answer.RCode == dns.RcodeNameError && answer.State != observation.Bogus {
				domains[i] = domain
			}
		})
	}
	all.Wait()
	unregistered = make(map[*host]bool)
	for i, domain := range domains {
		if domain != "" {
			unregistered[servers[i]] = true
			note(servers[i].name, observation.NSUnregistered, domain+" does not exist")
		}
	}
	return unregistered
}
