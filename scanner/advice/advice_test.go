package advice_test

import (
	"net/netip"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

var (
	v4addr = netip.MustParseAddr("28.0.0.1")
	v6addr = netip.MustParseAddr("3a05::1")
	ok     = observation.Verdict{Status: observation.OK}
)

func verdict(status observation.Status, reason observation.Reason) observation.Verdict {
	return observation.Verdict{Status: status, Reason: reason}
}

// sound is the observation of a domain without a fault.
func sound() *observation.Observation {
	return &observation.Observation{
		Target:  lists.Target{Name: "gov.tg", Unicode: "gov.tg", Kind: lists.Custom},
		Started: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Zone: "gov.tg",
		DNS: ok, Web: ok, Mail: ok, V6Only: ok, DNSV4: ok, WebV4: ok, MailV4: ok, Delegation: ok, Address: ok,
		SameContent: ok, SameSerial: ok, StartTLS: ok, SMTPUTF8: ok, V6OnlyRecords: ok, MailV6Only: ok, MailV6OnlyRecords: ok,
		DNSSEC: observation.Secure, DNSKEY: 1, DS: 1, Readiness: 5,
		NameServers: []string{"ns1.gov.tg", "ns2.host.example"}, Operators: []string{"gov.tg", "host.example"}, MX: []string{"mx.gov.tg"},
		A: []netip.Addr{v4addr}, AAAA: []netip.Addr{v6addr}, WWWA: []netip.Addr{v4addr}, WWWAAAA: []netip.Addr{v6addr},
		Endpoints: []observation.Endpoint{
			contact("nameserver", "ns1.gov.tg", v4addr, 53, ok), contact("nameserver", "ns1.gov.tg", v6addr, 53, ok),
			contact("nameserver", "ns2.host.example", v4addr, 53, ok), contact("nameserver", "ns2.host.example", v6addr, 53, ok),
			contact("web", "gov.tg", v4addr, 443, ok), contact("web", "gov.tg", v6addr, 443, ok),
			contact("web", "www.gov.tg", v4addr, 443, ok), contact("web", "www.gov.tg", v6addr, 443, ok),
			contact("mail", "mx.gov.tg", v4addr, 25, ok), contact("mail", "mx.gov.tg", v6addr, 25, ok),
		},
	}
}

func contact(probe, host string, addr netip.Addr, port uint16, v observation.Verdict) observation.Endpoint {
	return observation.Endpoint{Probe: probe, Host: host, Addr: addr, Port: port, Transport: "tcp", Verdict: v}
}

// fail gives the contacts of a probe over a family a verdict.
func fail(o *observation.Observation, probe string, v6 bool, v observation.Verdict) {
	for i := range o.Endpoints {
		if e := &o.Endpoints[i]; e.Probe == probe && e.Addr.Is4() != v6 {
			e.Verdict = v
		}
	}
}

// drop removes the contacts of a probe over IPv6.
func drop(o *observation.Observation, probe string) {
	o.Endpoints = slices.DeleteFunc(o.Endpoints, func(e observation.Endpoint) bool { return e.Probe == probe && !e.Addr.Is4() })
}

func TestAdvice(t *testing.T) {
	type want struct {
		reason  observation.Reason
		urgency advice.Urgency
		owner   advice.Owner
		who     string
		frees   []advice.Service
		see     string // part of a line
		ask     string // part of the message
	}
	timeout := verdict(observation.Broken, observation.Timeout)
	for _, test := range []struct {
		name   string
		change func(o *observation.Observation)
		want   []want
	}{
		{"a sound domain", func(*observation.Observation) {}, nil},
		{"the domain does not exist", func(o *observation.Observation) {
			nx := verdict(observation.Absent, observation.NXDomain)
			o.DNS, o.Web, o.Mail, o.V6Only, o.Endpoints = nx, nx, nx, nx, nil
		}, []want{{reason: observation.NXDomain, urgency: advice.Missing, owner: advice.Registry, frees: []advice.Service{advice.DNS, advice.V6Only}, see: "adopt6 resolve --trace gov.tg SOA"}}},
		{"no IPv6 anywhere: name servers first", func(o *observation.Observation) {
			o.DNS, o.Web = verdict(observation.Absent, observation.NoNSAAAA), verdict(observation.Absent, observation.NoAAAA)
			o.Mail, o.V6Only = verdict(observation.Absent, observation.NoMXAAAA), verdict(observation.Absent, observation.NoIntent)
			o.AAAA, o.WWWAAAA = nil, nil
			drop(o, "nameserver")
			drop(o, "web")
			drop(o, "mail")
		}, []want{
			{observation.NoNSAAAA, advice.Missing, advice.DNSOperator, "gov.tg, host.example", []advice.Service{advice.DNS, advice.V6Only}, "dig +noall +answer ns1.gov.tg A ns1.gov.tg AAAA", "move the zone"},
			{observation.NoAAAA, advice.Missing, advice.WebHoster, "", []advice.Service{advice.Web, advice.V6Only}, "dig +noall +answer gov.tg A gov.tg AAAA", "enable IPv6 for this site"},
			{observation.NoMXAAAA, advice.Missing, advice.MailOperator, "gov.tg", []advice.Service{advice.Mail}, "dig +noall +answer mx.gov.tg A mx.gov.tg AAAA", "enable IPv6 on these mail servers"},
		}},
		{"silent name servers keep the domain from working without IPv4", func(o *observation.Observation) {
			fail(o, "nameserver", true, timeout)
			o.DNS, o.V6Only = timeout, verdict(observation.Broken, observation.NSUnreachableV6)
			o.V6OnlyZone = "gov.tg"
		}, []want{{observation.Timeout, advice.Harm, advice.DNSOperator, "gov.tg, host.example", []advice.Service{advice.DNS, advice.V6Only}, "dig +time=2 +tries=3 +norecurse @3a05::1 gov.tg SOA", "Over IPv4 it works."}}},
		{"a fault over both families is not advice about IPv6", func(o *observation.Observation) {
			expired := verdict(observation.Broken, observation.TLSExpired)
			fail(o, "web", true, expired)
			fail(o, "web", false, expired)
			o.Web, o.WebV4, o.V6Only = expired, expired, verdict(observation.Broken, observation.SiteFailsV6)
		}, []want{{observation.TLSExpired, advice.Harm, advice.WebHoster, "", []advice.Service{advice.Web, advice.V6Only}, "timeout 13 openssl s_client -6 -connect gov.tg:443 -servername gov.tg", "Renew the certificate"}}},
		{"what fails over IPv4 alone comes after what fails over IPv6", func(o *observation.Observation) {
			fail(o, "web", false, timeout)
			fail(o, "mail", true, timeout)
			o.WebV4, o.Mail = timeout, timeout
		}, []want{
			{observation.Timeout, advice.Harm, advice.MailOperator, "gov.tg", []advice.Service{advice.Mail}, "swaks -6 --server mx.gov.tg --timeout 10 --quit-after EHLO", ""},
			{observation.Timeout, advice.InPart, advice.WebHoster, "", nil, "curl -4vLo /dev/null --max-redirs 20 --connect-timeout 3 --max-time 10 https://gov.tg/", ""},
		}},
		{"missing glue is the registry's", func(o *observation.Observation) {
			missing := verdict(observation.Broken, observation.GlueMissingAAAA)
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "delegation", Host: "ns1.gov.tg", Verdict: verdict(observation.Partial, observation.GlueMissingAAAA)})
			o.Delegation, o.V6Only, o.V6OnlyZone = missing, missing, "gov.tg"
		}, []want{{observation.GlueMissingAAAA, advice.Harm, advice.Registry, "", []advice.Service{advice.V6Only}, "dig +trace +nodnssec +additional gov.tg NS", "as glue"}}},
		{"a zone above without IPv6 is its operator's", func(o *observation.Observation) {
			o.V6Only, o.V6OnlyZone = verdict(observation.Broken, observation.ParentV4Only), "tg"
		}, []want{{observation.ParentV4Only, advice.Harm, advice.ParentZone, "tg", []advice.Service{advice.V6Only}, "adopt6 resolve --family v6 --trace tg NS", ""}}},
		{"another zone without IPv6 is its operator's", func(o *observation.Observation) {
			o.V6Only, o.V6OnlyZone = verdict(observation.Broken, observation.NSZoneV4Only), "host.example"
			o.FreedBy = []string{"host.example"}
		}, []want{{observation.NSZoneV4Only, advice.Harm, advice.DNSOperator, "host.example", []advice.Service{advice.V6Only}, "adopt6 resolve --family v6 --trace host.example NS", ""}}},
		{"a domain that validates nowhere comes first", func(o *observation.Observation) {
			fail(o, "web", true, timeout)
			o.Web = timeout
			o.DNSSEC, o.DNSSECReason = observation.Bogus, observation.DSMismatch
		}, []want{
			{observation.DSMismatch, advice.Harm, advice.Registry, "", []advice.Service{advice.DNSSEC, advice.DNS, advice.Web, advice.Mail}, "dig +noall +answer gov.tg DS gov.tg DNSKEY", "current key"},
			{observation.Timeout, advice.Harm, advice.WebHoster, "", []advice.Service{advice.Web}, "curl -6vLo /dev/null --max-redirs 20 --connect-timeout 3 --max-time 10 https://gov.tg/", ""},
		}},
		{"www alone lacks IPv6", func(o *observation.Observation) {
			o.Web, o.WWWAAAA = verdict(observation.Partial, observation.SomeHostsLackAAAA), nil
			o.Endpoints = slices.DeleteFunc(o.Endpoints, func(e observation.Endpoint) bool { return e.Host == "www.gov.tg" && !e.Addr.Is4() })
		}, []want{{observation.AAAAOnlyOnApex, advice.Lacking, advice.WebHoster, "", []advice.Service{advice.Web}, "www.gov.tg AAAA", ""}}},
		{"one name server has IPv6", func(o *observation.Observation) {
			one := verdict(observation.Partial, observation.OneNSAAAA)
			o.DNS, o.Delegation = one, one
			o.Endpoints = slices.DeleteFunc(o.Endpoints, func(e observation.Endpoint) bool { return e.Host == "ns2.host.example" && !e.Addr.Is4() })
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "delegation", Host: "gov.tg", Verdict: one, Detail: "3a05::1"})
		}, []want{{observation.OneNSAAAA, advice.Lacking, advice.DNSOperator, "host.example", []advice.Service{advice.DNS}, "ns2.host.example AAAA", ""}}},
		{"a vantage without IPv6 blames nobody", func(o *observation.Observation) {
			none := verdict(observation.Unmeasured, observation.NoRoute)
			for _, probe := range []string{"nameserver", "web", "mail"} {
				fail(o, probe, true, none)
			}
			o.DNS, o.Web, o.Mail, o.V6Only, o.Readiness = none, none, none, none, 0
		}, []want{{reason: observation.NoRoute, urgency: advice.Unseen, owner: advice.Vantage, see: "adopt6 doctor"}}},
		{"a redirect to a host that fails is that host's fault", func(o *observation.Observation) {
			refused, redirect := verdict(observation.Broken, observation.TCPRefused), verdict(observation.Broken, observation.RedirectFails)
			fail(o, "web", true, redirect)
			o.Endpoints = append(o.Endpoints, contact("web", "portal.example", v6addr, 443, refused))
			o.Web, o.V6Only = redirect, verdict(observation.Broken, observation.SiteFailsV6)
		}, []want{{observation.TCPRefused, advice.Harm, advice.WebHoster, "", []advice.Service{advice.Web, advice.V6Only}, "curl -6vLo /dev/null --max-redirs 20 --connect-timeout 3 --max-time 60 https://portal.example/", "refuses"}}},
		{"an address that is never dialled is named once", func(o *observation.Observation) {
			special := verdict(observation.Broken, observation.SpecialPurposeAddress)
			fail(o, "web", true, special)
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "address", Host: "gov.tg", Verdict: special, Detail: "fd00::1"})
			o.Web, o.Address, o.V6Only = special, special, verdict(observation.Broken, observation.SiteFailsV6)
		}, []want{{observation.SpecialPurposeAddress, advice.Harm, advice.WebHoster, "", []advice.Service{advice.Web, advice.V6Only}, "dig +noall +answer gov.tg A gov.tg AAAA", "replace this address"}}},
		{"names that cannot be looked up are one problem", func(o *observation.Observation) {
			failure := verdict(observation.Unmeasured, observation.DNSFailure)
			loop := verdict(observation.Unmeasured, "ns_loop")
			o.Endpoints = []observation.Endpoint{{Probe: "delegation", Host: "gov.tg", Verdict: loop}, {Probe: "address", Host: "www.gov.tg", Verdict: loop}, {Probe: "mail", Host: "gov.tg", Verdict: loop}}
			o.DNS, o.Delegation, o.Web, o.Address, o.Mail, o.V6Only, o.DNSSEC = failure, failure, failure, failure, failure, failure, observation.Indeterminate
		}, []want{{"ns_loop", advice.Harm, advice.DNSOperator, "gov.tg", []advice.Service{advice.DNS, advice.Web, advice.Mail, advice.V6Only}, "adopt6 resolve --trace gov.tg", "glue"}}},
		{"a mail server that turns this place away", func(o *observation.Observation) {
			away := verdict(observation.Unmeasured, observation.SMTPRejectsVantage)
			for _, v6 := range []bool{true, false} {
				fail(o, "mail", v6, verdict(observation.Broken, observation.SMTPRejected))
			}
			o.Mail, o.MailV4 = away, away
		}, []want{{reason: observation.SMTPRejectsVantage, urgency: advice.Unseen, owner: advice.Vantage, see: "swaks -6 --server mx.gov.tg"}}},
		{"STARTTLS over IPv4 alone", func(o *observation.Observation) {
			only := verdict(observation.Partial, observation.StartTLSOnlyOverV4)
			fail(o, "mail", true, verdict(observation.Partial, observation.NoStartTLS))
			o.Mail, o.StartTLS = only, only
		}, []want{{observation.StartTLSOnlyOverV4, advice.InPart, advice.MailOperator, "gov.tg", []advice.Service{advice.Mail}, "timeout 13 openssl s_client -6 -starttls smtp -connect mx.gov.tg:25", ""}}},
		{"a site without plain HTTP", func(o *observation.Observation) {
			o.Endpoints = append(o.Endpoints, contact("web", "gov.tg", v6addr, 80, verdict(observation.Broken, observation.TCPRefused)))
		}, nil},
		{"an unsigned zone above is its operator's", func(o *observation.Observation) {
			o.DNSSEC, o.DNSSECReason, o.DS = observation.Insecure, observation.DSAbsent, 0
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "dnssec", Host: "tg", Verdict: verdict(observation.Absent, observation.DSAbsent)},
				observation.Endpoint{Probe: "dnssec", Host: "gov.tg", Verdict: verdict(observation.Partial, observation.IslandOfSecurity)})
		}, []want{{observation.DSAbsent, advice.Practice, advice.ParentZone, "tg", nil, "tg DS", "sign the zone"}}},
		{"an island of security needs its DS record", func(o *observation.Observation) {
			o.DNSSEC, o.DNSSECReason, o.DS = observation.Insecure, observation.DSAbsent, 0
		}, []want{{observation.IslandOfSecurity, advice.Practice, advice.Registry, "", nil, "gov.tg DS", "DS record of our zone"}}},
		{"an exchanger in a zone that is not found without IPv4", func(o *observation.Observation) {
			o.MailV6Only, o.MailV6OnlyZone = verdict(observation.Broken, observation.NoNSAAAA), "mail.example"
		}, []want{{observation.NoNSAAAA, advice.Harm, advice.DNSOperator, "mail.example", []advice.Service{advice.MailV6Only}, "adopt6 resolve --family v6 --trace mail.example NS", "IPv6 addresses"}}},
		{"no name server with IPv4, and a site without", func(o *observation.Observation) {
			o.DNSV4, o.WebV4 = verdict(observation.Absent, observation.NoNSA), verdict(observation.Absent, observation.NoA)
			o.A, o.WWWA = nil, nil
		}, []want{
			{observation.NoNSA, advice.Lacking, advice.DNSOperator, "gov.tg, host.example", nil, "dig +noall +answer ns1.gov.tg A", "IPv4"},
			{observation.NoA, advice.Lacking, advice.WebHoster, "", nil, "dig +noall +answer gov.tg A", "A record"},
		}},
		{"a name server under a domain that is not registered", func(o *observation.Observation) {
			o.Delegation = verdict(observation.Partial, observation.NSUnregistered)
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "delegation", Host: "ns.never.example", Verdict: o.Delegation})
		}, []want{{observation.NSUnregistered, advice.InPart, advice.Registry, "", nil, "adopt6 resolve --trace ns.never.example", "Remove the name server"}}},
		{"an alias for a name that is not there", func(o *observation.Observation) {
			o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "address", Host: "www.gov.tg", Verdict: verdict(observation.Broken, observation.DanglingAlias)})
		}, []want{{observation.DanglingAlias, advice.InPart, advice.DNSOperator, "gov.tg", nil, "dig +noall +answer www.gov.tg A", "Remove the alias"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := sound()
			test.change(o)
			got := advice.For(o, observation.Reasons())
			if len(got) != len(test.want) {
				t.Fatalf("%d pieces of advice, want %d: %+v", len(got), len(test.want), got)
			}
			for i, w := range test.want {
				g := got[i]
				if g.Reason != w.reason || g.Urgency != w.urgency || g.Owner != w.owner || g.Who != w.who || !reflect.DeepEqual(g.Unblocks, w.frees) {
					t.Errorf("got %s %s, owner %s %q, frees %v\nwant %s %s, owner %s %q, frees %v",
						g.Reason, g.Urgency, g.Owner, g.Who, g.Unblocks, w.reason, w.urgency, w.owner, w.who, w.frees)
				}
				if !strings.Contains(strings.Join(g.See, "\n"), w.see) || len(g.See) == 0 {
					t.Errorf("to see %s: %q, want %q", g.Reason, g.See, w.see)
				}
				if !strings.Contains(strings.ToLower(g.Ask), strings.ToLower(w.ask)) || (g.Ask == "") != (g.Owner == advice.Vantage) {
					t.Errorf("to ask about %s: %q, want %q", g.Reason, g.Ask, w.ask)
				}
				if g.Title == "" || strings.HasSuffix(g.Title, ".") || !strings.HasSuffix(g.Why, ".") {
					t.Errorf("%s: title %q, why %q", g.Reason, g.Title, g.Why)
				}
			}
		})
	}
}

// TestOperatorsThatCouldFixItAlone are named where use without IPv4 waits.
func TestOperatorsThatCouldFixItAlone(t *testing.T) {
	o := sound()
	o.V6Only, o.V6OnlyZone, o.FreedBy = verdict(observation.Broken, observation.NSCycle), "gov.tg", []string{"gov.tg", "host.example"}
	got := advice.For(o, observation.Reasons())
	if len(got) != 1 || !strings.Contains(got[0].Why, "gov.tg, host.example") {
		t.Errorf("got %+v", got)
	}
}

// TestCommandsHoldNothingButNames gives hosts the names that a shell, or the
// program that is called, would take for more.
func TestCommandsHoldNothingButNames(t *testing.T) {
	for _, name := range []string{"$(reboot).gov.tg", "a;reboot.gov.tg", "`reboot`.gov.tg", "a b.gov.tg", "-f/etc/passwd", "a'b.gov.tg",
		"a\nb.gov.tg", "a\x1b[31m.gov.tg", `a\032b.gov.tg`, "a|b.gov.tg", "a>b.gov.tg", "@8.8.8.8", "+short", strings.Repeat("a", 300)} {
		o := sound()
		timeout := verdict(observation.Broken, observation.Timeout)
		missing := verdict(observation.Absent, observation.NoNSAAAA)
		o.DNS, o.NameServers, o.Web, o.Mail, o.MX = missing, []string{name}, timeout, timeout, []string{name}
		o.V6Only, o.V6OnlyZone = verdict(observation.Broken, observation.NSZoneV4Only), name
		o.DNSSEC, o.DNSSECReason = observation.Bogus, observation.RRSIGExpired
		o.Endpoints = []observation.Endpoint{contact("web", name, v6addr, 443, timeout), contact("mail", name, v6addr, 25, timeout),
			contact("mail", "mx.gov.tg", v6addr, 25, timeout), {Probe: "delegation", Host: name, Verdict: verdict(observation.Partial, observation.NSSetDiffers)},
			{Probe: "dnssec", Host: name, Verdict: verdict(observation.Partial, observation.ShortKey)}}
		for _, a := range advice.For(o, observation.Reasons()) {
			for _, line := range a.See {
				if strings.Contains(line, name) {
					t.Errorf("%s: %q holds the name", a.Reason, line)
				}
			}
		}
	}
}

// TestCommandsRun has the shell read every command that the rules can give, and
// the programs read their options: none may be unknown.
func TestCommandsRun(t *testing.T) {
	lines := make(map[string]bool)
	for _, r := range observation.Reasons() {
		for _, name := range []string{"delegation", "nameserver", "web", "mail", "resolvability", "dnssec"} {
			for _, addr := range []netip.Addr{v4addr, v6addr, {}} {
				o := sound()
				fault := verdict(observation.Broken, r.Reason)
				o.Endpoints = append(o.Endpoints, contact(name, "x.gov.tg", addr, 443, fault))
				o.DNS, o.Web, o.Mail, o.V6Only = fault, fault, fault, fault
				for _, a := range advice.For(o, observation.Reasons()) {
					for _, line := range a.See {
						lines[line] = true
					}
				}
			}
		}
	}
	if len(lines) < 20 {
		t.Fatalf("only %d commands", len(lines))
	}
	for line := range lines {
		if out, err := exec.Command("bash", "-n", "-c", line).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", line, err, out)
		}
	}
}

// TestEveryReasonHasAWord goes through the table of reasons: each is either
// silent, or is advice with a fix, an owner and a command.
func TestEveryReasonHasAWord(t *testing.T) {
	for _, r := range observation.Reasons() {
		if !advice.Known(r.Reason) {
			t.Errorf("no rule says what to do about %s", r.Reason)
		}
	}
	for _, reason := range advice.Ruled() {
		if !slices.ContainsFunc(observation.Reasons(), func(r observation.ReasonInfo) bool { return r.Reason == reason }) {
			t.Errorf("the rules know %s, which is not a reason", reason)
		}
	}
}
