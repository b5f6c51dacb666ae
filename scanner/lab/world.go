package lab

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"adopt6/scanner/lab/authority"
)

// world is a scenario worked out: every domain with its hosts, every address
// with its server. newWorld makes the plan; buildZones fills in DNS data.
type world struct {
	scenario  *Scenario
	now       time.Time
	domains   map[authority.Name]*domain
	order     []*domain // root, TLDs, zones, domains, as declared
	hosts     map[authority.Name][]netip.Addr
	positions map[netip.Addr]uint32
	servers   []*server // by position
	slots     uint32    // of declaredPool, given out so far
	keys      authority.KeyRing
	gen       generated
}

// server is what answers at one simulated address. For generated domains one
// server stands for all that have the same profile.
type server struct {
	addr   netip.Addr
	name   authority.Name // of a host that has the address; empty for a profile's
	ports  uint8          // bits of the services
	zones  map[authority.Name]*authority.Zone
	faults []*fault
	// owner is the domain whose web site and mail service this is; nil for a
	// server of several domains or of a profile.
	owner *domain
}

func newWorld(s *Scenario, now time.Time) (*world, error) {
	w := &world{
		scenario: s, now: now,
		domains:   map[authority.Name]*domain{},
		hosts:     map[authority.Name][]netip.Addr{},
		positions: map[netip.Addr]uint32{},
	}
	for _, step := range []func() error{
		w.declareTLDs, w.declareHosts, w.declareZones, w.declareTargets,
		w.planGenerated, w.connect, w.checkTruth,
	} {
		if err := step(); err != nil {
			return nil, inFile(s.file, err)
		}
	}
	return w, nil
}

// declareTLDs brings in the root and the real top-level domains, with what the
// scenario's zones of these names change.
func (w *world) declareTLDs() error {
	changes := map[string]pair{}
	for _, p := range w.scenario.spec.Zones {
		if name, err := parseName(p.key); err == nil {
			changes[name.Text()] = p
		}
	}
	root := realRoot()
	for _, t := range root.tlds {
		spec := &Domain{DNSSEC: DNSSEC{Signed: t.signed}, TTL: tldTTL}
		for _, host := range t.ns {
			spec.NS.List = append(spec.NS.List, NameServer{Name: host + ".", Addr: HostSpec{Addrs: root.hosts[host]}})
		}
		line := 0
		if p, ok := changes[t.name]; ok {
			line = p.line
			if err := w.scenario.layer(spec, p.value, "", 0); err != nil {
				return err
			}
		}
		if err := w.declare(t.name, spec, line); err != nil {
			return err
		}
	}
	return nil
}

// tldTTL is the TTL of the records at and for top-level domains, in seconds.
const tldTTL = 172800

// declareHosts gives the hosts outside of any domain their addresses.
func (w *world) declareHosts() error {
	for _, p := range w.scenario.spec.Hosts {
		name, err := parseName(p.key)
		if err != nil {
			return nodeError(&yaml.Node{Line: p.line}, "%v", err)
		}
		var spec HostSpec
		if err := decode(p.value, &spec); err != nil {
			return err
		}
		w.hosts[name] = w.addresses(spec, w.declaredSlot)
	}
	return nil
}

func (w *world) declareZones() error {
	for _, p := range w.scenario.spec.Zones {
		name, err := parseName(p.key)
		if err == nil && w.domains[name] != nil && w.domains[name].line == p.line {
			continue // a top-level domain, changed already
		}
		spec, err := w.scenario.domainSpec(p.value, "infrastructure")
		if err != nil {
			return err
		}
		if err := w.declare(p.key, spec, p.line); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) declareTargets() error {
	for _, name := range w.scenario.spec.CCTLDs.Targets {
		w.domains[authority.MustName(name)].target = true
	}
	for _, p := range w.scenario.spec.Domains {
		spec, err := w.scenario.domainSpec(p.value, "healthy_v6")
		if err != nil {
			return err
		}
		if err := w.declare(p.key, spec, p.line); err != nil {
			return err
		}
		w.order[len(w.order)-1].target = true
	}
	return nil
}

// declare adds a domain and gives its hosts their addresses.
func (w *world) declare(key string, spec *Domain, line int) error {
	name, err := parseName(key)
	if err != nil {
		return nodeError(&yaml.Node{Line: line}, "%v", err)
	}
	if w.domains[name] != nil {
		return nodeError(&yaml.Node{Line: line}, "%s is declared twice", name.Text())
	}
	d, err := w.expand(name, spec, w.declaredSlot)
	if err != nil {
		return nodeError(&yaml.Node{Line: line}, "%s: %v", name.Text(), err)
	}
	d.line = line
	for _, h := range d.hosts {
		if !h.spec.Elsewhere {
			if other, ok := w.hosts[h.name]; ok && !slices.Equal(other, h.addrs) && len(h.addrs) > 0 {
				return nodeError(&yaml.Node{Line: line}, "%s: host %s has other addresses elsewhere; write \"elsewhere\" for its addresses here", name.Text(), h.name.Text())
			}
			w.hosts[h.name] = h.addrs
		}
	}
	w.domains[name] = d
	w.order = append(w.order, d)
	return nil
}

// declaredSlot returns the next pair of addresses for declared hosts.
func (w *world) declaredSlot() (v4, v6 netip.Addr) {
	w.slots++
	return declaredPool.addr4(w.slots), declaredPool.addr6(w.slots)
}

// addresses turns a host's specification into addresses.
func (w *world) addresses(h HostSpec, slot func() (v4, v6 netip.Addr)) []netip.Addr {
	var out []netip.Addr
	if h.V4 || h.V6 {
		v4, v6 := slot()
		if h.V4 {
			out = append(out, v4)
		}
		if h.V6 {
			out = append(out, v6)
		}
	}
	return append(out, h.Addrs...)
}

// enclosing returns the declared domain whose zone holds name, above name
// itself when strict.
func (w *world) enclosing(name authority.Name, strict bool) *domain {
	if strict {
		name = name.Parent()
	}
	for ; ; name = name.Parent() {
		if d := w.domains[name]; d != nil {
			return d
		}
	}
}

// serverOf returns the server at a declared address, made when first named.
func (w *world) serverOf(addr netip.Addr) *server {
	if position, ok := w.positions[addr]; ok {
		return w.servers[position]
	}
	s := &server{addr: addr, zones: map[authority.Name]*authority.Zone{}}
	w.positions[addr] = uint32(len(w.servers))
	w.servers = append(w.servers, s)
	return s
}

// connect gives every declared address its server, opens the ports that the
// domains use and binds the faults.
func (w *world) connect() error {
	for _, d := range w.order {
		if d.spec.NS.Parent {
			if d.name == authority.Root {
				return nodeError(&yaml.Node{Line: d.line}, "the root has no parent to take name servers from")
			}
			w.inheritNS(d)
		}
		for i := range d.hosts {
			h := &d.hosts[i]
			if h.spec.Elsewhere {
				addrs, ok := w.hosts[h.name]
				if !ok {
					return nodeError(&yaml.Node{Line: d.line}, "%s: no domain declares the host %s; give its addresses, or none", d.name.Text(), h.name.Text())
				}
				h.addrs = addrs
			}
			for _, addr := range h.addrs {
				s := w.serverOf(addr)
				s.ports |= h.services()
				if !h.spec.Elsewhere && s.owner == nil {
					s.owner = d
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.hosts)) {
		for _, addr := range w.hosts[name] {
			if s := w.serverOf(addr); s.name == "" {
				s.name = name
			}
		}
	}
	for _, d := range w.order {
		if err := w.bindFaults(d); err != nil {
			return nodeError(&yaml.Node{Line: d.line}, "%s: %v", d.name.Text(), err)
		}
	}
	if err := w.connectGenerated(); err != nil {
		return err
	}
	return w.bindGlobalFaults()
}

// inheritNS copies the name servers of the parent zone.
func (w *world) inheritNS(d *domain) {
	parent := w.enclosing(d.name, true)
	if parent.spec.NS.Parent && parent.name != authority.Root {
		w.inheritNS(parent)
	}
	if !d.inherited {
		d.inherit(parent)
	}
}

// inherit puts the parent's name servers before the domain's other hosts.
func (d *domain) inherit(parent *domain) {
	d.inherited = true
	var inherited []host
	for _, h := range parent.nsHosts() {
		inherited = append(inherited, host{name: h.name, role: nsRole, spec: HostSpec{Elsewhere: true}, addrs: h.addrs})
	}
	d.hosts = append(inherited, d.hosts...)
}

func (w *world) checkTruth() error {
	for _, d := range w.order {
		if err := d.spec.Truth.check(d); err != nil {
			return nodeError(&yaml.Node{Line: d.line}, "%s: %v", d.name.Text(), err)
		}
	}
	return nil
}

// reaches says whether the scenario's vantage has the address's family.
func (w *world) reaches(addr netip.Addr) bool {
	has := w.scenario.spec.Vantage.IPv6
	if addr.Is4() {
		has = w.scenario.spec.Vantage.IPv4
	}
	return has == nil || *has
}

// blocked says whether the vantage's network drops connections to a port.
func (w *world) blocked(port uint16) bool {
	return slices.Contains(w.scenario.spec.Vantage.Blocked, port)
}

// rootHints returns the root servers that the scenario has.
func (w *world) rootHints() []byte {
	var out bytes.Buffer
	for _, h := range w.domains[authority.Root].hosts {
		fmt.Fprintf(&out, ". 3600000 IN NS %s\n", h.name)
		for _, a := range h.addrs {
			rrtype := "A"
			if a.Is6() {
				rrtype = "AAAA"
			}
			fmt.Fprintf(&out, "%s 3600000 IN %s %s\n", h.name, rrtype, a)
		}
	}
	return out.Bytes()
}
