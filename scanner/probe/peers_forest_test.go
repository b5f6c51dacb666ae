//go:build linux && !alone

package probe_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/reach"
)

// forest is trees of zones below the root. The zones of one depth are all on
// one program, so that every delegation is a referral from another.
type forest struct {
	zones []*treeZone
	hosts map[string]*treeHost
	trees int
}

type treeZone struct {
	name    string
	servers []string
	hidden  bool   // the parent's shared server has it too
	want    string // the reason and the zone to blame; empty: not planted for it
}

type treeHost struct {
	home  string // the zone that the name lies in
	addrs [2]netip.Addr
	// aaaa says that the home has the AAAA record, glue that the zones above
	// have it where they can, and dead that nothing answers at it.
	aaaa, glue, dead bool
	depth            int  // of the zones that it serves
	shared           bool // it serves a top-level domain and zones below it
}

func newForest() *forest { return &forest{hosts: make(map[string]*treeHost)} }

// tld begins a new tree and returns its top-level domain.
func (f *forest) tld() string {
	f.trees++
	return fmt.Sprintf("t%d.", f.trees)
}

// host adds a name server with a name in home.
func (f *forest) host(home string, h treeHost) string {
	name := fmt.Sprintf("ns%d.%s", len(f.hosts), home)
	n := len(f.hosts)
	h.home = home
	h.addrs = [2]netip.Addr{netip.AddrFrom4([4]byte{185, 2, byte(n >> 8), byte(n)}), netip.MustParseAddr(fmt.Sprintf("2a01:200::%x", n+1))}
	f.hosts[name] = &h
	return name
}

// zone adds a zone on some servers. All servers of a zone are of its depth.
func (f *forest) zone(name string, servers ...string) *treeZone {
	z := &treeZone{name: name, servers: servers}
	for _, s := range servers {
		f.hosts[s].depth = dns.CountLabel(name) // no matter where it is shared
	}
	f.zones = append(f.zones, z)
	return z
}

var (
	works  = treeHost{aaaa: true, glue: true}
	silent = treeHost{aaaa: true, glue: true, dead: true}
	noGlue = treeHost{aaaa: true}
	noIPv6 = treeHost{}
)

func bare(name string) string { return strings.TrimSuffix(name, ".") }

// own adds a zone with one name server inside.
func (f *forest) own(name string, h treeHost) *treeZone { return f.zone(name, f.host(name, h)) }

// everyCause plants one tree for each, with the zone x as the target.
var everyCause = []func(f *forest){
	func(f *forest) { // works
		tld := f.tld()
		f.own(tld, works)
		f.own("x."+tld, works).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // no_ns_aaaa
		tld := f.tld()
		f.own(tld, works)
		f.own("x."+tld, noIPv6).want = "no_ns_aaaa x." + bare(tld)
	},
	func(f *forest) { // glue_missing_aaaa
		tld := f.tld()
		f.own(tld, works)
		f.own("x."+tld, noGlue).want = "glue_missing_aaaa x." + bare(tld)
	},
	func(f *forest) { // one server has no glue, the other has
		tld := f.tld()
		f.own(tld, works)
		f.zone("x."+tld, f.host("x."+tld, noGlue), f.host("x."+tld, works)).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // glue, and no AAAA record in the zone
		tld := f.tld()
		f.own(tld, works)
		f.own("x."+tld, treeHost{glue: true}).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // a provider that works
		tld := f.tld()
		f.own(tld, works)
		f.own("host."+tld, works)
		f.zone("x."+tld, f.host("host."+tld, noGlue)).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // ns_zone_v4_only
		tld := f.tld()
		f.own(tld, works)
		f.own("host."+tld, noIPv6)
		f.zone("x."+tld, f.host("host."+tld, noGlue)).want = "ns_zone_v4_only host." + bare(tld)
	},
	func(f *forest) { // the same in another tree, two steps away
		deep, tld := f.tld(), f.tld()
		f.own(deep, works)
		f.own("deep."+deep, noIPv6)
		f.zone("host."+deep, f.host("deep."+deep, noGlue))
		f.own(tld, works)
		f.zone("x."+tld, f.host("host."+deep, noGlue)).want = "ns_zone_v4_only deep." + bare(deep)
	},
	func(f *forest) { // sibling glue for a provider without IPv6
		tld := f.tld()
		f.own(tld, works)
		f.own("host."+tld, noIPv6)
		f.zone("x."+tld, f.host("host."+tld, works)).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // parent_v4_only
		tld := f.tld()
		f.own(tld, noIPv6)
		f.own("x."+tld, works).want = "parent_v4_only " + bare(tld)
	},
	func(f *forest) { // a parent further up
		tld := f.tld()
		f.own(tld, works)
		f.own("gov."+tld, noGlue)
		f.own("x.gov."+tld, works).want = "parent_v4_only gov." + bare(tld)
	},
	func(f *forest) { // ns_cycle
		tld := f.tld()
		f.own(tld, works)
		f.zone("x."+tld, f.host("y."+tld, noGlue)).want = "ns_cycle x." + bare(tld)
		f.zone("y."+tld, f.host("x."+tld, noGlue)).want = "ns_cycle y." + bare(tld)
	},
	func(f *forest) { // a circle of three, with glue for one of them
		tld := f.tld()
		f.own(tld, works)
		f.zone("x."+tld, f.host("y."+tld, noGlue)).want = "site_fails_v6 x." + bare(tld)
		f.zone("y."+tld, f.host("z."+tld, noGlue))
		f.zone("z."+tld, f.host("x."+tld, works))
	},
	func(f *forest) { // ns_unreachable_v6
		tld := f.tld()
		f.own(tld, works)
		f.own("x."+tld, silent).want = "ns_unreachable_v6 x." + bare(tld)
	},
	func(f *forest) { // one of two is silent
		tld := f.tld()
		f.own(tld, works)
		f.zone("x."+tld, f.host("x."+tld, silent), f.host("x."+tld, works)).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // the provider's zone is silent, its other servers are not
		tld := f.tld()
		f.own(tld, works)
		f.own("host."+tld, silent)
		f.zone("x."+tld, f.host("host."+tld, noGlue)).want = "ns_unreachable_v6 host." + bare(tld)
	},
	func(f *forest) { // a silent parent
		tld := f.tld()
		f.own(tld, silent)
		f.own("x."+tld, works).want = "ns_unreachable_v6 " + bare(tld)
	},
}

// sharedServers plants trees in which a server has a zone and the one above, so
// that resolvers that ask it see no referral, and others do.
var sharedServers = []func(f *forest){
	func(f *forest) { // all on the same server
		tld := f.tld()
		s := f.host(tld, treeHost{aaaa: true, glue: true, shared: true})
		f.zone(tld, s)
		f.zone("x."+tld, s).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // the shared one has no IPv6, and those with IPv6 send no glue
		tld := f.tld()
		s := f.host(tld, treeHost{shared: true})
		f.zone(tld, s, f.host(tld, works))
		f.zone("x."+tld, f.host("x."+tld, noGlue), s).want = "glue_missing_aaaa x." + bare(tld)
	},
	func(f *forest) { // the same, and they do
		tld := f.tld()
		s := f.host(tld, treeHost{shared: true})
		f.zone(tld, s, f.host(tld, works))
		f.zone("x."+tld, f.host("x."+tld, works), s).want = "site_fails_v6 x." + bare(tld)
	},
	func(f *forest) { // the parent's server has the zone without being named for it
		tld := f.tld()
		f.zone(tld, f.host(tld, treeHost{aaaa: true, glue: true, shared: true}))
		x := f.own("x."+tld, noIPv6)
		x.want, x.hidden = "site_fails_v6 x."+bare(tld), true
	},
}

// random plants a tree in which anything may lack IPv6.
func (f *forest) random(r *rand.Rand) {
	tld := f.tld()
	names := []string{tld, "p." + tld, "z." + tld, "c.z." + tld}
	often := func(percent int) bool { return r.IntN(100) < percent }
	made := make(map[int][]string)
	for i, name := range names {
		depth := dns.CountLabel(name)
		var servers []string
		for range 1 + r.IntN(2) {
			if known := made[depth]; len(known) > 0 && often(15) {
				if s := known[r.IntN(len(known))]; !slices.Contains(servers, s) {
					servers = append(servers, s)
					continue
				}
			}
			home := name
			if i > 0 && often(45) {
				home = names[r.IntN(len(names))]
			}
			h := treeHost{aaaa: often(75), glue: often(60), dead: often(8)}
			if i == 0 {
				h = treeHost{aaaa: true, glue: often(92)}
			}
			s := f.host(home, h)
			made[depth] = append(made[depth], s)
			servers = append(servers, s)
		}
		f.zone(name, servers...)
	}
}

// internet turns the trees into zone files and servers.
func (f *forest) internet() *netns.Internet {
	programs := []netns.Program{netns.NSD, netns.BIND, netns.Knot, netns.NSD}
	n := &netns.Internet{Hosts: map[string]netns.Host{"d0": {Program: programs[0], Addrs: []netip.Addr{
		netip.MustParseAddr("185.1.0.1"), netip.MustParseAddr("2a01:100::1")}}}}
	root := &netns.Zone{Name: ".", Hosts: []string{"d0"}}
	zones := map[string]*netns.Zone{".": root}
	n.Zones = append(n.Zones, root)
	for _, z := range f.zones {
		zone := &netns.Zone{Name: z.name, Hosts: []string{fmt.Sprintf("d%d", dns.CountLabel(z.name))},
			Records: fmt.Sprintf("\n%s AAAA 2a01:300::1\n", z.name)}
		onShared := z.hidden
		for _, s := range z.servers {
			zone.NS = append(zone.NS, netns.NameServer{Name: s})
			onShared = onShared || f.hosts[s].shared
		}
		if onShared {
			zone.Hosts = append(zone.Hosts, "shared")
		}
		zones[z.name] = zone
		n.Zones = append(n.Zones, zone)
	}
	written := make(map[string]bool)
	write := func(zone, name string, addr netip.Addr) {
		line := fmt.Sprintf("%s %s %s\n", name, map[bool]string{true: "A", false: "AAAA"}[addr.Is4()], addr)
		if !written[zone+line] {
			written[zone+line] = true
			zones[zone].Records += line
		}
	}
	for name, h := range f.hosts {
		write(h.home, name, h.addrs[0])
		if h.aaaa {
			write(h.home, name, h.addrs[1])
		}
		class, program := fmt.Sprintf("d%d", h.depth), programs[h.depth]
		if h.shared {
			class, program = "shared", netns.NSD
		}
		host := n.Hosts[class]
		host.Program = program
		host.Addrs = append(host.Addrs, h.addrs[0])
		if !h.dead {
			host.Addrs = append(host.Addrs, h.addrs[1])
		}
		n.Hosts[class] = host
	}
	for _, z := range f.zones {
		parent := f.parent(z.name)
		for _, s := range z.servers {
			h := f.hosts[s]
			if !reach.In(s, parent) || h.home == parent {
				continue // no place for glue
			}
			write(parent, s, h.addrs[0])
			if h.glue {
				write(parent, s, h.addrs[1])
			}
		}
	}
	return n
}

func (f *forest) parent(name string) string {
	best := "."
	for _, z := range f.zones {
		if z.name != name && reach.In(name, z.name) && len(z.name) > len(best) {
			best = z.name
		}
	}
	return best
}

// describe writes a zone and all of its tree.
func (f *forest) describe(z *treeZone) string {
	labels := dns.SplitDomainName(z.name)
	tld := labels[len(labels)-1] + "."
	var b strings.Builder
	for _, other := range f.zones {
		if !reach.In(other.name, tld) {
			continue
		}
		fmt.Fprintf(&b, "  %s\n", other.name)
		for _, s := range other.servers {
			h := f.hosts[s]
			fmt.Fprintf(&b, "    %s aaaa %v glue %v dead %v\n", s, h.aaaa, h.glue, h.dead)
		}
	}
	return b.String()
}
