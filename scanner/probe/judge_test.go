package probe

import (
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

var (
	works = observation.Verdict{Status: observation.OK}
	noV6  = absent(observation.NoAAAA)
)

func TestCombine(t *testing.T) {
	const some = observation.SomeAddressesFail
	for _, test := range []struct {
		name  string
		parts []observation.Verdict
		want  observation.Verdict
	}{
		{"nothing", nil, unmeasured(observation.NotProbed)},
		{"all work", []observation.Verdict{works, works}, works},
		{"one fails", []observation.Verdict{works, broken(observation.Timeout)}, partial(some)},
		{"all fail", []observation.Verdict{broken(observation.TCPRefused), broken(observation.Timeout)}, broken(observation.TCPRefused)},
		{"what could not be measured does not count against the rest", []observation.Verdict{unmeasured(observation.NoRoute), works}, works},
		{"nothing could be measured", []observation.Verdict{unmeasured(observation.NoRoute)}, unmeasured(observation.NoRoute)},
		{"a partial part", []observation.Verdict{works, partial(some)}, partial(some)},
	} {
		if got := combine(test.parts, some); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestJudgeWeb(t *testing.T) {
	nothing := absent(observation.NoAddress)
	for _, test := range []struct {
		name      string
		apex, www observation.Verdict
		want      observation.Verdict
	}{
		{"both work", works, works, works},
		{"no www at all", works, absent(observation.NXDomain), works},
		{"no address on the apex", nothing, works, works},
		{"neither has an address", nothing, absent(observation.NXDomain), nothing},
		{"IPv6 only on www", noV6, works, partial(observation.AAAAOnlyOnWWW)},
		{"IPv6 only on the apex", partial(observation.SomeAddressesFail), noV6, partial(observation.AAAAOnlyOnApex)},
		{"the apex leads to www, which has no IPv6", partial(observation.RedirectToV4Only), noV6, partial(observation.RedirectToV4Only)},
		{"IPv6 on www, and it fails", noV6, broken(observation.TCPRefused), broken(observation.TCPRefused)},
		{"www fails", works, broken(observation.Timeout), partial(observation.SomeHostsFail)},
		{"both fail", broken(observation.Timeout), broken(observation.TCPRefused), broken(observation.Timeout)},
		{"no IPv6", noV6, noV6, noV6},
		{"no IPv6 here", unmeasured(observation.NoRoute), unmeasured(observation.NoRoute), unmeasured(observation.NoRoute)},
	} {
		if got := judgeWeb(test.apex, test.www); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestJudgeMail(t *testing.T) {
	for _, test := range []struct {
		name       string
		exchangers []observation.Verdict
		want       observation.Verdict
	}{
		{"all work", []observation.Verdict{works, works}, works},
		{"one lacks IPv6", []observation.Verdict{works, noV6}, partial(observation.SomeHostsLackAAAA)},
		{"one fails", []observation.Verdict{works, broken(observation.Timeout)}, partial(observation.SomeHostsFail)},
		{"none has IPv6", []observation.Verdict{noV6, noV6}, absent(observation.NoMXAAAA)},
		{"the only one with IPv6 fails", []observation.Verdict{noV6, broken(observation.Timeout)}, broken(observation.Timeout)},
	} {
		if got := judgeMail(test.exchangers, observation.NoMXAAAA); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestReadinessIsALadder takes the steps one after another, and shows that a
// step which is left out holds a domain back.
func TestReadinessIsALadder(t *testing.T) {
	o := &observation.Observation{DNS: absent(observation.NoNSAAAA), Web: noV6, Mail: absent(observation.NoMXAAAA), V6Only: noV6}
	step := func(want uint8, what string) {
		t.Helper()
		if got := readiness(o); got != want {
			t.Errorf("%s: level %d, want %d", what, got, want)
		}
	}
	step(0, "nothing published")
	o.Web = broken(observation.Timeout)
	step(1, "an AAAA record that leads nowhere")
	o.Web = works
	step(1, "a web site whose name servers have IPv4 only")
	o.DNS = partial(observation.OneNSAAAA)
	step(3, "one name server and the web site")
	o.V6Only = works
	step(4, "works without IPv4")
	o.DNS, o.Mail = works, works
	step(4, "mail cannot be delivered without IPv4")
	o.MailV6Only = works
	step(5, "everything works")
	o.Mail = absent(observation.NullMX)
	step(5, "everything works and there is no mail")
	o.Mail = absent(observation.NoMXAAAA)
	step(4, "mail over IPv4 only")

	tld := &observation.Observation{DNS: works, V6Only: works, Web: unmeasured(observation.NotProbed)}
	tld.Target.Kind = lists.CCTLD
	if got := readiness(tld); got != 5 {
		t.Errorf("a ccTLD whose name servers work: level %d, want 5", got)
	}
}

// TestEndsSoon tells signatures that were forgotten from those that never last
// long.
func TestEndsSoon(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, test := range []struct {
		name        string
		since, left time.Duration
		want        bool
	}{
		{"a month, renewed", 1 * day, 29 * day, false},
		{"a month, in its last week", 24 * day, 6 * day, true},
		{"a month, eight days left", 22 * day, 8 * day, false},
		{"three days, renewed daily", 1 * day, 2 * day, false},
		{"three days, not renewed", 3*day - time.Hour, time.Hour, true},
		{"two weeks, renewed three days before the end", 10 * day, 4 * day, false},
	} {
		s := dnssec.SignatureFact{From: at.Add(-test.since), Until: at.Add(test.left)}
		if got := endsSoon(s, at); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}
