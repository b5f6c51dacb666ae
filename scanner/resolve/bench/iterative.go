//go:build linux && !alone

package main

import (
	"context"
	"crypto"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// level is one of the three servers: of the root, of the zone tld. and of the
// domains below it.
type level struct {
	name   string
	v4, v6 netip.Addr
}

var levels = []level{
	{"root", netip.MustParseAddr("198.41.0.4"), netip.MustParseAddr("2001:503:ba3e::2:30")},
	{"tld", netip.MustParseAddr("192.5.6.30"), netip.MustParseAddr("2001:503:a83e::2:30")},
	{"leaf", netip.MustParseAddr("199.43.135.53"), netip.MustParseAddr("2001:500:8f::53")},
}

// iterative resolves every domain from the root.
func iterative(ctx context.Context, s *settings) error {
	zones, err := s.writeTree()
	if err != nil {
		return err
	}
	for i, l := range levels {
		stop, err := nsd(ctx, s.file(l.name), zones[i], l.v4, l.v6)
		if err != nil {
			return err
		}
		defer stop()
	}
	title := fmt.Sprintf("%d signed domains resolved from the root over IPv4", s.domains)
	return compare(ctx, title, s.domains, s.rounds, s.iterativeContenders())
}

func (s *settings) iterativeContenders() []contender {
	ours := func(name string, more ...string) contender {
		argv := append([]string{s.adopt6, "resolve", "--batch", "--family", "v4", "--root-hints", s.file("root.hints"), "A"}, more...)
		return contender{name: name, argv: argv, input: s.file("domains.txt"), out: s.file("out.adopt6"), stdout: true, answer: `"198.18.`}
	}
	list := []contender{
		ours("adopt6, no validation", "--no-dnssec"),
		ours("adopt6, validating", "--trust-anchor", s.file("root.ds")),
	}
	list[1].answer = `"dnssec":"secure"`
	if found(s.zdns) {
		list = append(list, contender{
			name: "zdns --iterative, no validation",
			argv: []string{s.zdns, "A", "--iterative", "--4", "-t", "1000", "--name-servers", levels[0].v4.String(), "-f", s.file("domains.txt"), "-o", s.file("out.zdns")},
			out:  s.file("out.zdns"), answer: `"198.18.`,
		})
	}
	return list
}

// key signs zones. One key is enough for all of them: what validating costs
// is the same.
type key struct {
	public  *dns.DNSKEY
	private crypto.Signer
}

func newKey(algorithm string) (*key, error) {
	number, ok := dns.StringToAlgorithm[algorithm]
	bits := keyBits[number]
	if !ok || bits == 0 {
		return nil, fmt.Errorf("-algorithm %s: expected ECDSAP256SHA256, ED25519 or RSASHA256", algorithm)
	}
	k := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: ".", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: 257, Protocol: 3, Algorithm: number,
	}
	private, err := k.Generate(bits)
	if err != nil {
		return nil, err
	}
	return &key{k, private.(crypto.Signer)}, nil
}

// keyBits are the sizes of keys, by algorithm.
var keyBits = map[uint8]int{dns.ECDSAP256SHA256: 256, dns.ED25519: 256, dns.RSASHA256: 2048}

// of returns the key as that of a zone.
func (k *key) of(zone string) *dns.DNSKEY {
	public := *k.public
	public.Hdr.Name = zone
	return &public
}

// sign returns the RRSIG record of a set.
func (k *key) sign(zone string, set []dns.RR) (dns.RR, error) {
	now := time.Now()
	sig := &dns.RRSIG{
		Hdr:        dns.RR_Header{Name: set[0].Header().Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 3600},
		Algorithm:  k.public.Algorithm,
		Inception:  uint32(now.Add(-time.Hour).Unix()),
		Expiration: uint32(now.Add(7 * 24 * time.Hour).Unix()),
		KeyTag:     k.of(zone).KeyTag(),
		SignerName: zone,
	}
	return sig, sig.Sign(k.private, set)
}

// writeTree writes the zone files of the three levels, the hints, the anchor
// and the list of domains. It returns the zones of each level.
func (s *settings) writeTree() ([][]string, error) {
	k, err := newKey(s.algorithm)
	if err != nil {
		return nil, err
	}
	domains := make([]string, s.domains)
	for i := range domains {
		domains[i] = fmt.Sprintf("d%d.tld.", i)
	}
	for i, domain := range domains {
		text := fmt.Sprintf("@ A 198.18.%d.%d\nwww A 198.18.0.1\n", i>>8&255, i&255)
		if err := s.writeZone(k, levels[2], domain, text, nil); err != nil {
			return nil, err
		}
	}
	if err := s.writeZone(k, levels[1], "tld.", "", domains); err != nil {
		return nil, err
	}
	if err := s.writeZone(k, levels[0], ".", "", []string{"tld."}); err != nil {
		return nil, err
	}
	err = writeLines(s.file("domains.txt"), func(line func(string, ...any)) {
		for _, d := range domains {
			line("%s", strings.TrimSuffix(d, "."))
		}
	})
	if err != nil {
		return nil, err
	}
	hints := fmt.Sprintf(". 3600 NS ns.root.\nns.root. 3600 A %s\nns.root. 3600 AAAA %s\n", levels[0].v4, levels[0].v6)
	if err := os.WriteFile(s.file("root.hints"), []byte(hints), 0o644); err != nil {
		return nil, err
	}
	ds := k.of(".").ToDS(dns.SHA256).String() + "\n"
	return [][]string{{"."}, {"tld."}, domains}, os.WriteFile(s.file("root.ds"), []byte(ds), 0o644)
}

// writeZone signs a zone and writes it. The name server of a zone is called
// ns, of a child's ns.CHILD; children is delegated to the next level.
func (s *settings) writeZone(k *key, at level, zone, text string, children []string) error {
	ns := "ns." + zone
	if zone == "." {
		ns = "ns.root."
	}
	text = fmt.Sprintf("$ORIGIN %[1]s\n$TTL 3600\n@ SOA %[2]s host.%[3]s 1 7200 3600 1209600 300\n@ NS %[2]s\n%[2]s A %[4]s\n%[2]s AAAA %[5]s\n",
		zone, ns, strings.TrimPrefix(zone, "."), at.v4, at.v6) + text
	parser := dns.NewZoneParser(strings.NewReader(text), zone, "")
	signed := []dns.RR{k.of(zone)}
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		signed = append(signed, rr)
	}
	if err := parser.Err(); err != nil {
		return err
	}
	var unsigned []dns.RR
	below := levels[slices.Index(levels, at)+min(1, len(children))]
	for _, child := range children {
		header := func(name string, kind uint16) dns.RR_Header {
			return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: 3600}
		}
		signed = append(signed, k.of(child).ToDS(dns.SHA256))
		unsigned = append(unsigned,
			&dns.NS{Hdr: header(child, dns.TypeNS), Ns: "ns." + child},
			&dns.A{Hdr: header("ns."+child, dns.TypeA), A: below.v4.AsSlice()},
			&dns.AAAA{Hdr: header("ns."+child, dns.TypeAAAA), AAAA: below.v6.AsSlice()})
	}
	if err := os.MkdirAll(s.file(at.name), 0o755); err != nil {
		return err
	}
	records, err := withSignatures(k, zone, signed, children)
	if err != nil {
		return fmt.Errorf("sign %s: %w", zone, err)
	}
	return writeLines(filepath.Join(s.file(at.name), zoneFile(zone)), func(line func(string, ...any)) {
		for _, rr := range append(records, unsigned...) {
			line("%s", rr)
		}
	})
}

// withSignatures adds the NSEC chain and the signatures.
func withSignatures(k *key, zone string, records []dns.RR, children []string) ([]dns.RR, error) {
	types := make(map[string][]uint16)
	for _, rr := range records {
		types[rr.Header().Name] = append(types[rr.Header().Name], rr.Header().Rrtype)
	}
	for _, child := range children {
		types[child] = append(types[child], dns.TypeNS)
	}
	names := make([]string, 0, len(types))
	for name := range types {
		names = append(names, name)
	}
	slices.SortFunc(names, canonicalOrder)
	for i, name := range names {
		bitmap := append(types[name], dns.TypeRRSIG, dns.TypeNSEC)
		slices.Sort(bitmap)
		records = append(records, &dns.NSEC{
			Hdr:        dns.RR_Header{Name: name, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 300},
			NextDomain: names[(i+1)%len(names)], TypeBitMap: slices.Compact(bitmap),
		})
	}
	sets := make(map[string][]dns.RR)
	for _, rr := range records {
		id := fmt.Sprintf("%s %d", rr.Header().Name, rr.Header().Rrtype)
		sets[id] = append(sets[id], rr)
	}
	for _, set := range sets {
		sig, err := k.sign(zone, set)
		if err != nil {
			return nil, err
		}
		records = append(records, sig)
	}
	return records, nil
}

// canonicalOrder compares names as RFC 4034 section 6.1 does, for names of
// letters and digits.
func canonicalOrder(a, b string) int {
	x, y := dns.SplitDomainName(a), dns.SplitDomainName(b)
	for i := 1; i <= min(len(x), len(y)); i++ {
		if c := strings.Compare(x[len(x)-i], y[len(y)-i]); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}
