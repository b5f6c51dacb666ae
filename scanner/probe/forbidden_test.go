//go:build linux && !alone

package probe_test

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/lab/netns"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// forbidden are addresses that no packet may ever be sent to, whoever
// publishes them. They are written out rather than taken from netaddr, which
// is under test here.
var forbidden = []netip.Addr{
	netip.MustParseAddr("::"),
	netip.MustParseAddr("::1"),
	netip.MustParseAddr("::127.0.0.1"),
	netip.MustParseAddr("::ffff:10.0.0.1"),
	netip.MustParseAddr("::ffff:127.0.0.1"),
	netip.MustParseAddr("64:ff9b::7f00:1"),
	netip.MustParseAddr("64:ff9b:1::a00:1"),
	netip.MustParseAddr("100::1"),
	netip.MustParseAddr("2001::7f00:1"),
	netip.MustParseAddr("2001:20::1"),
	netip.MustParseAddr("2001:db8::1"),
	netip.MustParseAddr("2002:7f00:1::"),
	netip.MustParseAddr("3fff::1"),
	netip.MustParseAddr("fd00::8"),
	netip.MustParseAddr("fe80::1"),
	netip.MustParseAddr("fec0::1"),
	netip.MustParseAddr("ff02::1"),
	netip.MustParseAddr("ff0e::1"),
	netip.MustParseAddr("0.0.0.0"),
	netip.MustParseAddr("10.0.0.1"),
	netip.MustParseAddr("100.64.0.1"),
	netip.MustParseAddr("127.0.0.1"),
	netip.MustParseAddr("169.254.169.254"),
	netip.MustParseAddr("172.16.0.1"),
	netip.MustParseAddr("192.0.2.1"),
	netip.MustParseAddr("192.168.1.1"),
	netip.MustParseAddr("198.18.0.1"),
	netip.MustParseAddr("224.0.0.1"),
	netip.MustParseAddr("240.0.0.1"),
	netip.MustParseAddr("255.255.255.255"),
}

// unsendable are those that the kernel sends nothing to unless it is told the
// interface, or asked for broadcasts, and those that stand for another.
var unsendable = map[string]bool{"::": true, "0.0.0.0": true, "fe80::1": true, "ff02::1": true, "224.0.0.1": true, "255.255.255.255": true,
	"::ffff:10.0.0.1": true, "::ffff:127.0.0.1": true, "::127.0.0.1": true}

// hostileLocations are redirects to addresses that must not be dialled, in the
// spellings that fool parsers, and to text that is not a web address.
var hostileLocations = []string{
	"http://[::1]/", "https://[::1]/", "http://[::1]:8080/", "http://[0:0:0:0:0:0:0:1]/", "http://[::]/",
	"http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]:443/", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::7f00:1]/",
	"http://[2002:7f00:1::]/", "http://[fd00::8]/", "http://[fe80::1]/", "http://[fe80::1%25lo]/", "http://[ff02::1%25lo]/",
	"http://127.0.0.1/", "https://127.0.0.1:443/", "http://127.1/", "http://127.0.1/", "http://0x7f000001/", "http://0x7f.1/",
	"http://2130706433/", "http://017700000001/", "http://0177.0.0.1/", "http://0/", "http://127.0.0.1./", "http://１２７.０.０.１/",
	"http://127。0。0。1/", "//127.0.0.1/", "http:///127.0.0.1/", "http:127.0.0.1", "http://user:pass@127.0.0.1/", "http://127.0.0.1%2f@example.org/",
	"http://127.0.0.1\\@example.org/", "http://10.0.0.1:25/", "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/",
	"http://100.64.0.1/", "http://192.0.2.1:65535/", "http://255.255.255.255/", "http://224.0.0.1/",
	"http://localhost/", "https://localhost:443/", "http://localhost.localdomain/", "http://ip6-localhost/",
	"ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:25/", "unix:///run/x.sock", "javascript:alert(1)",
}

// trapRouter leads what the lab has to the lab, and lets everything else out
// as it is: a packet to a forbidden address then really leaves.
type trapRouter struct {
	lab   *lab.Lab
	mu    sync.Mutex
	asked map[netip.Addr]int
}

func (r *trapRouter) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	r.mu.Lock()
	r.asked[to.Addr()]++
	r.mu.Unlock()
	if slices.Contains(forbidden, to.Addr()) {
		return to, nil
	}
	if route, err := r.lab.Route(network, to); err == nil {
		return route, nil
	}
	return to, nil
}

// labBlock holds every address that the lab of these tests plays.
var labBlock = netip.MustParsePrefix("127.1.0.0/16")

// TestForbiddenAddressesGetNoPacket publishes forbidden addresses wherever an
// address can be published, measures, and looks at every packet that leaves a
// network namespace in which all of them have a route. Not one may.
func TestForbiddenAddressesGetNoPacket(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	if err := netns.AcceptEverything(); err != nil {
		t.Fatal(err)
	}
	capture := netns.StartCapture(t, labBlock)
	checkTrap(t, capture)

	l := startLab(t, forbiddenScenario())
	if _, err := capture.Packets(); err != nil { // the lab connects to itself when it starts
		t.Fatal(err)
	}
	observations, router := measureForbidden(t, l, false, labTargets(l))
	packets, err := capture.Packets()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		t.Errorf("a packet left: %s", p)
	}
	for _, a := range forbidden {
		if n := router.asked[a]; n > 0 {
			t.Errorf("%s: the dialer let %d contacts pass", a, n)
		}
	}
	checkForbidden(t, observations)

	// With the rule lifted packets must be seen, or the test would prove
	// nothing.
	control := []string{"10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "192.0.2.1"}
	_, router = measureForbidden(t, l, true, func(yield func(scanner.Pending, error) bool) {
		for target, err := range labTargets(l) {
			if slices.ContainsFunc(control, func(a string) bool {
				i := slices.Index(forbidden, netip.MustParseAddr(a))
				return target.Target.Name == fmt.Sprintf("web%d.gov.ar", i)
			}) && !yield(target, err) {
				return
			}
		}
	})
	strays := map[netip.Addr]bool{}
	if packets, err = capture.Packets(); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		strays[p.To.Addr()] = true
	}
	for _, a := range control {
		if addr := netip.MustParseAddr(a); router.asked[addr] == 0 || !strays[addr] {
			t.Errorf("%s: nothing was sent with the rule lifted: %d contacts", a, router.asked[addr])
		}
	}
}

// checkTrap sends to every forbidden address and sees that it is noticed.
func checkTrap(t *testing.T, capture *netns.Capture) {
	for _, a := range forbidden {
		conn, err := net.Dial("udp", netip.AddrPortFrom(a, 53).String())
		if err == nil {
			_, err = conn.Write([]byte("trap"))
			conn.Close()
		}
		packets, captureErr := capture.Packets()
		if captureErr != nil {
			t.Fatal(captureErr)
		}
		seen := slices.ContainsFunc(packets, func(p netns.Packet) bool { return p.To == netip.AddrPortFrom(a, 53) })
		if !seen && !unsendable[a.String()] {
			t.Errorf("the trap does not see what is sent to %s: %v, %v", a, err, packets)
		}
	}
}

func measureForbidden(t *testing.T, l *lab.Lab, allow bool, targets iter.Seq2[scanner.Pending, error]) (map[string]*observation.Observation, *trapRouter) {
	router := &trapRouter{lab: l, asked: map[netip.Addr]int{}}
	prober := newProberOver(t, l, &netaddr.Dialer{Lab: router, AllowSpecial: allow})
	observations := map[string]*observation.Observation{}
	pool := scanner.Pool{Workers: 64, Timeout: 20 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error { observations[o.Target.Name] = o; return nil }}
	if err := pool.Run(t.Context(), targets); err != nil {
		t.Fatal(err)
	}
	return observations, router
}

// checkForbidden sees that every address was found, judged, and not contacted.
func checkForbidden(t *testing.T, observations map[string]*observation.Observation) {
	for name, o := range observations {
		for _, e := range o.Endpoints {
			if slices.Contains(forbidden, e.Addr) && (e.Verdict.Reason != observation.SpecialPurposeAddress || e.RTT != 0) {
				t.Errorf("%s: %s %s is %v, round trip %s", name, e.Probe, e.Addr, e.Verdict, e.RTT)
			}
		}
	}
	for i, a := range forbidden {
		o := observations[fmt.Sprintf("web%d.gov.ar", i)]
		found := o.AAAA
		want := observation.Verdict{Status: observation.Broken, Reason: observation.SpecialPurposeAddress}
		if a.Is4() {
			found, want = o.A, observation.Verdict{Status: observation.OK}
		}
		if !slices.Contains(found, a) || o.Web != want {
			t.Errorf("%s in the address of a web site: web is %v, addresses are %v", a, o.Web, found)
		}
	}
}

// forbiddenScenario has a domain for every forbidden address and record that it
// can be published in.
func forbiddenScenario() string {
	var y strings.Builder
	y.WriteString("about: Addresses that must not be dialled, in every place.\ndomains:\n")
	domain := func(name, format string, args ...any) {
		fmt.Fprintf(&y, "  %s.gov.ar:\n    truth: none\n", name)
		fmt.Fprintf(&y, format, args...)
	}
	for i, a := range forbidden {
		rrtype, other := "AAAA", "v4"
		if a.Is4() {
			rrtype, other = "A", "v6"
		}
		domain(fmt.Sprintf("web%d", i), "    web: {apex: [%s, %q]}\n", other, a)
		domain(fmt.Sprintf("mail%d", i), "    mail: {mx: {mail: [%s, %q], both: [v4, v6, %q]}}\n", other, a, a)
		domain(fmt.Sprintf("literal%d", i), "    records: |\n      @ MX 1 %s.\n      @ MX 2 \\[%s\\].\n", a, a)
		domain(fmt.Sprintf("alias%d", i), "    web: {apex: both, www: {cname: one}}\n    records: |\n      one CNAME two\n      two %s %s\n", rrtype, a)
		domain(fmt.Sprintf("ns%d", i), "    ns: {ns1: both, ns2: [%s, %q]}\n", other, a)
		domain(fmt.Sprintf("glue%d", i), "    ns: {ns1: both, ns2: {addr: both, glue: [%q]}}\n", a)
		domain(fmt.Sprintf("only%d", i), "    dnssec: unsigned\n    ns: {ns1: [%q]}\n", a)
		domain(fmt.Sprintf("nsname%d", i), "    records: |\n      @ NS %s.\n", a)
		domain(fmt.Sprintf("svcb%d", i), "    records: |\n      @ HTTPS 1 . alpn=h2 %s\n      www HTTPS 1 inner port=8443\n      inner %s %s\n", addressHint(a), rrtype, a)
		domain(fmt.Sprintf("svcalias%d", i), "    records: |\n      @ HTTPS 0 inner\n      inner %s %s\n", rrtype, a)
		domain(fmt.Sprintf("redirect%d", i), "    web: {pages: [{redirect: %q}]}\n    records: |\n      inner %s %s\n", fmt.Sprintf("http://inner.redirect%d.gov.ar/", i), rrtype, a)
	}
	for i, location := range hostileLocations {
		domain(fmt.Sprintf("location%d", i), "    web: {pages: [{redirect: %q, headers: {Refresh: %q, Alt-Svc: 'h2=\"127.0.0.1:443\", h3=\":443\"'}}]}\n", location, "0;url="+location)
	}
	return y.String()
}

// addressHint returns the parameter of an HTTPS record that names an address
// (RFC 9460 section 7.3); the DNS library reads none that is IPv4-mapped.
func addressHint(a netip.Addr) string {
	switch {
	case a.Is4():
		return "ipv4hint=" + a.String()
	case a.Is4In6():
		return ""
	}
	return "ipv6hint=" + a.String()
}
