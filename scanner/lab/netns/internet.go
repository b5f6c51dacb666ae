//go:build linux

package netns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// Host is an authoritative server and its addresses.
type Host struct {
	Program Program
	Addrs   []netip.Addr
}

// NameServer is a name server of a zone. Its addresses are published in the
// zone and as glue; without any, its name is all that is published.
type NameServer struct {
	Name  string
	Addrs []netip.Addr
}

// Zone is a zone of the small Internet.
type Zone struct {
	Name    string
	Hosts   []string // the hosts that hold it
	Signing Signing
	// Records are further lines of the zone in text form.
	Records string
	// NS are the name servers; nil: one per host, within the zone, with the
	// host's addresses.
	NS []NameServer
	// Edit spoils the signed zone.
	Edit func([]dns.RR) []dns.RR
	// DS makes the DS records for the parent from the signed zone's keys; nil:
	// a SHA-256 digest of every key with the SEP flag.
	DS func([]*dns.DNSKEY) []dns.RR
}

// Internet is a set of zones, from the root down, and the hosts they live on.
type Internet struct {
	Hosts map[string]Host
	Zones []*Zone

	dir      string
	children map[string][]*Zone  // by zone
	ds       map[string][]dns.RR // by zone

	mu      sync.Mutex
	running []*Process
}

// Root is what a resolver needs to know to begin.
type Root struct {
	Hints  string // file: the root's NS records and their addresses, in zone file form
	Anchor string // file: the root's DNSKEY records, in zone file form
	BIND   string // file: the same, as delv takes it
}

// Start signs the zones, children before their parents, adds the addresses to
// the loopback interface and starts the servers. It returns when all of them
// answer. Files are left in dir.
func (n *Internet) Start(ctx context.Context, dir string) (*Root, error) {
	n.dir, n.ds = dir, make(map[string][]dns.RR)
	for _, zone := range n.Zones {
		zone.Name = dns.Fqdn(zone.Name)
	}
	n.children = make(map[string][]*Zone)
	for _, zone := range n.Zones {
		parent := n.parent(zone.Name)
		n.children[parent] = append(n.children[parent], zone)
	}
	if err := n.sign(ctx); err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	for name, host := range n.Hosts {
		if err := AddAddrs(host.Addrs...); err != nil {
			return nil, err
		}
		group.Go(func() error { return n.host(ctx, name, host) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return n.root()
}

// Stop ends the servers that run.
func (n *Internet) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.running {
		p.Stop()
	}
	n.running = nil
}

// sign makes the zones, one depth of the tree after the other.
func (n *Internet) sign(ctx context.Context) error {
	deepest := 0
	for _, z := range n.Zones {
		deepest = max(deepest, dns.CountLabel(z.Name))
	}
	for depth := deepest; depth >= 0; depth-- {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.NumCPU())
		var same []*Zone
		for _, z := range n.Zones {
			if dns.CountLabel(z.Name) == depth {
				same = append(same, z)
			}
		}
		ds := make([][]dns.RR, len(same))
		for i, z := range same {
			group.Go(func() (err error) {
				ds[i], err = n.zone(ctx, z)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for i, z := range same {
			n.ds[z.Name] = ds[i]
		}
	}
	return nil
}

// zone writes the file of one zone and returns the DS records for its parent.
func (n *Internet) zone(ctx context.Context, z *Zone) ([]dns.RR, error) {
	dir := filepath.Dir(n.file(z))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	records, err := signZone(ctx, dir, z.Name, n.text(z), z.Signing)
	if err != nil {
		return nil, err
	}
	makeDS := z.DS
	if makeDS == nil {
		makeDS = DigestSHA256
	}
	ds := makeDS(keysOf(records))
	if z.Edit != nil {
		records = z.Edit(records)
	}
	return ds, os.WriteFile(n.file(z), format(records), 0o644)
}

// text returns a zone before signing: its own records, and for every child
// the delegation.
func (n *Internet) text(z *Zone) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %[1]s\n$TTL 3600\n%[1]s SOA . . 1 7200 3600 1209600 300\n", z.Name)
	addresses := make(map[string]bool)
	n.delegate(&b, z, addresses)
	b.WriteString(z.Records)
	b.WriteByte('\n')
	for _, child := range n.children[z.Name] {
		n.delegate(&b, child, addresses)
		for _, ds := range n.ds[child.Name] {
			fmt.Fprintln(&b, ds)
		}
	}
	return b.String()
}

// delegate writes the NS records of a zone and the addresses that go with
// them, unless they are written already.
func (n *Internet) delegate(b *strings.Builder, z *Zone, written map[string]bool) {
	for _, ns := range n.nameServers(z) {
		fmt.Fprintf(b, "%s NS %s\n", z.Name, ns.Name)
		for _, a := range ns.Addrs {
			kind := "A"
			if a.Is6() {
				kind = "AAAA"
			}
			if line := fmt.Sprintf("%s %s %s\n", ns.Name, kind, a); !written[line] {
				written[line] = true
				b.WriteString(line)
			}
		}
	}
}

func (n *Internet) nameServers(z *Zone) []NameServer {
	if z.NS != nil {
		return z.NS
	}
	var servers []NameServer
	for i, host := range z.Hosts {
		name := fmt.Sprintf("ns%d.%s", i+1, strings.TrimPrefix(z.Name, "."))
		servers = append(servers, NameServer{name, n.Hosts[host].Addrs})
	}
	return servers
}

// parent returns the closest zone above name; empty for the root.
func (n *Internet) parent(name string) string {
	best := ""
	for _, z := range n.Zones {
		if z.Name != name && dns.IsSubDomain(z.Name, name) && (best == "" || len(z.Name) > len(best)) {
			best = z.Name
		}
	}
	return best
}

// file returns where a zone is kept.
func (n *Internet) file(z *Zone) string { return filepath.Join(n.dir, "zones", z.Name+"zone", "final") }

// host starts one server.
func (n *Internet) host(ctx context.Context, name string, h Host) error {
	dir := filepath.Join(n.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var zones []ZoneFile
	for _, z := range n.Zones {
		if slices.Contains(z.Hosts, name) {
			zones = append(zones, ZoneFile{z.Name, n.file(z)})
		}
	}
	p, err := StartAuthoritative(ctx, dir, h.Program, h.Addrs, zones)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running = append(n.running, p)
	return nil
}

// root writes the files that a resolver begins with.
func (n *Internet) root() (*Root, error) {
	i := slices.IndexFunc(n.Zones, func(z *Zone) bool { return z.Name == "." })
	if i < 0 {
		return nil, fmt.Errorf("no root zone")
	}
	zone := n.Zones[i]
	text, err := os.ReadFile(n.file(zone))
	if err != nil {
		return nil, err
	}
	records, err := parse(".", string(text))
	if err != nil {
		return nil, err
	}
	var hints strings.Builder
	n.delegate(&hints, zone, make(map[string]bool))
	keys := keysOf(records)
	var anchor []dns.RR
	for _, k := range keys {
		anchor = append(anchor, k)
	}
	r := &Root{filepath.Join(n.dir, "root.hints"), filepath.Join(n.dir, "root.key"), filepath.Join(n.dir, "bind.keys")}
	for file, text := range map[string]string{
		r.Hints:  hints.String(),
		r.Anchor: string(format(anchor)),
		r.BIND:   bindAnchors(keys),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// keysOf returns the DNSKEY records of a signed zone.
func keysOf(records []dns.RR) []*dns.DNSKEY {
	var keys []*dns.DNSKEY
	for _, rr := range records {
		if k, ok := rr.(*dns.DNSKEY); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// DigestSHA256 makes the DS records that most zones have.
func DigestSHA256(keys []*dns.DNSKEY) []dns.RR { return Digests(keys, dns.SHA256) }

// Digests makes DS records of the given digest types for every key with the
// SEP flag.
func Digests(keys []*dns.DNSKEY, types ...uint8) []dns.RR {
	var set []dns.RR
	for _, k := range keys {
		for _, digest := range types {
			if ds := k.ToDS(digest); ds != nil && k.Flags&dns.SEP != 0 {
				set = append(set, ds)
			}
		}
	}
	return set
}
