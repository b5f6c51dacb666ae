// Package advice says what to do about an observation.
//
// In: an observation and the table of reasons. Out: what fails, why, whose fix
// it is, how to see it and what to ask for, the most valuable first. It sends
// nothing, and no command it gives holds a name that a shell could read as
// anything but a name.
package advice

import (
	"adopt6/scanner/observation"
	"cmp"
	"net/netip"
	"slices"
)

// Service is one of the things that a domain offers and that can be fixed.
type Service string

// The services, by the stems of the columns that hold their verdicts.
const (
	DNS    Service = "dns"
	Web    Service = "web"
	Mail   Service = "mail"
	V6Only Service = "v6_only"
	// MailV6Only is mail where there is no IPv4.
	MailV6Only Service = "mail_v6_only"
	DNSSEC     Service = "dnssec"
)

// Words names the service for people.
func (s Service) Words() string {
	return map[Service]string{
		DNS: "name servers", Web: "web site", Mail: "mail", V6Only: "use without IPv4", MailV6Only: "mail without IPv4", DNSSEC: "DNSSEC",
	}[s]
}

// rank orders the services as the levels of readiness do.
func (s Service) rank() int {
	return slices.Index([]Service{DNSSEC, DNS, Web, V6Only, Mail, MailV6Only}, s)
}

// Owner is who can fix a fault.
type Owner string

// The owners.
const (
	Registry     Owner = "registry"
	ParentZone   Owner = "parent_zone"
	DNSOperator  Owner = "dns_operator"
	WebHoster    Owner = "web_hoster"
	MailOperator Owner = "mail_operator"
	Vantage      Owner = "vantage"
)

// Words names the owner for people.
func (o Owner) Words() string {
	return map[Owner]string{
		Registry:     "the registry, through the domain's registrar",
		ParentZone:   "the operator of a zone above the domain",
		DNSOperator:  "the DNS operator",
		WebHoster:    "the web hoster",
		MailOperator: "the mail operator",
		Vantage:      "whoever runs this measurement",
	}[o]
}

// Urgency is what ranks advice before all else.
type Urgency uint8

// The urgencies, the most urgent first. What is published and does not work
// harms users now; what is missing only keeps them from gaining something.
const (
	Harm     Urgency = iota // a service does not work as published
	InPart                  // part of a service does not work as published
	Missing                 // there is no IPv6
	Lacking                 // there is IPv6 in some places and not in others
	Practice                // it works, and could be better or safer
	Unseen                  // this vantage could not tell
)

// String returns the urgency as a stable token.
func (u Urgency) String() string {
	return [...]string{"broken", "broken_in_part", "missing", "missing_in_part", "practice", "unseen"}[u]
}

// Location is a host, and where it has one the address and port, that a piece
// of advice is about.
type Location struct {
	Host string // from the network, so escape it
	Addr netip.Addr
	Port uint16
}

// Advice is one thing to do. Texts are plain English sentences; the names in
// them are from the network, so escape them.
type Advice struct {
	Reason    observation.Reason
	Urgency   Urgency
	Service   Service    // where it was found
	Title     string     // what fails, without a full stop
	Locations []Location // where; the same host with several ports counts once each
	Family    string     // "IPv4" or "IPv6" where it fails over that one only, "both"; empty where no contact failed
	Why       string     // what follows from it
	Fix       string
	Owner     Owner
	Who       string    // the owner's name as far as it is known: a domain
	Unblocks  []Service // the services that do not work now and wait for this
	See       []string  // commands that show it
	Ask       string    // a message to the owner; empty where there is nobody to ask
}

// For returns what to do about an observation, the most valuable first.
// reasons explains every reason that it can hold.
func For(o *observation.Observation, reasons []observation.ReasonInfo) []Advice {
	c := collect(o)
	explained := make(map[observation.Reason]observation.ReasonInfo, len(reasons))
	for _, r := range reasons {
		explained[r.Reason] = r
	}
	var all []Advice
	for _, p := range c.problems {
		all = append(all, c.advise(p, explained[p.reason]))
	}
	slices.SortStableFunc(all, func(a, b Advice) int {
		return cmp.Or(
			cmp.Compare(a.Urgency, b.Urgency),
			cmp.Compare(len(b.Unblocks), len(a.Unblocks)),
			cmp.Compare(a.Service.rank(), b.Service.rank()),
			cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(b.Family, a.Family))
	})
	return all
}

// Levels are the words for the readiness levels 0 to 5 of docs/verdicts.md.
func Levels() []string {
	return []string{
		"no IPv6 anywhere",
		"publishes IPv6 somewhere",
		"its name servers answer over IPv6",
		"its web site answers over IPv6",
		"works where there is no IPv4",
		"all of it works over IPv6",
	}
}

// advise turns a problem into advice.
func (c *collection) advise(p *problem, info observation.ReasonInfo) Advice {
	r := rules[p.reason]
	a := Advice{
		Reason: p.reason, Urgency: c.urgency(p, r), Service: p.service,
		Locations: p.locations, Family: p.family, Fix: info.Fix, Owner: c.owner(p, r),
	}
	a.Title = c.title(p, info)
	a.Who = c.who(a.Owner, p)
	a.Unblocks = c.frees(p, a.Urgency, a.Family)
	a.Why = c.effect(p, a, r)
	a.See = c.commands(p, a.Family)
	if a.Owner != Vantage {
		a.Ask = c.message(p, a, info, r)
	}
	return a
}

// urgency ranks a problem by what it does to the service.
func (c *collection) urgency(p *problem, r rule) Urgency {
	verdict := c.verdict(p.service, p.family)
	switch {
	case r.owner == Vantage:
		return Unseen
	case p.failedLookup():
		if slices.ContainsFunc(p.locations, func(place Location) bool { return place.Host == c.o.Target.Name || place.Host == c.zone() }) {
			return Harm
		}
		return InPart
	case c.o.Delegation == observation.Verdict{Status: observation.Broken, Reason: p.reason}:
		return Harm // no way in
	case r.urgency == Lacking, r.urgency == Practice:
		return r.urgency
	case p.status == observation.Absent:
		return Missing
	case p.family == "IPv4" && verdict.Status != observation.OK:
		return InPart
	case p.status == observation.Broken && (verdict.Status == observation.Broken || verdict.Status == observation.Unmeasured):
		return Harm
	case verdict.Status == observation.OK && r.urgency == byStatus && p.service != DNSSEC:
		return Practice
	}
	return InPart
}

// owner is that of the rule, or who runs the service.
func (c *collection) owner(p *problem, r rule) Owner {
	if p.service == DNSSEC && p.zone != "" {
		return ParentZone
	}
	if r.owner != "" {
		return r.owner
	}
	switch p.service {
	case Web:
		return WebHoster
	case Mail:
		return MailOperator
	}
	return DNSOperator
}

// frees returns the services that do not work and wait for this fix.
func (c *collection) frees(p *problem, u Urgency, family string) []Service {
	if u >= Practice || family == "IPv4" {
		return nil
	}
	o := c.o
	if p.service == DNSSEC { // a resolver that validates finds nothing of the domain
		services := []Service{DNSSEC, DNS, Web, Mail}
		return slices.DeleteFunc(services, func(s Service) bool { return s != DNSSEC && !c.offered(s) })
	}
	if u == Harm && p.failedLookup() {
		return slices.DeleteFunc([]Service{DNS, Web, Mail, V6Only}, func(s Service) bool { return c.verdict(s, "").Status == observation.OK })
	}
	var freed []Service
	if c.verdict(p.service, "").Status != observation.OK {
		freed = append(freed, p.service)
	}
	if p.service != V6Only && o.V6Only.Status != observation.OK && o.V6Only.Status != observation.Unmeasured && c.v6OnlyRestsOn(p.service) {
		freed = append(freed, V6Only)
	}
	return freed
}

// offered says whether the domain has the service at all, over any family.
func (c *collection) offered(s Service) bool {
	o := c.o
	switch s {
	case Web:
		return len(o.A)+len(o.AAAA)+len(o.WWWA)+len(o.WWWAAAA) > 0
	case Mail:
		return len(o.MX) > 0
	}
	return true
}

// verdict is the observation's on a service, over IPv6 unless the family is
// IPv4.
func (c *collection) verdict(s Service, family string) observation.Verdict {
	o := c.o
	over := func(v6, v4 observation.Verdict) observation.Verdict {
		if family == "IPv4" {
			return v4
		}
		return v6
	}
	switch s {
	case DNS:
		return over(o.DNS, o.DNSV4)
	case Web:
		return over(o.Web, o.WebV4)
	case Mail:
		return over(o.Mail, o.MailV4)
	case V6Only:
		return o.V6Only
	case MailV6Only:
		return o.MailV6Only
	}
	if o.DNSSEC == observation.Bogus {
		return observation.Verdict{Status: observation.Broken, Reason: o.DNSSECReason}
	}
	return observation.Verdict{Status: observation.OK}
}
