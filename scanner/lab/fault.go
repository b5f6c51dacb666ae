package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"adopt6/scanner/lab/authority"
)

// fault is a fault of a scenario, bound to a server.
type fault struct {
	Fault
	types []uint16
	names []string // relative to the domain; empty: all
	// domain limits the fault to questions at and below it: for a server that
	// other domains use as well. template does so for generated domains.
	domain   authority.Name
	template *template
	origin   authority.Name // what names are relative to
	hits     atomic.Int64   // for First
	crowd    crowd          // for Above
}

// always says that the fault depends on nothing but the port.
func (f *fault) always() bool {
	return f.Percent == 0 && f.First == 0 && f.Above == 0 && len(f.types) == 0 && len(f.names) == 0 && f.domain == "" && f.template == nil
}

func (f *fault) matchesPort(transport string, port uint16) bool {
	if f.Transport != "" && f.Transport != transport || f.Port != 0 && f.Port != port {
		return false
	}
	switch faultKinds[string(f.Do)].layer {
	case dnsLayer:
		return port == 53
	case tlsLayer:
		return port == 443 || port == 25
	case httpLayer:
		return port == 443 || port == 80
	case smtpLayer:
		return port == 25
	}
	return true
}

// matches says whether the fault hits a question.
func (f *fault) matches(w *world, transport string, q *authority.Query) bool {
	if !f.matchesPort(transport, 53) || len(f.types) > 0 && !slices.Contains(f.types, q.Type) {
		return false
	}
	origin := f.origin
	if f.template != nil {
		id, ok := w.generatedAbove(q.Name)
		if !ok || w.templateOf(id) != f.template {
			return false
		}
		origin = w.nameOf(id)
	}
	if f.domain != "" && !q.Name.In(f.domain) {
		return false
	}
	if len(f.names) > 0 && !slices.ContainsFunc(f.names, func(name string) bool {
		full, err := (&domain{name: origin}).relative(name)
		return err == nil && full == q.Name
	}) {
		return false
	}
	return f.strikes()
}

// faultSet is the faults of one layer that hit a connection. They add up.
type faultSet []Fault

// layerFaults returns the faults of a layer that hit a connection.
func (l *Lab) layerFaults(v *view, layer faultLayer, port uint16) (set faultSet) {
	for _, f := range v.server.faults {
		if faultKinds[string(f.Do)].layer == layer && f.matchesPort("tcp", port) && f.strikes() {
			set = append(set, f.Fault)
		}
	}
	return set
}

func (s faultSet) has(do faultWord) bool {
	_, ok := s.find(do)
	return ok
}

func (s faultSet) find(do faultWord) (Fault, bool) {
	for _, f := range s {
		if f.Do == do {
			return f, true
		}
	}
	return Fault{}, false
}

// ofCertificate returns the first fault that shows in a certificate; empty
// without one.
func (s faultSet) ofCertificate() faultWord {
	for _, f := range s {
		switch f.Do {
		case "tls_expired", "tls_not_yet_valid", "tls_wrong_name", "tls_self_signed", "tls_hostile_name", "tls_other":
			return f.Do
		}
	}
	return ""
}

// crowd knows how many came within the last second.
type crowd struct {
	mu     sync.Mutex
	recent []time.Time
}

// come counts one more and returns how many there are.
func (c *crowd) come(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := slices.IndexFunc(c.recent, func(t time.Time) bool { return now.Sub(t) < time.Second })
	if old < 0 {
		old = len(c.recent)
	}
	c.recent = append(c.recent[:0], c.recent[old:]...)
	c.recent = append(c.recent, now)
	return len(c.recent)
}

// strikes draws for Percent and counts for First and Above.
func (f *fault) strikes() bool {
	if f.Above > 0 && f.crowd.come(time.Now()) <= f.Above {
		return false
	}
	if f.Percent > 0 && rand.Float64()*100 >= f.Percent {
		return false
	}
	return f.First == 0 || f.hits.Add(1) <= int64(f.First)
}

// bindFaults gives a declared domain's faults to its servers.
func (w *world) bindFaults(d *domain) error {
	for i := range d.spec.Faults {
		if err := w.bindFault(d, &d.spec.Faults[i], nil, w.serverOf); err != nil {
			return err
		}
	}
	return nil
}

// bindFault finds the servers that a fault is for.
func (w *world) bindFault(d *domain, spec *Fault, t *template, serverOf func(netip.Addr) *server) error {
	types, err := rrtypes(nil, spec.Types)
	if err != nil {
		return err
	}
	bind := func(addr netip.Addr, shared bool) {
		if spec.Family == "v4" && !addr.Is4() || spec.Family == "v6" && !addr.Is6() {
			return
		}
		f := &fault{Fault: *spec, types: types, names: spec.Names, origin: d.name}
		if shared {
			f.domain, f.template = d.name, t
			if t != nil {
				f.domain = ""
			}
		} else if t != nil && len(spec.Names) > 0 {
			f.template = t
		}
		s := serverOf(addr)
		s.faults = append(s.faults, f)
	}
	if addr, err := netip.ParseAddr(spec.At); err == nil {
		if _, ok := w.positions[addr]; !ok {
			return fmt.Errorf("fault at %s: no host has this address", addr)
		}
		bind(addr, false)
		return nil
	}
	hosts := w.parentHosts(d, spec, t)
	above := len(hosts) > 0
	if !above {
		var err error
		if hosts, err = d.faultHosts(spec); err != nil {
			return err
		}
	}
	bound := map[netip.Addr]bool{}
	for _, h := range hosts {
		if h.spec.Elsewhere && h.role != nsRole {
			return fmt.Errorf("%s belongs to another domain, which has to declare its faults", h.name.Text())
		}
		for _, addr := range h.addrs {
			if !bound[addr] {
				bound[addr] = true
				bind(addr, h.spec.Elsewhere || above)
			}
		}
	}
	return nil
}

// parentHosts returns the name server of the zone above that a fault's at:
// names in full: it answers otherwise for this domain alone.
func (w *world) parentHosts(d *domain, spec *Fault, t *template) []*host {
	if t != nil || d.name == authority.Root || !strings.HasSuffix(spec.At, ".") {
		return nil
	}
	var hosts []*host
	for _, h := range w.enclosing(d.name, true).nsHosts() {
		if h.name.Text() == bare(spec.At) && !slices.ContainsFunc(d.hosts, func(own host) bool { return own.name == h.name }) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

var rolesByWord = map[string][]role{
	"":    {nsRole, apexRole, wwwRole, mailRole},
	"ns":  {nsRole},
	"web": {apexRole, wwwRole},
	// apex and www tell the two web hosts apart.
	"apex": {apexRole},
	"www":  {wwwRole},
	"mail": {mailRole},
}

// faultHosts returns the hosts that a fault's at: names. Without at: these are
// the hosts of the role that the kind of fault acts on.
func (d *domain) faultHosts(spec *Fault) ([]*host, error) {
	roles, ok := rolesByWord[spec.At]
	if ok && len(d.inRole(roles...)) > 0 {
		if spec.At == "" {
			roles = layerRoles(faultKinds[string(spec.Do)].layer)
		}
		return d.inRole(roles...), nil
	}
	name, err := d.relative(spec.At)
	if err != nil {
		return nil, fmt.Errorf("fault at %q: %w", spec.At, err)
	}
	var hosts []*host
	var known []string
	for i := range d.hosts {
		known = append(known, d.hosts[i].name.Text())
		if d.hosts[i].name == name {
			hosts = append(hosts, &d.hosts[i])
		}
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("fault at %q: the domain has no such host; it has the roles ns, web, mail and the hosts %s",
			spec.At, strings.Join(known, ", "))
	}
	return hosts, nil
}

func layerRoles(layer faultLayer) []role {
	switch layer {
	case dnsLayer:
		return []role{nsRole}
	case tlsLayer:
		return []role{apexRole, wwwRole, mailRole}
	case httpLayer:
		return []role{apexRole, wwwRole}
	case smtpLayer:
		return []role{mailRole}
	}
	return []role{nsRole, apexRole, wwwRole, mailRole}
}

// bindGlobalFaults gives the scenario's own faults to the servers they name:
// to every one when they name none.
func (w *world) bindGlobalFaults() error {
	for i := range w.scenario.spec.Faults {
		spec := &w.scenario.spec.Faults[i]
		if spec.At == "" {
			w.everyServer(func(s *server) {
				if spec.Family == "" || (spec.Family == "v4") == s.addr.Is4() {
					s.faults = append(s.faults, w.globalFault(spec))
				}
			})
			continue
		}
		addrs, err := w.globalHosts(spec)
		if err != nil {
			return err
		}
		for _, addr := range addrs {
			if spec.Family == "" || (spec.Family == "v4") == addr.Is4() {
				s := w.serverOf(addr)
				s.faults = append(s.faults, w.globalFault(spec))
			}
		}
	}
	return nil
}

func (w *world) globalFault(spec *Fault) *fault {
	// The types were checked when the scenario was read.
	types, _ := rrtypes(nil, spec.Types)
	return &fault{Fault: *spec, types: types, names: spec.Names, origin: authority.Root}
}

// globalHosts returns the addresses behind a fault's at:, an address or a name.
func (w *world) globalHosts(spec *Fault) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(spec.At); err == nil {
		if _, ok := w.positions[addr]; ok {
			return []netip.Addr{addr}, nil
		}
	}
	name, err := authority.ParseName(spec.At)
	if err != nil {
		return nil, &lineError{line: spec.line, err: err}
	}
	if addrs := w.hosts[name]; len(addrs) > 0 {
		return addrs, nil
	}
	if d := w.domains[name]; d != nil {
		var addrs []netip.Addr
		for _, h := range d.nsHosts() {
			addrs = append(addrs, h.addrs...)
		}
		return addrs, nil
	}
	return nil, &lineError{line: spec.line, err: fmt.Errorf("fault at %q: no host, zone or address of that name", spec.At)}
}

// everyServer visits the declared servers and those of the templates.
func (w *world) everyServer(visit func(*server)) {
	for _, s := range w.servers {
		visit(s)
	}
	for _, t := range w.gen.templates {
		for _, pair := range t.servers {
			for _, s := range pair {
				if s != nil {
					visit(s)
				}
			}
		}
	}
}
