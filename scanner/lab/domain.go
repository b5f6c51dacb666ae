package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"adopt6/lists"
	"adopt6/scanner/lab/authority"
)

// domain is a zone with its hosts, worked out.
type domain struct {
	name   authority.Name
	spec   *Domain
	line   int
	target bool
	hosts  []host // name servers, then web, then mail

	inherited  bool                  // the name servers of the parent have been copied
	children   *children             // generated domains below this one, or nil
	delegation *authority.Delegation // of a generated domain, for its parent
	keys       []*authority.Key
	build      sync.Once // of a generated domain: makes zone
	zone       *authority.Zone
}

type role uint8

const (
	nsRole role = iota
	apexRole
	wwwRole
	mailRole
)

// host is one host of a domain in one role.
type host struct {
	name  authority.Name
	role  role
	spec  HostSpec
	addrs []netip.Addr
	ns    *NameServer // of a name server
}

func (h *host) services() uint8 {
	switch h.role {
	case nsRole:
		return dnsService
	case mailRole:
		return smtpService
	}
	return httpService | httpsService
}

// expand works out a domain's hosts. slot gives the next pair of addresses for
// those that leave the choice to the laboratory; it is called in the order of
// the hosts, so equal specifications take equal slots.
func (w *world) expand(name authority.Name, spec *Domain, slot func() (v4, v6 netip.Addr)) (*domain, error) {
	d := &domain{name: name, spec: spec}
	for i := range spec.NS.List {
		ns := &spec.NS.List[i]
		if err := d.add(w, ns.Name, nsRole, ns.Addr, slot); err != nil {
			return nil, err
		}
		d.hosts[len(d.hosts)-1].ns = ns
	}
	if spec.Web.given {
		if err := d.add(w, "@", apexRole, spec.Web.Apex, slot); err != nil {
			return nil, err
		}
		if !spec.Web.SameWWW && spec.Web.CNAME == "" {
			if err := d.add(w, "www", wwwRole, spec.Web.WWW, slot); err != nil {
				return nil, err
			}
		}
	}
	for _, mx := range spec.Mail.MX {
		if err := d.add(w, mx.Name, mailRole, mx.Addr, slot); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// add appends a host. A host that is there already in another role, such as a
// web server that also takes mail, keeps its addresses.
func (d *domain) add(w *world, name string, r role, spec HostSpec, slot func() (v4, v6 netip.Addr)) error {
	full, err := d.relative(name)
	if err != nil {
		return err
	}
	h := host{name: full, role: r, spec: spec}
	for _, other := range d.hosts {
		if other.name == full {
			if !spec.Elsewhere {
				return fmt.Errorf("%s has two roles; write \"elsewhere\" for its addresses in the second", full.Text())
			}
			h.spec, h.addrs = other.spec, other.addrs
			d.hosts = append(d.hosts, h)
			return nil
		}
	}
	h.addrs = w.addresses(spec, slot)
	d.hosts = append(d.hosts, h)
	return nil
}

// relative reads a name as a zone file does: below the domain unless it ends
// in a dot; @ is the domain itself.
func (d *domain) relative(name string) (authority.Name, error) {
	if name == "@" {
		return d.name, nil
	}
	if !strings.HasSuffix(name, ".") {
		name += "." + strings.TrimPrefix(d.name.String(), ".")
	}
	return authority.ParseName(name)
}

// maxName leaves room below a domain for www, hashes and the like, in octets.
const maxName = 200

// parseName reads the full name of a domain or host, also in Unicode.
func parseName(text string) (authority.Name, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		ascii, _, err := lists.Normalize(text)
		if err != nil {
			return "", fmt.Errorf("domain name %q: %w", text, err)
		}
		text = ascii
	}
	name, err := authority.ParseName(text)
	if err == nil && len(name) > maxName {
		err = fmt.Errorf("domain name %q is longer than the %d octets that a laboratory can host", text, maxName)
	}
	return name, err
}

func (d *domain) inRole(roles ...role) []*host {
	var out []*host
	for i := range d.hosts {
		for _, r := range roles {
			if d.hosts[i].role == r {
				out = append(out, &d.hosts[i])
			}
		}
	}
	return out
}

func (d *domain) nsHosts() []*host   { return d.inRole(nsRole) }
func (d *domain) webHosts() []*host  { return d.inRole(apexRole, wwwRole) }
func (d *domain) mailHosts() []*host { return d.inRole(mailRole) }

// publishes says whether one of the hosts has an IPv6 address.
func (d *domain) publishes(hosts []*host) bool {
	for _, h := range hosts {
		for _, a := range h.addrs {
			if a.Is6() {
				return true
			}
		}
	}
	return false
}
