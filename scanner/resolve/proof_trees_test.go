//go:build linux && !alone

package resolve_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
)

// trees makes random zones, faults and questions. The same seed makes the
// same; only the keys differ.
type trees struct {
	*rand.Rand
	t       *testing.T
	now     time.Time
	zones   []*netns.Zone
	names   []string          // every owner so far, as questions and aliases need them
	alone   map[string]string // by zone: how its only server meddles with answers
	meddled map[string]bool   // zones of which a server does
}

// The hosts of random zones: a resolver meets referrals as well as servers
// that hold parent and child.
func treeHosts() map[string]netns.Host {
	return map[string]netns.Host{
		"root":  {Program: netns.NSD, Addrs: at(20, 1)},
		"tld":   {Program: netns.NSD, Addrs: at(20, 2)},
		"leaf1": {Program: netns.NSD, Addrs: at(20, 3)},
		"leaf2": {Program: netns.NSD, Addrs: at(20, 4)},
	}
}

// one returns a random element.
func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// often is true in percent of all cases.
func (r *trees) often(percent int) bool { return r.IntN(100) < percent }

// grow makes the root, top-level zones, and zones below them to three levels.
func (r *trees) grow(tlds, below int) {
	root := &netns.Zone{Name: ".", Hosts: []string{"root"}}
	r.sign(root, netns.SignerBIND)
	r.zones = append(r.zones, root)
	for i := range tlds {
		tld := r.zone(fmt.Sprintf("t%d.", i), "tld", 0)
		for k := range below {
			child := r.zone(fmt.Sprintf("z%d.%s", k, tld.Name), one(r.Rand, "leaf1", "leaf2"), 30)
			for r.often(25) {
				between := one(r.Rand, "", "", "e.", "e.n.")
				if child.Edit != nil {
					between = "" // [differences]: www.a.b.deepnsec.nsd.
				}
				name := fmt.Sprintf("c%d.%s%s", len(r.zones), between, child.Name)
				child = r.zone(name, one(r.Rand, "leaf1", "leaf2"), 20)
			}
		}
	}
}

// zone adds a zone; in faulty percent of all cases something is wrong with it.
func (r *trees) zone(name, host string, faulty int) *netns.Zone {
	z := &netns.Zone{Name: name, Hosts: []string{host}, Records: r.records(name)}
	r.zones = append(r.zones, z)
	if r.often(20) {
		return z
	}
	r.sign(z, one(r.Rand, netns.SignerLDNS, netns.SignerBIND))
	if r.often(10) {
		z.DS = noDS
	}
	if r.often(faulty) {
		r.spoil(z)
	}
	return z
}

// sign chooses keys, denial and digests.
func (r *trees) sign(z *netns.Zone, by netns.Signer) {
	z.Signing = netns.Signing{By: by, Inception: r.now.AddDate(0, 0, -3), Expiration: r.now.AddDate(0, 0, 10)}
	algorithms := []uint8{one[uint8](r.Rand, dns.ECDSAP256SHA256, dns.ECDSAP256SHA256, dns.ECDSAP256SHA256, dns.ED25519, dns.ED25519,
		dns.ECDSAP384SHA384, dns.ED448)}
	if r.often(5) {
		algorithms = []uint8{dns.RSASHA256, dns.ED25519}
	}
	for _, algorithm := range algorithms {
		z.Signing.Keys = append(z.Signing.Keys, newKey(r.t, z.Name, algorithm, netns.EntryPoint))
	}
	if r.often(50) {
		z.Signing.NSEC3 = &netns.NSEC3{Iterations: one(r.Rand, 0, 0, 1, 10, 150), Salt: one(r.Rand, "", "", "AB", "0123456789"), OptOut: r.often(30)}
		if by == netns.SignerLDNS && r.often(5) {
			z.Signing.NSEC3.Iterations = 151
		}
	}
	z.DS = digests(one(r.Rand, []uint8{dns.SHA256}, []uint8{dns.SHA256}, []uint8{dns.SHA1}, []uint8{dns.SHA384}, []uint8{dns.SHA1, dns.SHA256})...)
}

// records makes the content of a zone: few labels, so that names meet.
func (r *trees) records(zone string) string {
	var b strings.Builder
	aliases := make(map[string]bool)
	for range 3 + r.IntN(10) {
		owner := one(r.Rand, "a", "b", "c", "d", "*") + "." + zone
		for r.often(35) {
			owner = one(r.Rand, "a", "b", "c", "n", "*") + strings.TrimPrefix(owner, "*")
			if owner[1] != '.' {
				owner = owner[:1] + "." + owner[1:]
			}
		}
		if aliases[owner] {
			continue
		}
		switch r.IntN(8) {
		case 0:
			if !strings.Contains(b.String(), "\n"+owner+" ") && len(r.names) > 0 {
				aliases[owner] = true
				fmt.Fprintf(&b, "\n%s CNAME %s\n", owner, r.names[r.IntN(len(r.names))])
			}
			continue
		case 1:
			fmt.Fprintf(&b, "\n%s MX 10 mail.%s\n", owner, zone)
		case 2, 3:
			fmt.Fprintf(&b, "\n%s TXT %q\n", owner, owner)
		case 4:
			fmt.Fprintf(&b, "\n%s AAAA 2a0f:1::%x\n", owner, 1+r.IntN(9))
		default:
			fmt.Fprintf(&b, "\n%s A 93.184.1.%d\n", owner, 1+r.IntN(9))
		}
		r.names = append(r.names, owner)
	}
	if r.often(15) && len(r.names) > 0 {
		fmt.Fprintf(&b, "\ndn.%s DNAME %s\n", zone, r.names[r.IntN(len(r.names))])
	}
	return b.String()
}

// spoil puts one fault into a zone: of its delegation, its period of validity
// or of some of its records.
func (r *trees) spoil(z *netns.Zone) {
	switch r.IntN(8) {
	case 0:
		z.DS = editedDS(otherDigest, dns.SHA256)
	case 1:
		z.DS = editedDS(func(ds *dns.DS) { ds.Algorithm = 100 }, dns.SHA256)
	case 2:
		z.DS = bothDS(editedDS(func(ds *dns.DS) { ds.DigestType = 200 }, dns.SHA256), one(r.Rand, noDS, netns.DigestSHA256))
	case 3:
		z.Signing.Inception, z.Signing.Expiration = r.now.AddDate(0, 0, -9), r.now.AddDate(0, 0, -2)
	default:
		seed, share := r.Uint64(), one(r.Rand, 3, 10, 40)
		z.Edit = func(records []dns.RR) []dns.RR {
			return vandalised(records, z.Name, rand.New(rand.NewPCG(seed, 0)), share)
		}
	}
}

// vandalised harms a share, in percent, of the records that DNSSEC is about
// and of the addresses: some are dropped, some changed.
func vandalised(records []dns.RR, apex string, r *rand.Rand, share int) []dns.RR {
	// The signers' order depends on the keys; the harm must not.
	slices.SortStableFunc(records, func(a, b dns.RR) int { return strings.Compare(orderOf(a), orderOf(b)) })
	keys := 0
	var kept []dns.RR
	for _, rr := range records {
		if _, ok := rr.(*dns.DNSKEY); ok {
			keys++
		}
	}
	for _, rr := range records {
		if r.IntN(100) >= share {
			kept = append(kept, rr)
			continue
		}
		switch rr := rr.(type) {
		case *dns.RRSIG:
			switch r.IntN(6) {
			case 0:
				continue
			case 1:
				corrupt(rr)
			case 2:
				// With two signatures Unbound reads the labels of the first.
				if keys == 1 {
					rr.Labels = max(rr.Labels, 1) - 1
				}
			case 3:
				rr.OrigTtl++
			case 4:
				rr.KeyTag++
			case 5:
				// Not a zone above: Unbound lets a signer's name lead it out of an
				// unsigned zone, to keys of which the zone has none.
				rr.SignerName = "x." + apex
			}
		case *dns.NSEC:
			if !strings.HasPrefix(rr.Hdr.Name, "*") { // [differences]: nope.nowild.nsd.
				continue
			}
		case *dns.NSEC3, *dns.TXT:
			continue
		case *dns.A:
			if !strings.HasPrefix(rr.Hdr.Name, "ns") {
				rr.A = rr.A.To4()
				rr.A[3]++
			}
		case *dns.DNSKEY:
			rr.PublicKey = flipped(rr.PublicKey)
		}
		kept = append(kept, rr)
	}
	return kept
}

// orderOf is a sort key of a record without what depends on the zone's keys.
func orderOf(rr dns.RR) string {
	kind := rr.Header().Name + " " + dns.TypeToString[rr.Header().Rrtype] + " "
	switch rr := rr.(type) {
	case *dns.RRSIG:
		return kind + dns.TypeToString[rr.TypeCovered] + " " + dns.AlgorithmToString[rr.Algorithm]
	case *dns.DNSKEY:
		return kind + dns.AlgorithmToString[rr.Algorithm]
	}
	return kind + rr.String()
}

// questions makes n different questions: names that exist, names beside and
// below them, and zones and their cuts.
func (r *trees) questions(n int) []proofCase {
	var cases []proofCase
	seen := make(map[proofCase]bool)
	for len(cases) < n {
		zone := r.zones[r.IntN(len(r.zones))].Name
		var name string
		switch r.IntN(10) {
		case 0:
			name = zone
		case 1:
			name = one(r.Rand, "n.", "x.", "dn.", "a.dn.", "x.y.") + strings.TrimPrefix(zone, ".")
		case 2, 3:
			name = one(r.Rand, "a.", "x.", "*.", "b.a.") + r.names[r.IntN(len(r.names))]
		case 4:
			_, name, _ = strings.Cut(r.names[r.IntN(len(r.names))], ".")
		default:
			name = strings.Replace(r.names[r.IntN(len(r.names))], "*", one(r.Rand, "x", "a", "q"), 1)
		}
		c := proofCase{name: name, qtype: one(r.Rand, dns.TypeA, dns.TypeA, dns.TypeA, dns.TypeAAAA, dns.TypeTXT, dns.TypeMX,
			dns.TypeNS, dns.TypeSOA, dns.TypeDS, dns.TypeDNSKEY, dns.TypeCNAME)}
		madeAlias := c.qtype == dns.TypeCNAME && strings.Contains(c.name, ".dn.") // [differences]: www.dnsecure.alias.nsd.
		if !seen[c] && !madeAlias {
			seen[c] = true
			cases = append(cases, c)
		}
	}
	return cases
}
