package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"
	"go.yaml.in/yaml/v3"

	"adopt6/scanner/lab/authority"
)

// connectGenerated opens the ports of the templates' servers, binds their
// faults and fixes the position of the first generated address. It comes after
// every declared address has its position.
func (w *world) connectGenerated() error {
	for _, profile := range slices.Sorted(maps.Keys(w.gen.templates)) {
		t := w.gen.templates[profile]
		d, err := w.expand(authority.MustName("domain.example"), t.spec, templateSlots())
		if err != nil {
			return err
		}
		if err := w.connectTemplate(t, d); err != nil {
			return nodeError(&yaml.Node{Line: t.line}, "profile %s: %v", profile, err)
		}
	}
	w.gen.base = uint32(len(w.servers))
	return checkPositions(len(w.servers), uint64(w.gen.count)*uint64(w.gen.perDomain))
}

func (w *world) connectTemplate(t *template, d *domain) error {
	for i := range d.hosts {
		if err := w.connectTemplateHost(t, &d.hosts[i]); err != nil {
			return err
		}
	}
	for i := range t.spec.Faults {
		err := w.bindFault(d, &t.spec.Faults[i], t, func(a netip.Addr) *server { return w.templateServer(t, a) })
		if err != nil {
			return err
		}
	}
	if err := w.fillAlone(d); err != nil {
		return err
	}
	return t.spec.Truth.check(d)
}

// templateSlots gives out the addresses that stand for a profile's hosts.
func templateSlots() func() (v4, v6 netip.Addr) {
	next := uint32(0)
	return func() (netip.Addr, netip.Addr) {
		next++
		return generatedPool.addr4(next - 1), generatedPool.addr6(next - 1)
	}
}

func (w *world) connectTemplateHost(t *template, h *host) error {
	if h.spec.Elsewhere {
		addrs, ok := w.hosts[h.name]
		if !ok {
			return fmt.Errorf("no domain declares the host %s", h.name.Text())
		}
		h.addrs = addrs
	} else if !h.name.In(authority.MustName("domain.example")) {
		return fmt.Errorf("host %s lies outside of the generated domains; declare it below hosts or zones and write \"elsewhere\" here", h.name.Text())
	}
	for _, addr := range h.addrs {
		s := w.templateServer(t, addr)
		s.ports |= h.services()
		if h.role == nsRole && (h.ns == nil || h.ns.Serves == nil || *h.ns.Serves) {
			t.serving[s] = true
		}
	}
	return nil
}

// templateServer returns the server of a profile's host, or the declared
// server at an address that the profile writes out.
func (w *world) templateServer(t *template, addr netip.Addr) *server {
	slot, ok := generatedPool.slot(addr)
	if !ok || slot >= uint32(len(t.servers)) {
		return w.serverOf(addr)
	}
	family := 0
	if addr.Is6() {
		family = 1
	}
	if t.servers[slot][family] == nil {
		t.servers[slot][family] = &server{addr: addr}
	}
	return t.servers[slot][family]
}

// positionOf returns the position of a simulated address.
func (w *world) positionOf(addr netip.Addr) (uint32, bool) {
	if position, ok := w.positions[addr]; ok {
		return position, true
	}
	slot, ok := generatedPool.slot(addr)
	if !ok || w.gen.perDomain == 0 || slot/w.gen.perDomain >= w.gen.count {
		return 0, false
	}
	position := w.gen.base + 2*slot
	if addr.Is6() {
		position++
	}
	return position, w.serverAt(position) != nil
}

// serverAt returns the server at a position, nil when there is none.
func (w *world) serverAt(position uint32) *server {
	if position < w.gen.base {
		return w.servers[position]
	}
	id, slot, family, ok := w.generatedPosition(position)
	if !ok {
		return nil
	}
	if t := w.templateOf(id); slot < uint32(len(t.servers)) {
		return t.servers[slot][family]
	}
	return nil
}

// generatedPosition splits a position of the generated addresses into its parts.
func (w *world) generatedPosition(position uint32) (id, slot, family uint32, ok bool) {
	if w.gen.perDomain == 0 {
		return 0, 0, 0, false
	}
	n := position - w.gen.base
	id = n / 2 / w.gen.perDomain
	return id, n / 2 % w.gen.perDomain, n % 2, id < w.gen.count
}

// address is the inverse of positionOf.
func (w *world) address(position uint32) netip.Addr {
	if position < w.gen.base {
		return w.servers[position].addr
	}
	if slot := (position - w.gen.base) / 2; (position-w.gen.base)%2 == 1 {
		return generatedPool.addr6(slot)
	} else {
		return generatedPool.addr4(slot)
	}
}

// generatedAbove returns the generated domain that name is or lies in.
func (w *world) generatedAbove(name authority.Name) (uint32, bool) {
	for ; name != authority.Root; name = name.Parent() {
		if id, ok := w.idOf(name); ok {
			return id, true
		}
	}
	return 0, false
}

// domainCache keeps generated domains that were asked for, the recent ones: it
// forgets all that have not been used since it was last full.
type domainCache struct{ shards [16]cacheShard }

type cacheShard struct {
	mu         sync.Mutex
	young, old map[uint32]*domain
}

// shardDomains is half of what one shard holds.
const shardDomains = 512

func (c *domainCache) init() {
	for i := range c.shards {
		c.shards[i].young = map[uint32]*domain{}
	}
}

func (c *domainCache) get(id uint32, fresh func() *domain) *domain {
	s := &c.shards[id%uint32(len(c.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.young[id]
	if d == nil {
		if d = s.old[id]; d == nil {
			d = fresh()
		}
		if len(s.young) >= shardDomains {
			s.old, s.young = s.young, map[uint32]*domain{}
		}
		s.young[id] = d
	}
	return d
}

// generatedDomain returns a generated domain, worked out with its zone.
func (w *world) generatedDomain(id uint32) *domain {
	return w.gen.cache.get(id, func() *domain {
		d, err := w.makeDomain(id)
		if err != nil {
			// Its profile was worked out when the scenario was read.
			panic(fmt.Sprintf("generated domain %s: %v", w.nameOf(id), err))
		}
		return d
	})
}

func (w *world) makeDomain(id uint32) (*domain, error) {
	next := id * w.gen.perDomain
	d, err := w.expand(w.nameOf(id), w.templateOf(id).spec, func() (v4, v6 netip.Addr) {
		next++
		return generatedPool.addr4(next - 1), generatedPool.addr6(next - 1)
	})
	if err != nil {
		return nil, err
	}
	parent := w.enclosing(d.name, true)
	for i := range d.hosts {
		if h := &d.hosts[i]; h.spec.Elsewhere {
			h.addrs = w.hosts[h.name]
		}
	}
	if d.spec.NS.Parent {
		d.inherit(parent)
	}
	if err := w.makeKeys(d); err != nil {
		return nil, err
	}
	cut := w.cut(d, parent)
	var glueSets []*authority.RRset
	for _, g := range cut.glue {
		glueSets = append(glueSets, glueRRsets(g, cut.ttl)...)
	}
	d.delegation = authority.NewDelegation(d.name, cut.ttl, cut.ns, cut.ds, glueSets)
	return d, nil
}

// generatedZone returns the zone of a generated domain, made when it is first
// asked for: many are only ever delegated.
func (w *world) generatedZone(id uint32) *authority.Zone {
	d := w.generatedDomain(id)
	d.build.Do(func() {
		if err := w.fillAlone(d); err != nil {
			// Its profile was tried when the scenario was read.
			panic(fmt.Sprintf("generated domain %s: %v", d.name, err))
		}
	})
	return d.zone
}

// fillAlone makes the zone of a domain all of whose hosts lie in it or are
// declared elsewhere.
func (w *world) fillAlone(d *domain) error {
	if err := w.beginZone(d); err != nil {
		return err
	}
	for _, h := range d.hosts {
		if !h.spec.Elsewhere {
			if err := addAddresses(d.zone, h.name, d.ttl(), h.addrs); err != nil {
				return err
			}
		}
	}
	return d.zone.Finish()
}

func glueRRsets(g glue, ttl uint32) []*authority.RRset {
	var v4, v6 [][]byte
	for _, a := range g.addrs {
		if a.Is4() {
			v4 = append(v4, a.AsSlice())
		} else {
			v6 = append(v6, a.AsSlice())
		}
	}
	var out []*authority.RRset
	if len(v4) > 0 {
		out = append(out, authority.NewRRset(g.host, dns.TypeA, ttl, v4...))
	}
	if len(v6) > 0 {
		out = append(out, authority.NewRRset(g.host, dns.TypeAAAA, ttl, v6...))
	}
	return out
}

// view is one server as authority.Answer sees it: its zones. It is made for
// each question, as a generated server depends on the domain it belongs to.
type view struct {
	w        *world
	server   *server
	position uint32
	id       uint32 // of the generated domain whose server it is
	own      bool   // id holds
}

func (v *view) set(w *world, position uint32) bool {
	v.w, v.position, v.server, v.own = w, position, w.serverAt(position), false
	if position >= w.gen.base {
		v.id, _, _, v.own = w.generatedPosition(position)
	}
	return v.server != nil
}

// Enclosing implements authority.Zones.
func (v *view) Enclosing(name authority.Name) *authority.Zone {
	for n := name; ; n = n.Parent() {
		if z := v.server.zones[n]; z != nil {
			return z
		}
		if id, ok := v.w.idOf(n); ok && v.w.templateOf(id).serving[v.server] && (!v.own || v.id == id) {
			return v.w.generatedZone(id)
		}
		if n == authority.Root {
			return nil
		}
	}
}

// addr returns the simulated address of the server.
func (v *view) addr() netip.Addr { return v.w.address(v.position) }

// domainOf returns the declared or generated domain that a name is or lies in,
// nil for names below no top-level domain.
func (w *world) domainOf(name authority.Name) *domain {
	for n := name; n != authority.Root; n = n.Parent() {
		if d := w.domains[n]; d != nil {
			return d
		}
		if id, ok := w.idOf(n); ok {
			return w.generatedDomain(id)
		}
	}
	return nil
}

// mailOf returns the mail service at a server and the name of its host.
func (w *world) mailOf(v *view) (Mail, string) {
	d := v.server.owner
	if v.own {
		d = w.generatedDomain(v.id)
	}
	addr := v.addr()
	if d != nil {
		for _, h := range d.mailHosts() {
			for _, a := range h.addrs {
				if a == addr {
					return d.spec.Mail, h.name.Text()
				}
			}
		}
	}
	name := addr.String()
	if v.server.name != "" {
		name = v.server.name.Text()
	}
	return Mail{StartTLS: true, SMTPUTF8: true}, name
}
