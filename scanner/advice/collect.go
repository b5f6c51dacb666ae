package advice

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"adopt6/scanner/observation"
)

// problem is one reason at one service, with everything it was found at.
type problem struct {
	service   Service
	reason    observation.Reason
	status    observation.Status
	family    string // as in Advice
	locations []Location
	v4Works   bool   // a contact with the same host and port worked over IPv4
	zone      string // the zone to blame, of what is found without a contact
	// elsewhere says that it is about a host that the site redirects to.
	elsewhere bool
	leadsTo   string // the host that a redirect leads to
}

func (p *problem) add(location Location) {
	if !slices.Contains(p.locations, location) {
		p.locations = append(p.locations, location)
	}
}

// collection gathers the problems of an observation.
type collection struct {
	o        *observation.Observation
	problems []*problem
}

// services says which service each probe looks at.
var services = map[string]Service{
	"delegation": DNS, "nameserver": DNS, "address": Web, "web": Web, "mail": Mail,
	"resolvability": V6Only, "dnssec": DNSSEC,
}

func collect(o *observation.Observation) *collection {
	c := &collection{o: o}
	if nothing(o) {
		c.note(DNS, o.DNS)
		return c
	}
	for _, e := range o.Endpoints {
		c.endpoint(e)
	}
	c.nameServers()
	c.web()
	c.mail()
	c.withoutIPv4()
	c.mailWithoutIPv4()
	c.dnssec()
	c.mergeSymptoms()
	for _, p := range c.problems { // the evidence comes in the order in which it was found
		slices.SortFunc(p.locations, func(a, b Location) int {
			return cmp.Or(cmp.Compare(a.Host, b.Host), a.Addr.Compare(b.Addr), cmp.Compare(b.Port, a.Port))
		})
	}
	return c
}

// nothing says whether the domain does not exist, so that no other problem
// counts.
func nothing(o *observation.Observation) bool { return o.DNS.Reason == observation.NXDomain }

// get returns the problem of a reason at a service, a new one if need be. What
// fails over different families is different problems; anyFamily takes the
// first that there is.
func (c *collection) get(s Service, status observation.Status, reason observation.Reason, family string) *problem {
	if reason == observation.DNSFailure {
		s = DNS // whatever waits for the name
	}
	if rules[reason].owner == Vantage {
		status = observation.Unmeasured
		for _, p := range c.problems { // this vantage needs one problem only
			if p.reason == reason {
				return p
			}
		}
	}
	for _, p := range c.problems {
		if p.service == s && p.reason == reason && (p.family == family || family == anyFamily) {
			if status == observation.Broken {
				p.status = status
			}
			return p
		}
	}
	if family == anyFamily {
		family = ""
	}
	p := &problem{service: s, reason: reason, status: status, family: family}
	c.problems = append(c.problems, p)
	return p
}

// has says whether a service has a problem already that is more than practice
// and not only something this vantage cannot do.
func (c *collection) has(s Service) bool {
	return slices.ContainsFunc(c.problems, func(p *problem) bool {
		r := rules[p.reason]
		return p.service == s && p.family != "IPv4" && r.urgency != Practice && r.owner != Vantage
	})
}

const anyFamily = "any"

// note adds the problem that a verdict names, and returns it; nil where the
// verdict is ok or its reason calls for nothing.
func (c *collection) note(s Service, v observation.Verdict) *problem {
	if v.Status == observation.OK || v.Reason == "" || rules[v.Reason].silent {
		return nil
	}
	return c.get(s, v.Status, v.Reason, anyFamily)
}

// endpoint adds the problem that a contact or a finding shows.
func (c *collection) endpoint(e observation.Endpoint) {
	service, known := services[e.Probe]
	r := rules[e.Verdict.Reason]
	if !known || e.Verdict.Status == observation.OK || e.Verdict.Reason == "" || r.sum || r.silent || c.doubtful(e) {
		return
	}
	finding := !e.Addr.IsValid()
	switch {
	case finding && r.bogus(): // whichever probe asked for the name
		service = DNSSEC
	case finding && e.Verdict.Status == observation.Unmeasured && r.owner != Vantage: // a lookup that failed
		service = DNS
	}
	p := c.get(service, e.Verdict.Status, e.Verdict.Reason, c.familyOf(e))
	p.v4Works = p.v4Works || c.worksOverV4(e)
	if e.HTTP != nil {
		if u, err := url.Parse(e.HTTP.Location); err == nil {
			p.leadsTo = u.Hostname()
		}
	}
	location := Location{Host: e.Host, Addr: e.Addr}
	if service == Web && e.Verdict.Reason != observation.SpecialPurposeAddress {
		location.Port = e.Port
	}
	for _, addr := range missingGlue(e) { // what the registry needs to know
		p.add(Location{Host: e.Host, Addr: addr})
	}
	p.add(location)
	if finding && (service == V6Only || service == DNSSEC && e.Host != c.zone() && under(c.zone(), e.Host)) {
		p.zone = e.Host
	}
}

// missingGlue returns the addresses in the evidence for missing glue.
func missingGlue(e observation.Endpoint) (addrs []netip.Addr) {
	if e.Verdict.Reason != observation.GlueMissingA && e.Verdict.Reason != observation.GlueMissingAAAA {
		return nil
	}
	for word := range strings.FieldsSeq(e.Detail) {
		if addr, err := netip.ParseAddr(word); err == nil {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// familyOf says over which families the host fails in the way that e does;
// empty for a finding.
func (c *collection) familyOf(e observation.Endpoint) string {
	if !e.Addr.IsValid() || e.Verdict.Reason == observation.SpecialPurposeAddress { // which is never dialled
		return ""
	}
	v4, v6 := false, false
	for _, f := range c.o.Endpoints {
		if f.Probe == e.Probe && f.Host == e.Host && f.Port == e.Port && f.Verdict.Reason == e.Verdict.Reason && f.Addr.IsValid() {
			v4 = v4 || f.Addr.Is4()
			v6 = v6 || !f.Addr.Is4()
		}
	}
	switch {
	case v4 && v6:
		return "both"
	case v4:
		return "IPv4"
	}
	return "IPv6"
}

// worksOverV4 says whether the same service of the same host works over IPv4.
func (c *collection) worksOverV4(e observation.Endpoint) bool {
	return e.Addr.IsValid() && !e.Addr.Is4() && slices.ContainsFunc(c.o.Endpoints, func(f observation.Endpoint) bool {
		return f.Probe == e.Probe && f.Host == e.Host && f.Port == e.Port && f.Transport == e.Transport &&
			f.Addr.Is4() && f.Verdict.Status == observation.OK
	})
}

// lack returns those of the hosts that no contact or finding of a probe ties
// to an IPv6 address.
func (c *collection) lack(probe string, hosts []string) []string {
	return slices.DeleteFunc(slices.Clone(hosts), func(host string) bool {
		return slices.ContainsFunc(c.o.Endpoints, func(e observation.Endpoint) bool {
			return e.Host == host && (e.Probe == probe && e.Addr.IsValid() && !e.Addr.Is4() ||
				e.Verdict.Reason == observation.SpecialPurposeAddress && !e.Addr.Is4())
		})
	})
}

// about adds a problem and the hosts that it is about.
func (c *collection) about(s Service, v observation.Verdict, hosts []string) {
	if p := c.note(s, v); p != nil && len(p.locations) == 0 {
		for _, host := range hosts {
			p.add(Location{Host: host})
		}
	}
}

func (c *collection) nameServers() {
	o := c.o
	if o.DNSV4.Reason == observation.NoNSA || o.DNSV4.Reason == observation.OneNSA {
		c.about(DNS, o.DNSV4, o.NameServers)
	}
	for _, v := range []observation.Verdict{o.DNS, o.Delegation, o.SameSerial} {
		switch {
		case v.Reason == observation.NoNSAAAA && v != o.DNS && o.DNS.Status == observation.Broken: // glue led to servers
		case v.Reason == observation.NoNSAAAA:
			c.about(DNS, v, o.NameServers)
		case v.Reason == observation.OneNSAAAA:
			if p := c.note(DNS, v); p != nil { // the evidence names those that have one
				p.locations = nil
				c.about(DNS, v, c.lack("nameserver", o.NameServers))
			}
		case rules[v.Reason].sum && c.has(DNS):
		default:
			c.note(DNS, v)
		}
	}
}

func (c *collection) web() {
	o := c.o
	if o.Target.Kind.IsZone() {
		return
	}
	apex, www := o.Target.Name, "www."+o.Target.Name
	var without []string
	for _, h := range []struct {
		name    string
		a, aaaa []netip.Addr
	}{{apex, o.A, o.AAAA}, {www, o.WWWA, o.WWWAAAA}} {
		if len(h.a) > 0 && len(h.aaaa) == 0 {
			without = append(without, h.name)
		}
	}
	if o.Web.Reason == observation.SomeHostsLackAAAA && len(without) == 1 {
		reason := observation.AAAAOnlyOnApex
		if without[0] == apex {
			reason = observation.AAAAOnlyOnWWW
		}
		c.about(Web, observation.Verdict{Status: observation.Partial, Reason: reason}, without)
	}
	if o.WebV4.Reason == observation.NoA {
		c.about(Web, o.WebV4, withoutV4(o))
	}
	for _, v := range []observation.Verdict{o.Web, o.Address, o.SameContent} {
		switch {
		case v.Status == observation.Unmeasured && v != o.Web: // for a reason that stands elsewhere
		case v.Reason == observation.NXDomain: // the zone is there
		case v.Reason == observation.NoAAAA || v.Reason == observation.AAAAOnlyOnApex || v.Reason == observation.AAAAOnlyOnWWW:
			c.about(Web, v, without)
		case rules[v.Reason].sum && c.has(Web):
		default:
			c.about(Web, v, []string{apex})
		}
	}
}

// withoutV4 returns the hosts of the site that have an IPv6 address alone.
func withoutV4(o *observation.Observation) (hosts []string) {
	if len(o.AAAA) > 0 && len(o.A) == 0 {
		hosts = append(hosts, o.Target.Name)
	}
	if len(o.WWWAAAA) > 0 && len(o.WWWA) == 0 {
		hosts = append(hosts, "www."+o.Target.Name)
	}
	return hosts
}

func (c *collection) mail() {
	o := c.o
	if o.Target.Kind.IsZone() {
		return
	}
	if o.MailV4.Reason == observation.NoA {
		c.about(Mail, o.MailV4, o.MX)
	}
	for _, v := range []observation.Verdict{o.Mail, o.StartTLS, o.SMTPUTF8} {
		switch {
		case v.Status == observation.Unmeasured && v != o.Mail: // for a reason that stands elsewhere
		case v.Reason == observation.NXDomain, v.Reason == observation.DanglingAlias: // the zone is there
		case v.Reason == observation.NoMXAAAA || v.Reason == observation.SomeHostsLackAAAA:
			c.about(Mail, v, c.lack("mail", o.MX))
		case rules[v.Reason].sum && c.has(Mail):
		default:
			c.about(Mail, v, o.MX)
		}
	}
}

// find returns the problem of a reason at a service; nil if there is none.
func (c *collection) find(s Service, reason observation.Reason, family string) *problem {
	for _, p := range c.problems {
		if p.service == s && p.reason == reason && p.family == family {
			return p
		}
	}
	return nil
}

// withoutIPv4 adds what keeps the domain from working without IPv4, unless the
// same fault stands among the problems already.
func (c *collection) withoutIPv4() {
	o := c.o
	v := o.V6Only
	switch {
	case v.Status == observation.OK || v.Status == observation.Unmeasured && c.has(DNS):
		return
	case c.v6OnlyRestsOn(DNS) && c.has(DNS), c.v6OnlyRestsOn(Web) && c.has(Web):
		c.drop(V6Only, v.Reason)
		return
	case rules[v.Reason].sum && c.has(V6Only):
		return
	}
	if p := c.note(V6Only, v); p != nil {
		p.zone = o.V6OnlyZone
		if len(p.locations) == 0 && p.zone != "" {
			p.add(Location{Host: p.zone})
		}
	}
}

// mailWithoutIPv4 adds what keeps mail from being delivered without IPv4, unless
// it keeps the site from being found too, or stands among the faults of the name
// servers or of the mail already.
func (c *collection) mailWithoutIPv4() {
	o := c.o
	v := o.MailV6Only
	switch {
	case v.Status != observation.Broken, c.has(DNS) && o.MailV6OnlyZone == c.zone(),
		v.Reason == observation.MailFailsV6 && c.has(Mail),
		v == o.V6Only && o.MailV6OnlyZone == o.V6OnlyZone:
		return
	}
	if p := c.note(MailV6Only, v); p != nil {
		p.zone = o.MailV6OnlyZone
		p.add(Location{Host: cmp.Or(p.zone, c.zone())})
	}
}

func (c *collection) drop(s Service, reason observation.Reason) {
	c.remove(func(p *problem) bool { return p.service == s && p.reason == reason })
}

// v6OnlyRestsOn says whether fixing a service is what use without IPv4 waits
// for. It needs both the name servers and the site, so both are waited for
// where neither works.
func (c *collection) v6OnlyRestsOn(s Service) bool {
	o := c.o
	fails := func(v observation.Verdict) bool {
		return v.Status == observation.Absent || v.Status == observation.Broken
	}
	switch o.V6Only.Reason {
	case observation.NSZoneV4Only, observation.ParentV4Only, observation.NSCycle: // other zones' doing
		return false
	case observation.SiteFailsV6:
		return s == Web && o.Web.Status != observation.OK
	case observation.NoNSAAAA, observation.NSUnreachableV6, observation.GlueMissingAAAA, observation.IntentBroken:
		return s == DNS && (o.V6OnlyZone == "" || o.V6OnlyZone == c.zone())
	}
	return s == DNS && fails(o.DNS) || s == Web && fails(o.Web)
}

// zone is the one that the target lies in.
func (c *collection) zone() string {
	if c.o.Zone != "" {
		return c.o.Zone
	}
	return c.o.Target.Name
}

// dnssec adds the reason of the state, unless the evidence has named the zone
// above at which the chain of trust ends.
func (c *collection) dnssec() {
	o := c.o
	above := slices.ContainsFunc(c.problems, func(p *problem) bool {
		return p.service == DNSSEC && p.reason == o.DNSSECReason && p.zone != ""
	})
	switch {
	case above:
		c.drop(DNSSEC, observation.IslandOfSecurity) // a DS record would not help yet
	case o.DNSSEC == observation.Bogus: // and with the zone every name in it
		c.drop(DNSSEC, o.DNSSECReason)
		c.about(DNSSEC, observation.Verdict{Status: observation.Broken, Reason: o.DNSSECReason}, []string{c.zone()})
	case o.DNSSEC == observation.Insecure && o.DNSKEY > 0 && o.DS == 0:
		c.about(DNSSEC, observation.Verdict{Status: observation.Partial, Reason: observation.IslandOfSecurity}, []string{c.zone()})
	case o.DNSSEC == observation.Insecure:
		c.about(DNSSEC, observation.Verdict{Status: observation.Absent, Reason: o.DNSSECReason}, []string{c.zone()})
	}
}

// under says whether a name is a domain or lies below it.
func under(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}
