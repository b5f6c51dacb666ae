//go:build linux && !alone

package probe_test

import (
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/observation"
)

// TestNameServersAgainstDig has NSD, Knot DNS and BIND serve zones with answers
// of every size, and compares what the probe says of each address with what dig
// is told.
func TestNameServersAgainstDig(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	dig, err := exec.LookPath("dig")
	if err != nil {
		t.Fatal("needs dig (Debian: bind9-dnsutils); make test installs it")
	}
	addrs := func(n int) []netip.Addr {
		return []netip.Addr{netip.MustParseAddr(fmt.Sprintf("185.1.%d.1", n)), netip.MustParseAddr(fmt.Sprintf("2a01:100:%d::1", n))}
	}
	now := time.Now()
	signing := func(zone string, by netns.Signer, algorithm uint8, bits int, flags ...uint16) netns.Signing {
		s := netns.Signing{By: by, Inception: now.AddDate(0, 0, -3), Expiration: now.AddDate(0, 0, 20)}
		for _, f := range flags {
			key, err := netns.NewKeyOf(zone, algorithm, f, bits)
			if err != nil {
				t.Fatal(err)
			}
			s.Keys = append(s.Keys, key)
		}
		return s
	}
	everywhere := []string{"bind", "knot", "nsd"}
	world := netns.Internet{
		Hosts: map[string]netns.Host{
			"root": {Program: netns.NSD, Addrs: addrs(0)},
			"bind": {Program: netns.BIND, Addrs: addrs(1)},
			"knot": {Program: netns.Knot, Addrs: addrs(2)},
			"nsd":  {Program: netns.NSD, Addrs: addrs(3)},
		},
		Zones: []*netns.Zone{
			{Name: ".", Hosts: []string{"root"}, Signing: signing(".", netns.SignerLDNS, dns.ECDSAP256SHA256, 0, netns.EntryPoint)},
			{Name: "org.", Hosts: []string{"root"}, Signing: signing("org.", netns.SignerLDNS, dns.ECDSAP256SHA256, 0, netns.EntryPoint)},
			{Name: "unsigned.org.", Hosts: everywhere},
			{Name: "small.org.", Hosts: everywhere, Signing: signing("small.org.", netns.SignerLDNS, dns.ECDSAP256SHA256, 0, netns.EntryPoint)},
			{Name: "large.org.", Hosts: everywhere, Signing: signing("large.org.", netns.SignerBIND, dns.RSASHA256, 2048, netns.EntryPoint, netns.ZoneKey)},
			{Name: "larger.org.", Hosts: everywhere, Signing: signing("larger.org.", netns.SignerBIND, dns.RSASHA256, 3072, netns.EntryPoint, netns.ZoneKey)},
		},
	}
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for zone, keys := range map[string]string{"unsigned.org": "", "small.org": "", "large.org": "whole", "larger.org": "truncated"} {
		o := observe(t, proberOf(t, root), []string{zone})[zone]
		if ok := (observation.Verdict{Status: observation.OK}); o.DNS != ok || o.DNSV4 != ok || o.Delegation != ok || o.SameSerial != ok {
			t.Errorf("%s: dns_v6 %v, dns_v4 %v, delegation %v, same_serial %v", zone, o.DNS, o.DNSV4, o.Delegation, o.SameSerial)
		}
		contacts := 0
		for _, e := range o.Endpoints {
			if e.Probe != "nameserver" || e.Transport == "" {
				continue
			}
			contacts++
			soa := []string{"SOA", "+dnssec", "+bufsize=1232", "+ignore"}
			if e.Transport == "tcp" {
				soa = []string{"SOA", "+tcp", "+noedns"}
			}
			if got, want := asDig(*e.DNS), runDig(t, dig, e.Addr, zone, soa...); !sameAnswer(got, want) {
				t.Errorf("%s at %s over %s: the probe saw %s, dig %s", zone, e.Addr, e.Transport, got, want)
			}
			if e.Transport == "tcp" {
				continue
			}
			seen := runDig(t, dig, e.Addr, zone, "DNSKEY", "+dnssec", "+bufsize=1232", "+ignore")
			switch {
			case e.DNS.Truncated && e.Detail == "truncated, and whole over TCP":
			case keys == "" && e.Detail == "":
			case keys == "truncated" && strings.Contains(seen, " tc ") && e.Detail == "DNSKEY: truncated":
			case keys == "whole" && sameAnswer(fmt.Sprintf("NOERROR aa edns 1232 serial 0 size %s", strings.Trim(e.Detail, "DNSKEY: bytes")), seen):
			default:
				t.Errorf("%s at %s: the probe says %q of the keys, dig %q", zone, e.Addr, e.Detail, seen)
			}
		}
		if contacts != 12 {
			t.Errorf("%s: %d contacts, want 3 servers over 2 families and 2 transports", zone, contacts)
		}
	}
}

// sameAnswer compares what asDig and runDig return. Sizes may differ by a few
// bytes: the resolver asks in letters of random case, and servers do not
// compress names that differ in case.
func sameAnswer(a, b string) bool {
	split := func(s string) (string, int) {
		at := strings.LastIndex(s, " ")
		n, _ := strconv.Atoi(s[at+1:])
		return s[:at], n
	}
	textA, sizeA := split(a)
	textB, sizeB := split(b)
	return textA == textB && max(sizeA-sizeB, sizeB-sizeA) <= 30
}

// asDig writes facts as runDig does: flags, EDNS buffer, serial and size.
func asDig(f observation.DNSFacts) string {
	flags := ""
	if f.Authoritative {
		flags += " aa"
	}
	if f.Truncated {
		flags += " tc"
	}
	return fmt.Sprintf("%s%s edns %d serial %d size %d", f.RCode, flags, f.EDNS, f.Serial, f.Bytes)
}

var (
	digStatus = regexp.MustCompile(`status: (\w+)`)
	digFlags  = regexp.MustCompile(`;; flags: ([a-z ]*);`)
	digEDNS   = regexp.MustCompile(`EDNS: version: 0, .*udp: (\d+)`)
	digSerial = regexp.MustCompile(`\sSOA\s+\S+ \S+ (\d+) `)
	digSize   = regexp.MustCompile(`MSG SIZE +rcvd: (\d+)`)
)

// runDig asks one server and sums up what dig prints.
func runDig(t *testing.T, dig string, server netip.Addr, zone string, args ...string) string {
	t.Helper()
	args = append([]string{"@" + server.String(), zone, "+norecurse", "+tries=1", "+time=3", "+noall", "+comments", "+answer", "+stats"}, args...)
	out, err := exec.CommandContext(t.Context(), dig, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("dig %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	first := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(out); m != nil {
			return string(m[1])
		}
		return ""
	}
	number := func(re *regexp.Regexp) int { n, _ := strconv.Atoi(first(re)); return n }
	flags := ""
	for _, flag := range []string{"aa", "tc"} {
		if strings.Contains(" "+first(digFlags)+" ", " "+flag+" ") {
			flags += " " + flag
		}
	}
	return fmt.Sprintf("%s%s edns %d serial %d size %d", first(digStatus), flags, number(digEDNS), number(digSerial), number(digSize))
}
