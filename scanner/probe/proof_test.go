//go:build linux && !alone

package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/lab/netns"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// TestProof measures domains whose servers are NSD, nginx and Postfix, in a
// network namespace, and holds every piece of evidence against what curl,
// openssl, dig and another SMTP client say of the same address.
func TestProof(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	p := startProof(t)
	for _, c := range proofCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o, ok := p.seen[c.domain()]
			if !ok {
				t.Fatal("not measured")
			}
			got := map[string]observation.Verdict{"dns": o.DNS, "web": o.Web, "mail": o.Mail, "starttls": o.StartTLS,
				"same content": o.SameContent, "mail over IPv4": o.MailV4}
			for what, want := range c.want {
				if word(got[what]) != want {
					t.Errorf("%s is %s, want %s", what, word(got[what]), want)
				}
			}
			var checks sync.WaitGroup
			contacts := 0
			for _, e := range o.Endpoints {
				if e.Addr.IsValid() {
					contacts++
					checks.Go(func() { p.check(t, e) })
				}
			}
			checks.Wait()
			if contacts < 5 {
				t.Errorf("%d contacts prove little", contacts)
			}
		})
	}
}

// proofCase is a domain with something wrong. The zero value works over both
// families, and takes no mail.
type proofCase struct {
	name       string
	web4, web6 proofWeb
	aaaa       string // instead of the address of web6
	mail       bool
	mail4      proofMail
	mail6      proofMail
	deadNS     bool // the name servers do not listen at their IPv6 addresses
	want       map[string]string
}

// proofWeb is a web server over one family.
type proofWeb struct {
	// away says what there is instead of a server: "refused", "dropped",
	// "nowhere" for an address that nobody has, "none" for no address.
	away        string
	certificate proofCertificate
	page        string
	redirect    string
}

// proofMail is a mail server over one family.
type proofMail struct {
	away        string
	certificate proofCertificate
	reject      bool
}

// proofCertificate is a kind of certificate.
type proofCertificate string

const (
	goodCertificate    proofCertificate = ""
	expiredCertificate proofCertificate = "expired"
	wrongCertificate   proofCertificate = "wrong name"
	selfSigned         proofCertificate = "self-signed"
	noCertificate      proofCertificate = "none"
)

const (
	proofTLD    = "nation"
	proofV4Only = "v4-only." + proofTLD
	proofPage   = "<title>Ministry of Rivers</title><h1>Rivers</h1><p>The ministry measures the level of every river twice a day.</p>"
	otherPage   = "<title>Welcome to nginx!</title><h1>It works</h1><p>Further configuration is required before anybody can be served here.</p>"
)

func (c proofCase) domain() string {
	return strings.ReplaceAll(c.name, " ", "-") + "." + proofTLD
}

func proofCases() []proofCase {
	clear := proofMail{certificate: noCertificate}
	return []proofCase{
		{name: "fine", mail: true, want: map[string]string{"dns": "ok", "web": "ok", "mail": "ok", "starttls": "ok", "same content": "ok"}},
		{name: "v4 only", web6: proofWeb{away: "none"}, want: map[string]string{"web": "absent/no_aaaa", "mail": "absent/null_mx"}},
		{name: "web refused", web6: proofWeb{away: "refused"}, want: map[string]string{"web": "broken/tcp_refused"}},
		{name: "web dropped", web6: proofWeb{away: "dropped"}, want: map[string]string{"web": "broken/timeout"}},
		{name: "web nowhere", web6: proofWeb{away: "nowhere"}, want: map[string]string{"web": "broken/unreachable"}},
		{name: "expired", web4: proofWeb{certificate: expiredCertificate}, web6: proofWeb{certificate: expiredCertificate},
			want: map[string]string{"web": "broken/tls_expired"}},
		{name: "wrong name", web6: proofWeb{certificate: wrongCertificate}, want: map[string]string{"web": "broken/tls_wrong_name"}},
		{name: "self signed", web6: proofWeb{certificate: selfSigned}, want: map[string]string{"web": "broken/tls_untrusted"}},
		{name: "http only", web4: proofWeb{certificate: noCertificate}, web6: proofWeb{certificate: noCertificate},
			want: map[string]string{"web": "ok"}},
		{name: "other content", web6: proofWeb{page: otherPage}, want: map[string]string{"same content": "broken/content_differs"}},
		{name: "redirect", web4: proofWeb{redirect: "https://" + proofV4Only + "/"}, web6: proofWeb{redirect: "https://" + proofV4Only + "/"},
			want: map[string]string{"web": "partial/redirect_to_v4_only"}},
		{name: "special", aaaa: "2001:db8::80", want: map[string]string{"web": "broken/special_purpose_address"}},
		{name: "dead ns", deadNS: true, want: map[string]string{"dns": "broken/port_closed", "web": "ok"}},
		{name: "mail in clear", mail: true, mail6: clear, want: map[string]string{"mail": "partial/starttls_only_over_v4", "starttls": "absent/starttls_only_over_v4"}},
		{name: "mail refused", mail: true, mail6: proofMail{away: "refused"}, want: map[string]string{"mail": "broken/tcp_refused", "mail over IPv4": "ok"}},
		{name: "mail dropped", mail: true, mail6: proofMail{away: "dropped"}, want: map[string]string{"mail": "broken/timeout", "mail over IPv4": "ok"}},
		{name: "mail rejects", mail: true, mail6: proofMail{reject: true}, want: map[string]string{"mail": "broken/smtp_rejected", "mail over IPv4": "ok"}},
		{name: "mail expired", mail: true, mail4: proofMail{certificate: expiredCertificate}, mail6: proofMail{certificate: expiredCertificate},
			want: map[string]string{"mail": "ok", "starttls": "ok"}},
	}
}

// proof is the Internet of the test and what was measured in it.
type proof struct {
	ca     string // file
	v4Only netip.Addr
	seen   map[string]*observation.Observation
}

func startProof(t *testing.T) *proof {
	// Postfix must find its files without root's rights.
	dir, err := os.MkdirTemp("", "proof")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	plan := newProofPlan(t, dir)
	if err := netns.AddAddrs(plan.addrs...); err != nil {
		t.Fatal(err)
	}
	var starting sync.WaitGroup
	var root *netns.Root
	starting.Go(func() {
		if root, err = plan.internet.Start(t.Context(), proofDir(t, dir, "dns")); err != nil {
			t.Error(err)
		}
	})
	starting.Go(func() {
		if _, err := netns.StartNginx(t.Context(), proofDir(t, dir, "nginx"), plan.web); err != nil {
			t.Error(err)
		}
	})
	starting.Go(func() {
		if _, err := netns.StartPostfix(t.Context(), proofDir(t, dir, "postfix"), plan.mail); err != nil {
			t.Error(err)
		}
	})
	for _, addr := range plan.dropped {
		rule := []string{"add", "rule", "inet", "proof", "in", "ip6", "daddr", addr.String(), "tcp", "dport", "{ 25, 80, 443 }", "drop"}
		run(t, "nft", "add", "table", "inet", "proof")
		run(t, "nft", "add", "chain", "inet", "proof", "in", "{ type filter hook input priority 0; }")
		run(t, "nft", rule...)
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	p := &proof{ca: plan.ca.file, seen: plan.measure(t, root)}
	if o := p.seen[proofV4Only]; o != nil && len(o.A) == 1 {
		p.v4Only = o.A[0]
	} else {
		t.Fatalf("%s has not one IPv4 address: %+v", proofV4Only, o)
	}
	return p
}

func proofDir(t *testing.T, dir, name string) string {
	full := filepath.Join(dir, name)
	if err := os.Mkdir(full, 0o755); err != nil {
		t.Error(err)
	}
	return full
}

func run(t *testing.T, program string, args ...string) {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// measure runs the probes over every case.
func (p *proofPlan) measure(t *testing.T, root *netns.Root) map[string]*observation.Observation {
	hints, err := os.Open(root.Hints)
	if err != nil {
		t.Fatal(err)
	}
	defer hints.Close()
	servers, err := resolve.ParseHints(hints)
	if err != nil {
		t.Fatal(err)
	}
	dialer := &netaddr.Dialer{}
	resolver, err := resolve.New(resolve.Config{Dialer: dialer, Roots: servers})
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	prober := &probe.Prober{Vantage: "proof", Resolver: resolver, Dialer: dialer, Routes: probe.Routes{V4: true, V6: true},
		ConnectTimeout: 2 * time.Second, StepTimeout: 10 * time.Second, Authorities: p.ca.pool,
		Agent: "adopt6 test", HELO: "scanner.example.net", Country: lists.CountryByCode}
	seen := make(map[string]*observation.Observation)
	var mu sync.Mutex
	pool := scanner.Pool{Workers: 20, Timeout: 30 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			mu.Lock()
			defer mu.Unlock()
			seen[o.Target.Name] = o
			return nil
		}}
	err = pool.Run(t.Context(), func(yield func(scanner.Pending, error) bool) {
		for i, c := range proofCases() {
			if !yield(scanner.Pending{Position: uint64(i), Target: lists.Target{Name: c.domain(), Kind: lists.Government}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// proofPlan is what the cases need: zones, servers and addresses.
type proofPlan struct {
	ca       *proofCA
	internet netns.Internet
	web      []netns.WebServer
	mail     []netns.MailServer
	addrs    []netip.Addr // of all servers, and those on which nothing listens
	dropped  []netip.Addr // addresses whose packets are dropped
}

func newProofPlan(t *testing.T, dir string) *proofPlan {
	p := &proofPlan{ca: newProofCA(t, dir)}
	hosts := map[string]netns.Host{}
	for i, name := range []string{"root", "tld", "one", "two"} {
		hosts[name] = netns.Host{Program: netns.NSD, Addrs: []netip.Addr{
			netip.MustParseAddr(fmt.Sprintf("185.1.%d.53", i)), netip.MustParseAddr(fmt.Sprintf("2a01:1:%d::53", i))}}
	}
	p.internet = netns.Internet{Hosts: hosts, Zones: []*netns.Zone{
		{Name: ".", Hosts: []string{"root"}}, {Name: proofTLD + ".", Hosts: []string{"tld"}}}}
	for i, c := range proofCases() {
		p.add(t, i, c)
	}
	return p
}

// add gives a case its zone, its servers and its addresses.
func (p *proofPlan) add(t *testing.T, i int, c proofCase) {
	address := func(port int) (v4, v6 netip.Addr) {
		return netip.MustParseAddr(fmt.Sprintf("185.20.%d.%d", i, port)), netip.MustParseAddr(fmt.Sprintf("2a01:20:%d::%d", i, port))
	}
	name := c.domain()
	web4, web6 := address(80)
	records := p.addWeb(t, name, web4, c.web4)
	if records += p.addWeb(t, name, web6, c.web6); c.aaaa != "" {
		records += fmt.Sprintf("%s. AAAA %s\n", name, c.aaaa)
		records = strings.ReplaceAll(records, fmt.Sprintf("%s. AAAA %s\n", name, web6), "")
	}
	if c.mail {
		mail4, mail6 := address(25)
		records += fmt.Sprintf("%s. MX 10 mx.%s.\nmx.%s. A %s\nmx.%s. AAAA %s\n", name, name, name, mail4, name, mail6)
		p.addMail(t, "mx."+name, mail4, c.mail4)
		p.addMail(t, "mx."+name, mail6, c.mail6)
	} else {
		records += name + ". MX 0 .\n"
	}
	zone := &netns.Zone{Name: name + ".", Hosts: []string{"one", "two"}, Records: records}
	if c.deadNS {
		for i, host := range zone.Hosts {
			dead := netip.MustParseAddr(fmt.Sprintf("2a01:dead:%d::53", i))
			p.addrs = append(p.addrs, dead)
			zone.NS = append(zone.NS, netns.NameServer{Name: fmt.Sprintf("ns%d.%s.", i, name),
				Addrs: []netip.Addr{p.internet.Hosts[host].Addrs[0], dead}})
		}
	}
	p.internet.Zones = append(p.internet.Zones, zone)
}

// addWeb plans a web server and returns its address record.
func (p *proofPlan) addWeb(t *testing.T, name string, addr netip.Addr, w proofWeb) string {
	kind := "A"
	if addr.Is6() {
		kind = "AAAA"
	}
	record := fmt.Sprintf("%s. %s %s\n", name, kind, addr)
	if w.away == "none" {
		return ""
	}
	if p.away(addr, w.away) {
		return record
	}
	if w.page == "" {
		w.page = proofPage
	}
	p.web = append(p.web, netns.WebServer{Addrs: []netip.Addr{addr}, Certificate: p.ca.issue(t, name, w.certificate), Page: w.page, Redirect: w.redirect})
	return record
}

func (p *proofPlan) addMail(t *testing.T, name string, addr netip.Addr, m proofMail) {
	if !p.away(addr, m.away) {
		p.mail = append(p.mail, netns.MailServer{Addrs: []netip.Addr{addr}, Name: name, Certificate: p.ca.issue(t, name, m.certificate), Reject: m.reject})
	}
}

// away says that no server is at the address, and sees to what is there.
func (p *proofPlan) away(addr netip.Addr, how string) bool {
	if how == "dropped" {
		p.dropped = append(p.dropped, addr)
	}
	if how != "nowhere" {
		p.addrs = append(p.addrs, addr)
	}
	return slices.Contains([]string{"refused", "dropped", "nowhere"}, how)
}
