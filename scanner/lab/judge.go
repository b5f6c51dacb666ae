package lab

import (
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab/authority"
)

// judged completes a truth by what follows from the zones above the domain and
// from the verdicts stated: profiles state the truth for a healthy Internet
// around the domain, and some countries are not healthy.
func (w *world) judged(name authority.Name, t Truth) Truth {
	parent := w.enclosing(name, true)
	if t.DNSSEC != nil && *t.DNSSEC != dnssec.Indeterminate && !w.signedChain(parent) {
		insecure := dnssec.Insecure
		t.DNSSEC, t.DNSSECReason = &insecure, ""
	}
	if is := w.above(parent, t.V6Only); is != nil && *is != *t.V6Only {
		t.V6OnlyZone = "" // stated for a domain below zones that have IPv6
	}
	t.V6Only, t.V6OnlyRecords = w.withoutIPv4(parent, t), w.above(parent, t.V6OnlyRecords)
	if t.Readiness == nil && t.DNS != nil && t.Web != nil && t.Mail != nil && t.V6Only != nil {
		level := readiness(t)
		t.Readiness = &level
	}
	return t
}

// withoutIPv4 returns the truth of v6_only: nothing is found below a zone that
// has no IPv6, and what is found must also serve.
func (w *world) withoutIPv4(parent *domain, t Truth) *scanner.Verdict {
	v := w.above(parent, t.V6Only)
	if v == nil || v.Status != scanner.OK || t.Web == nil {
		return v
	}
	if t.Web.Status == scanner.Broken || *t.Web == (scanner.Verdict{Status: scanner.Partial, Reason: scanner.RedirectToV4Only}) {
		return &scanner.Verdict{Status: scanner.Broken, Reason: scanner.SiteFailsV6}
	}
	return v
}

// above changes the truth of a domain below a zone that has no IPv6, unless
// the domain itself has none either.
func (w *world) above(parent *domain, v *scanner.Verdict) *scanner.Verdict {
	if v == nil || v.Status == scanner.Absent && v.Reason != scanner.NoAAAA || w.v6Chain(parent) {
		return v
	}
	return &scanner.Verdict{Status: scanner.Broken, Reason: scanner.ParentV4Only}
}

// signedChain says whether every zone from the root down to d is signed and
// has a DS record.
func (w *world) signedChain(d *domain) bool {
	for ; d.name != authority.Root; d = w.enclosing(d.name, true) {
		if !d.spec.DNSSEC.Signed || d.spec.DNSSEC.DS == "none" {
			return false
		}
	}
	return true
}

// v6Chain says whether every zone from the root down to d has a name server
// with an IPv6 address.
func (w *world) v6Chain(d *domain) bool {
	for ; d.name != authority.Root; d = w.enclosing(d.name, true) {
		if !d.publishes(d.nsHosts()) {
			return false
		}
	}
	return true
}

// readiness is the ladder of docs/verdicts.md for a domain that is no ccTLD.
func readiness(t Truth) uint8 {
	works := func(v *scanner.Verdict) bool { return v.Status == scanner.OK || v.Status == scanner.Partial }
	published := t.DNS.Status != scanner.Absent || t.Web.Status != scanner.Absent || t.Mail.Status != scanner.Absent
	noMail := t.Mail.Reason == scanner.NullMX || t.Mail.Reason == scanner.NoMX
	level := uint8(0)
	for _, taken := range []bool{
		published, works(t.DNS), works(t.Web), t.V6Only.Status == scanner.OK,
		t.DNS.Status == scanner.OK && t.Web.Status == scanner.OK && (t.Mail.Status == scanner.OK || noMail),
	} {
		if !taken {
			break
		}
		level++
	}
	return level
}
