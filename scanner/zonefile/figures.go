package zonefile

import (
	"bytes"
	"slices"

	"golang.org/x/net/idna"
)

// figures are the sums over all delegations.
type figures struct {
	total      Totals
	algorithms codeCounts
	digests    codeCounts
	servers    *topCounter
	operators  *topCounter
	domains    *domains

	apexServers int
	occludedNS  uint64
	strayDS     uint64
	addresses   Addresses

	// unicodeLabel is a ccTLD that the zone file has in UTF-8, by its A-label.
	unicodeLabel string

	cctld     Totals
	countries map[Country]*CountryTotals
}

func newFigures() *figures {
	return &figures{
		servers:   newTopCounter(topCapacity),
		operators: newTopCounter(topCapacity),
		domains:   newDomains(),
		countries: make(map[Country]*CountryTotals),
	}
}

// aLabel returns the A-label (RFC 5890) of a top-level label that a file has in
// UTF-8, and every other label as it is.
func aLabel(label string) string {
	if ascii, err := idna.Lookup.ToASCII(label); err == nil && ascii != "" {
		return ascii
	}
	return label
}

// Addresses counts the names that the zone file has addresses for.
type Addresses struct {
	Hosts      uint64 `json:"hosts"`                        // names with A or AAAA records, in the zone or as glue
	Duplicates uint64 `json:"duplicates"`                   // address records that repeat another
	Servers    uint64 `json:"name_servers"`                 // of the hosts, those that a delegation names
	IPv6       uint64 `json:"name_servers_ipv6"`            // of these, those with a usable AAAA record
	Special    uint64 `json:"name_servers_special_purpose"` // of these, those with a special-purpose AAAA record
}

// countGlueHost counts a name with addresses that some delegation names.
func (f *figures) countGlueHost(glue Glue) {
	if glue == 0 {
		return
	}
	f.addresses.Servers++
	count(&f.addresses.IPv6, glue&GlueV6 != 0)
	count(&f.addresses.Special, glue&GlueV6Special != 0)
}

// finish counts a delegation that is complete, and hands it on.
func (m *matcher) finish(d *Delegation) error {
	if len(m.zone.apex) == 0 && m.cfg.Country != nil && d.Name.Labels() == 1 {
		m.countCountry(d)
	}
	m.total.add(d)
	m.algorithms.add(d.DS, func(ds DS) uint8 { return ds.Algorithm })
	m.digests.add(d.DS, func(ds DS) uint8 { return ds.DigestType })
	m.countOperators(d)
	if m.total.Delegations%progressEvery == 0 {
		m.cfg.Progress.Delegations.Store(int64(m.total.Delegations))
		if m.ctx.Err() != nil {
			return m.ctx.Err()
		}
	}
	if m.cfg.Each != nil {
		return m.cfg.Each(d)
	}
	return nil
}

// countOperators counts the delegation's name servers, and each operator of
// any of them once. Those that serve nothing but the domain they lie in are
// left out: there may be as many of them as delegations.
func (f *figures) countOperators(d *Delegation) {
	var few [16]Name
	seen := few[:0]
	for _, s := range d.Servers {
		if s.OwnOnly {
			continue
		}
		f.servers.add(s.Name)
		operator := f.domains.operator(s.Name)
		if !slices.ContainsFunc(seen, func(other Name) bool { return bytes.Equal(other, operator) }) {
			seen = append(seen, operator)
			f.operators.add(operator)
		}
	}
}

// countCountry counts a top-level domain for its country.
func (m *matcher) countCountry(d *Delegation) {
	label := aLabel(string(d.Name[:len(d.Name)-1]))
	country, is := m.cfg.Country(label)
	if !is {
		return
	}
	name := label + "."
	if !bytes.HasPrefix(d.Name, []byte(label)) {
		m.unicodeLabel = name
	}
	d.Country = country.Code
	m.cctld.add(d)
	c := m.countries[country]
	if c == nil {
		c = &CountryTotals{Code: country.Code, Name: country.Name}
		m.countries[country] = c
	}
	c.Totals.add(d)
	c.TLDs = append(c.TLDs, TLD{
		Name: name, Servers: len(d.Servers), IPv6: d.Count(StateIPv6),
		Special: d.Count(StateSpecial), GlueMissing: d.Count(StateNoAddress), Unknown: d.Count(StateUnknown), DS: len(d.DS),
	})
}
