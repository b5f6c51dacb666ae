package resolve

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

const (
	rootAddr  = "198.41.0.4"
	rootAddr6 = "2001:503:ba3e::2:30"
	tldAddr   = "192.5.6.30"
	tldAddr6  = "2001:503:a83e::2:30"
	leafAddr  = "199.43.135.53"
	leafAddr6 = "2001:500:8f::53"
)

// threeLevels serves a root, the zone test. and a few zones below it.
func threeLevels(t *testing.T) *testNet {
	n := newTestNet(t)
	n.zone(".", `
. NS a.root-servers.test.
a.root-servers.test. A 198.41.0.4
a.root-servers.test. AAAA 2001:503:ba3e::2:30
test. NS a.nic.test.
a.nic.test. A 192.5.6.30
a.nic.test. AAAA 2001:503:a83e::2:30
other. NS ns.example.test.
`, rootAddr, rootAddr6)
	n.zone("test.", `
test. NS a.nic.test.
a.nic.test. A 192.5.6.30
a.nic.test. AAAA 2001:503:a83e::2:30
a.root-servers.test. A 198.41.0.4
a.root-servers.test. AAAA 2001:503:ba3e::2:30
example.test. NS ns.example.test.
ns.example.test. A 199.43.135.53
ns.example.test. AAAA 2001:500:8f::53
glueless.test. NS ns.other.
v4only.test. NS ns.v4only.test.
ns.v4only.test. A 199.43.135.53
`, tldAddr, tldAddr6)
	n.zone("example.test.", `
example.test. NS ns.example.test.
example.test. A 203.0.112.1
example.test. AAAA 2001:db0::1
ns.example.test. A 199.43.135.53
ns.example.test. AAAA 2001:500:8f::53
www.example.test. CNAME web.example.test.
web.example.test. A 203.0.112.2
far.example.test. CNAME www.glueless.test.
a.ent.example.test. A 203.0.112.3
old.example.test. DNAME example.test.
loop1.example.test. CNAME loop2.example.test.
loop2.example.test. CNAME loop1.example.test.
`, leafAddr, leafAddr6)
	n.zone("other.", `
other. NS ns.example.test.
ns.other. A 199.43.135.53
ns.other. AAAA 2001:500:8f::53
`, leafAddr, leafAddr6)
	n.zone("glueless.test.", `
glueless.test. NS ns.other.
www.glueless.test. A 203.0.112.4
`, leafAddr, leafAddr6)
	n.zone("v4only.test.", `
v4only.test. NS ns.v4only.test.
v4only.test. A 203.0.112.5
`, leafAddr)
	return n
}

func TestResolve(t *testing.T) {
	tests := []struct {
		name string
		kind uint16
		want string
	}{
		{"example.test", dns.TypeA, "NOERROR 203.0.112.1"},
		{"EXAMPLE.test.", dns.TypeAAAA, "NOERROR 2001:db0::1"},
		{"example.test", dns.TypeMX, "NOERROR"},
		{"nothing.example.test", dns.TypeA, "NXDOMAIN"},
		{"ent.example.test", dns.TypeA, "NOERROR"},
		{"a.ent.example.test", dns.TypeA, "NOERROR 203.0.112.3"},
		{"www.example.test", dns.TypeA, "NOERROR web.example.test. 203.0.112.2"},
		{"far.example.test", dns.TypeA, "NOERROR www.glueless.test. 203.0.112.4"},
		{"web.old.example.test", dns.TypeA, "NOERROR example.test. web.example.test. 203.0.112.2"},
		{"www.glueless.test", dns.TypeA, "NOERROR 203.0.112.4"},
		{"loop1.example.test", dns.TypeA, "cname_loop at example.test."},
		{"test", dns.TypeDS, "NOERROR"},
		{"test", dns.TypeNS, "NOERROR a.nic.test."},
		{".", dns.TypeNS, "NOERROR a.root-servers.test."},
		{"none", dns.TypeA, "NXDOMAIN"},
	}
	n := threeLevels(t)
	for _, mode := range []Mode{Dual, V4Only, V6Only} {
		r := n.resolver(nil, rootAddr, rootAddr6)
		for range 2 { // the second time from the caches
			for _, test := range tests {
				if got := summary(resolve(t, r, mode, test.name, test.kind)); got != test.want {
					t.Errorf("%s: %s %s: got %s, want %s", mode, test.name, dns.TypeToString[test.kind], got, test.want)
				}
			}
		}
	}
}

func TestV6OnlyFailsWhereTheZoneHasNoIPv6(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr, rootAddr6)
	if got := summary(resolve(t, r, Dual, "v4only.test", dns.TypeA)); got != "NOERROR 203.0.112.5" {
		t.Errorf("dual: %s", got)
	}
	before := n.queries(rootAddr) + n.queries(tldAddr) + n.queries(leafAddr)
	if got := summary(resolve(t, r, V6Only, "v4only.test", dns.TypeA)); got != "no_server_address at v4only.test." {
		t.Errorf("v6: %s", got)
	}
	if after := n.queries(rootAddr) + n.queries(tldAddr) + n.queries(leafAddr); after != before {
		t.Errorf("v6: %d queries went over IPv4", after-before)
	}
}

// TestUnknownTypes: records of types without a name are found, validated like
// others and shown by number (RFC 3597).
func TestUnknownTypes(t *testing.T) {
	s := signedTest(t)
	s.zone("example.test.", "example.test. NS ns.example.test.\nns.example.test. A "+leafAddr+"\nx.example.test. TYPE65534 \\# 3 0a0B0c", leafAddr)
	got := resolve(t, s.resolver(nil), Dual, "x.example.test", 65534)
	if got.State != observation.Secure || len(got.Answer) != 1 || RData(got.Answer[0]) != `\# 3 0a0b0c` {
		t.Errorf("got %s, %v", judged(got), got.Answer)
	}
	if line := string(got.AppendJSON(nil)); !strings.Contains(line, `"type":"TYPE65534","ttl":3600,"data":"\\# 3 0a0b0c"`) {
		t.Errorf("got %s", line)
	}
}
