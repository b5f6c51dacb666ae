package pages

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/store/indicator"
)

// sections are the parts of the page in the order in which a domain is used:
// its delegation, its name servers, its addresses, the services behind them.
func (p *Page) sections(o *observation.Observation) []section {
	all := []section{p.delegation(o), p.nameServers(o)}
	if o.Target.Kind != lists.CCTLD {
		all = append(all, p.addresses(o), p.web(o), p.mail(o))
	}
	return append(all, p.withoutIPv4(o), p.security(o))
}

// verdict is a status, its reason and what it is about, as one text.
func (p *Page) verdict(label string, v observation.Verdict) []text {
	m := p.mark(v.Status)
	words := v.Status.String()
	if v.Reason != "" {
		words += ", " + string(v.Reason)
	}
	if label != "" {
		label += " "
	}
	return []text{m, {plain, " "}, {m.style, terminal.Clean(label + words)}}
}

// both puts the verdicts on a service over the two families side by side.
func (p *Page) both(v4, v6 observation.Verdict) row {
	return row{left: p.verdict("IPv4", v4), right: p.verdict("IPv6", v6)}
}

// findings are what a probe found without a contact.
func (p *Page) findings(o *observation.Observation, probe string) []row {
	var rows []row
	for _, e := range o.Endpoints {
		if e.Probe != probe || e.Addr.IsValid() {
			continue
		}
		words := fmt.Sprintf("%s at %s", e.Verdict.Reason, terminal.Clean(e.Host))
		if e.Verdict.Reason == "" {
			words = terminal.Clean(e.Host)
		}
		if detail := terminal.Clean(e.Detail); detail != "" {
			words += ": " + terminal.Cut(detail, 160)
		}
		m := p.mark(e.Verdict.Status)
		rows = append(rows, across(m, text{plain, " "}, text{plain, words}))
	}
	return rows
}

func (p *Page) delegation(o *observation.Observation) section {
	s := section{title: "Delegation"}
	if o.Zone != "" && o.Zone != o.Target.Name {
		s.title += " of " + terminal.Clean(o.Zone) + ", the zone that the domain lies in"
	}
	if o.Delegation.Reason != observation.NotProbed {
		s.rows = append(s.rows, across(p.verdict("", o.Delegation)...))
	}
	if n := len(o.NameServers); n > 0 {
		s.rows = append(s.rows, across(text{plain, fmt.Sprintf("%s: %d with an IPv6 address, %d answering over it, %d with IPv6 glue",
			terminal.Plural(n, "name server"), o.NameServersV6, o.NameServersV6OK, o.GlueV6)}))
	}
	if len(o.Operators) > 0 {
		s.rows = append(s.rows, across(text{plain, "run by "}, text{plain, terminal.Listed(o.Operators, 4)}))
	}
	s.rows = append(s.rows, p.findings(o, "delegation")...)
	return s
}

func (p *Page) nameServers(o *observation.Observation) section {
	s := section{title: "Name servers", rows: append([]row{p.both(o.DNSV4, o.DNS)}, p.findings(o, "nameserver")...)}
	if v := o.SameSerial; v.Status != observation.OK && v.Status != observation.Unmeasured && v.Reason != o.DNS.Reason {
		s.rows = append(s.rows, across(p.verdict("same version over both families:", o.SameSerial)...))
	}
	for _, name := range o.NameServers {
		s.hosts = append(s.hosts, group{name, orNothing(p.sideBySide(o, "nameserver", name, p.dnsFacts))})
	}
	return s
}

// addresses lists the addresses of the apex and of www, and names those that
// no service can have.
func (p *Page) addresses(o *observation.Observation) section {
	s := section{title: "Addresses"}
	if o.Address.Reason != observation.NotProbed {
		s.rows = append(s.rows, across(p.verdict("", o.Address)...))
	}
	s.rows = append(s.rows, p.findings(o, "address")...)
	for _, h := range []struct {
		name    string
		a, aaaa []netip.Addr
	}{{o.Target.Name, o.A, o.AAAA}, {"www." + o.Target.Name, o.WWWA, o.WWWAAAA}} {
		left, right := p.addressCells(h.a, "no A record"), p.addressCells(h.aaaa, "no AAAA record")
		s.hosts = append(s.hosts, group{h.name, zip(left, right)})
	}
	return s
}

func (p *Page) addressCells(addrs []netip.Addr, none string) (cells [][]text) {
	if len(addrs) == 0 {
		return [][]text{{p.mark(observation.Absent), {plain, " "}, {fair, none}}}
	}
	const most = 4
	for _, a := range addrs[:min(len(addrs), most)] {
		if class := netaddr.Classify(a); !class.Usable {
			cells = append(cells, []text{p.mark(observation.Broken), {plain, " "}, {bad, fmt.Sprintf("%s %s", a, class)}})
			continue
		}
		cells = append(cells, []text{{plain, "  "}, {plain, a.String()}})
	}
	if more := len(addrs) - most; more > 0 {
		cells = append(cells, []text{{plain, "  "}, {faint, fmt.Sprintf("and %d more", more)}})
	}
	return cells
}

func (p *Page) web(o *observation.Observation) section {
	s := section{title: "Web", rows: append([]row{p.both(o.WebV4, o.Web)}, p.findings(o, "web")...)}
	if o.SameContent.Status != observation.Unmeasured {
		texts := p.verdict("same page over both families:", o.SameContent)
		if o.Similarity > 0 {
			texts = append(texts[:2:2], text{texts[2].style, fmt.Sprintf("%s (%s of the text alike)", texts[2].s, indicator.PercentText(float64(o.Similarity)))})
		}
		s.rows = append(s.rows, across(texts...))
	}
	if o.WebTimesV4.Connect > 0 && o.WebTimesV6.Connect > 0 {
		v4, v6, last := sums(o.WebTimesV4, o.WebTimesV6)
		more := fmt.Sprintf(", %s more", took(v6-v4))
		if v6 < v4 {
			more = fmt.Sprintf(", %s less", took(v4-v6))
		}
		s.rows = append(s.rows, row{left: []text{{plain, last + " after " + took(v4)}}, right: []text{{plain, last + " after " + took(v6) + more}}})
	}
	hosts := []string{o.Target.Name, "www." + o.Target.Name}
	for _, e := range o.Endpoints { // hosts that redirects lead to
		if e.Probe == "web" && e.Addr.IsValid() && !slices.Contains(hosts, e.Host) {
			hosts = append(hosts, e.Host)
		}
	}
	for _, host := range hosts {
		if rows := p.sideBySide(o, "web", host, p.webFacts); len(rows) > 0 {
			s.hosts = append(s.hosts, group{host, rows})
		}
	}
	return s
}

// sums adds up the stages that both families reached, and names the last.
func sums(v4, v6 observation.DialTimes) (sum4, sum6 time.Duration, last string) {
	switch {
	case v4.FirstByte > 0 && v6.FirstByte > 0:
		return v4.Connect + v4.TLS + v4.FirstByte, v6.Connect + v6.TLS + v6.FirstByte, "first byte"
	case v4.TLS > 0 && v6.TLS > 0:
		return v4.Connect + v4.TLS, v6.Connect + v6.TLS, "secured"
	}
	return v4.Connect, v6.Connect, "connected"
}

func (p *Page) mail(o *observation.Observation) section {
	s := section{title: "Mail", rows: append([]row{p.both(o.MailV4, o.Mail)}, p.findings(o, "mail")...)}
	for _, v := range []struct {
		label string
		observation.Verdict
	}{{"STARTTLS over IPv6:", o.StartTLS}, {"SMTPUTF8, for addresses in any script:", o.SMTPUTF8}} {
		if same := v.Verdict == o.Mail && v.Status != observation.OK; v.Status != observation.Unmeasured && !same {
			s.rows = append(s.rows, across(p.verdict(v.label, v.Verdict)...))
		}
	}
	for _, host := range o.MX {
		s.hosts = append(s.hosts, group{host, orNothing(p.sideBySide(o, "mail", host, p.mailFacts))})
	}
	return s
}

func (p *Page) withoutIPv4(o *observation.Observation) section {
	s := section{title: "Without IPv4"}
	s.rows = append(s.rows, across(p.verdict("", o.V6Only)...))
	if o.V6OnlyRecords.Status != observation.Unmeasured && o.V6OnlyRecords != o.V6Only {
		s.rows = append(s.rows, across(p.verdict("going by the records alone:", o.V6OnlyRecords)...))
	}
	if o.V6OnlyZone != "" {
		s.rows = append(s.rows, across(text{plain, "the zone to blame is "}, text{strong, terminal.Clean(o.V6OnlyZone)}))
	}
	if o.Target.Kind != lists.CCTLD && !(o.MailV6Only.Status == observation.Absent && o.MailV6Only == o.Mail) { // said there
		s.rows = append(s.rows, across(p.verdict("mail:", o.MailV6Only)...))
		if o.MailV6OnlyZone != "" && o.MailV6OnlyZone != o.V6OnlyZone {
			s.rows = append(s.rows, across(text{plain, "the zone to blame for mail is "}, text{strong, terminal.Clean(o.MailV6OnlyZone)}))
		}
	}
	s.rows = append(s.rows, p.findings(o, "resolvability")...)
	if len(o.FreedBy) > 0 && !slices.Equal(o.FreedBy, []string{o.Zone}) { // else it goes without saying
		s.rows = append(s.rows, across(text{plain, "each of these could fix it alone, by IPv6 on its name servers: "}, text{plain, terminal.Listed(o.FreedBy, 4)}))
	}
	return s
}

// states gives the DNSSEC states the look of statuses.
var states = map[observation.State]observation.Status{
	observation.Secure: observation.OK, observation.Insecure: observation.Absent, observation.Bogus: observation.Broken, observation.Indeterminate: observation.Unmeasured,
}

func (p *Page) security(o *observation.Observation) section {
	s := section{title: "DNSSEC"}
	m := p.mark(states[o.DNSSEC])
	words := o.DNSSEC.String()
	if o.DNSSECReason != "" {
		words += ", " + string(o.DNSSECReason)
	}
	s.rows = append(s.rows, across(m, text{plain, " "}, text{m.style, words}))
	if o.Practice.Algorithms != nil {
		s.rows = append(s.rows, across(text{plain, practice(o.Practice)}))
	}
	if expires := o.Practice.Expires; !expires.IsZero() {
		s.rows = append(s.rows, across(text{plain, fmt.Sprintf("the first signature expires in %s, on %s", days(expires.Sub(p.Now)), expires.UTC().Format("2006-01-02"))}))
	}
	if o.Target.Kind != lists.CCTLD && (o.DNSSECWWW != o.DNSSEC || o.DNSSECMX != o.DNSSEC) && o.Practice.Algorithms != nil {
		s.rows = append(s.rows, across(text{plain, fmt.Sprintf("www is %s, the MX records are %s", o.DNSSECWWW, o.DNSSECMX)}))
	}
	s.rows = append(s.rows, p.findings(o, "dnssec")...)
	return s
}
