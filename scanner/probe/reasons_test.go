package probe_test

import (
	"adopt6/scanner/observation"
	"maps"
	"slices"
	"sync"
	"testing"
)

// notInScenarios are the reasons that no scenario can show.
var notInScenarios = map[observation.Reason]string{
	observation.LocalFault:    "a fault of the scanner's own machine",
	observation.TargetTimeout: "depends on the time that a scan gives; TestTargetTimeout shows it",
	observation.LimitTime:     "needs a minute without an answer; the resolver's tests show it",
	observation.BadName:       "a name that no list and no record can hold; for adopt6 resolve",
	observation.BackedOff:     "needs rates; TestBackoff shows it",
	observation.OptedOut:      "depends on what a scan is told not to measure; TestOptOut shows it",
	"no_anchor":               "depends on the trust anchors given",
	"anchor_mismatch":         "depends on the trust anchors given",
	"policy_insecure":         "depends on the policy given",
	"nsec3_opt_out":           "of a denial, never of a key set",
	"dnskey_invalid":          "the laboratory makes valid keys only; the validator's tests show it",
	"alias_invalid":           "the laboratory refuses such zones; the validator's tests show it",
	"response_unusable":       "the resolver drops such a response before it is validated",
}

// reasonsSeen collects the reasons of observations: of their verdicts and of
// the evidence below them.
type reasonsSeen struct {
	mu   sync.Mutex
	seen map[observation.Reason]string // and the first target that had it
}

func (s *reasonsSeen) add(o *observation.Observation) {
	found := append(o.Findings(), o.DNSSECReason)
	for _, v := range verdicts(o) {
		found = append(found, v.Reason)
	}
	for _, e := range o.Endpoints {
		if e.TLS != nil {
			found = append(found, e.TLS.Certificate)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make(map[observation.Reason]string)
	}
	for _, r := range found {
		if s.seen[r] == "" {
			s.seen[r] = o.Target.Name
		}
	}
}

// check compares what was seen with the table of reasons.
func (s *reasonsSeen) check(t *testing.T) {
	delete(s.seen, "")
	for _, info := range observation.Reasons() {
		_, excused := notInScenarios[info.Reason]
		switch seen := s.seen[info.Reason]; {
		case seen == "" && !excused:
			t.Errorf("no scenario shows the reason %s", info.Reason)
		case seen != "" && excused:
			t.Errorf("%s shows the reason %s, of which this test says that no scenario can", seen, info.Reason)
		}
		delete(s.seen, info.Reason)
	}
	for _, r := range slices.Sorted(maps.Keys(s.seen)) {
		t.Errorf("%s has the reason %s, which no table explains", s.seen[r], r)
	}
}

// verdicts returns every verdict of an observation.
func verdicts(o *observation.Observation) []observation.Verdict {
	return []observation.Verdict{
		o.DNS, o.Web, o.Mail, o.V6Only, o.DNSV4, o.WebV4, o.MailV4, o.Delegation, o.Address, o.WebApex, o.WebWWW,
		o.SameContent, o.SameSerial, o.StartTLS, o.SMTPUTF8, o.V6OnlyRecords,
		o.MailV6Only, o.MailV6OnlyRecords,
	}
}
