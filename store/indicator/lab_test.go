//go:build !alone

package indicator_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

// labDomain is a domain of a lab and what is so of it, by the words of its
// profile: read by a person, not by the code that is tested.
type labDomain struct {
	name, spec string
	apex, www  bool // has AAAA records
	unusable   bool // one of them not reachable
	dead       bool // its web server over IPv6 delivers nothing
	nsOK       int  // of two name servers, how many answer over IPv6
	nsDead     bool // none of those that publish IPv6 answers
	records    bool // a resolver without IPv4 finds the site, by the records
	signed     bool
	old        bool // signed with RSA
	expiring   bool
	noMail     bool
	noUTF8     bool
	v6Only     bool // there is no IPv4
	lagging    bool // a name server has an old version over one family
	differs    bool // another site over IPv6
	operators  []string
}

// fine is a domain on which everything works, with what a test changes of it.
func fine(name, spec string, change func(d *labDomain)) labDomain {
	d := labDomain{name: name + ".gov.ar", spec: spec, apex: true, www: true, nsOK: 2, records: true, signed: true, operators: []string{name + ".gov.ar"}}
	change(&d)
	return d
}

func like(profile string) string { return "{like: " + profile + "}" }

var (
	nothing     = func(d *labDomain) {}
	unsigned    = func(d *labDomain) { d.signed = false }
	v4Only      = func(d *labDomain) { d.apex, d.www, d.nsOK, d.records = false, false, 0, false }
	badAddress  = func(d *labDomain) { d.unusable, d.dead, d.records = true, true, false }
	deadWeb     = func(d *labDomain) { d.dead = true }
	atAmazon    = "{like: healthy_insecure, ns: [ns-7.awsdns-01.net., ns-9.awsdns-63.net.]}"
	amazon      = func(d *labDomain) { d.signed, d.operators = false, []string{"Amazon Route 53"} }
	differentV6 = "{like: healthy_v6, web: {apex: both, pages: [{scheme: http, redirect: https}, {family: v6, body: '<title>Webmail</title><p>Please enter your name.</p>'}, {body: '<title>Court</title><p>Please enter your name.</p>'}]}, truth: {web_v6: partial/content_differs, web_v4: ok}}"
)

var labDomains = []labDomain{
	fine("healthy", like("healthy_v6"), nothing),
	fine("insecure", like("healthy_insecure"), unsigned),
	fine("native", like("v6_native"), func(d *labDomain) { d.v6Only = true }),
	fine("no-mail", like("no_mail"), func(d *labDomain) { d.noMail = true }),
	fine("v4", like("v4_only"), func(d *labDomain) { v4Only(d); d.signed = false }),
	fine("v4-signed", like("v4_only_signed"), v4Only),
	fine("dns-only", like("dns_v6_only"), func(d *labDomain) { v4Only(d); d.signed, d.nsOK = false, 2 }),
	fine("dns-v4", like("web_v6_dns_v4"), func(d *labDomain) { d.signed, d.nsOK, d.records = false, 0, false }),
	fine("one-ns", like("one_ns_v6"), func(d *labDomain) { d.nsOK = 1 }),
	fine("mail-v4", like("mail_v4"), nothing),
	fine("www-v4", like("www_v4"), func(d *labDomain) { d.www = false }),
	fine("apex-v4", like("apex_v4"), func(d *labDomain) { d.apex = false }),
	fine("apex-v4-too", like("apex_v4"), func(d *labDomain) { d.apex = false }),
	fine("no-glue", like("glue_missing"), func(d *labDomain) { d.records = false }),
	fine("ns-dead", like("ns_v6_dead"), func(d *labDomain) { d.nsOK, d.nsDead = 0, true }),
	fine("one-dead", like("one_ns_v6_dead"), func(d *labDomain) { d.nsOK = 1 }),
	fine("web-dead", like("web_v6_dead"), deadWeb),
	fine("web-refused", like("web_v6_refused"), deadWeb),
	fine("mail-dead", like("mail_v6_dead"), nothing),
	fine("private", like("private_aaaa"), badAddress),
	fine("documentation", like("documentation_aaaa"), badAddress),
	fine("expired", like("dnssec_expired"), nothing),
	fine("wrong-ds", like("dnssec_wrong_ds"), nothing),
	fine("no-key", like("dnssec_unsigned_child"), unsigned),
	fine("island", like("dnssec_island"), nothing),
	fine("rsa", like("dnssec_rsa"), func(d *labDomain) { d.old = true }),
	fine("expiring", "{like: healthy_v6, dnssec: {fault: expires_soon}}", func(d *labDomain) { d.expiring = true }),
	fine("no-utf8", "{like: healthy_v6, mail: {mx: {mail: both}, smtputf8: false}}", func(d *labDomain) { d.noUTF8 = true }),
	fine("lagging", "{like: healthy_insecure, faults: [{at: ns2, family: v6, do: old_serial}]}", func(d *labDomain) { d.signed, d.lagging = false, true }),
	fine("other-site", differentV6, func(d *labDomain) { d.differs = true }),
	fine("amazon-1", atAmazon, amazon),
	fine("amazon-2", atAmazon, amazon),
}

// labTLDs are ccTLDs of the lab, which has them as the root zone of its tlds.txt.
var labTLDs = []string{"ar", "ck", "cn", "eg", "mn", "ru", "xn--fiqs8s", "xn--l1acc", "xn--p1ai", "xn--wgbh1c"}

// TestIndicatorsOfALab scans a lab and holds every indicator against counts of
// what the scenario says, made here in Go.
func TestIndicatorsOfALab(t *testing.T) {
	t.Parallel()
	l := startIndicatorLab(t)
	s := storetest.Open(t, storetest.Embedded(t))
	scan := uuid.New()
	if err := s.NewScan(t.Context(), store.ScanInfo{ID: scan, Started: time.Now()}); err != nil {
		t.Fatal(err)
	}
	scanLab(t, s, scan, l)
	rows, err := indicator.Compute(t.Context(), s, scan)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]store.IndicatorRow)
	for _, r := range rows {
		if r.Kind == lists.Government {
			got[r.Indicator] = r
		} else {
			tld := got["tld "+r.Indicator] // of all countries together
			tld.Numerator, tld.Denominator, tld.Unmeasured = tld.Numerator+r.Numerator, tld.Denominator+r.Denominator, tld.Unmeasured+r.Unmeasured
			got["tld "+r.Indicator] = tld
		}
	}
	want := countDomains(t, l)
	for id, n := range countTLDs(t) {
		want["tld "+id] = n
	}
	for id, n := range want {
		r, there := got[id]
		if counted := [3]int{int(r.Numerator), int(r.Denominator), int(r.Unmeasured)}; !there || counted != n {
			t.Errorf("%s: %v, want numerator, denominator and unmeasured %v", id, counted, n)
		}
	}
	for _, i := range indicator.All() {
		_, counted := want[i.ID]
		if _, ofTLDs := want["tld "+i.ID]; i.Measure != indicator.Median && !counted && !ofTLDs {
			t.Errorf("nothing counted against %s", i.ID)
		}
	}
	if r, n := got["dns_largest"], len(labDomains); r.Detail != "Amazon Route 53" || math.Abs(got["dns_hhi"].Value-2/float64(n*(n-1))) > 1e-9 {
		t.Errorf("the largest DNS operator is %q, the index %v", r.Detail, got["dns_hhi"].Value)
	}
	checkHosting(t, got)
	checkDelay(t, s, scan, got["web_v6_delay"])
}

// startIndicatorLab starts a lab of the domains.
func startIndicatorLab(t *testing.T) *lab.Lab {
	t.Helper()
	y := new(strings.Builder)
	fmt.Fprintf(y, "about: Indicators.\ncctlds: {targets: [%s]}\n", strings.Join(labTLDs, ", "))
	y.WriteString("zones:\n  awsdns-01.net: infrastructure\n  awsdns-63.net: infrastructure\nhosts:\n  ns-7.awsdns-01.net: both\n  ns-9.awsdns-63.net: both\ndomains:\n")
	for _, d := range labDomains {
		fmt.Fprintf(y, "  %s: %s\n", d.name, d.spec)
	}
	scenario, err := lab.Parse("indicators.yaml", []byte(y.String()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// scanLab measures all targets of a lab into a store, as a scan does. The
// lab's addresses lie in two autonomous systems, one of each family.
func scanLab(t *testing.T, s *store.Store, scan uuid.UUID, l *lab.Lab) {
	t.Helper()
	dialer := &netaddr.Dialer{Lab: l}
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		t.Fatal(err)
	}
	anchors, err := dnssec.ParseAnchors(bytes.NewReader(l.TrustAnchor()), "trust anchor of the lab")
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := resolve.New(resolve.Config{Dialer: dialer, Roots: roots, Anchors: anchors, Timeout: 500 * time.Millisecond, Retries: 1, Now: l.Now, At: l.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	prober := &probe.Prober{Scan: scan, Vantage: "lab", Resolver: resolver, Dialer: dialer, Routes: probe.Routes{V4: true, V6: true},
		ConnectTimeout: 500 * time.Millisecond, StepTimeout: 2 * time.Second, Authorities: l.CertPool(), Now: l.Now,
		Agent: "adopt6 test", HELO: "scanner.example.net", Country: lists.CountryByCode,
		ASN: func(a netip.Addr) (uint32, string, bool) {
			if a.Is4() {
				return 64500, "Four", true
			}
			return 64501, "Six", true
		}}
	w, err := s.Writer(t.Context(), scan)
	if err != nil {
		t.Fatal(err)
	}
	pool := scanner.Pool{Workers: 64, Timeout: time.Minute, Measure: prober.Measure, Sink: func(ctx context.Context, o *observation.Observation) error {
		if truth, ok := l.Truth(o.Target.Name); ok {
			for _, line := range truth.Differences(o) {
				t.Error(line)
			}
		}
		return w.Write(ctx, o)
	}}
	if err := pool.Run(t.Context(), numbered(l.Targets())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishScan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
}

func numbered(targets iter.Seq[lists.Target]) iter.Seq2[scanner.Pending, error] {
	return func(yield func(scanner.Pending, error) bool) {
		position := uint64(0)
		for target := range targets {
			if !yield(scanner.Pending{Position: position, Target: target}, nil) {
				return
			}
			position++
		}
	}
}

// countDomains counts numerators, denominators and what cannot be measured.
func countDomains(t *testing.T, l *lab.Lab) map[string][3]int {
	t.Helper()
	counts := make(map[string][3]int)
	count := func(id string, applies, fulfils bool) {
		c := counts[id]
		if applies {
			c[1]++
			if fulfils {
				c[0]++
			}
		}
		counts[id] = c
	}
	for _, d := range labDomains {
		truth, ok := l.Truth(d.name)
		if !ok {
			t.Fatalf("the truth of %s is not stated", d.name)
		}
		is := func(v *observation.Verdict, status observation.Status) bool { return v != nil && v.Status == status }
		dnsOK, webOK, mailOK := is(truth.DNS, observation.OK), is(truth.Web, observation.OK), is(truth.Mail, observation.OK)
		webWorks, v6Only := webOK || is(truth.Web, observation.Partial), is(truth.V6Only, observation.OK)
		hasAAAA := d.apex || d.www
		count("measured", true, true)
		count("gone", true, false) // all are there
		count("aaaa_apex", true, d.apex)
		count("aaaa_www", true, d.www)
		count("aaaa_unusable", hasAAAA, d.unusable)
		count("dns_v6", true, dnsOK)
		count("dns_v6_one", true, d.nsOK >= 1)
		count("dns_v6_two", true, d.nsOK >= 2)
		count("dns_v6_all", true, d.nsOK == 2)
		count("same_serial", d.nsOK > 0 && !d.v6Only, !d.lagging)
		if d.nsDead {
			c := counts["same_serial"]
			c[2]++
			counts["same_serial"] = c
		}
		count("web_v6", true, webOK)
		count("web_same", hasAAAA && !d.dead && !d.v6Only, !d.differs)
		count("web_v6_broken", hasAAAA, d.dead)
		count("mail_v6", !d.noMail, mailOK)
		count("smtputf8", !d.noMail, !d.noUTF8)
		count("v6_only_records", true, d.records)
		count("v6_only", true, v6Only)
		count("ready", true, d.nsOK > 0 && webWorks && v6Only)
		mailWithout4 := mailOK && d.nsOK > 0 && truth.V6Only.Reason != observation.GlueMissingAAAA
		count("mail_v6_only", !d.noMail, mailWithout4)
		count("fully_ready", true, dnsOK && webOK && (mailWithout4 || d.noMail) && v6Only && !d.v6Only)
		broken := is(truth.DNS, observation.Broken) || is(truth.Web, observation.Broken) || is(truth.Mail, observation.Broken) || is(truth.V6Only, observation.Broken)
		count("v6_broken", hasAAAA || d.nsOK > 0 || mailOK, broken)
		secure, bogus := *truth.DNSSEC == observation.Secure, *truth.DNSSEC == observation.Bogus
		count("dnssec_signed", true, d.signed)
		count("dnssec_secure", true, secure)
		count("dnssec_bogus", secure || bogus, bogus)
		count("dnssec_modern", d.signed, !d.old)
		count("dnssec_expiring", secure, d.expiring)
		count("dns_largest", true, slices.Contains(d.operators, "Amazon Route 53"))
		count("dns_hhi", true, false)
		count("hosting_largest", true, !d.v6Only) // IPv4 hosts more than IPv6
		count("hosting_hhi", true, false)
	}
	return counts
}

// checkHosting works the index out: of a domain with usable addresses of both
// families half counts for each.
func checkHosting(t *testing.T, got map[string]store.IndicatorRow) {
	t.Helper()
	var four, six, alone float64 // alone: what domains add by meeting themselves
	for _, d := range labDomains {
		// The unusable addresses of the test are all that the apex has, and www
		// is the same host.
		switch hasV6 := (d.apex || d.www) && !d.unusable; {
		case d.v6Only:
			six, alone = six+1, alone+1
		case hasV6:
			four, six, alone = four+0.5, six+0.5, alone+0.5
		default:
			four, alone = four+1, alone+1
		}
	}
	want := (four*four + six*six - alone) / ((four + six) * (four + six - 1))
	if r := got["hosting_hhi"]; math.Abs(r.Value-want) > 1e-9 || got["hosting_largest"].Detail != "AS64500 Four" {
		t.Errorf("the index of hosting is %v, want %v; the largest is %q", r.Value, want, got["hosting_largest"].Detail)
	}
}

// checkDelay works the median out from the observations one by one.
func checkDelay(t *testing.T, s *store.Store, scan uuid.UUID, got store.IndicatorRow) {
	t.Helper()
	var delays []float64
	for o, err := range s.Observations(t.Context(), scan) {
		if err != nil {
			t.Fatal(err)
		}
		if four, six := o.WebTimesV4.Connect, o.WebTimesV6.Connect; o.Target.Kind == lists.Government && four > 0 && six > 0 {
			delays = append(delays, float64(six-four)/float64(time.Millisecond))
		}
	}
	slices.Sort(delays)
	if n := len(delays); n == 0 || uint64(n) != got.Denominator || math.Abs(got.Value-(delays[(n-1)/2]+delays[n/2])/2) > 1e-9 {
		t.Errorf("the median of %v is %v of %d", delays, got.Value, got.Denominator)
	}
}

// countTLDs counts the ccTLDs of the lab from the file that it makes them of.
// All their name servers answer, and every DS record is that of a key.
func countTLDs(t *testing.T) map[string][3]int {
	t.Helper()
	text, err := os.ReadFile("../../scanner/lab/tlds.txt")
	if err != nil {
		t.Fatal(err)
	}
	hasV6, servers, signed := make(map[string]bool), make(map[string][]string), make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); f[0] {
		case "host":
			hasV6[f[1]] = strings.Contains(strings.Join(f[2:], " "), ":")
		case "tld":
			servers[f[1]], signed[f[1]] = f[4:], f[3] != "-"
		}
	}
	var glue, ds, level int
	withV6 := func(tld string) (n int) {
		for _, host := range servers[tld] {
			if hasV6[host] {
				n++
			}
		}
		return n
	}
	for _, tld := range labTLDs {
		if withV6(tld) >= 2 {
			glue++
		}
		if signed[tld] {
			ds++
		}
	}
	pairs := map[string]string{"xn--fiqs8s": "cn", "xn--l1acc": "mn", "xn--p1ai": "ru", "xn--wgbh1c": "eg"}
	for idn, ascii := range pairs {
		if (withV6(idn) >= 2 || withV6(ascii) < 2) && (signed[idn] || !signed[ascii]) {
			level++
		}
	}
	n := len(labTLDs)
	return map[string][3]int{"tld_glue_v6": {glue, n, 0}, "tld_ds": {ds, n, 0}, "dnssec_secure": {ds, n, 0}, "dns_v6_two": {glue, n, 0}, "idn_level": {level, len(pairs), 0}}
}
