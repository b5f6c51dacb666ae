package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

// mailLab measures every target of a scenario, and counts the connections to
// port 25 of each address.
func mailLab(t *testing.T, text string, set func(*probe.Prober)) (map[string]*observation.Observation, map[netip.Addr]int) {
	t.Helper()
	var mu sync.Mutex
	contacts := make(map[netip.Addr]int)
	scenario, err := lab.Parse("mail.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		if c.Server.Port() == 25 {
			mu.Lock()
			defer mu.Unlock()
			contacts[c.Server.Addr()]++
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	prober := newProber(t, l)
	if set != nil {
		set(prober)
	}
	seen := make(map[string]*observation.Observation)
	pool := scanner.Pool{Workers: 16, Timeout: 30 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			mu.Lock()
			defer mu.Unlock()
			seen[o.Target.Name] = o
			return nil
		}}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return seen, contacts
}

func mailEvidence(o *observation.Observation) []observation.Endpoint {
	return slices.DeleteFunc(slices.Clone(o.Endpoints), func(e observation.Endpoint) bool { return e.Probe != "mail" })
}

// TestMailVerdicts states what the scenarios do not: the verdicts beside
// mail_v6.
func TestMailVerdicts(t *testing.T) {
	seen, _ := mailLab(t, `
about: Verdicts on mail.
domains:
  good.gov.ar: healthy_v6
  v4.gov.ar: mail_v4
  v6.gov.ar: {mail: v6}
  null.gov.ar: no_mail
  none.gov.ar: {mail: none, truth: none}
  dead6.gov.ar: {faults: [{at: mail, family: v6, do: refuse}]}
  dead4.gov.ar: {faults: [{at: mail, family: v4, do: refuse}]}
  reject4.gov.ar: {faults: [{at: mail, family: v4, do: smtp_reject}]}
  defer.gov.ar: {faults: [{at: mail, do: smtp_defer}]}
  clear.gov.ar: {mail: {mx: {mail: both}, starttls: false, smtputf8: false}}
  clear6.gov.ar: {faults: [{at: mail, family: v6, do: smtp_no_starttls}]}
  bad6.gov.ar: {faults: [{at: mail, family: v6, do: smtp_starttls_bad}]}
  half.gov.ar: {mail: {mx: {mx1: both, mx2: both}}, faults: [{at: mx2, do: smtp_no_starttls}]}
  old.gov.ar: {faults: [{at: mail, do: smtp_no_ehlo}]}
  lost.gov.ar: {mail: {mx: {mx1: both, mx2: v6}}}
`, nil)
	for name, want := range map[string]string{
		"good":    "ok ok ok ok",
		"v4":      "absent/no_mx_aaaa ok absent/no_mx_aaaa ok",
		"v6":      "ok absent/no_a ok ok",
		"null":    "absent/null_mx absent/null_mx absent/null_mx absent/null_mx",
		"none":    "absent/no_mx absent/no_mx absent/no_mx absent/no_mx",
		"dead6":   "broken/tcp_refused ok unmeasured/tcp_refused ok",
		"dead4":   "ok broken/tcp_refused ok ok",
		"reject4": "ok broken/smtp_rejected ok ok",
		"defer":   "unmeasured/smtp_deferred unmeasured/smtp_deferred unmeasured/smtp_deferred unmeasured/smtp_deferred",
		"clear":   "ok ok absent/no_starttls absent/no_smtputf8",
		"clear6":  "partial/starttls_only_over_v4 ok absent/starttls_only_over_v4 ok",
		"bad6":    "partial/starttls_only_over_v4 ok broken/starttls_failed ok",
		"half":    "ok ok partial/no_starttls ok",
		"old":     "ok ok absent/no_starttls absent/no_smtputf8",
		"lost":    "ok partial/some_hosts_fail ok ok",
	} {
		o := seen[name+".gov.ar"]
		if got := fmt.Sprint(word(o.Mail), " ", word(o.MailV4), " ", word(o.StartTLS), " ", word(o.SMTPUTF8)); got != want {
			t.Errorf("%s: mail, mail over IPv4, STARTTLS and SMTPUTF8 are %s; want %s", name, got, want)
		}
	}
	good := seen["good.gov.ar"]
	if !slices.Equal(good.MX, []string{"mail.good.gov.ar"}) {
		t.Errorf("the exchangers are %q", good.MX)
	}
	evidence := mailEvidence(good)
	if len(evidence) != 2 || !evidence[0].Addr.Is4() || !evidence[1].Addr.Is6() {
		t.Fatalf("the evidence is %+v", evidence)
	}
	for _, e := range evidence {
		if e.Port != 25 || e.Transport != "tcp" || e.RTT <= 0 || e.Took < e.RTT || e.Host != "mail.good.gov.ar" ||
			e.SMTP == nil || *e.SMTP != (observation.SMTPFacts{Code: 220, Banner: "mail.good.gov.ar ESMTP simulated", StartTLS: true, UTF8: true}) ||
			e.TLS == nil || e.TLS.Version != "1.3" || e.TLS.Certificate != "" || e.TLS.Handshake <= 0 {
			t.Errorf("the evidence is %+v with %+v and %+v", e, e.SMTP, e.TLS)
		}
	}
	if detail := mailEvidence(seen["old.gov.ar"])[0].Detail; !strings.HasPrefix(detail, "HELO accepted, EHLO refused: 502") {
		t.Errorf("of a server without EHLO the evidence says %q", detail)
	}
}

func word(v observation.Verdict) string {
	if v.Reason == "" {
		return v.Status.String()
	}
	return v.Status.String() + "/" + string(v.Reason)
}

// TestSharedExchanger: an exchanger behind many domains is greeted once per
// address, and every domain has its evidence. Two names of one address are one
// contact as well.
func TestSharedExchanger(t *testing.T) {
	seen, contacts := mailLab(t, `
about: One exchanger for all.
hosts:
  hub.example.net.: [200.1.1.25, "2a0f:25::1"]
  alias.example.net.: elsewhere
zones:
  example.net: {records: "alias A 200.1.1.25\nalias AAAA 2a0f:25::1\n"}
generate:
  - {count: 40, under: [gov.ar], profiles: {hosted: 1}}
profiles:
  hosted: {like: healthy_v6, mail: {mx: {hub.example.net.: elsewhere, alias.example.net.: elsewhere}}}
`, nil)
	if len(seen) != 40 {
		t.Fatalf("%d domains", len(seen))
	}
	for name, o := range seen {
		if o.Mail.Status != observation.OK || len(mailEvidence(o)) != 4 {
			t.Errorf("%s: %v with %+v", name, o.Mail, mailEvidence(o))
		}
		for i, e := range mailEvidence(o) {
			first := i < 2 // the preferred name
			if e.SMTP == nil || e.SMTP.Code != 220 || (e.TLS != nil) != first || strings.Contains(e.Detail, "hub.example.net") == first {
				t.Errorf("%s, contact %d: %+v, %+v", name, i, e, e.SMTP)
			}
		}
	}
	for addr, n := range contacts {
		if n != 1 {
			t.Errorf("%s was contacted %d times", addr, n)
		}
	}
	if len(contacts) != 2 {
		t.Errorf("contacts: %v", contacts)
	}
}

// TestPortFilteredHere: where the preflight found port 25 closed, no packet is
// sent to it, and the family is unmeasured.
func TestPortFilteredHere(t *testing.T) {
	const scenario = `
about: Port 25.
domains:
  both.gov.ar: healthy_v6
  special.gov.ar: {mail: {mx: {mail: [v4, "fd00::25"]}}, truth: none}
  v4.gov.ar: mail_v4
  none.gov.ar: {mail: none, truth: none}
`
	for _, test := range []struct {
		routes probe.Routes
		want   map[string]string
	}{
		{probe.Routes{V4: true, V6: true, NoSMTPV4: true, NoSMTPV6: true}, map[string]string{
			"both": "unmeasured/port_filtered unmeasured/port_filtered", "special": "unmeasured/port_filtered unmeasured/port_filtered",
			"v4": "absent/no_mx_aaaa unmeasured/port_filtered", "none": "unmeasured/port_filtered unmeasured/port_filtered"}},
		{probe.Routes{V4: true, V6: true, NoSMTPV6: true}, map[string]string{
			"both": "unmeasured/port_filtered ok", "v4": "absent/no_mx_aaaa ok", "none": "absent/no_mx absent/no_mx"}},
		{probe.Routes{V4: true, V6: true, NoSMTPV4: true}, map[string]string{
			"both": "ok unmeasured/port_filtered", "special": "broken/special_purpose_address unmeasured/port_filtered",
			"none": "unmeasured/port_filtered unmeasured/port_filtered"}},
		{probe.Routes{V4: true}, map[string]string{"both": "unmeasured/no_route ok", "none": "absent/no_mx absent/no_mx"}},
		{probe.Routes{V6: true}, map[string]string{"both": "ok unmeasured/no_route", "none": "unmeasured/no_route unmeasured/no_route"}},
	} {
		seen, contacts := mailLab(t, scenario, func(p *probe.Prober) { p.Routes = test.routes })
		for name, want := range test.want {
			o := seen[name+".gov.ar"]
			if got := word(o.Mail) + " " + word(o.MailV4); got != want {
				t.Errorf("%+v: %s is %s, want %s", test.routes, name, got, want)
			}
		}
		for addr := range contacts {
			if addr.Is4() && (test.routes.NoSMTPV4 || !test.routes.V4) || addr.Is6() && (test.routes.NoSMTPV6 || !test.routes.V6) {
				t.Errorf("%+v: %s was contacted", test.routes, addr)
			}
		}
	}
}

// TestManyExchangers: the ten most preferred are measured, and the finding says
// how many there are. An answer beyond the resolver's bound counts as none.
func TestManyExchangers(t *testing.T) {
	domain := func(name string, n int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "  %s.gov.ar:\n    mail: none\n    truth: none\n    records: |\n", name)
		for i := range n {
			fmt.Fprintf(&b, "      @ MX %d mx%03d\n      mx%03d A 200.8.%d.%d\n", 2000-i, i, i, i/250, i%250+1)
		}
		return b.String()
	}
	seen, contacts := mailLab(t, "about: Many.\ndomains:\n"+domain("many", 100)+domain("endless", 1000), nil)
	o := seen["many.gov.ar"]
	if len(o.MX) != 10 || o.MX[0] != "mx099.many.gov.ar" || o.MX[9] != "mx090.many.gov.ar" {
		t.Errorf("the exchangers are %q, mail is %v", o.MX, o.Mail)
	}
	found := slices.IndexFunc(o.Endpoints, func(e observation.Endpoint) bool { return e.Verdict.Reason == observation.TooManyRecords })
	if found < 0 || !strings.Contains(o.Endpoints[found].Detail, "100 mail exchangers") {
		t.Errorf("no finding says how many there are: %+v", mailEvidence(o))
	}
	if len(mailEvidence(o)) != 11 {
		t.Errorf("%d pieces of evidence", len(mailEvidence(o)))
	}
	if o := seen["endless.gov.ar"]; word(o.Mail) != "unmeasured/dns_failure" || len(mailEvidence(o)) != 1 || mailEvidence(o)[0].Verdict.Reason != "bad_response" {
		t.Errorf("1,000 MX records: mail is %v, with %+v", o.Mail, mailEvidence(o))
	}
	if len(contacts) != 0 { // no host has those addresses
		t.Errorf("contacts: %v", contacts)
	}
}
