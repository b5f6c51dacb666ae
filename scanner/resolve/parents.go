package resolve

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

const (
	// maxParents is how many name servers of a zone are asked what they say of
	// a delegation, and parentTries how often each.
	maxParents  = 8
	parentTries = 2
	// maxGlueless is how many name servers within a zone are asked for at its
	// parent when a referral gave no address of any.
	maxGlueless = 4
)

// Referral is what one server of a parent zone says of a zone below.
type Referral struct {
	Server string         // name of the parent's name server, with the final dot
	Addr   netip.AddrPort // the address that was asked
	RCode  int
	NS     []string                // sorted; empty where it knows of no delegation
	Glue   map[string][]netip.Addr // as in [Delegation]
	// Child is true where the server serves the zone below itself, so that NS
	// are the zone's own records.
	Child  bool
	Reason observation.Reason // why it gave no answer; empty when it did

	cut *cut
}

// askParents asks name servers of the zone p, one after the other in the order of
// their names, for the delegation of a zone below. The failure is one that ends
// the job.
func (j *job) askParents(p *cut, zone string) ([]Referral, *failure) {
	hosts := slices.SortedFunc(slices.Values(p.ns), func(a, b nsHost) int { return strings.Compare(a.name, b.name) })
	var all []Referral
	for _, host := range hosts[:min(len(hosts), maxParents)] {
		said, f := j.referralBy(p, host, zone)
		if f != nil {
			return nil, f
		}
		if said != nil {
			all = append(all, *said)
		}
	}
	return all, nil
}

// referralBy asks one name server of p. It returns nil for one without a usable
// address.
func (j *job) referralBy(p *cut, host nsHost, zone string) (*Referral, *failure) {
	r := &round{cut: p, name: zone, qtype: dns.TypeNS, keepGlue: true}
	if f := j.addHost(r, host); f != nil || len(r.candidates) == 0 {
		return nil, f
	}
	said := &Referral{Server: host.name}
	for range parentTries {
		c := r.pick(parentTries)
		if c == nil {
			break
		}
		a, f := j.askServer(r, c)
		if f != nil {
			return nil, f
		}
		said.Addr = c.server.addr
		if a != nil {
			said.take(a, zone)
			return said, nil
		}
	}
	said.Reason = r.reason
	if said.Reason == "" {
		said.Reason = observation.Lame
	}
	return said, nil
}

// addHost adds the addresses of a name server as candidates, looked up where the
// zone above gave none.
func (j *job) addHost(r *round, host nsHost) *failure {
	j.addCandidates(r, host.name, host.addrs)
	if len(r.candidates) > 0 || inZone(host.name, r.cut.zone) {
		return nil
	}
	for _, kind := range j.view.mode.addressTypes() {
		addrs, _, f := j.addresses(source{host.name, kind})
		if f != nil {
			return f
		}
		j.addCandidates(r, host.name, addrs)
	}
	return nil
}

// take reads an answer to a question for the NS records of zone.
func (said *Referral) take(a *answer, zone string) {
	said.RCode = a.rcode
	if a.cut == nil || a.cut.zone != zone {
		return
	}
	said.cut, said.Glue, said.Child = a.cut, a.glue, a.kind == isAnswer
	for _, host := range a.cut.ns {
		said.NS = append(said.NS, host.name)
	}
	slices.Sort(said.NS)
}

// merged returns the zone cut as all of several referrals together have it, and
// all their glue; nil where none leads to the zone. What servers say that serve
// the zone themselves counts where no other refers to it.
func merged(zone, parent string, all []Referral) (*cut, map[string][]netip.Addr) {
	refer := slices.ContainsFunc(all, func(r Referral) bool { return r.cut != nil && !r.Child })
	var whole *cut
	glue := make(map[string][]netip.Addr)
	for _, r := range all {
		if r.cut == nil || refer && r.Child {
			continue
		}
		if whole == nil {
			whole = &cut{zone: zone, parent: parent, expires: r.cut.expires, whole: true}
		}
		whole.expires = min(whole.expires, r.cut.expires)
		for _, host := range r.cut.ns {
			whole.add(host)
		}
		for name, addrs := range r.Glue {
			for _, a := range addrs {
				if !slices.Contains(glue[name], a) && len(glue[name]) < maxAddresses {
					glue[name] = append(glue[name], a)
				}
			}
		}
	}
	return whole, glue
}

// add adds a name server and its addresses to c, which nobody else has yet.
func (c *cut) add(host nsHost) {
	n := slices.IndexFunc(c.ns, func(h nsHost) bool { return h.name == host.name })
	if n < 0 {
		if len(c.ns) == maxNS {
			return
		}
		n = len(c.ns)
		c.ns = append(c.ns, nsHost{name: host.name})
	}
	c.ns[n].glued = c.ns[n].glued || host.glued
	for _, a := range host.addrs {
		if !slices.Contains(c.ns[n].addrs, a) && len(c.ns[n].addrs) < maxAddresses {
			c.ns[n].addrs = append(c.ns[n].addrs, a)
		}
	}
}

// fromParent asks the servers of the zone above once more when a delegation led
// nowhere: another of them may know name servers or glue that the first left out
// (RFC 1034 section 5.3.3, RFC 9471). It returns whether there is more to ask.
func (j *job) fromParent(r *round) (bool, *failure) {
	if r.cut.whole || r.cut.zone == "." {
		return false, nil
	}
	above, f := j.closest(r.cut.zone, dns.TypeDS)
	if f != nil {
		return false, nil
	}
	all, f := j.askParents(above, r.cut.zone)
	if f != nil {
		return false, f
	}
	whole, _ := merged(r.cut.zone, above.zone, all)
	if whole == nil {
		whole = &cut{zone: r.cut.zone, parent: r.cut.parent, expires: r.cut.expires, whole: true}
	}
	known := r.cut.ns
	for _, host := range known {
		whole.add(host)
	}
	before := len(r.candidates)
	for _, host := range whole.ns {
		j.addCandidates(r, host.name, host.addrs)
	}
	if len(r.candidates) == 0 {
		found, f := j.addressesAtParent(above, whole)
		if f != nil {
			return false, f
		}
		for name, addrs := range found {
			whole.add(nsHost{name, addrs, true})
			j.addCandidates(r, name, addrs)
		}
	}
	r.cut = whole
	j.view.cuts.put(key{name: whole.zone}, whole, whole.expires, whole.bytes())
	r.sources, _ = j.sources(whole, func(host nsHost) bool {
		return !slices.ContainsFunc(known, func(h nsHost) bool { return h.name == host.name })
	})
	return len(r.candidates) > before || len(r.sources) > 0, nil
}

// addressesAtParent asks the servers of the zone above for the addresses of name
// servers in c that lie within it and came without glue.
func (j *job) addressesAtParent(above, c *cut) (map[string][]netip.Addr, *failure) {
	found := make(map[string][]netip.Addr)
	asked := 0
	for _, host := range c.ns {
		if host.glued || !inZone(host.name, c.zone) || asked == maxGlueless {
			continue
		}
		asked++
		for _, kind := range j.view.mode.addressTypes() {
			r := &round{cut: above, name: host.name, qtype: kind}
			for _, server := range above.ns {
				j.addCandidates(r, server.name, server.addrs)
			}
			addrs, f := j.addressAtParent(r, c.zone)
			if f != nil {
				return nil, f
			}
			found[host.name] = append(found[host.name], addrs...)
		}
	}
	maps.DeleteFunc(found, func(_ string, addrs []netip.Addr) bool { return len(addrs) == 0 })
	return found, nil
}

// addressAtParent asks servers of the zone above until one gives an address:
// in the answer, or as glue of a referral.
func (j *job) addressAtParent(r *round, zone string) ([]netip.Addr, *failure) {
	for range parentTries {
		c := r.pick(1)
		if c == nil {
			return nil, nil
		}
		a, f := j.askServer(r, c)
		if f != nil {
			return nil, f
		}
		if a == nil {
			a = r.weak // glue is given without authority
		}
		switch {
		case a == nil:
		case a.kind == isAnswer:
			return addressesOf(a), nil
		case a.kind == isReferral && a.cut.zone == zone:
			if i := slices.IndexFunc(a.cut.ns, func(h nsHost) bool { return h.name == r.name }); i >= 0 && len(a.cut.ns[i].addrs) > 0 {
				return a.cut.ns[i].addrs, nil
			}
		}
	}
	return nil, nil
}

// lacksGlue says whether a name server within the zone came without an address of
// a family, which another server of the parent may have.
func (c *cut) lacksGlue(glue map[string][]netip.Addr) bool {
	return slices.ContainsFunc(c.ns, func(host nsHost) bool {
		addrs := glue[host.name]
		return inZone(host.name, c.zone) &&
			(!slices.ContainsFunc(addrs, netip.Addr.Is4) || !slices.ContainsFunc(addrs, netip.Addr.Is6))
	})
}
