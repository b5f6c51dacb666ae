package probe

import (
	"cmp"
	"context"

	"adopt6/scanner/observation"
)

// mailSite looks up, mostly from caches, what a host without IPv4 would look
// for to deliver mail: the exchangers that the mail probe found. Whether the
// target means to have IPv6 is known of its site.
func (v *measurement) mailSite(ctx context.Context, web *site) *site {
	m := &site{measurement: v, intent: web.intent,
		siteKind: siteKind{mail: true, lacking: observation.NoMXAAAA, fails: observation.MailFailsV6, blamed: &v.obs.MailV6OnlyZone}}
	for _, x := range v.exchangersV6 {
		m.failure = cmp.Or(m.failure, x.host.failed[v6])
		if len(x.host.a)+len(x.host.aaaa) == 0 {
			m.failure = cmp.Or(m.failure, x.host.failed[v4])
			continue
		}
		zones := []string{v.zone}
		if len(x.host.aaaa) > 0 {
			zones = v.zonesOf(ctx, x.host.name+".")
		}
		m.hosts = append(m.hosts, siteHost{x.host, zones, x.verdict})
	}
	return m
}

// exchangerV6 is a mail exchanger and the verdict on it over IPv6.
type exchangerV6 struct {
	host    *host
	verdict observation.Verdict
}

// judgeMail judges whether mail can be delivered without IPv4. A domain that
// takes no mail, or whose exchangers are not known, has the verdict on its mail.
func (m *site) judgeMail(ctx context.Context) {
	o := m.obs
	if len(m.exchangersV6) == 0 || hasNoMail(o.Mail) {
		o.MailV6Only, o.MailV6OnlyRecords = o.Mail, o.Mail
		return
	}
	o.MailFreedBy = m.graph.FreedBy(m.needed()...)
	chain := m.chain(false)
	o.MailV6OnlyRecords = m.byRecords(chain)
	o.MailV6Only = m.byAnswers(ctx, chain)
}

// hasNoMail says whether the DNS names no mail server for the domain.
func hasNoMail(mail observation.Verdict) bool {
	return mail.Reason == observation.NullMX || mail.Reason == observation.NoMX
}
