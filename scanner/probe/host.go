package probe

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// maxAddresses is how many addresses of one host and family are kept. A host
// with more is measured by these.
const maxAddresses = 16

// host is a name and what the DNS says of its addresses.
type host struct {
	once  sync.Once
	name  string // no trailing dot
	a     []netip.Addr
	aaaa  []netip.Addr
	most  int  // addresses of one family that the name has; more than maxAddresses are not kept
	exist bool // the name exists
	alias bool // the name is a CNAME
	// leadsTo is the name at the end of the aliases, no trailing dot; empty
	// without an alias.
	leadsTo string
	// failed says why the addresses of a family are not known; empty where the
	// lookup was answered. Nothing follows from one failure for the other
	// family: some servers answer for A and fail for AAAA (RFC 4074).
	failed [len(families)]observation.Reason
}

// host looks up the addresses of a name, once per measurement.
func (v *measurement) host(ctx context.Context, name string) *host {
	name = strings.ToLower(dns.Fqdn(name))
	v.mu.Lock()
	h := v.hosts[name]
	if h == nil {
		h = &host{name: strings.TrimSuffix(name, ".")}
		v.hosts[name] = h
	}
	v.mu.Unlock()
	h.once.Do(func() {
		var a, aaaa *resolve.Result
		var both sync.WaitGroup
		both.Go(func() { a, h.failed[v4] = v.lookup(ctx, resolve.Dual, name, dns.TypeA) })
		both.Go(func() { aaaa, h.failed[v6] = v.lookup(ctx, resolve.Dual, name, dns.TypeAAAA) })
		both.Wait()
		allA, allAAAA := everyAddressIn(a.Answer), everyAddressIn(aaaa.Answer)
		h.a, h.aaaa, h.most = firstAddresses(allA), firstAddresses(allAAAA), max(len(allA), len(allAAAA))
		h.alias = slices.ContainsFunc(slices.Concat(a.Answer, aaaa.Answer), isCNAME)
		for _, rr := range slices.Concat(a.Answer, aaaa.Answer) {
			if cname, ok := rr.(*dns.CNAME); ok {
				h.leadsTo = strings.TrimSuffix(cname.Target, ".")
			}
		}
		h.exist = a.RCode == dns.RcodeSuccess || aaaa.RCode == dns.RcodeSuccess
	})
	return h
}

// failure says why not all is known of a host; empty where it is.
func (h *host) failure() observation.Reason { return cmp.Or(h.failed[v6], h.failed[v4]) }

// dangles says whether the name is an alias for one that does not exist.
func (h *host) dangles() bool { return h.alias && !h.exist && h.failure() == "" }

func isCNAME(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME }

// usable returns the IPv6 addresses that a public service can have.
func (h *host) usable() []netip.Addr {
	return slices.DeleteFunc(slices.Clone(h.aaaa), func(a netip.Addr) bool { return !netaddr.Classify(a).Usable })
}

// addressesIn returns the first maxAddresses of everyAddressIn.
func addressesIn(records []dns.RR) []netip.Addr { return firstAddresses(everyAddressIn(records)) }

func firstAddresses(addrs []netip.Addr) []netip.Addr { return addrs[:min(len(addrs), maxAddresses)] }

// everyAddressIn returns the addresses of the A and AAAA records, sorted, each
// once. An AAAA record that holds an IPv4-mapped address stays what it is.
func everyAddressIn(records []dns.RR) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range records {
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				addrs = append(addrs, a)
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
				addrs = append(addrs, a)
			}
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}

// unresolved returns the verdict on what rests on a lookup that failed.
func unresolved(failure observation.Reason) observation.Verdict {
	if failure == observation.OptedOut {
		return unmeasured(failure)
	}
	return unmeasured(observation.DNSFailure)
}

// published judges the AAAA records of one host, whatever the vantage can
// reach.
func (h *host) published() observation.Verdict {
	usable := len(h.usable())
	switch {
	case h.failed[v6] != "":
		return unresolved(h.failed[v6])
	case usable > 0 && usable < len(h.aaaa):
		return partial(observation.SpecialPurposeAddress)
	case usable > 0:
		return observation.Verdict{Status: observation.OK}
	case len(h.aaaa) > 0:
		return broken(observation.SpecialPurposeAddress)
	case len(h.a) > 0:
		return absent(observation.NoAAAA)
	case h.failed[v4] != "":
		return unresolved(h.failed[v4]) // no AAAA record, or no such host
	}
	return h.nothing()
}

// nothing is the verdict on a name without an address.
func (h *host) nothing() observation.Verdict {
	switch {
	case h.dangles():
		return absent(observation.DanglingAlias)
	case !h.exist:
		return absent(observation.NXDomain)
	}
	return absent(observation.NoAddress)
}

// addressVerdict judges what the DNS publishes for a host over IPv6, before
// anything is dialled: OK means that there is something to dial.
func (v *measurement) addressVerdict(h *host) observation.Verdict {
	switch published := h.published(); {
	case len(h.usable()) == 0:
		return published
	case !v.Routes.V6:
		return unmeasured(observation.NoRoute)
	}
	return observation.Verdict{Status: observation.OK}
}

// maxDialled is how many addresses of one host and family are dialled.
const maxDialled = 4

// dialled returns the addresses of one family that are contacted: the first
// few that may be, and a few that may not, which costs no packet and leaves
// evidence.
func dialled(addrs []netip.Addr) []netip.Addr {
	var usable, special []netip.Addr
	for _, a := range addrs {
		if netaddr.Classify(a).Usable {
			usable = append(usable, a)
		} else {
			special = append(special, a)
		}
	}
	return slices.Concat(usable[:min(len(usable), maxDialled)], special[:min(len(special), maxDialled)])
}

// publishedV6 says whether a host has an IPv6 address to connect to.
func (v *measurement) publishedV6(h *host) observation.Verdict {
	if len(h.aaaa) > 0 && v.Routes.V6 {
		return observation.Verdict{Status: observation.OK} // special-purpose or not: its contact will tell
	}
	return v.addressVerdict(h)
}

// publishedV4 says whether a host has an IPv4 address to connect to.
func (v *measurement) publishedV4(h *host) observation.Verdict {
	switch {
	case h.failed[v4] != "":
		return unresolved(h.failed[v4])
	case len(h.a) > 0 && !v.Routes.V4:
		return unmeasured(observation.NoRoute)
	case len(h.a) > 0:
		return observation.Verdict{Status: observation.OK}
	case len(h.aaaa) > 0:
		return absent(observation.NoA)
	case h.failed[v6] != "":
		return unresolved(h.failed[v6])
	}
	return h.nothing()
}
