//go:build linux && !alone

package resolve_test

import (
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab/netns"
	"adopt6/scanner/resolve"
)

// TestProof holds the resolver against programs that we did not write: NSD,
// Knot DNS and BIND serve zones that their own tools and ldns signed, and
// Unbound and delv look the same names up.
func TestProof(t *testing.T) {
	t.Parallel() // outside, where it waits for the run in the namespace
	if !netns.Enter(t) {
		return
	}
	dir := t.TempDir()
	start := time.Now()
	zones := proofZones{t: t, now: start}
	world := netns.Internet{Hosts: proofHosts(), Zones: zones.all()}
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d zones on %d servers after %v", len(world.Zones), len(world.Hosts), time.Since(start).Round(time.Millisecond))
	keepSilent(t)
	lab := &proofLab{root: root, dir: dir}
	for _, host := range world.Hosts {
		lab.ipv4 = append(lab.ipv4, host.Addrs[0])
	}
	// The first, before anything else has a reason to use IPv4, and the last,
	// because it takes the IPv4 addresses away.
	t.Run("ipv6", lab.ipv6)
	t.Run("dual", lab.dual)
	t.Run("silence", lab.silence)
	t.Run("ipv4 off", lab.ipv4Off)
}

// proofLab is the running lab.
type proofLab struct {
	root *netns.Root
	dir  string
	ipv4 []netip.Addr // of the servers
}

// recursive starts an Unbound at address number n.
func recursive(t *testing.T, dir string, n int, r netns.Recursive) netip.Addr {
	t.Helper()
	r.Addr = at(9, n)[1]
	if err := netns.AddAddrs(r.Addr); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "unbound-"+r.Addr.String())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unbound, err := netns.StartUnbound(t.Context(), dir, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unbound.Stop)
	return r.Addr
}

// keepSilent takes queries at the address silent and leaves them unanswered.
func keepSilent(t *testing.T) {
	t.Helper()
	if err := netns.AddAddrs(silent); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(silent, 53)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

// dual compares all three, and all of them with what the RFCs say.
func (l *proofLab) dual(t *testing.T) {
	unbound := recursive(t, l.dir, 1, netns.Recursive{Hints: l.root.Hints, Anchor: l.root.Anchor})
	fetcher := recursive(t, l.dir, 2, netns.Recursive{Hints: l.root.Hints}) // delv asks it
	compare(t, proofCases(), map[string]asker{
		"unbound": func(c proofCase) (verdict, error) {
			return askUnbound(t.Context(), unbound, c.name, c.qtype)
		},
		"delv": func(c proofCase) (verdict, error) {
			return askDelv(t.Context(), l.root.BIND, fetcher, c.name, c.qtype)
		},
		"adopt6": l.adopt6(t, resolve.Dual, patient),
	})
}

// ipv6 compares us with Unbound over IPv6 alone. Not one IPv4 packet may leave.
func (l *proofLab) ipv6(t *testing.T) {
	before := packetsSent(t)
	unbound := recursive(t, l.dir, 3, netns.Recursive{Hints: l.root.Hints, Anchor: l.root.Anchor, IPv6Only: true})
	compare(t, proofCasesIPv6(), map[string]asker{
		"unbound": func(c proofCase) (verdict, error) {
			return askUnbound(t.Context(), unbound, c.name, c.qtype)
		},
		"adopt6": l.adopt6(t, resolve.V6Only, patient),
	})
	after := packetsSent(t)
	if after.IPv4 != before.IPv4 {
		t.Errorf("%d IPv4 packets were sent", after.IPv4-before.IPv4)
	}
	if after.IPv6 == before.IPv6 {
		t.Error("no IPv6 packet was sent: the counters do not work")
	}
}

// ipv4Off asks for the same verdicts when no IPv4 server can be reached.
func (l *proofLab) ipv4Off(t *testing.T) {
	if err := netns.RemoveAddrs(l.ipv4...); err != nil {
		t.Fatal(err)
	}
	compare(t, proofCasesIPv6(), map[string]asker{"adopt6": l.adopt6(t, resolve.V6Only, patient)})
}

// silence asks of servers that say nothing. Unbound and BIND keep at it for up
// to half a minute, so they are left out.
func (l *proofLab) silence(t *testing.T) {
	compare(t, readCases(casesSilent), map[string]asker{"adopt6": l.adopt6(t, resolve.Dual, 300*time.Millisecond)})
}

func packetsSent(t *testing.T) netns.Sent {
	t.Helper()
	sent, err := netns.PacketsSent()
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// adopt6 makes a resolver of ours for the lab.
func (l *proofLab) adopt6(t *testing.T, mode resolve.Mode, timeout time.Duration) asker {
	r := newProofResolver(t, l.root, timeout)
	return func(c proofCase) (verdict, error) { return askResolver(t.Context(), r, mode, c.name, c.qtype) }
}

// patient is a timeout that a busy machine keeps: servers that do not answer
// are refused by the kernel at once.
const patient = 5 * time.Second

// newProofResolver makes a resolver of ours that starts at a lab's root.
func newProofResolver(t *testing.T, root *netns.Root, timeout time.Duration) *resolve.Resolver {
	t.Helper()
	hints, err := os.Open(root.Hints)
	if err != nil {
		t.Fatal(err)
	}
	defer hints.Close()
	roots, err := resolve.ParseHints(hints)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := os.Open(root.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	anchors, err := dnssec.ParseAnchors(keys, root.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	r, err := resolve.New(resolve.Config{Roots: roots, Anchors: anchors, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// asker has a program answer one question.
type asker func(proofCase) (verdict, error)

// compare asks the programs every question, and reports those that answer
// something else than is expected of it. Programs with the same verdict must
// also have the same answer.
func compare(t *testing.T, cases []proofCase, programs map[string]asker) {
	t.Helper()
	names := slices.Sorted(maps.Keys(programs))
	got := make([]map[string]verdict, len(cases))
	var group errgroup.Group
	group.SetLimit(8)
	for i, c := range cases {
		group.Go(func() error {
			got[i] = make(map[string]verdict)
			for name, ask := range programs {
				v, err := ask(c)
				if err != nil {
					return err
				}
				got[i][name] = v
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		question := c.name + " " + dns.TypeToString[c.qtype]
		for _, name := range names {
			v := got[i][name]
			if state, rcode, why := c.expected(name); v.State != state || v.RCode != rcode {
				t.Errorf("%s: %s says %s, want %s %s %s", question, name, v, state, rcode, why)
				continue
			}
			first := got[i][names[0]]
			if v.State == first.State && v.comparable() != first.comparable() {
				t.Errorf("%s: the answers differ\n%s: %s\n%s: %s", question, names[0], first, name, v)
			}
		}
	}
}
