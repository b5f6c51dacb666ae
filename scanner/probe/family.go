package probe

import (
	"net/netip"
	"slices"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// family is an address family, as an index.
type family int

const (
	v4 family = iota
	v6
)

var families = [...]family{v4, v6}

func (f family) String() string { return [...]string{v4: "IPv4", v6: "IPv6"}[f] }

func (f family) of(a netip.Addr) bool { return a.Is4() == (f == v4) }

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return v4
	}
	return v6
}

// addrs returns a host's own addresses of a family.
func (h *host) addrs(f family) []netip.Addr {
	if f == v4 {
		return h.a
	}
	return h.aaaa
}

// usableOf returns those that a public service can have, and special the rest.
func (h *host) usableOf(f family) []netip.Addr { return usable(h.addrs(f)) }

func (h *host) special(f family) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(h.addrs(f)), func(a netip.Addr) bool { return netaddr.Classify(a).Usable })
}

func usable(addrs []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !netaddr.Classify(a).Usable })
}

// serversLacking is why a zone's name servers do not work over a family: none,
// or only one, has an address of it.
var serversLacking = [...]struct{ none, one observation.Reason }{
	v4: {observation.NoNSA, observation.OneNSA},
	v6: {observation.NoNSAAAA, observation.OneNSAAAA},
}
