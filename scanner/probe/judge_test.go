package probe

import (
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/resolve"
)

var (
	works = scanner.Verdict{Status: scanner.OK}
	noV6  = absent(scanner.NoAAAA)
)

func TestCombine(t *testing.T) {
	const some = scanner.SomeAddressesFail
	for _, test := range []struct {
		name  string
		parts []scanner.Verdict
		want  scanner.Verdict
	}{
		{"nothing", nil, unmeasured(scanner.NotProbed)},
		{"all work", []scanner.Verdict{works, works}, works},
		{"one fails", []scanner.Verdict{works, broken(scanner.Timeout)}, partial(some)},
		{"all fail", []scanner.Verdict{broken(scanner.TCPRefused), broken(scanner.Timeout)}, broken(scanner.TCPRefused)},
		{"what could not be measured does not count against the rest", []scanner.Verdict{unmeasured(scanner.NoRoute), works}, works},
		{"nothing could be measured", []scanner.Verdict{unmeasured(scanner.NoRoute)}, unmeasured(scanner.NoRoute)},
		{"a partial part", []scanner.Verdict{works, partial(some)}, partial(some)},
	} {
		if got := combine(test.parts, some); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestJudgeWeb(t *testing.T) {
	nothing := absent(scanner.NoAddress)
	for _, test := range []struct {
		name      string
		apex, www scanner.Verdict
		want      scanner.Verdict
	}{
		{"both work", works, works, works},
		{"no www at all", works, absent(scanner.NXDomain), works},
		{"no address on the apex", nothing, works, works},
		{"neither has an address", nothing, absent(scanner.NXDomain), nothing},
		{"IPv6 only on www", noV6, works, partial(scanner.AAAAOnlyOnWWW)},
		{"IPv6 only on the apex", partial(scanner.SomeAddressesFail), noV6, partial(scanner.AAAAOnlyOnApex)},
		{"the apex leads to www, which has no IPv6", partial(scanner.RedirectToV4Only), noV6, partial(scanner.RedirectToV4Only)},
		{"IPv6 on www, and it fails", noV6, broken(scanner.TCPRefused), broken(scanner.TCPRefused)},
		{"www fails", works, broken(scanner.Timeout), partial(scanner.SomeHostsFail)},
		{"both fail", broken(scanner.Timeout), broken(scanner.TCPRefused), broken(scanner.Timeout)},
		{"no IPv6", noV6, noV6, noV6},
		{"no IPv6 here", unmeasured(scanner.NoRoute), unmeasured(scanner.NoRoute), unmeasured(scanner.NoRoute)},
	} {
		if got := judgeWeb(test.apex, test.www); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestJudgeMail(t *testing.T) {
	for _, test := range []struct {
		name       string
		exchangers []scanner.Verdict
		want       scanner.Verdict
	}{
		{"all work", []scanner.Verdict{works, works}, works},
		{"one lacks IPv6", []scanner.Verdict{works, noV6}, partial(scanner.SomeHostsLackAAAA)},
		{"one fails", []scanner.Verdict{works, broken(scanner.Timeout)}, partial(scanner.SomeHostsFail)},
		{"none has IPv6", []scanner.Verdict{noV6, noV6}, absent(scanner.NoMXAAAA)},
		{"the only one with IPv6 fails", []scanner.Verdict{noV6, broken(scanner.Timeout)}, broken(scanner.Timeout)},
	} {
		if got := judgeMail(test.exchangers, scanner.NoMXAAAA); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestReadinessIsALadder takes the steps one after another, and shows that a
// step which is left out holds a domain back.
func TestReadinessIsALadder(t *testing.T) {
	o := &scanner.Observation{DNS: absent(scanner.NoNSAAAA), Web: noV6, Mail: absent(scanner.NoMXAAAA), V6Only: noV6}
	step := func(want uint8, what string) {
		t.Helper()
		if got := readiness(o); got != want {
			t.Errorf("%s: level %d, want %d", what, got, want)
		}
	}
	step(0, "nothing published")
	o.Web = broken(scanner.Timeout)
	step(1, "an AAAA record that leads nowhere")
	o.Web = works
	step(1, "a web site whose name servers have IPv4 only")
	o.DNS = partial(scanner.OneNSAAAA)
	step(3, "one name server and the web site")
	o.V6Only = works
	step(4, "works without IPv4")
	o.DNS, o.Mail = works, works
	step(5, "everything works")
	o.Mail = absent(scanner.NullMX)
	step(5, "everything works and there is no mail")
	o.Mail = absent(scanner.NoMXAAAA)
	step(4, "mail over IPv4 only")

	tld := &scanner.Observation{DNS: works, V6Only: works, Web: unmeasured(scanner.NotProbed)}
	tld.Target.Kind = lists.CCTLD
	if got := readiness(tld); got != 5 {
		t.Errorf("a ccTLD whose name servers work: level %d, want 5", got)
	}
}

// TestOneTokenForOneThing: what the probes and the resolver both find has one
// name in the data.
func TestOneTokenForOneThing(t *testing.T) {
	for probes, resolver := range map[scanner.Reason]string{
		scanner.SpecialPurposeAddress: resolve.ReasonSpecialAddress,
		scanner.Timeout:               resolve.ReasonTimeout,
		scanner.TCPRefused:            resolve.ReasonTCPRefused,
		scanner.Unreachable:           resolve.ReasonUnreachable,
		scanner.NoRoute:               resolve.ReasonNoRoute,
		scanner.LocalFault:            resolve.ReasonLocal,
	} {
		if string(probes) != resolver {
			t.Errorf("the resolver says %s for %s", resolver, probes)
		}
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
