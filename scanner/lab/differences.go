package lab

import (
	"adopt6/scanner/observation"
	"fmt"
	"slices"
)

// Differences compares an observation with the truth, and returns a line for
// everything that a correct scan would have found otherwise.
func (t Truth) Differences(o *observation.Observation) []string {
	var lines []string
	differ := func(what string, want, got any) {
		lines = append(lines, fmt.Sprintf("%s: %s is %v, the truth is %v", o.Target.Name, what, got, want))
	}
	for _, v := range []struct {
		name string
		want *observation.Verdict
		got  observation.Verdict
	}{
		{"dns_v6", t.DNS, o.DNS}, {"web_v6", t.Web, o.Web},
		{"mail_v6", t.Mail, o.Mail}, {"v6_only", t.V6Only, o.V6Only},
		{"delegation", t.Delegation, o.Delegation}, {"dns_v4", t.DNSV4, o.DNSV4}, {"same_serial", t.SameSerial, o.SameSerial},
		{"address", t.Address, o.Address},
		{"v6_only_records", t.V6OnlyRecords, o.V6OnlyRecords},
		{"web_v4", t.WebV4, o.WebV4}, {"same_content", t.SameContent, o.SameContent},
		{"mail_v4", t.MailV4, o.MailV4},
		{"mail_v6_only", t.MailV6Only, o.MailV6Only}, {"mail_v6_only_records", t.MailV6OnlyRecords, o.MailV6OnlyRecords},
	} {
		if v.want != nil && (v.want.Status != v.got.Status || v.want.Reason != "" && v.want.Reason != v.got.Reason) {
			differ(v.name, word(*v.want), word(v.got))
		}
	}
	if t.V6OnlyZone != "" && t.V6OnlyZone != o.V6OnlyZone {
		differ("v6_only_zone", t.V6OnlyZone, o.V6OnlyZone)
	}
	if t.FreedBy != nil && !slices.Equal(*t.FreedBy, o.FreedBy) {
		differ("freed_by", *t.FreedBy, o.FreedBy)
	}
	if t.MailV6OnlyZone != "" && t.MailV6OnlyZone != o.MailV6OnlyZone {
		differ("mail_v6_only_zone", t.MailV6OnlyZone, o.MailV6OnlyZone)
	}
	if t.MailFreedBy != nil && !slices.Equal(*t.MailFreedBy, o.MailFreedBy) {
		differ("mail_freed_by", *t.MailFreedBy, o.MailFreedBy)
	}
	if t.DNSSEC != nil && *t.DNSSEC != o.DNSSEC {
		differ("dnssec", *t.DNSSEC, o.DNSSEC)
	}
	if t.DNSSECReason != "" && t.DNSSECReason != o.DNSSECReason {
		differ("the reason of dnssec", t.DNSSECReason, o.DNSSECReason)
	}
	if t.Readiness != nil && *t.Readiness != o.Readiness {
		differ("readiness", *t.Readiness, o.Readiness)
	}
	found := reasonsOf(o)
	for _, reason := range t.Reasons {
		if !slices.Contains(found, reason) {
			lines = append(lines, fmt.Sprintf("%s: no evidence has the reason %s", o.Target.Name, reason))
		}
	}
	return lines
}

func word(v observation.Verdict) string {
	if v.Reason == "" {
		return v.Status.String()
	}
	return v.Status.String() + "/" + string(v.Reason)
}

// reasonsOf returns every reason in an observation, its evidence included.
func reasonsOf(o *observation.Observation) []observation.Reason {
	found := []observation.Reason{o.DNS.Reason, o.Web.Reason, o.Mail.Reason, o.V6Only.Reason, o.DNSSECReason,
		o.MailV4.Reason, o.MailV6Only.Reason, o.StartTLS.Reason, o.SMTPUTF8.Reason}
	for _, e := range o.Endpoints {
		found = append(found, e.Verdict.Reason)
	}
	return found
}
