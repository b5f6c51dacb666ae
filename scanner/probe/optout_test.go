package probe_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/optout"
)

const optOutScenario = `
about: Some do not want to be measured.
domains:
  stays.gov.ar: {}
  listed.gov.ar: {}
  below.listed.gov.ar: {}
  asks.gov.ar: {records: '_adopt6 TXT "v=adopt6;" " scan=no"'}
  www.asks.gov.ar: {}
  dnsonly.gov.ar: {records: '_adopt6 TXT "v=adopt6; connect=no"'}
  addressed.gov.ar: {web: {apex: "2a0f:66::80"}, mail: {mx: {mail: "2a0f:66::25"}}}
  served.gov.ar: {ns: {ns1: "2a0f:66::53", ns2: "2a0f:66::54"}}
  spam.gov.ar: {records: '_adopt6 TXT "v=spf1 -all"'}
`

// optOutLab measures the scenario's targets and keeps every contact.
func optOutLab(t *testing.T, list string) (map[string]*observation.Observation, []lab.Contact) {
	t.Helper()
	var mu sync.Mutex
	var contacts []lab.Contact
	scenario, err := lab.Parse("optout.yaml", []byte(optOutScenario))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		mu.Lock()
		defer mu.Unlock()
		contacts = append(contacts, c)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out, err := optout.Read(strings.NewReader(list), "out.txt")
	if err != nil {
		t.Fatal(err)
	}
	policy := optout.NewChecker(out)
	prober := newProberOver(t, l, &netaddr.Dialer{Lab: l, OptedOut: out.HasAddr})
	prober.OptOut = policy
	seen := make(map[string]*observation.Observation)
	pool := scanner.Pool{Workers: 4, Timeout: 30 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error { seen[o.Target.Name] = o; return nil }}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return seen, slices.Clone(contacts)
}

// TestOptOut scans domains that do not want it, by the list and by their own
// word, and looks at every contact: none is with them, save for the question
// itself.
func TestOptOut(t *testing.T) {
	before, _ := optOutLab(t, "")
	seen, contacts := optOutLab(t, "listed.gov.ar\n2a0f:66::/64\n")
	out := observation.Verdict{Status: observation.Unmeasured, Reason: observation.OptedOut}

	own := map[netip.Addr]string{} // addresses that only those who are out have
	for _, name := range []string{"listed.gov.ar", "below.listed.gov.ar", "asks.gov.ar", "www.asks.gov.ar"} {
		for _, e := range before[name].Endpoints {
			if e.Probe == "web" || e.Probe == "mail" || strings.HasSuffix(e.Host, "listed.gov.ar") {
				own[e.Addr] = name
			}
		}
		for _, v := range verdicts(seen[name]) {
			if v != out {
				t.Errorf("%s: a verdict is %v", name, v)
			}
		}
		if o := seen[name]; o.DNSSECReason != observation.OptedOut || o.Readiness != 0 || len(o.Endpoints) > 0 {
			t.Errorf("%s: DNSSEC %s, level %d, %d contacts", name, o.DNSSECReason, o.Readiness, len(o.Endpoints))
		}
	}
	if len(own) < 8 {
		t.Fatalf("only %d addresses of their own: the test proves little", len(own))
	}
	questions := map[string]int{}
	for _, c := range contacts {
		asked := strings.ToLower(c.Question.Name)
		switch name := own[c.Server.Addr()]; {
		case strings.HasSuffix(asked, "listed.gov.ar."), name != "" && strings.HasSuffix(name, "listed.gov.ar"):
			t.Errorf("a contact with %s: %s %q", name, c.Server, asked)
		case name != "" && c.Transport == "tcp" && c.Server.Port() != 53:
			t.Errorf("a connection to %s: %s", name, c.Server)
		case netip.MustParsePrefix("2a0f:66::/64").Contains(c.Server.Addr()):
			t.Errorf("a contact with an address on the list: %s", c.Server)
		case strings.HasPrefix(asked, optout.Label+"."):
			questions[asked]++
		case strings.HasSuffix(asked, ".www.asks.gov.ar."), asked == "www.asks.gov.ar.":
			t.Errorf("a question for www.asks.gov.ar: %q", asked)
		}
	}
	if questions["_adopt6.asks.gov.ar."] != 1 || questions["_adopt6.www.asks.gov.ar."] != 0 {
		t.Errorf("who asks not to be scanned was asked %v", questions)
	}

	dnsOnly := seen["dnsonly.gov.ar"]
	if dnsOnly.DNS != before["dnsonly.gov.ar"].DNS || dnsOnly.Web != out || dnsOnly.WebV4 != out || dnsOnly.Mail != out ||
		dnsOnly.MailV4 != out || dnsOnly.StartTLS != out || dnsOnly.V6Only != out {
		t.Errorf("connect=no: DNS %v, web %v and %v, mail %v and %v, STARTTLS %v, without IPv4 %v",
			dnsOnly.DNS, dnsOnly.Web, dnsOnly.WebV4, dnsOnly.Mail, dnsOnly.MailV4, dnsOnly.StartTLS, dnsOnly.V6Only)
	}
	if o := seen["addressed.gov.ar"]; o.DNS.Status != observation.OK || o.Web != out || o.Mail != out || o.V6Only != out {
		t.Errorf("addresses on the list: DNS %v, web %v, mail %v, without IPv4 %v", o.DNS, o.Web, o.Mail, o.V6Only)
	}
	if o := seen["served.gov.ar"]; o.DNS != out || o.Web != out || o.Mail != out || o.V6Only != out || o.V6OnlyRecords.Status == observation.Broken || o.DNSSECReason != observation.OptedOut {
		t.Errorf("name servers on the list: DNS %v, web %v, mail %v, without IPv4 %v and %v, DNSSEC %s", o.DNS, o.Web, o.Mail, o.V6Only, o.V6OnlyRecords, o.DNSSECReason)
	}
	for _, name := range []string{"stays.gov.ar", "spam.gov.ar"} {
		if !slices.Equal(verdicts(seen[name]), verdicts(before[name])) {
			t.Errorf("%s: verdicts are %v, were %v", name, verdicts(seen[name]), verdicts(before[name]))
		}
	}
}
