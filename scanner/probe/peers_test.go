//go:build linux && !alone

package probe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/lab/netns"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// TestWhatUnboundFindsWithoutIPv4 builds trees of zones on NSD, Knot DNS and
// BIND in which some part lacks IPv6, and compares the verdicts with an Unbound
// that has no IPv4. Then it takes the IPv4 addresses away.
func TestWhatUnboundFindsWithoutIPv4(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	forest := newForest()
	for _, plant := range everyCause {
		plant(forest)
	}
	for _, plant := range sharedServers {
		plant(forest)
	}
	for seed := range uint64(200) {
		forest.random(rand.New(rand.NewPCG(seed, 64)))
	}
	world := forest.internet()
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	found := forest.askUnbound(t, root)
	observations := forest.measure(t, root)
	for _, z := range forest.zones {
		forest.compare(t, z, observations[z.name], found[z.name])
	}
	for _, host := range world.Hosts {
		v4 := slices.DeleteFunc(slices.Clone(host.Addrs), netip.Addr.Is6)
		if err := netns.RemoveAddrs(v4...); err != nil {
			t.Fatal(err)
		}
	}
	for name, o := range forest.measure(t, root) {
		before := observations[name]
		// What the records say can no longer be read where IPv4 was needed for
		// it; no other verdict may come of that.
		if o.V6Only != before.V6Only && (resolved(before) || o.V6Only.Status != observation.Unmeasured) {
			t.Errorf("%s is %v, and %v when no IPv4 server can be reached", name, before.V6Only, o.V6Only)
		}
	}
}

// resolved says whether the target was found without IPv4. None of these has a
// web site that answers.
func resolved(o *observation.Observation) bool { return o.V6Only.Reason == observation.SiteFailsV6 }

// compare holds one zone's observation against Unbound and, where a tree was
// planted for it, against the cause.
func (f *forest) compare(t *testing.T, z *treeZone, o *observation.Observation, unbound bool) {
	if resolved(o) != unbound {
		t.Errorf("%s is %v by answers, %v by records, zone %q; Unbound finds it: %v\n%s", z.name, o.V6Only, o.V6OnlyRecords, o.V6OnlyZone, unbound, f.describe(z))
	}
	byRecords := o.V6OnlyRecords.Status == observation.OK
	if byRecords != unbound && !(byRecords && o.V6Only.Reason == observation.NSUnreachableV6) {
		t.Errorf("%s is %v by records; Unbound finds it: %v\n%s", z.name, o.V6OnlyRecords, unbound, f.describe(z))
	}
	if z.want != "" {
		if got := string(o.V6Only.Reason) + " " + o.V6OnlyZone; got != z.want {
			t.Errorf("%s is %s, want %s", z.name, got, z.want)
		}
	}
}

// askUnbound asks an Unbound without IPv4 for every zone.
func (f *forest) askUnbound(t *testing.T, root *netns.Root) map[string]bool {
	t.Helper()
	addr := netip.MustParseAddr("2a01:100::2")
	if err := netns.AddAddrs(addr); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "unbound")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unbound, err := netns.StartUnbound(t.Context(), dir, netns.Recursive{Addr: addr, Hints: root.Hints, IPv6Only: true})
	if err != nil {
		t.Fatal(err)
	}
	defer unbound.Stop()
	var mu sync.Mutex
	found := make(map[string]bool)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for _, z := range f.zones {
		group.Go(func() error {
			client := dns.Client{Timeout: time.Minute}
			reply, _, err := client.ExchangeContext(ctx, new(dns.Msg).SetQuestion(z.name, dns.TypeAAAA), netip.AddrPortFrom(addr, 53).String())
			if err != nil {
				return fmt.Errorf("ask Unbound for %s: %w", z.name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[z.name] = len(reply.Answer) > 0
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return found
}

// measure observes every zone with a prober that knows nothing yet.
func (f *forest) measure(t *testing.T, root *netns.Root) map[string]*observation.Observation {
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
	resolver, err := resolve.New(resolve.Config{Roots: roots, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	prober := &probe.Prober{Vantage: "namespace", Resolver: resolver, Dialer: new(netaddr.Dialer), Routes: probe.Routes{V4: true, V6: true},
		ConnectTimeout: time.Second, StepTimeout: time.Second, Country: lists.CountryByCode}
	observations := make(map[string]*observation.Observation)
	pool := scanner.Pool{Workers: 16, Timeout: time.Minute, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			observations[o.Target.Name+"."] = o
			return nil
		}}
	err = pool.Run(t.Context(), func(yield func(scanner.Pending, error) bool) {
		for i, z := range f.zones {
			if !yield(scanner.Pending{Position: uint64(i), Target: lists.Target{Name: strings.TrimSuffix(z.name, ".")}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return observations
}
