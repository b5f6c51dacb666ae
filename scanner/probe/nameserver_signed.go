package probe

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// signedAnswer is the answer of one address of a name server to the question for
// the zone's SOA record, asked for with DO.
type signedAnswer struct {
	host    string
	addr    netip.Addr
	records []dns.RR // nil where there was none that could hold signatures
}

func (v *measurement) keepSigned(host string, addr netip.Addr, records []dns.RR) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.signed = append(v.signed, signedAnswer{host, addr, records})
}

// findUnsigned finds the name servers of a secure zone that answer without
// signatures, or with invalid ones. Resolvers try another server, so the state
// of the zone does not change.
func (v *measurement) findUnsigned(keys *resolve.Result) {
	if keys.State != observation.Secure {
		return
	}
	fails := make(map[string][]string) // by host: addresses and reasons
	for _, s := range v.signed {
		if s.records == nil {
			continue
		}
		validator := dnssec.NewValidator(v.now(), dnssec.DefaultBudget())
		if reason := validator.SignedBy(v.zone, recordsOf[*dns.DNSKEY](keys), v.zone, dns.TypeSOA, s.records); reason != "" {
			fails[s.host] = append(fails[s.host], s.addr.String()+" "+string(reason))
		}
	}
	for _, host := range v.obs.NameServers {
		if at := fails[host]; len(at) > 0 {
			slices.Sort(at)
			v.find("nameserver", host, partial(observation.NSSignatureFails), strings.Join(at, ", "))
		}
	}
}
