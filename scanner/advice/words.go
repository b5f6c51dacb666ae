package advice

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// title says what fails, without a full stop.
func (c *collection) title(p *problem, info observation.ReasonInfo) string {
	text := strings.TrimSuffix(info.Text, ".")
	if text == "" {
		text = string(p.reason)
	}
	if p.failedLookup() {
		return "Lookups fail: " + lowerFirst(text)
	}
	if p.zone != "" && p.zone != c.zone() {
		return p.zone + ": " + lowerFirst(text)
	}
	subject := map[Service]string{DNS: "Name servers", Web: "Web", Mail: "Mail"}[p.service]
	if p.family == "" || subject == "" || rules[p.reason].owner == Vantage {
		return text
	}
	return subject + overFamily(p.family) + ": " + lowerFirst(text)
}

// overFamily is " over IPv6" and the like; empty without a contact.
func overFamily(family string) string {
	switch family {
	case "":
		return ""
	case "both":
		return " over IPv4 and IPv6"
	}
	return " over " + family
}

// lowerFirst turns a sentence into a clause, and leaves names and
// abbreviations as they are.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) || unicode.IsDigit(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

// consequences of what is wrong with a service over IPv6, by how wrong it is.
type consequences struct{ broken, inPart, missing string }

var effects = map[Service]consequences{
	DNS: {
		broken:  "Resolvers that try IPv6 lose time there, and without IPv4 the domain cannot be found.",
		inPart:  "Resolvers that come here over IPv6 lose time before they try another server.",
		missing: "Without IPv4 nothing of the domain can be found, whatever its web site has.",
	},
	Web: {
		broken:  "Visitors with IPv6 wait before the browser turns to IPv4; without IPv4 they see no page.",
		inPart:  "Some visitors with IPv6 wait before the browser turns to IPv4; without IPv4 they see no page.",
		missing: "Visitors need IPv4, or a translator of their provider's (NAT64).",
	},
	Mail: {
		broken:  "Senders with IPv6 deliver late; those without IPv4 cannot deliver.",
		inPart:  "Senders that come here over IPv6 lose time before they try another server.",
		missing: "Senders without IPv4 cannot deliver.",
	},
	V6Only: {
		broken:  "Who has no IPv4 cannot find the domain, although it publishes IPv6 addresses.",
		inPart:  "Who has no IPv4 cannot always find the domain.",
		missing: "Who has no IPv4 cannot use the domain.",
	},
	MailV6Only: {
		broken:  "Senders without IPv4 cannot find the mail exchanger, although it takes mail over IPv6.",
		inPart:  "Senders without IPv4 cannot always find the mail exchanger.",
		missing: "Senders without IPv4 cannot deliver.",
	},
	DNSSEC: {broken: effectBogus, inPart: effectBogus, missing: "Nothing protects the domain's answers against forgery."},
}

// effect says what follows from a problem.
func (c *collection) effect(p *problem, a Advice, r rule) string {
	sentence := r.effect
	if p.service == Mail && r.mail != "" {
		sentence = r.mail
	}
	of := effects[p.service]
	switch {
	case p.failedLookup():
		sentence = effectLookup
	case a.Owner == ParentZone && a.Urgency == Practice:
		sentence = effectUnsignedAbove
	case sentence != "":
	case p.family == "both":
		sentence = effectAlike
	case p.family == "IPv4":
		sentence = effectV4
	case a.Urgency == Harm:
		sentence = of.broken
	case p.status == observation.Absent:
		sentence = of.missing
	default:
		sentence = of.inPart
	}
	if p.elsewhere {
		sentence += " The site redirects there."
	}
	if freed := c.freedBy(p, a); freed != "" {
		sentence += " " + freed
	}
	return sentence
}

// freedBy names the operators that could fix use without IPv4 alone, unless
// only the domain's own could.
func (c *collection) freedBy(p *problem, a Advice) string {
	operators := c.o.FreedBy
	others := slices.ContainsFunc(operators, func(o string) bool { return !under(c.zone(), o) })
	if !others || a.Family != "" || !slices.Contains(a.Unblocks, V6Only) || a.Owner != DNSOperator {
		return ""
	}
	if len(operators) == 1 {
		return fmt.Sprintf("The operator %s could fix it alone, by enabling IPv6 on its name servers.", operators[0])
	}
	const shown = 3
	list := strings.Join(operators[:min(len(operators), shown)], ", ")
	return fmt.Sprintf("Each of these operators could fix it alone, by enabling IPv6 on its name servers: %s.", list)
}

// who names the owner by a domain, as far as the evidence goes.
func (c *collection) who(owner Owner, p *problem) string {
	switch {
	case owner == ParentZone || owner == DNSOperator && p.zone != "" && p.zone != c.zone():
		return p.zone
	case owner == DNSOperator || owner == MailOperator:
		var names []string
		for _, location := range p.locations {
			if name := c.operator(location.Host); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 && owner == DNSOperator {
			names = c.o.Operators
		}
		const shown = 3
		return strings.Join(names[:min(len(names), shown)], ", ")
	}
	return ""
}

// operator returns the operator that runs a host; empty where the observation
// does not say.
func (c *collection) operator(host string) string {
	named, _ := lists.Operator(host)
	for _, operator := range c.o.Operators {
		if operator == named || under(host, operator) {
			return operator
		}
	}
	return ""
}

// message is what to write to the owner: what was seen, where, and the request.
func (c *collection) message(p *problem, a Advice, info observation.ReasonInfo, r rule) string {
	request := r.ask
	if request == "" {
		if info.Fix == "" {
			return ""
		}
		request = "Please " + lowerFirst(info.Fix)
	}
	m := fmt.Sprintf("On %s we measured the domain %s. %s.", c.o.Started.UTC().Format("2 January 2006"), c.o.Target.Name, a.Title)
	if locations := LocationList(p.locations, 4); locations != "" && locations != c.o.Target.Name && locations != p.zone {
		verb := "It is about"
		if p.family != "" {
			verb = "It was seen at"
		}
		m += fmt.Sprintf(" %s %s.", verb, locations)
	}
	if p.v4Works && p.family == "IPv6" {
		m += " Over IPv4 it works."
	}
	return m + " " + request
}

// PlaceList lists at most n hosts with their addresses and ports:
// "www.example.net (2001:db8::1 port 443 and 80), ...". Locations are sorted.
func LocationList(locations []Location, n int) string {
	var words []string
	for rest := locations; len(rest) > 0; {
		end := slices.IndexFunc(rest, func(p Location) bool { return p.Host != rest[0].Host })
		if end < 0 {
			end = len(rest)
		}
		words = append(words, hostWords(rest[:end]))
		rest = rest[end:]
	}
	list := strings.Join(words[:min(len(words), n)], ", ")
	if more := len(words) - n; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// hostWords names a host with its addresses; those with the same ports stand
// together.
func hostWords(locations []Location) string {
	var addrs []netip.Addr
	ports := make(map[netip.Addr]string)
	for _, p := range locations {
		if !p.Addr.IsValid() {
			continue
		}
		if !slices.Contains(addrs, p.Addr) {
			addrs = append(addrs, p.Addr)
		}
		if p.Port != 0 {
			ports[p.Addr] += fmt.Sprintf(" and %d", p.Port)
		}
	}
	if len(addrs) == 0 {
		return locations[0].Host
	}
	words := ""
	for i, a := range addrs {
		words += a.String()
		last := i == len(addrs)-1
		if of := strings.TrimPrefix(ports[a], " and "); of != "" && (last || ports[a] != ports[addrs[i+1]]) {
			words += " port " + of
		}
		if !last {
			words += ", "
		}
	}
	return fmt.Sprintf("%s (%s)", locations[0].Host, words)
}
