package probe

import (
	"context"
	"net/netip"
	"sync"

	"adopt6/lists"
	"adopt6/scanner"
)

// maxDialled is how many addresses of one host and family are dialled.
const maxDialled = 4

// webPorts in the order of their worth.
var webPorts = [...]uint16{443, 80}

// web connects to the web ports of the apex and of www over each family, and
// judges IPv6. A registry has no site of its own at its TLD, so none is looked
// for there.
func web(ctx context.Context, v *visit) {
	if v.obs.Target.Kind == lists.CCTLD {
		return
	}
	names := []string{v.name(), "www." + v.name()}
	verdicts := make([]scanner.Verdict, len(names))
	var both sync.WaitGroup
	for i, name := range names {
		both.Go(func() { verdicts[i] = v.webHost(ctx, v.host(ctx, name)) })
	}
	both.Wait()
	v.obs.Web = judgeWeb(verdicts[0], verdicts[1])
}

// webHost judges one host over IPv6: a host works where every address that it
// publishes takes connections on a web port.
func (v *visit) webHost(ctx context.Context, h *host) scanner.Verdict {
	v4, v6 := h.a, h.usable()
	verdicts := make([]scanner.Verdict, min(len(v6), maxDialled))
	var dialled sync.WaitGroup
	for i := range verdicts {
		dialled.Go(func() { verdicts[i] = v.webAddress(ctx, h.name, v6[i]) })
	}
	for _, addr := range v4[:min(len(v4), maxDialled)] {
		dialled.Go(func() { v.webAddress(ctx, h.name, addr) })
	}
	dialled.Wait()
	if published := v.addressVerdict(h); published.Status != scanner.OK {
		return published
	}
	return combine(verdicts, scanner.SomeAddressesFail)
}

// webAddress tries both web ports. HTTPS refused and HTTP open is a site.
func (v *visit) webAddress(ctx context.Context, host string, addr netip.Addr) scanner.Verdict {
	var first scanner.Verdict
	for i, port := range webPorts {
		verdict := v.connect(ctx, "web", host, netip.AddrPortFrom(addr, port))
		if verdict.Status == scanner.OK {
			return verdict
		}
		if i == 0 {
			first = verdict
		}
	}
	return first
}

// judgeWeb gives the verdict on the site from those on its two hosts. A host
// without any address is no part of the site.
func judgeWeb(apex, www scanner.Verdict) scanner.Verdict {
	var hosts []scanner.Verdict
	for _, h := range []scanner.Verdict{apex, www} {
		if h.Reason != scanner.NoAddress && h.Reason != scanner.NXDomain {
			hosts = append(hosts, h)
		}
	}
	switch {
	case len(hosts) == 0:
		return apex
	case len(hosts) == 2 && (hosts[0].Status == scanner.Absent) != (hosts[1].Status == scanner.Absent):
		for _, h := range hosts {
			if h.Status == scanner.OK || h.Status == scanner.Partial {
				return partial(scanner.SomeHostsLackAAAA)
			}
		}
		return worst(hosts)
	}
	return combine(hosts, scanner.SomeHostsFail)
}
