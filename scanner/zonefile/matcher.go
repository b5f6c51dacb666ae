package zonefile

import (
	"bytes"
	"context"
)

// matcher brings delegations and the addresses of their name servers together.
// Both come from the collector in canonical order. A name server in the
// delegated domain is found by walking both side by side, because its name
// comes right after that of the delegation. Other name servers in the zone are
// looked up in a table of those that are named at all, when that fits in
// memory, or else matched on disk.
type matcher struct {
	ctx  context.Context
	cfg  Config
	zone *collector
	disk *disk

	unicast *unicast
	cut     Name // the zone cut that was passed last
	hasCut  bool
	*figures
}

func (m *matcher) match() error {
	m.unicast = newUnicast()
	if m.zone.shared.full {
		return m.matchOnDisk()
	}
	return m.matchInMemory()
}

// hosts returns the names with addresses, from the first on.
func (m *matcher) hosts() *hostReader {
	return &hostReader{from: m.zone.hosts.all(), unicast: m.unicast, file: m.cfg.Name}
}

func (m *matcher) matchInMemory() error {
	shared := m.zone.shared
	err := m.eachHost(func(h host) error {
		shared.set(h.name, h.glue)
		return nil
	})
	if err != nil {
		return err
	}
	hosts := m.hosts()
	return m.eachDelegation(func(g *group) (err error) {
		for i := range g.d.Servers {
			s := &g.d.Servers[i]
			if s.Kind == Outside {
				continue
			}
			var first, in bool
			if s.Glue, first, in = shared.get(s.Name); !in {
				// Only a name server in the delegated domain is not there.
				s.OwnOnly, first = true, true
				if s.Glue, err = hosts.find(s.Name); err != nil {
					return err
				}
			}
			if first {
				m.countGlueHost(s.Glue)
			}
		}
		return m.finish(&g.d)
	}, nil)
}

// eachHost calls visit for every name with addresses in canonical order, and
// counts them.
func (m *matcher) eachHost(visit func(host) error) error {
	hosts := m.hosts()
	for n := 0; ; n++ {
		h, err := hosts.next()
		if err != nil || h.name == nil {
			return err
		}
		if !h.name.Within(m.zone.apex) {
			// Read before the SOA record told the zone's name.
			m.zone.outside.add(h.name, h.records, "")
			continue
		}
		m.addresses.Hosts++
		m.addresses.Duplicates += uint64(h.duplicates)
		if err := visit(h); err != nil {
			return err
		}
		if n%progressEvery == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
	}
}

// eachDelegation calls visit for every delegation in canonical order, whose
// name servers have no glue yet, and other, when given, for what else has NS
// or DS records.
func (m *matcher) eachDelegation(visit, other func(*group) error) error {
	from := m.zone.delegations.all()
	g := new(group)
	owner, facts, err := from.next()
	for n := 1; err == nil && owner != nil; n++ {
		g.reset(owner)
		for err == nil && owner != nil && bytes.Equal(owner, g.owner) {
			if g.facts = append(g.facts, facts...); len(g.facts) > maxFacts {
				return &FormatError{File: m.cfg.Name, Problem: "the NS and DS records of " + g.owner.String() + " take more than 1 MiB", Fix: "delete what is too much"}
			}
			owner, facts, err = from.next()
		}
		if err != nil {
			return err
		}
		g.resolve(m.zone.apex)
		if m.isDelegation(g) {
			err = visit(g)
		} else if other != nil {
			err = other(g)
		}
		if err == nil && n%progressEvery == 0 {
			err = m.ctx.Err()
		}
	}
	return err
}

// isDelegation reports whether a group is a delegation of the zone, or counts
// what else it is. Names come in canonical order, so those below a zone cut
// follow right after it.
func (m *matcher) isDelegation(g *group) bool {
	ns, ds := uint64(len(g.d.Servers)+g.d.DuplicateNS), uint64(len(g.d.DS)+g.d.DuplicateDS)
	switch {
	case !g.owner.Within(m.zone.apex):
		// Read before the SOA record told the zone's name.
		m.zone.outside.add(g.owner, ns+ds, "")
		return false
	case len(g.owner) == len(m.zone.apex):
		m.apexServers = len(g.d.Servers)
		m.strayDS += ds
		return false
	case m.hasCut && g.owner.Within(m.cut):
		m.occludedNS += ns
		m.strayDS += ds
		return false
	case ns == 0:
		m.strayDS += ds
		return false
	}
	m.cut, m.hasCut = append(m.cut[:0], g.owner...), true
	return true
}
