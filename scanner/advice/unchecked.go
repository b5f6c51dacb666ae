package advice

import (
	"fmt"

	"adopt6/scanner/observation"
)

// Unchecked says what a check does not cover, as items of a list: what it could
// not measure this time, and what it never looks at.
func Unchecked(o *observation.Observation) []string {
	var list []string
	for _, s := range offers(o) {
		if s.verdict.Status == observation.Unmeasured {
			list = append(list, fmt.Sprintf("%s (%s)", s.name, s.verdict.Reason))
		}
	}
	if !o.Target.Kind.IsZone() {
		list = append(list, "pages behind the front page", "what pages load from other hosts", "whether mail is delivered")
	}
	return append(list, "what other vantages see")
}

// Open returns what does not wholly work and has no advice, as items of a list:
// "web site over IPv6: absent (no_address)". It is empty where all that was
// checked works.
func Open(o *observation.Observation) []string {
	var list []string
	for _, s := range offers(o) {
		switch s.verdict.Status {
		case observation.OK, observation.Unmeasured:
		case observation.Absent:
			if s.verdict.Reason == observation.NullMX || s.verdict.Reason == observation.NoMX { // no mail is wanted
				continue
			}
			fallthrough
		default:
			list = append(list, fmt.Sprintf("%s: %s (%s)", s.name, s.verdict.Status, s.verdict.Reason))
		}
	}
	return list
}

type offer struct {
	name    string
	verdict observation.Verdict
}

// offers returns the verdicts on what a domain of its kind offers.
func offers(o *observation.Observation) []offer {
	all := []offer{
		{"delegation", o.Delegation}, {"name servers over IPv6", o.DNS}, {"name servers over IPv4", o.DNSV4},
		{"web site over IPv6", o.Web}, {"web site over IPv4", o.WebV4},
		{"mail over IPv6", o.Mail}, {"mail over IPv4", o.MailV4}, {"mail without IPv4", o.MailV6Only},
		{"use without IPv4", o.V6Only},
	}
	if !o.Target.Kind.IsZone() {
		return all
	}
	registry := all[:3:3]
	return append(registry, all[len(all)-1])
}
