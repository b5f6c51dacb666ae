//go:build linux && !alone

package resolve_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
)

// at returns the two addresses of the lab's host number n of a group.
func at(group, n int) []netip.Addr {
	return []netip.Addr{
		netip.AddrFrom4([4]byte{185, 1, byte(group), byte(n)}),
		netip.MustParseAddr(fmt.Sprintf("2a01:100:%x::%x", group, n)),
	}
}

// nowhere is a pair of addresses that no host has.
var nowhere = at(66, 1)

// silent is an address where queries are taken and never answered.
var silent = netip.MustParseAddr("185.1.3.1")

func proofHosts() map[string]netns.Host {
	return map[string]netns.Host{
		"root-nsd":  {Program: netns.NSD, Addrs: at(0, 1)},
		"root-knot": {Program: netns.Knot, Addrs: at(0, 2)},
		"root-bind": {Program: netns.BIND, Addrs: at(0, 3)},
		"tld-nsd":   {Program: netns.NSD, Addrs: at(1, 1)},
		"tld-knot":  {Program: netns.Knot, Addrs: at(1, 2)},
		"tld-bind":  {Program: netns.BIND, Addrs: at(1, 3)},
		"nsd":       {Program: netns.NSD, Addrs: at(2, 1)},
		"knot":      {Program: netns.Knot, Addrs: at(2, 2)},
		"bind":      {Program: netns.BIND, Addrs: at(2, 3)},
		"other":     {Program: netns.NSD, Addrs: at(2, 4)},
	}
}

// proofZones collects the zones of the fixed lab.
type proofZones struct {
	t     *testing.T
	now   time.Time
	zones []*netns.Zone
}

// add adds a zone on a host; zones that by does not sign have no keys. The
// caller may change the zone that is returned.
func (p *proofZones) add(name, host string, by netns.Signer, records string, algorithms ...uint8) *netns.Zone {
	z := &netns.Zone{Name: name, Hosts: []string{host}, Records: records}
	z.Signing = netns.Signing{By: by, Inception: p.now.AddDate(0, 0, -7), Expiration: p.now.AddDate(0, 0, 21)}
	if by != netns.Unsigned {
		if algorithms == nil {
			algorithms = []uint8{dns.ECDSAP256SHA256}
		}
		for _, algorithm := range algorithms {
			z.Signing.Keys = append(z.Signing.Keys, newKey(p.t, name, algorithm, netns.EntryPoint))
		}
	}
	p.zones = append(p.zones, z)
	return z
}

// address is the content of zones that are there for their fault.
const address = "www A 93.184.1.1\nwww AAAA 2a0f:1::1\n*.wild A 93.184.1.2\nalias CNAME www\n"

// every kind of answer, for the zones of sound signing.
const content = address + `www MX 10 mail
mail A 93.184.1.3
*.wild TXT "made by a wildcard"
a.b.ent A 93.184.1.4
*.walias CNAME www
host.tree A 93.184.1.5
dn DNAME tree
`

// all returns the zones of the fixed lab.
func (p *proofZones) all() []*netns.Zone {
	root := p.add(".", "root-nsd", netns.SignerBIND, "", dns.RSASHA256)
	root.Hosts = []string{"root-nsd", "root-knot", "root-bind"}
	p.add("nsd.", "tld-nsd", netns.SignerLDNS, "")
	p.add("knot.", "tld-knot", netns.SignerKnot, "").Signing.NSEC3 = &netns.NSEC3{OptOut: true}
	p.add("bind.", "tld-bind", netns.SignerBIND, "", dns.ED25519).Signing.NSEC3 = &netns.NSEC3{Iterations: 10, Salt: "ABCD"}
	p.add("plain.", "tld-nsd", netns.Unsigned, "")

	p.sound()
	p.unsigned()
	p.algorithms()
	p.hashed()
	p.digests()
	p.periods()
	p.spoiled()
	p.unusualKeys()
	p.aliases()
	p.servers()
	return p.zones
}

// sound adds the zones that are in order, on each server software, and below
// each an unsigned and a signed child.
func (p *proofZones) sound() {
	for host, by := range map[string]netns.Signer{"nsd": netns.SignerLDNS, "knot": netns.SignerKnot, "bind": netns.SignerBIND} {
		p.add("basic."+host+".", host, by, content)
		hashed := p.add("hashed."+host+".", host, by, content)
		hashed.Signing.NSEC3 = map[string]*netns.NSEC3{
			"nsd": {}, "knot": {Iterations: 10, Salt: "AABBCCDD"}, "bind": {OptOut: true},
		}[host]
		for _, parent := range []string{"basic.", "hashed."} {
			p.add("open."+parent+host+".", "nsd", netns.Unsigned, address)
			p.add("closed."+parent+host+".", host, netns.SignerLDNS, address)
		}
	}
	// Their parents are on one server with the grandparents: the referral that
	// comes is not the grandparent's. Nobody asks anything else about twin.nsd.
	p.add("twin.nsd.", "nsd", netns.SignerLDNS, address)
	p.add("in.twin.nsd.", "nsd", netns.SignerLDNS, address)
	p.add("far.in.twin.nsd.", "other", netns.SignerLDNS, address)
	p.add("open.twin.nsd.", "nsd", netns.Unsigned, address)
	p.add("far.open.twin.nsd.", "other", netns.SignerLDNS, address)
	for _, parent := range []string{"closed.basic.nsd.", "open.basic.nsd.", "closed.hashed.nsd.", "open.hashed.nsd."} {
		p.add("far."+parent, "other", netns.SignerLDNS, address)
	}
	p.add("a.b.deep.basic.bind.", "nsd", netns.SignerLDNS, address)
	split := p.add("split.nsd.", "nsd", netns.SignerLDNS, address)
	split.Signing.Keys = append(split.Signing.Keys, newKey(p.t, "split.nsd.", dns.ECDSAP256SHA256, netns.ZoneKey))
	p.add("big.nsd.", "nsd", netns.SignerLDNS, "www TXT "+strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 12)+"\n")
}

// unsigned adds zones without a chain of trust.
func (p *proofZones) unsigned() {
	for _, tld := range []string{"nsd", "knot", "bind", "plain"} {
		p.add("unsigned."+tld+".", "nsd", netns.Unsigned, content)
		p.add("island."+tld+".", "nsd", netns.SignerLDNS, content).DS = noDS
	}
	p.add("signed.plain.", "nsd", netns.SignerLDNS, address)
	p.add("signed.unsigned.nsd.", "nsd", netns.SignerLDNS, address)
}

func (p *proofZones) algorithms() {
	p.add("rsasha1.bind.", "nsd", netns.SignerBIND, address, dns.RSASHA1)
	p.add("nsec3rsasha1.bind.", "nsd", netns.SignerBIND, address, dns.RSASHA1NSEC3SHA1).Signing.NSEC3 = &netns.NSEC3{}
	p.add("rsasha256.bind.", "nsd", netns.SignerLDNS, address, dns.RSASHA256)
	p.add("rsasha512.bind.", "nsd", netns.SignerBIND, address, dns.RSASHA512)
	p.add("p384.bind.", "nsd", netns.SignerLDNS, address, dns.ECDSAP384SHA384)
	p.add("ed25519.bind.", "nsd", netns.SignerLDNS, address, dns.ED25519)
	p.add("ed448.bind.", "nsd", netns.SignerBIND, address, dns.ED448)
	p.add("ed448.knot.", "knot", netns.SignerKnot, address, dns.ED448)

	two := []uint8{dns.ECDSAP256SHA256, dns.RSASHA256}
	p.add("two.nsd.", "nsd", netns.SignerLDNS, address, two...)
	p.add("two.bind.", "nsd", netns.SignerBIND, address, two...)
	rsa := func(rr dns.RR) bool { return rr.(*dns.RRSIG).Algorithm == dns.RSASHA256 }
	ofRSA := func(rr dns.RR) bool { _, ok := rr.(*dns.RRSIG); return ok && rsa(rr) }
	p.add("onebroken.nsd.", "nsd", netns.SignerLDNS, address, two...).Edit = changed(ofRSA, corrupt)
	p.add("onemissing.nsd.", "nsd", netns.SignerLDNS, address, two...).Edit = without(ofRSA)
	p.add("bothbroken.nsd.", "nsd", netns.SignerLDNS, address, two...).Edit = changed(sigs("www.bothbroken.nsd.", dns.TypeA), corrupt)

	renumber := func(ds *dns.DS) { ds.Algorithm = 100 }
	unknown := p.add("unknown.nsd.", "nsd", netns.SignerLDNS, address)
	unknown.DS, unknown.Edit = editedDS(renumber, dns.SHA256), algorithmChanged(100)
	p.add("unknownbeside.nsd.", "nsd", netns.SignerLDNS, address).DS = bothDS(editedDS(renumber, dns.SHA256), netns.DigestSHA256)
}

// hashed adds zones around the limits of NSEC3.
func (p *proofZones) hashed() {
	for _, iterations := range []int{1, 50, 51, 150, 151, 500} {
		z := p.add(fmt.Sprintf("i%d.nsd.", iterations), "nsd", netns.SignerLDNS, address)
		z.Signing.NSEC3 = &netns.NSEC3{Iterations: iterations, Salt: "ABCDEF"}
		p.add("open."+z.Name, "nsd", netns.Unsigned, address)
	}
	p.optOut()
}

// optOut adds zones with opt-out and a wildcard.
func (p *proofZones) optOut() {
	// The hash of covered16 lies in the span of the wildcard's own record.
	// It is not in the chain itself: BIND leaves unsigned delegations out.
	p.add("optwild.nsd.", "nsd", netns.SignerBIND, "* CNAME a\na A 93.184.1.1\n").Signing.NSEC3 = &netns.NSEC3{OptOut: true}
	p.add("covered16.optwild.nsd.", "other", netns.Unsigned, address)
	tag := p.add("opttag.nsd.", "nsd", netns.SignerLDNS, "* TXT x\n")
	tag.Signing.NSEC3 = &netns.NSEC3{OptOut: true}
	tag.Edit = changed(sigs("*.opttag.nsd.", dns.TypeTXT), func(sig *dns.RRSIG) { sig.KeyTag++ })
	bare := p.add("optbare.nsd.", "nsd", netns.SignerLDNS, "* TXT x\n")
	bare.Signing.NSEC3 = &netns.NSEC3{OptOut: true}
	bare.Edit = without(sigs("*.optbare.nsd.", dns.TypeTXT))
	// The record of nope covers the wildcard that there is not, that of a
	// covers c.
	gone := p.add("optgone.nsd.", "nsd", netns.SignerLDNS, "a A 93.184.1.1\nnope A 93.184.1.2\n")
	gone.Signing.NSEC3 = &netns.NSEC3{OptOut: true}
	gone.Edit = changed(sigs("fm4mvds6nacdl3ib6opthh4qed9566nf.optgone.nsd.", dns.TypeNSEC3), corrupt)
}

func (p *proofZones) digests() {
	wrongSHA1, wrongSHA256 := editedDS(otherDigest, dns.SHA1), editedDS(otherDigest, dns.SHA256)
	unknown := editedDS(func(ds *dns.DS) { ds.DigestType = 200 }, dns.SHA256)
	for name, ds := range map[string]func([]*dns.DNSKEY) []dns.RR{
		"sha1":           digests(dns.SHA1),
		"sha384":         digests(dns.SHA384),
		"sha1beside":     digests(dns.SHA1, dns.SHA256),
		"sha1wrong":      bothDS(wrongSHA1, netns.DigestSHA256),
		"sha256wrong":    bothDS(digests(dns.SHA1), wrongSHA256),
		"unknowndigest":  unknown,
		"unknownbeside2": bothDS(unknown, netns.DigestSHA256),
		"wrongdigest":    wrongSHA256,
		"wrongtag":       editedDS(func(ds *dns.DS) { ds.KeyTag++ }, dns.SHA256),
		"wrongalgorithm": editedDS(func(ds *dns.DS) { ds.Algorithm = dns.ED25519 }, dns.SHA256),
	} {
		p.add(name+".bind.", "nsd", netns.SignerLDNS, address).DS = ds
	}
	other := newKey(p.t, "unsignedds.bind.", dns.ED25519, netns.EntryPoint)
	p.add("unsignedds.bind.", "nsd", netns.Unsigned, address).DS = func([]*dns.DNSKEY) []dns.RR {
		return netns.DigestSHA256([]*dns.DNSKEY{other.DNSKEY})
	}
}

// periods adds zones whose signatures are not valid now.
func (p *proofZones) periods() {
	for _, by := range []struct {
		tld    string
		signer netns.Signer
	}{{"nsd", netns.SignerLDNS}, {"bind", netns.SignerBIND}} {
		expired := p.add("expired."+by.tld+".", "nsd", by.signer, address)
		expired.Signing.Inception, expired.Signing.Expiration = p.now.AddDate(0, 0, -60), p.now.AddDate(0, 0, -30)
		future := p.add("future."+by.tld+".", "nsd", by.signer, address)
		future.Signing.Inception, future.Signing.Expiration = p.now.AddDate(0, 0, 30), p.now.AddDate(0, 0, 60)
	}
	late := p.add("late.nsd.", "nsd", netns.SignerLDNS, address)
	late.Edit = resigned(p.t, late.Signing.Keys[0], "www.late.nsd.", dns.TypeA, p.now.AddDate(0, 0, -20), p.now.AddDate(0, 0, -1))
	reversed := p.add("reversed.nsd.", "nsd", netns.SignerLDNS, address)
	reversed.Edit = resigned(p.t, reversed.Signing.Keys[0], "www.reversed.nsd.", dns.TypeA, p.now.AddDate(0, 0, 1), p.now.AddDate(0, 0, -1))
}

// spoiled adds zones that were edited after signing. Where a fault is that of
// one set, it is the A records of www.
func (p *proofZones) spoiled() {
	spoil := func(label string, edit func(www, apex string) func([]dns.RR) []dns.RR) *netns.Zone {
		z := p.add(label+".nsd.", "nsd", netns.SignerLDNS, address)
		z.Edit = edit("www."+z.Name, z.Name)
		return z
	}
	type edit = func([]dns.RR) []dns.RR
	spoil("nokey", func(_, apex string) edit { return without(set(apex, dns.TypeDNSKEY), sigs(apex, dns.TypeDNSKEY)) })
	spoil("nokeysig", func(_, apex string) edit { return without(sigs(apex, dns.TypeDNSKEY)) })
	spoil("badkeysig", func(_, apex string) edit { return changed(sigs(apex, dns.TypeDNSKEY), corrupt) })
	spoil("nosig", func(www, _ string) edit { return without(sigs(www, dns.TypeA)) })
	spoil("corrupt", func(www, _ string) edit { return changed(sigs(www, dns.TypeA), corrupt) })
	spoil("signer", func(www, _ string) edit {
		return changed(sigs(www, dns.TypeA), func(sig *dns.RRSIG) { sig.SignerName = "nsd." })
	})
	spoil("tag", func(www, _ string) edit { return changed(sigs(www, dns.TypeA), func(sig *dns.RRSIG) { sig.KeyTag++ }) })
	spoil("labels", func(www, _ string) edit { return changed(sigs(www, dns.TypeA), func(sig *dns.RRSIG) { sig.Labels-- }) })
	spoil("manylabels", func(www, _ string) edit {
		return changed(sigs(www, dns.TypeA), func(sig *dns.RRSIG) { sig.Labels++ })
	})
	spoil("ttl", func(www, _ string) edit {
		return changed(sigs(www, dns.TypeA), func(sig *dns.RRSIG) { sig.OrigTtl = 60 })
	})
	spoil("nonsec", func(string, string) edit { return without(every(dns.TypeNSEC)) })
	spoil("nonsecsig", func(string, string) edit {
		return without(func(rr dns.RR) bool { sig, ok := rr.(*dns.RRSIG); return ok && sig.TypeCovered == dns.TypeNSEC })
	})
	spoil("nsecsig", func(string, string) edit {
		return changed(func(rr dns.RR) bool { return rr.(*dns.RRSIG).TypeCovered == dns.TypeNSEC }, corrupt)
	})
	spoil("nonsec3", func(string, string) edit { return without(every(dns.TypeNSEC3)) }).Signing.NSEC3 = &netns.NSEC3{}
	spoil("nsec3sig", func(string, string) edit {
		return changed(func(rr dns.RR) bool { return rr.(*dns.RRSIG).TypeCovered == dns.TypeNSEC3 }, corrupt)
	}).Signing.NSEC3 = &netns.NSEC3{}
	noWild := p.add("nowild.nsd.", "nsd", netns.SignerLDNS, address+"* TXT x\nmail A 93.184.1.3\n")
	noWild.Edit = without(set("*.nowild.nsd.", dns.TypeNSEC), sigs("*.nowild.nsd.", dns.TypeNSEC))
	// No verdict depends on the names between zone and child.
	spoil("deepnsec", func(string, string) edit { return without(every(dns.TypeNSEC)) })
	spoil("deepnsec3", func(string, string) edit { return without(every(dns.TypeNSEC3)) }).Signing.NSEC3 = &netns.NSEC3{}
	p.add("a.b.deepnsec.nsd.", "other", netns.SignerLDNS, address)
	p.add("a.b.deepnsec3.nsd.", "other", netns.SignerLDNS, address)
	spoil("stripped", func(string, string) edit {
		return without(every(dns.TypeDNSKEY), every(dns.TypeNSEC), every(dns.TypeRRSIG))
	})
	spoil("changed", func(www, _ string) edit {
		return func(records []dns.RR) []dns.RR {
			for _, rr := range records {
				if a, ok := rr.(*dns.A); ok && a.Hdr.Name == www {
					a.A = net.IPv4(93, 184, 1, 99)
				}
			}
			return records
		}
	})
}

// unusualKeys adds zones whose DNSKEY set no signing tool makes.
func (p *proofZones) unusualKeys() {
	keys := func(z *netns.Zone, key *netns.Key, more ...dns.RR) func([]dns.RR) []dns.RR {
		return allOf(first(more...), resigned(p.t, key, z.Name, dns.TypeDNSKEY, z.Signing.Inception, z.Signing.Expiration))
	}
	// The key that signs comes before the other in canonical order, and after.
	for i, name := range []string{"collision1.nsd.", "collision2.nsd."} {
		collision := p.add(name, "nsd", netns.SignerLDNS, address)
		pair := collidingKeys(p.t, name)
		collision.Signing.Keys = []*netns.Key{pair[i]}
		collision.Edit = keys(collision, pair[i], pair[1-i].DNSKEY)
	}

	large := p.add("large.nsd.", "nsd", netns.SignerLDNS, address)
	var more []dns.RR
	for range 12 {
		more = append(more, newKey(p.t, large.Name, dns.RSASHA256, netns.ZoneKey).DNSKEY)
	}
	large.Edit = keys(large, large.Signing.Keys[0], more...)

	// The key that the DS names signs nothing but the DNSKEY set; here it does
	// not even sign that.
	unentered := p.add("unentered.nsd.", "nsd", netns.SignerLDNS, address)
	standby := newKey(p.t, unentered.Name, dns.ECDSAP256SHA256, netns.EntryPoint)
	unentered.DS = func([]*dns.DNSKEY) []dns.RR { return netns.DigestSHA256([]*dns.DNSKEY{standby.DNSKEY}) }
	unentered.Edit = keys(unentered, unentered.Signing.Keys[0], standby.DNSKEY)

	// A key that is not a zone key (RFC 4034 section 2.1.1).
	host := p.add("hostkey.nsd.", "nsd", netns.SignerLDNS, address)
	nonZone := newKey(p.t, host.Name, dns.ECDSAP256SHA256, dns.SEP)
	host.DS = func([]*dns.DNSKEY) []dns.RR { return netns.DigestSHA256([]*dns.DNSKEY{nonZone.DNSKEY}) }
	host.Edit = keys(host, nonZone, nonZone.DNSKEY)

	// Its only key revoked, and the DS naming the revoked form (RFC 5011).
	revoked := p.add("revoked.nsd.", "nsd", netns.SignerLDNS, address)
	key := revoked.Signing.Keys[0]
	tag := key.DNSKEY.KeyTag()
	revoked.DS = func(keys []*dns.DNSKEY) []dns.RR {
		keys[0].Flags |= dns.REVOKE
		return netns.DigestSHA256(keys)
	}
	revoked.Edit = func(records []dns.RR) []dns.RR {
		key.DNSKEY.Flags |= dns.REVOKE
		if key.DNSKEY.KeyTag() == tag {
			p.t.Error("the flag changed no key tag")
		}
		for _, rrtype := range []uint16{dns.TypeDNSKEY, dns.TypeNS, dns.TypeSOA} {
			records = resigned(p.t, key, revoked.Name, rrtype, revoked.Signing.Inception, revoked.Signing.Expiration)(records)
		}
		return resigned(p.t, key, "www."+revoked.Name, dns.TypeA, revoked.Signing.Inception, revoked.Signing.Expiration)(records)
	}

	// A revoked key beside one in use: it is there to say so.
	retired := p.add("retired.nsd.", "nsd", netns.SignerLDNS, address)
	retired.Edit = keys(retired, retired.Signing.Keys[0], newKey(p.t, retired.Name, dns.ECDSAP256SHA256, netns.EntryPoint|dns.REVOKE).DNSKEY)
}

// aliases adds CNAME and DNAME records that lead to other zones, and chains.
func (p *proofZones) aliases() {
	var b strings.Builder
	for label, target := range map[string]string{
		"secure": "www.basic.bind.", "insecure": "www.unsigned.knot.", "bogus": "www.corrupt.nsd.",
		"gone": "nope.basic.knot.", "gonehashed": "nope.hashed.nsd.", "goneoptout": "nope.hashed.bind.",
		"goneinsecure": "nope.unsigned.bind.", "empty": "ent.basic.bind.", "dead": "www.dead.nsd.",
		"wild": "foo.wild.hashed.knot.", "self": "self", "loop1": "loop2", "loop2": "loop3", "loop3": "loop1",
		"out1": "back.unsigned2.nsd.", "chain8": "www.basic.nsd.",
	} {
		fmt.Fprintf(&b, "%s CNAME %s\n", label, target)
	}
	for i := range 7 {
		fmt.Fprintf(&b, "chain%d CNAME chain%d\n", i+1, i+2)
	}
	b.WriteString("dnsecure DNAME basic.bind.\ndninsecure DNAME unsigned.nsd.\ndnbogus DNAME corrupt.nsd.\ndnself DNAME x.dnself\n")
	p.add("alias.nsd.", "nsd", netns.SignerLDNS, b.String())
	p.add("unsigned2.nsd.", "nsd", netns.Unsigned, "secure CNAME www.basic.bind.\nbogus CNAME www.corrupt.nsd.\nback CNAME secure.alias.nsd.\ndn DNAME basic.bind.\n")
	spoiled := p.add("badalias.nsd.", "nsd", netns.SignerLDNS, address+"dn DNAME basic.bind.\n")
	spoiled.Edit = allOf(changed(sigs("alias.badalias.nsd.", dns.TypeCNAME), corrupt), changed(sigs("dn.badalias.nsd.", dns.TypeDNAME), corrupt))
}

// servers adds zones whose name servers are hard or impossible to reach.
func (p *proofZones) servers() {
	serve := func(name string, servers ...netns.NameServer) {
		p.add(name, "nsd", netns.SignerLDNS, address).NS = servers
	}
	here := at(2, 1)
	other := at(2, 4)
	p.add("held.nsd.", "other", netns.SignerLDNS, address)
	serve("glueless.nsd.", netns.NameServer{Name: "ns1.basic.bind."})
	glueless := p.zones[len(p.zones)-1]
	glueless.Hosts = []string{"bind"}
	glueless.Records += fmt.Sprintf("ns A %s\nns AAAA %s\n", here[0], here[1])
	serve("farglueless.nsd.", netns.NameServer{Name: "ns.glueless.nsd."})
	serve("sibling.nsd.", netns.NameServer{Name: "ns.siblinghost.nsd."})
	serve("siblinghost.nsd.", netns.NameServer{Name: "ns.siblinghost.nsd.", Addrs: here})
	serve("v6broken.nsd.", netns.NameServer{Name: "ns.v6broken.nsd.", Addrs: []netip.Addr{here[0], nowhere[1]}})
	serve("v4broken.nsd.", netns.NameServer{Name: "ns.v4broken.nsd.", Addrs: []netip.Addr{nowhere[0], here[1]}})
	serve("v4only.nsd.", netns.NameServer{Name: "ns.v4only.nsd.", Addrs: here[:1]})
	serve("v6only.nsd.", netns.NameServer{Name: "ns.v6only.nsd.", Addrs: here[1:]})
	serve("overv4.nsd.", netns.NameServer{Name: "ns.v4only.nsd."})
	serve("halflame.nsd.", netns.NameServer{Name: "ns1.halflame.nsd.", Addrs: other}, netns.NameServer{Name: "ns2.halflame.nsd.", Addrs: here})
	serve("lame.nsd.", netns.NameServer{Name: "ns.lame.nsd.", Addrs: other})
	serve("dead.nsd.", netns.NameServer{Name: "ns.dead.nsd.", Addrs: nowhere})
	serve("halfdead.nsd.", netns.NameServer{Name: "ns1.halfdead.nsd.", Addrs: nowhere}, netns.NameServer{Name: "ns2.halfdead.nsd.", Addrs: here})
	serve("halfsilent.nsd.", netns.NameServer{Name: "ns1.halfsilent.nsd.", Addrs: []netip.Addr{silent}}, netns.NameServer{Name: "ns2.halfsilent.nsd.", Addrs: here})
	serve("silent.nsd.", netns.NameServer{Name: "ns.silent.nsd.", Addrs: []netip.Addr{silent}})
	serve("circle1.nsd.", netns.NameServer{Name: "ns.circle2.nsd."})
	serve("circle2.nsd.", netns.NameServer{Name: "ns.circle1.nsd."})
}
