package probe_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// webLab measures the targets of a scenario, and counts the connections to
// web ports by the address and port that they were for.
func webLab(t *testing.T, scenario string) (seen map[string]*observation.Observation, contacts map[netip.AddrPort]int) {
	t.Helper()
	var mu sync.Mutex
	contacts = make(map[netip.AddrPort]int)
	s, err := lab.Parse("test.yaml", []byte(scenario))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(s, lab.OnContact(func(c lab.Contact) {
		if port := c.Server.Port(); port == 80 || port == 443 {
			mu.Lock()
			defer mu.Unlock()
			contacts[c.Server]++
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	prober := newProber(t, l)
	seen = make(map[string]*observation.Observation)
	for target := range labTargets(l) {
		seen[target.Target.Name] = prober.Measure(t.Context(), target)
	}
	mu.Lock()
	defer mu.Unlock()
	return seen, contacts
}

// TestWebEvidence: every contact is there, with what TLS and HTTP showed.
func TestWebEvidence(t *testing.T) {
	seen, contacts := webLab(t, `
about: A usual site.
domains:
  usual.gov.ar:
    web:
      apex: [200.9.7.1, "2a0f:7::1"]
      pages:
        - {host: apex, scheme: https, redirect: "https://www.usual.gov.ar/home"}
        - {path: /home, title: "Ministry of Health"}
`)
	o := seen["usual.gov.ar"]
	if o.WebApex.Status != observation.OK || o.WebWWW.Status != observation.OK || o.WebV4.Status != observation.OK ||
		o.SameContent.Status != observation.OK || o.Similarity != 1 {
		t.Errorf("apex %v, www %v, IPv4 %v, content %v, similarity %v", o.WebApex, o.WebWWW, o.WebV4, o.SameContent, o.Similarity)
	}
	for _, times := range []observation.DialTimes{o.WebTimesV4, o.WebTimesV6} {
		if times.Connect <= 0 || times.TLS <= 0 || times.FirstByte <= 0 {
			t.Errorf("times %+v", times)
		}
	}
	found := 0
	for _, e := range o.Endpoints {
		if e.Probe != "web" {
			continue
		}
		found++
		if e.Verdict.Status != observation.OK || e.RTT <= 0 || e.Took < e.RTT || e.HTTP == nil || e.HTTP.Status != 200 {
			t.Errorf("%+v, HTTP %+v", e, e.HTTP)
			continue
		}
		if e.Transport == "tls" && (e.TLS == nil || e.TLS.Version != "1.3" || e.TLS.ALPN != "h2" || e.TLS.Certificate != "" || len(e.TLS.SHA256) != 64) {
			t.Errorf("%s %s: %+v", e.Host, e.Addr, e.TLS)
		}
		if e.Host == "usual.gov.ar" && (e.HTTP.Title != "Ministry of Health" || e.HTTP.Location != "https://www.usual.gov.ar/home" || e.HTTP.Proto != "HTTP/2.0") {
			t.Errorf("%s %d: %+v", e.Addr, e.Port, e.HTTP)
		}
		if e.Host == "usual.gov.ar" && e.HTTP.Redirects != map[string]int{"tls": 1, "tcp": 2}[e.Transport] {
			t.Errorf("%s %d: %d redirects", e.Addr, e.Port, e.HTTP.Redirects)
		}
	}
	if found != 8 { // two hosts, two families, two schemes
		t.Errorf("%d pieces of evidence", found)
	}
	// One request for each host, address and scheme, and one for /home, which
	// both schemes of the apex lead to.
	for to, n := range contacts {
		if want := map[uint16]int{80: 2, 443: 3}[to.Port()]; n != want {
			t.Errorf("%s: %d connections, want %d", to, n, want)
		}
	}
}

// TestWebAsksAgainOnlyInDoubt: pages that are alike are not fetched twice, and
// those that are not are, once over IPv4 and, where they differ, once over IPv6.
func TestWebAsksAgainOnlyInDoubt(t *testing.T) {
	text := "<title>Court</title><p>The court of auditors looks after what the state earns and spends. Its reports are here, " +
		"the oldest of them from the year in which it was founded, and so are its rules, its budget and its people."
	scenario := "about: Content.\ndomains:\n"
	for i, v6 := range []string{text, text + " Welcome.", "<title>Court</title><p>It works!"} {
		scenario += fmt.Sprintf("  site%d.gov.ar: {truth: none, web: {apex: [200.9.6.%d, \"2a0f:6::%d\"], pages: ["+
			"{host: www, redirect: \"https://site%d.gov.ar/\"}, {scheme: http, redirect: https}, {family: v6, body: %q}, {body: %q}]}}\n",
			i, i, i, i, v6, text)
	}
	seen, contacts := webLab(t, scenario)
	for i, extra := range []struct{ v4, v6 int }{{0, 0}, {0, 0}, {1, 1}} {
		o := seen[fmt.Sprintf("site%d.gov.ar", i)]
		four := contacts[netip.MustParseAddrPort(fmt.Sprintf("200.9.6.%d:443", i))]
		six := contacts[netip.MustParseAddrPort(fmt.Sprintf("[2a0f:6::%d]:443", i))]
		if same := o.SameContent.Status == observation.OK; same != (i < 2) {
			t.Errorf("site %d: content %v, similarity %v", i, o.SameContent, o.Similarity)
		}
		if four != 2+extra.v4 || six != 2+extra.v6 {
			t.Errorf("site %d: %d connections over IPv4 and %d over IPv6, want %d and %d", i, four, six, 2+extra.v4, 2+extra.v6)
		}
	}
}

// TestDeadAddressesCostLittle: a site all of whose IPv6 addresses are silent
// costs as many time limits as fit beside each other, not their sum.
func TestDeadAddressesCostLittle(t *testing.T) {
	seen, _ := webLab(t, `
about: Silence.
domains:
  silent.gov.ar:
    truth: none
    web: {apex: [v4, "2a0f:8::1", "2a0f:8::2", "2a0f:8::3", "2a0f:8::4"], www: [v4, "2a0f:8::5", "2a0f:8::6", "2a0f:8::7", "2a0f:8::8"]}
    faults: [{at: web, family: v6, do: drop}]
`)
	o := seen["silent.gov.ar"]
	if o.Web != (observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}) || o.WebV4.Status != observation.OK {
		t.Errorf("web is %v, over IPv4 %v", o.Web, o.WebV4)
	}
	for _, p := range o.Probes {
		// 16 connections that take a second each, 8 at a time.
		if p.Probe == "web" && p.Took > 8*time.Second {
			t.Errorf("took %s", p.Took)
		}
	}
}

// countingRouter leads everything to the lab, and counts.
type countingRouter struct {
	lab   *lab.Lab
	mu    sync.Mutex
	asked map[netip.AddrPort]int
}

func (r *countingRouter) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[to]++
	return r.lab.Route(network, to)
}

// TestDeadPortIsTriedOnce: apex and www are mostly the same server. Where it is
// dead, it is not tried for each of them.
func TestDeadPortIsTriedOnce(t *testing.T) {
	l := startLab(t, `
about: One dead server for two names.
domains:
  dead.gov.ar:
    truth: none
    web: [v4, "2a0f:8::9"]
    faults: [{at: web, family: v6, do: refuse}]
`)
	router := &countingRouter{lab: l, asked: make(map[netip.AddrPort]int)}
	prober := newProberOver(t, l, &netaddr.Dialer{Lab: router})
	for target := range labTargets(l) {
		if o := prober.Measure(t.Context(), target); o.Web != (observation.Verdict{Status: observation.Broken, Reason: observation.TCPRefused}) {
			t.Errorf("web is %v", o.Web)
		}
	}
	for _, port := range []uint16{80, 443} {
		// The way is asked for before the limiter and again by the dialer.
		if n := router.asked[netip.AddrPortFrom(netip.MustParseAddr("2a0f:8::9"), port)]; n != 2 {
			t.Errorf("port %d: the way there was asked for %d times, want 2", port, n)
		}
	}
}
