package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/resolve"
)

const (
	portSMTP      = 25
	maxExchangers = 10
)

// mail looks up the mail exchangers, connects to each over each family and
// judges IPv6. It sends nothing to them.
func mail(ctx context.Context, v *visit) {
	if v.obs.Target.Kind == lists.CCTLD {
		return
	}
	answer, reason := v.lookup(ctx, resolve.Dual, v.name(), dns.TypeMX)
	switch {
	case reason != "":
		v.obs.Mail = unmeasured(scanner.DNSFailure)
		return
	case answer.RCode == dns.RcodeNameError:
		v.obs.Mail = absent(scanner.NXDomain)
		return
	}
	exchangers, null := mailExchangers(answer.Answer)
	v.obs.MX = exchangers
	switch {
	case null:
		v.obs.Mail = absent(scanner.NullMX)
		return
	case len(exchangers) == 0:
		v.obs.Mail = absent(scanner.NoMX)
		return
	}
	verdicts := make([]scanner.Verdict, len(exchangers))
	var all sync.WaitGroup
	for i, name := range exchangers {
		all.Go(func() { verdicts[i] = v.mailHost(ctx, name) })
	}
	all.Wait()
	v.obs.Mail = judgeMail(verdicts)
}

// mailExchangers returns the hosts of the MX records by preference, and
// whether they are the null MX (RFC 7505).
func mailExchangers(records []dns.RR) (names []string, null bool) {
	var mx []*dns.MX
	for _, rr := range records {
		if m, ok := rr.(*dns.MX); ok {
			mx = append(mx, m)
		}
	}
	slices.SortStableFunc(mx, func(a, b *dns.MX) int {
		if d := int(a.Preference) - int(b.Preference); d != 0 {
			return d
		}
		return strings.Compare(a.Mx, b.Mx)
	})
	for _, m := range mx {
		name := strings.ToLower(strings.TrimSuffix(m.Mx, "."))
		if name == "" {
			null = true
			continue
		}
		if !slices.Contains(names, name) && len(names) < maxExchangers {
			names = append(names, name)
		}
	}
	return names, null && len(names) == 0
}

// mailHost judges one exchanger over IPv6.
func (v *visit) mailHost(ctx context.Context, name string) scanner.Verdict {
	h := v.host(ctx, name)
	v4, v6 := h.a, h.usable()
	verdicts := make([]scanner.Verdict, min(len(v6), maxDialled))
	v4Verdicts := make([]scanner.Verdict, min(len(v4), maxDialled))
	var dialled sync.WaitGroup
	for i := range verdicts {
		dialled.Go(func() {
			verdicts[i] = v.connect(ctx, "mail", h.name, netip.AddrPortFrom(v6[i], portSMTP))
		})
	}
	for i := range v4Verdicts {
		dialled.Go(func() {
			v4Verdicts[i] = v.connect(ctx, "mail", h.name, netip.AddrPortFrom(v4[i], portSMTP))
		})
	}
	dialled.Wait()
	if published := v.addressVerdict(h); published.Status != scanner.OK {
		return published
	}
	verdict := combine(verdicts, scanner.SomeAddressesFail)
	if verdict == broken(scanner.Timeout) && len(v4) > 0 && combine(v4Verdicts, "") == verdict {
		// Silence over both families is more often a network that lets no
		// mail out than a host that is dead twice.
		return unmeasured(scanner.PortFiltered)
	}
	return verdict
}

// judgeMail gives the verdict from those on the exchangers.
func judgeMail(exchangers []scanner.Verdict) scanner.Verdict {
	verdict := combine(exchangers, scanner.SomeHostsFail)
	if verdict.Status == scanner.Absent {
		return absent(scanner.NoMXAAAA)
	}
	if verdict == partial(scanner.SomeHostsFail) && !slices.ContainsFunc(exchangers, func(e scanner.Verdict) bool { return e.Status == scanner.Broken }) {
		return partial(scanner.SomeHostsLackAAAA)
	}
	return verdict
}
