package lab

import (
	"adopt6/scanner/observation"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Truth is what a correct scan says of a domain. A nil field is not stated.
type Truth struct {
	DNS, Web, Mail, V6Only *observation.Verdict // an empty reason is not stated
	Delegation, DNSV4      *observation.Verdict
	SameSerial, Address    *observation.Verdict
	V6OnlyRecords          *observation.Verdict // the same
	V6OnlyZone             string               // to blame; empty: not stated
	FreedBy                *[]string
	WebV4, SameContent     *observation.Verdict
	MailV4                 *observation.Verdict
	MailV6Only             *observation.Verdict
	MailV6OnlyRecords      *observation.Verdict
	MailV6OnlyZone         string // to blame; empty: not stated
	MailFreedBy            *[]string
	DNSSEC                 *observation.State
	DNSSECReason           observation.Reason // empty: not stated
	Readiness              *uint8
	// Reasons are tokens that must be somewhere in the evidence.
	Reasons []observation.Reason
}

// TruthSpec is the truth as a scenario states it: verdicts as status or
// status/reason, such as broken/timeout.
type TruthSpec struct {
	DNS    *verdictSpec `yaml:"dns_v6"`
	Web    *verdictSpec `yaml:"web_v6"`
	Mail   *verdictSpec `yaml:"mail_v6"`
	V6Only *verdictSpec `yaml:"v6_only"`
	DNSSEC *stateSpec   `yaml:"dnssec"`

	Delegation  *verdictSpec `yaml:"delegation"`
	DNSV4       *verdictSpec `yaml:"dns_v4"`
	SameSerial  *verdictSpec `yaml:"same_serial"`
	WebV4       *verdictSpec `yaml:"web_v4"`
	MailV4      *verdictSpec `yaml:"mail_v4"`
	SameContent *verdictSpec `yaml:"same_content"`
	Address     *verdictSpec `yaml:"address"`

	MailV6Only  *verdictSpec `yaml:"mail_v6_only"`
	MailRecords *verdictSpec `yaml:"mail_v6_only_records"`
	MailZone    string       `yaml:"mail_v6_only_zone"`
	MailFreedBy *[]string    `yaml:"mail_freed_by"`

	Records *verdictSpec `yaml:"v6_only_records"`
	Zone    string       `yaml:"v6_only_zone"`
	FreedBy *[]string    `yaml:"freed_by"`

	Readiness *uint8       `yaml:"readiness"`
	Reasons   []reasonSpec `yaml:"reasons"`
}

type reasonSpec observation.Reason

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *reasonSpec) UnmarshalYAML(node *yaml.Node) error {
	*r = reasonSpec(node.Value)
	return checkReason(node, observation.Reason(*r))
}

// UnmarshalYAML implements yaml.Unmarshaler. The word none takes back what a
// profile states.
func (t *TruthSpec) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "none" {
		*t = TruthSpec{}
		return nil
	}
	type plain TruthSpec // without this method
	return decode(node, (*plain)(t))
}

type verdictSpec observation.Verdict

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *verdictSpec) UnmarshalYAML(node *yaml.Node) error {
	word, reason, _ := strings.Cut(node.Value, "/")
	if err := v.Status.UnmarshalText([]byte(word)); err != nil {
		return nodeError(node, "%v; there are ok, partial, absent, broken and unmeasured", err)
	}
	v.Reason = observation.Reason(reason)
	if v.Status == observation.OK && reason != "" {
		return nodeError(node, "ok has no reason")
	}
	return checkReason(node, v.Reason)
}

type stateSpec struct {
	state  observation.State
	reason observation.Reason
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *stateSpec) UnmarshalYAML(node *yaml.Node) error {
	word, reason, _ := strings.Cut(node.Value, "/")
	if err := s.state.UnmarshalText([]byte(word)); err != nil {
		return nodeError(node, "%v; there are secure, insecure, bogus and indeterminate", err)
	}
	s.reason = observation.Reason(reason)
	return checkReason(node, s.reason)
}

// checkReason refuses a token that is in no table of reasons.
func checkReason(node *yaml.Node, r observation.Reason) error {
	if r == "" {
		return nil
	}
	if _, ok := observation.Explain(r); !ok {
		known := map[string]bool{}
		for _, info := range observation.Reasons() {
			known[string(info.Reason)] = true
		}
		return unknownKey(&yaml.Node{Value: string(r), Line: node.Line}, "reason", known)
	}
	return nil
}

// truth returns the public form.
func (t *TruthSpec) truth() Truth {
	out := Truth{
		DNS: (*observation.Verdict)(t.DNS), Web: (*observation.Verdict)(t.Web), Mail: (*observation.Verdict)(t.Mail),
		V6Only: (*observation.Verdict)(t.V6Only), Readiness: t.Readiness,
		Delegation: (*observation.Verdict)(t.Delegation), DNSV4: (*observation.Verdict)(t.DNSV4), SameSerial: (*observation.Verdict)(t.SameSerial),
		Address:       (*observation.Verdict)(t.Address),
		V6OnlyRecords: (*observation.Verdict)(t.Records), V6OnlyZone: t.Zone, FreedBy: t.FreedBy,
		WebV4: (*observation.Verdict)(t.WebV4), SameContent: (*observation.Verdict)(t.SameContent),
		MailV4:     (*observation.Verdict)(t.MailV4),
		MailV6Only: (*observation.Verdict)(t.MailV6Only), MailV6OnlyRecords: (*observation.Verdict)(t.MailRecords),
		MailV6OnlyZone: t.MailZone, MailFreedBy: t.MailFreedBy,
	}
	for _, r := range t.Reasons {
		out.Reasons = append(out.Reasons, observation.Reason(r))
	}
	if t.DNSSEC != nil {
		out.DNSSEC, out.DNSSECReason = &t.DNSSEC.state, t.DNSSEC.reason
	}
	return out
}

// check looks for contradictions within the truth and against the records of
// the domain, so that a slip of the pen does not become a golden result.
func (t *TruthSpec) check(d *domain) error {
	if t.Readiness != nil && *t.Readiness > 5 {
		return fmt.Errorf("readiness %d: the levels are 0 to 5", *t.Readiness)
	}
	if is(t.V6Only, observation.OK) && is(t.DNS, observation.Absent) {
		return fmt.Errorf("v6_only cannot be ok where dns_v6 is absent")
	}
	for _, c := range []struct {
		what    string
		verdict *verdictSpec
		has     bool
	}{
		{"dns_v6", t.DNS, d.publishes(d.nsHosts())},
		{"web_v6", t.Web, d.publishes(d.webHosts())},
		{"mail_v6", t.Mail, d.publishes(d.mailHosts())},
	} {
		switch {
		case c.what == "mail_v6" && d.spec.Mail.Implicit:
			// Nobody publishes that a host takes mail: it does, or does not.
		case is(c.verdict, observation.Absent) && c.has:
			return fmt.Errorf("the truth says %s is absent, and the domain publishes AAAA records for it", c.what)
		case (is(c.verdict, observation.OK) || is(c.verdict, observation.Broken)) && !c.has:
			return fmt.Errorf("the truth says %s is %s, and the domain publishes no AAAA record for it", c.what, c.verdict.Status)
		}
	}
	return nil
}

func is(v *verdictSpec, s observation.Status) bool { return v != nil && v.Status == s }
