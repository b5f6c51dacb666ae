package lab

import (
	"slices"

	"adopt6/scanner/lab/authority"
	"adopt6/scanner/observation"
)

// judged completes a truth by what follows from the zones above the domain and
// from the verdicts stated: profiles state the truth for a healthy Internet
// around the domain, and some countries are not healthy.
func (w *world) judged(name authority.Name, t Truth) Truth {
	parent := w.enclosing(name, true)
	if t.DNSSEC != nil && *t.DNSSEC != observation.Indeterminate && !w.signedChain(parent) {
		insecure := observation.Insecure
		t.DNSSEC, t.DNSSECReason = &insecure, ""
	}
	if is := w.above(parent, t.V6Only); is != nil && *is != *t.V6Only {
		t.V6OnlyZone = "" // stated for a domain below zones that have IPv6
	}
	t.V6Only, t.V6OnlyRecords = w.withoutIPv4(parent, t), w.above(parent, t.V6OnlyRecords)
	if t.Readiness == nil && t.DNS != nil && t.Web != nil && t.Mail != nil && t.V6Only != nil && !t.delegationOpen() {
		level := readiness(t)
		t.Readiness = &level
	}
	return t
}

// delegationOpen says whether the truth states a faulty delegation and not why,
// so that it leaves open whether the fault bars the highest level.
func (t *Truth) delegationOpen() bool {
	return t.Delegation != nil && t.Delegation.Status == observation.Partial && t.Delegation.Reason == ""
}

// withoutIPv4 returns the truth of v6_only: nothing is found below a zone that
// has no IPv6, and what is found must also serve.
func (w *world) withoutIPv4(parent *domain, t Truth) *observation.Verdict {
	v := w.above(parent, t.V6Only)
	if v == nil || v.Status != observation.OK || t.Web == nil {
		return v
	}
	if t.Web.Status == observation.Broken || t.Web.Status == observation.Partial && (t.Web.Reason == observation.RedirectToV4Only || t.Web.Reason == observation.HTTPError) {
		return &observation.Verdict{Status: observation.Broken, Reason: observation.SiteFailsV6}
	}
	return v
}

// above changes the truth of a domain below a zone that has no IPv6, unless
// the domain itself has none either.
func (w *world) above(parent *domain, v *observation.Verdict) *observation.Verdict {
	if v == nil || v.Status == observation.Absent && v.Reason != observation.NoAAAA || w.v6Chain(parent) {
		return v
	}
	return &observation.Verdict{Status: observation.Broken, Reason: observation.ParentV4Only}
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

// lacksV4 says whether the truth states that the domain does not wholly work
// for those without IPv6, or a finding that bars the highest level.
func lacksV4(t Truth) bool {
	for _, v := range []*observation.Verdict{t.DNSV4, t.WebV4, t.MailV4} {
		if v == nil {
			continue
		}
		if v.Status == observation.Broken || v.Status == observation.Partial || v.Reason == observation.NoNSA || v.Reason == observation.NoA {
			return true
		}
	}
	return slices.ContainsFunc(t.Reasons, func(r observation.Reason) bool {
		return r == observation.NSUnregistered || r == observation.NSNoAddress || r == observation.DanglingAlias
	})
}

// readiness is the ladder of docs/verdicts.md for a domain that is not a ccTLD.
func readiness(t Truth) uint8 {
	works := func(v *observation.Verdict) bool {
		return v.Status == observation.OK || v.Status == observation.Partial
	}
	published := t.DNS.Status != observation.Absent || t.Web.Status != observation.Absent || t.Mail.Status != observation.Absent
	mailFails := t.MailV6Only != nil && t.MailV6Only.Status != observation.OK
	noMail := t.Mail.Reason == observation.NullMX || t.Mail.Reason == observation.NoMX
	level := uint8(0)
	for _, taken := range []bool{
		published, works(t.DNS), works(t.Web), t.V6Only.Status == observation.OK,
		t.DNS.Status == observation.OK && !lacksV4(t) && t.Web.Status == observation.OK && (t.Mail.Status == observation.OK && !mailFails || noMail),
	} {
		if !taken {
			break
		}
		level++
	}
	return level
}
