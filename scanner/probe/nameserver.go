package probe

import (
	"adopt6/scanner/observation"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"
)

const portDNS = 53

// maxServerAddresses is how many addresses of one name server and family are
// asked.
const maxServerAddresses = 4

// nameservers asks every name server of the zone over every address whether it
// serves the zone, and judges each family by what answers.
func nameservers(ctx context.Context, v *measurement) {
	if v.zone == "" || len(v.obs.NameServers) == 0 {
		return // delegation has said why
	}
	large := sync.OnceValue(func() answerSize { return v.keySize(ctx) })
	var servers [len(families)][]nameServer
	var all sync.WaitGroup
	for _, f := range families {
		servers[f] = make([]nameServer, len(v.obs.NameServers))
		for i, name := range v.obs.NameServers {
			all.Go(func() { servers[f][i] = v.nameServer(ctx, name, f, large) })
		}
	}
	all.Wait()
	v.obs.DNSV4, _ = judgeNameServers(servers[v4], v4)
	var works int
	v.obs.DNS, works = judgeNameServers(servers[v6], v6)
	v.obs.NameServersV6OK = uint16(works)
}

// nameServer is what was found of one name server over one family.
type nameServer struct {
	published observation.Verdict // of its addresses
	contacts  []serverContact     // with each, when published is OK
}

// serverContact is what one address of a name server showed.
type serverContact struct {
	addr    netip.Addr
	verdict observation.Verdict
}

func (v *measurement) nameServer(ctx context.Context, name string, f family, large func() answerSize) nameServer {
	h := v.host(ctx, name)
	if h.failure() == observation.OptedOut {
		return nameServer{published: unmeasured(observation.OptedOut)} // nor at its glue
	}
	addrs := v.serverAddrs(h, f)
	if len(addrs) > maxServerAddresses {
		v.find("nameserver", h.name, partial(observation.TooManyRecords), fmt.Sprintf("%d %s addresses, %d are asked", len(addrs), f, maxServerAddresses))
		addrs = addrs[:maxServerAddresses]
	}
	s := nameServer{published: v.publishedVerdict(h, f, addrs), contacts: make([]serverContact, len(addrs))}
	var asked sync.WaitGroup
	for i, a := range addrs {
		asked.Go(func() { s.contacts[i] = serverContact{a, v.askServer(ctx, h.name, a, large)} })
	}
	asked.Wait()
	return s
}

// serverAddrs returns the addresses at which a resolver may look for a name
// server: its own, and those that the parent zone publishes as glue.
func (v *measurement) serverAddrs(h *host, f family) []netip.Addr {
	if h.alias {
		return nil
	}
	addrs := h.usableOf(f)
	for _, a := range usable(glueOf(v.parent.Glue, dns.Fqdn(h.name), f)) {
		if !slices.Contains(addrs, a) {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// publishedVerdict judges what is published for a name server over a family,
// before anything is asked: OK means that there is an address to ask.
func (v *measurement) publishedVerdict(h *host, f family, addrs []netip.Addr) observation.Verdict {
	switch {
	case h.alias:
		return broken(observation.NSIsAlias) // resolvers pass it by
	case len(addrs) > 0 && !v.Routes.has(addrs[0]):
		return unmeasured(observation.NoRoute)
	case len(addrs) > 0:
		return observation.Verdict{Status: observation.OK}
	case len(h.addrs(f)) > 0:
		return broken(observation.SpecialPurposeAddress)
	case h.failed[f] != "":
		return unresolved(h.failed[f])
	}
	return absent(serversLacking[f].none)
}
