package advice_test

import (
	"slices"
	"strings"
	"testing"

	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

// TestNothingIsSaidOnlyWhereAllWorks gives each verdict in turn what is not ok:
// there is advice for it, it is named as open, or it was not checked.
func TestNothingIsSaidOnlyWhereAllWorks(t *testing.T) {
	if todo, open := advice.For(sound(), observation.Reasons()), advice.Open(sound()); len(todo)+len(open) > 0 {
		t.Fatalf("of a sound domain %v and %q", todo, open)
	}
	if list := advice.Unchecked(sound()); !slices.Contains(list, "pages behind the front page") {
		t.Errorf("not checked: %q", list)
	}
	for _, bad := range []observation.Verdict{
		verdict(observation.Absent, observation.NoAddress), verdict(observation.Absent, observation.NXDomain),
		verdict(observation.Absent, observation.NoA), verdict(observation.Absent, observation.NoNSA),
		verdict(observation.Partial, observation.OneNSA), verdict(observation.Absent, observation.DanglingAlias),
		verdict(observation.Broken, observation.Timeout), verdict(observation.Unmeasured, observation.NotProbed),
		verdict(observation.Unmeasured, observation.OptedOut),
	} {
		o := sound()
		for i, v := range []*observation.Verdict{&o.DNS, &o.DNSV4, &o.Web, &o.WebV4, &o.Mail, &o.MailV4, &o.V6Only, &o.Delegation} {
			*v = bad
			said := len(advice.For(o, observation.Reasons())) + len(advice.Open(o))
			seen := slices.ContainsFunc(advice.Unchecked(o), func(s string) bool { return strings.Contains(s, string(bad.Reason)) })
			if said == 0 && !(seen && bad.Status == observation.Unmeasured) {
				t.Errorf("verdict %d is %v, and nothing is said of it", i, bad)
			}
			*v = ok
		}
	}
}

// TestNoMailIsNoFault: who takes no mail has nothing left to do.
func TestNoMailIsNoFault(t *testing.T) {
	o := sound()
	o.Mail, o.MailV4 = verdict(observation.Absent, observation.NullMX), verdict(observation.Absent, observation.NullMX)
	if open := advice.Open(o); len(open) > 0 {
		t.Errorf("open: %q", open)
	}
}
