package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

const (
	portSMTP      = 25
	maxExchangers = 10
	// maxSessions is how many SMTP sessions one target has open at once.
	maxSessions = 16
)

// mail looks up the mail exchangers, opens a session with each over each family
// and judges both. A domain without MX records is its own exchanger (RFC 5321
// section 5.1). A registry has no mail of its own at its TLD, so none is looked for.
func mail(ctx context.Context, v *measurement) {
	if v.obs.Target.Kind.IsZone() {
		return
	}
	answer, reason := v.lookup(ctx, resolve.Dual, v.name(), dns.TypeMX)
	switch {
	case ownFault(reason):
		v.mailVerdicts(unmeasured(reason))
		return
	case reason != "":
		v.mailVerdicts(unresolved(reason))
		return
	case answer.RCode == dns.RcodeNameError && slices.ContainsFunc(answer.Answer, isCNAME):
		v.mailVerdicts(absent(observation.DanglingAlias))
		return
	case answer.RCode == dns.RcodeNameError:
		v.mailVerdicts(absent(observation.NXDomain))
		return
	}
	names, null := mailExchangers(answer.Answer)
	switch {
	case null:
		v.mailVerdicts(absent(observation.NullMX))
	case len(names) == 0:
		v.implicitExchanger(ctx)
	default:
		if len(names) > maxExchangers {
			v.find("mail", v.obs.Target.Name, partial(observation.TooManyRecords),
				fmt.Sprintf("%d mail exchangers; the %d most preferred were measured", len(names), maxExchangers))
			names = names[:maxExchangers]
		}
		v.obs.MX = names
		v.judgeExchangers(v.exchangers(ctx, names))
	}
}

// mailVerdicts sets every verdict on mail, where one fact decides them all.
func (v *measurement) mailVerdicts(verdict observation.Verdict) {
	v.obs.Mail, v.obs.MailV4, v.obs.StartTLS, v.obs.SMTPUTF8 = verdict, verdict, verdict, verdict
}

// mailExchangers returns the hosts of the MX records by preference, those of
// one preference by name, and whether they are the null MX (RFC 7505).
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
		return strings.Compare(strings.ToLower(a.Mx), strings.ToLower(b.Mx))
	})
	seen := make(map[string]bool)
	for _, m := range mx {
		name := strings.ToLower(strings.TrimSuffix(m.Mx, "."))
		if name == "" {
			null = true
			continue
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, null && len(names) == 0
}

// implicitExchanger measures a domain without MX records at its own addresses.
// Most such domains have a web server there and take no mail.
func (v *measurement) implicitExchanger(ctx context.Context) {
	h := v.host(ctx, v.name())
	if h.failure() == "" && len(h.a)+len(h.aaaa) == 0 {
		v.mailVerdicts(absent(observation.NoMX))
		return
	}
	exchangers := v.exchangers(ctx, []string{h.name})
	x := exchangers[0]
	if x.refusesMail() {
		v.mailVerdicts(absent(observation.NoMX))
		return
	}
	v.judgeExchangers(exchangers)
	if v.obs.Mail.Status == observation.Broken && x.v4.all((*mailContact).unreached) {
		// Only IPv4 could tell whether the host takes mail at all.
		v.obs.Mail = v.obs.MailV4
	}
	if x.v4.greets() || x.v6.greets() {
		v.find("mail", h.name, partial(observation.ImplicitMX), "")
	}
}

// exchanger is a host that takes mail, and the results of contacting it.
type exchanger struct {
	host   *host
	v4, v6 exchangerFamily
}

// exchangerFamily is an exchanger over one family.
type exchangerFamily struct {
	// published says that there is an address to connect to, or why not.
	published observation.Verdict
	contacts  []*mailContact
}

// exchangers finds the addresses of hosts and opens a session with each once, under
// the name of the first host that has it. Everything recorded is in an order
// that the next scan will repeat.
func (v *measurement) exchangers(ctx context.Context, names []string) []*exchanger {
	exchangers := make([]*exchanger, len(names))
	var found sync.WaitGroup
	for i, name := range names {
		found.Go(func() {
			h := v.host(ctx, name)
			exchangers[i] = &exchanger{host: h}
			exchangers[i].v4.published, exchangers[i].v6.published = v.publishedV4(h), v.publishedV6(h)
		})
	}
	found.Wait()

	contacts := make(map[netip.Addr]*mailContact)
	var sessions errgroup.Group // its functions return no errors
	sessions.SetLimit(maxSessions)
	for _, x := range exchangers {
		for _, addr := range slices.Concat(dialled(x.host.a), dialled(x.host.aaaa)) {
			contact := contacts[addr]
			if contact == nil {
				contact = &mailContact{host: x.host.name, addr: addr}
				contacts[addr] = contact
				sessions.Go(func() error { v.contact(ctx, contact); return nil })
			}
			if addr.Is4() {
				x.v4.contacts = append(x.v4.contacts, contact)
			} else {
				x.v6.contacts = append(x.v6.contacts, contact)
			}
		}
	}
	_ = sessions.Wait()

	for _, x := range exchangers {
		v.noteExchanger(x.host)
		for _, c := range slices.Concat(x.v4.contacts, x.v6.contacts) {
			v.record(c.endpoint(x.host.name))
		}
	}
	return exchangers
}

// noteExchanger keeps what is wrong with the name in an MX record.
func (v *measurement) noteExchanger(h *host) {
	if _, err := netip.ParseAddr(h.name); err == nil {
		v.find("mail", h.name, broken(observation.MXIsAddress), "")
	}
	if h.alias && h.name != strings.TrimSuffix(strings.ToLower(v.name()), ".") {
		v.find("mail", h.name, partial(observation.MXIsAlias), "")
	}
}
