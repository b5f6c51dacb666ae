package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/miekg/dns"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"adopt6/scanner/lab/authority"
)

// buildZones fills in every declared zone and hands it to its servers. Without
// signed no keys are made: enough to check the records.
func (w *world) buildZones(signed bool) error {
	steps := []func(*domain) error{w.beginZone, w.placeHosts, w.delegate, w.finishZone}
	if signed {
		steps = append([]func(*domain) error{w.makeKeys}, steps...)
	}
	for _, step := range steps {
		for _, d := range w.order {
			if err := step(d); err != nil {
				var located *lineError
				if errors.As(err, &located) {
					return inFile(w.scenario.file, err)
				}
				return inFile(w.scenario.file, nodeError(&yaml.Node{Line: d.line}, "%s: %v", d.name.Text(), err))
			}
		}
	}
	return nil
}

const defaultTTL = 3600 // seconds

func (d *domain) ttl() uint32 {
	if d.spec.TTL > 0 {
		return d.spec.TTL
	}
	return defaultTTL
}

// beginZone makes a zone with its apex and the records that the scenario
// writes out; addresses of hosts come later, as they may lie in other zones.
func (w *world) beginZone(d *domain) error {
	d.zone = authority.NewZone(d.name)
	if d.children != nil {
		d.zone.Children = d.children
		for _, suffix := range d.children.suffixes {
			d.zone.AddEmpty(suffix)
		}
	}
	if len(d.keys) > 0 {
		d.zone.Signing = &authority.Signing{
			Keys:      d.keys,
			NSEC3:     d.spec.DNSSEC.NSEC3,
			Faults:    d.spec.DNSSEC.Faults,
			Inception: w.now.Add(-validBefore), Expiration: w.now.Add(validAfter),
		}
	}
	primary := d.name
	if len(d.hosts) > 0 {
		primary = d.hosts[0].name
	}
	if err := d.addRecords(); err != nil {
		return err
	}
	if !d.zone.Has(d.name, dns.TypeSOA) {
		mailbox := d.name.Child("hostmaster")
		if err := d.zone.Add(d.name, dns.TypeSOA, d.ttl(), authority.SOA(primary, mailbox, w.serial(d), negativeTTL)); err != nil {
			return err
		}
	}
	preference := uint16(0)
	for _, h := range d.hosts {
		var err error
		switch h.role {
		case nsRole:
			if h.ns == nil || h.ns.Child == nil || *h.ns.Child {
				err = d.zone.Add(d.name, dns.TypeNS, d.ttl(), []byte(h.name))
			}
		case mailRole:
			if d.spec.Mail.Implicit {
				continue
			}
			preference += 10
			err = d.zone.Add(d.name, dns.TypeMX, d.ttl(), authority.MX(preference, h.name))
		}
		if err != nil {
			return err
		}
	}
	return d.addAliases()
}

const negativeTTL = 300 // seconds

// serial returns the serial of a zone. That of the root is the day of the
// laboratory's clock, as the real root is published every day.
func (w *world) serial(d *domain) uint32 {
	if d.name != authority.Root {
		return 2026010100
	}
	year, month, day := w.now.UTC().Date()
	return uint32(year)*1_000_000 + uint32(month)*10_000 + uint32(day)*100
}

// addAliases adds what stands for another host: www, and the null MX.
func (d *domain) addAliases() error {
	www := d.name.Child("www")
	if d.spec.Mail.Null {
		if err := d.zone.Add(d.name, dns.TypeMX, d.ttl(), authority.MX(0, authority.Root)); err != nil {
			return err
		}
	}
	if !d.spec.Web.given {
		return nil
	}
	if d.spec.Web.CNAME != "" {
		target, err := d.relative(d.spec.Web.CNAME)
		if err != nil {
			return err
		}
		return d.zone.Add(www, dns.TypeCNAME, d.ttl(), []byte(target))
	}
	if d.spec.Web.SameWWW {
		for _, h := range d.inRole(apexRole) {
			if err := addAddresses(d.zone, www, d.ttl(), h.addrs); err != nil {
				return err
			}
		}
	}
	return nil
}

func addAddresses(z *authority.Zone, owner authority.Name, ttl uint32, addrs []netip.Addr) error {
	for _, a := range addrs {
		rrtype, rdata := authority.Address(a)
		if err := z.Add(owner, rrtype, ttl, rdata); err != nil {
			return err
		}
	}
	return nil
}

var parserLine = regexp.MustCompile(`^dns: (.*) at line: (\d+):\d+$`)

// addRecords adds the zone file text of the scenario.
func (d *domain) addRecords() error {
	if d.spec.Records.text == "" {
		return nil
	}
	parser := dns.NewZoneParser(strings.NewReader(d.spec.Records.text), d.name.String(), "")
	parser.SetDefaultTTL(d.ttl())
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if err := d.zone.AddRR(rr); err != nil {
			return nodeError(&yaml.Node{Line: d.spec.Records.line}, "%v", err)
		}
	}
	if err := parser.Err(); err != nil {
		line, text := 0, err.Error()
		if m := parserLine.FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[2])
			text = m[1]
		}
		return nodeError(&yaml.Node{Line: d.spec.Records.line + line - 1}, "records: %s", text)
	}
	return nil
}

// placeHosts puts the addresses of the domain's own hosts into the zone that
// each name belongs to.
func (w *world) placeHosts(d *domain) error {
	if d.name == authority.Root {
		for name, addrs := range w.hosts {
			if owner := w.enclosing(name, false); !owner.declares(name) {
				if err := addAddresses(owner.zone, name, owner.ttl(), addrs); err != nil {
					return err
				}
			}
		}
	}
	for _, h := range d.hosts {
		if h.spec.Elsewhere {
			continue
		}
		owner := w.enclosing(h.name, false)
		if err := addAddresses(owner.zone, h.name, owner.ttl(), h.addrs); err != nil {
			return err
		}
	}
	return nil
}

// declares says whether name is one of the domain's own hosts.
func (d *domain) declares(name authority.Name) bool {
	for _, h := range d.hosts {
		if h.name == name && !h.spec.Elsewhere {
			return true
		}
	}
	return false
}

// delegate adds NS, DS and glue to the parent.
func (w *world) delegate(d *domain) error {
	if d.name == authority.Root {
		return nil
	}
	parent := w.enclosing(d.name, true)
	cut := w.cut(d, parent)
	for _, ns := range cut.ns {
		if err := parent.zone.Add(d.name, dns.TypeNS, cut.ttl, ns); err != nil {
			return err
		}
	}
	for _, ds := range cut.ds {
		if err := parent.zone.Add(d.name, dns.TypeDS, cut.ttl, ds); err != nil {
			return err
		}
	}
	for _, g := range cut.glue {
		if err := addAddresses(parent.zone, g.host, cut.ttl, g.addrs); err != nil {
			return err
		}
	}
	return nil
}

// zoneCut is what the parent publishes of a delegation.
type zoneCut struct {
	ttl    uint32
	ns, ds [][]byte
	glue   []glue
}

type glue struct {
	host  authority.Name
	addrs []netip.Addr
}

func (w *world) cut(d, parent *domain) zoneCut {
	c := zoneCut{ttl: parent.ttl(), ds: w.dsRecords(d)}
	for _, h := range d.nsHosts() {
		if h.ns != nil && h.ns.Parent != nil && !*h.ns.Parent {
			continue
		}
		c.ns = append(c.ns, []byte(h.name))
		addrs := h.addrs
		if h.ns != nil && h.ns.Glue != nil {
			addrs = h.ns.Glue.glueOf(h.addrs)
		}
		// The parent holds addresses of hosts below the cut, and of those below
		// other cuts of its own. For the rest it is not a place.
		if h.name.In(d.name) || h.name.In(parent.name) && w.enclosing(h.name, false) != parent {
			c.glue = append(c.glue, glue{h.name, addrs})
		}
	}
	return c
}

// glueOf chooses from a host's addresses what the parent publishes: the family
// that the specification names, or addresses of its own.
func (h *HostSpec) glueOf(addrs []netip.Addr) []netip.Addr {
	out := append([]netip.Addr(nil), h.Addrs...)
	for _, a := range addrs {
		if a.Is4() && h.V4 || a.Is6() && h.V6 {
			out = append(out, a)
		}
	}
	return out
}

// finishZone completes a zone and hands it to the servers that have it.
func (w *world) finishZone(d *domain) error {
	if err := d.zone.Finish(); err != nil {
		return err
	}
	for _, h := range d.nsHosts() {
		if h.ns != nil && h.ns.Serves != nil && !*h.ns.Serves {
			continue
		}
		for _, a := range h.addrs {
			w.serverOf(a).zones[d.name] = d.zone
		}
	}
	return nil
}

// makeKeys gives the domain the keys of its zone.
func (w *world) makeKeys(d *domain) error {
	spec := &d.spec.DNSSEC
	if !spec.Signed {
		return nil
	}
	algorithms := spec.Algorithms
	if len(algorithms) == 0 {
		algorithms = []uint8{dns.ECDSAP256SHA256}
	}
	for _, algorithm := range algorithms {
		uses := []uint16{authority.EntryPoint}
		if spec.Split {
			uses = append(uses, authority.ZoneKey)
		}
		for _, flags := range uses {
			seed := w.keySeed(d.name, algorithm, flags)
			if spec.Revoked && flags == authority.EntryPoint {
				flags |= authority.RevokedFlag
			}
			key, err := w.keys.New(algorithm, flags, spec.Bits, seed)
			if err != nil {
				return fmt.Errorf("dnssec: %w", err)
			}
			d.keys = append(d.keys, key)
		}
	}
	return nil
}

// keySeed is what a key is derived from. RSA keys are slow to make, so zones
// share a few.
func (w *world) keySeed(zone authority.Name, algorithm uint8, flags uint16) string {
	switch algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512:
		return fmt.Sprintf("adopt6-lab/%d/rsa/%d", w.scenario.spec.Seed, len(zone)%2)
	}
	return fmt.Sprintf("adopt6-lab/%d/%s/%d/%d", w.scenario.spec.Seed, zone.Text(), algorithm, flags)
}

// warm does ahead of the first question what would keep a server from
// answering others: it makes the RSA keys of generated domains and sorts the
// zones that these are in.
func (w *world) warm() error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, t := range w.gen.templates {
		for _, algorithm := range t.spec.DNSSEC.Algorithms {
			for _, name := range []authority.Name{authority.MustName("even"), authority.MustName("odd")} {
				group.Go(func() error {
					_, err := w.keys.New(algorithm, authority.ZoneKey, t.spec.DNSSEC.Bits, w.keySeed(name, algorithm, authority.ZoneKey))
					return err
				})
			}
		}
	}
	for _, d := range w.order {
		if d.children != nil {
			group.Go(func() error {
				d.children.order()
				d.zone.Prepare()
				return nil
			})
		}
	}
	return group.Wait()
}

// dsRecords returns the DS rdata that the parent publishes for d.
func (w *world) dsRecords(d *domain) [][]byte {
	spec := &d.spec.DNSSEC
	if !spec.Signed || spec.DS == "none" {
		return nil
	}
	digests := spec.Digests
	if len(digests) == 0 {
		digests = []uint8{dns.SHA256}
	}
	var out [][]byte
	for _, key := range d.keys {
		if key.Flags&1 == 0 {
			continue
		}
		for _, digest := range digests {
			ds := key.DS(d.name, digest)
			switch spec.DS {
			case "wrong":
				ds[len(ds)-1] ^= 1
			case "absent":
				ds[0] ^= 0x55
				ds[len(ds)-1] ^= 1
			}
			out = append(out, ds)
		}
	}
	return out
}

// trustAnchor returns the DS records of the root in zone file form.
func (w *world) trustAnchor() []byte {
	var out []byte
	for _, ds := range w.dsRecords(w.domains[authority.Root]) {
		rr, err := authority.ToRR(authority.Root, dns.TypeDS, tldTTL, ds)
		if err != nil {
			panic(fmt.Sprintf("own trust anchor: %v", err))
		}
		out = append(out, rr.String()+"\n"...)
	}
	return out
}
