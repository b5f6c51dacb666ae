package zonefile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"adopt6/scanner/dnssec"
)

// Report holds the figures over a zone.
type Report struct {
	File    string      `json:"file"`
	Zone    string      `json:"zone"`
	Serial  *uint32     `json:"serial"` // of the SOA record; null without one
	Records uint64      `json:"records"`
	Types   []TypeCount `json:"types"`
	Apex    Apex        `json:"apex"`

	Delegations Totals      `json:"delegations"`
	Algorithms  []CodeCount `json:"ds_algorithms"`
	Digests     []CodeCount `json:"ds_digests"`
	Addresses   Addresses   `json:"addresses"`
	Servers     Top         `json:"top_name_servers"`
	Operators   Top         `json:"top_operators"`

	// CCTLD and what follows are only in the report of a root zone.
	CCTLD       *Totals         `json:"cctlds,omitempty"`
	WithoutIPv6 []string        `json:"cctlds_without_ipv6,omitempty"`
	Countries   []CountryTotals `json:"countries,omitempty"`

	// What the figures leave out.
	OutsideZone uint64   `json:"records_outside_zone"`
	OccludedNS  uint64   `json:"occluded_ns"` // NS records below a zone cut
	StrayDS     uint64   `json:"stray_ds"`    // DS records where no delegation is
	Warnings    []string `json:"warnings"`

	// TempBytes is the most that was kept on disk at a time.
	TempBytes int64 `json:"temporary_bytes"`
}

// Apex describes the zone itself.
type Apex struct {
	Servers    int      `json:"name_servers"`
	Algorithms []string `json:"dnskey_algorithms"` // empty for an unsigned zone
}

// TypeCount says how many records of a type the file holds.
type TypeCount struct {
	Type    string `json:"type"`
	Records uint64 `json:"records"`
}

// CountryTotals are the figures over the ccTLDs of a country.
type CountryTotals struct {
	Code   string `json:"country"` // ISO 3166-1 alpha-2; empty for ccTLDs of no country
	Name   string `json:"name"`
	Totals Totals `json:"totals"`
	TLDs   []TLD  `json:"tlds"`
}

// TLD is a ccTLD with the number of its name servers in each state.
type TLD struct {
	Name        string `json:"name"`
	Servers     int    `json:"name_servers"`
	IPv6        int    `json:"ipv6"`
	Special     int    `json:"special_purpose"`
	GlueMissing int    `json:"glue_missing"`
	Unknown     int    `json:"unknown"`
	DS          int    `json:"ds"`
}

func (m *matcher) report() (*Report, error) {
	c := m.zone
	m.cfg.Progress.Delegations.Store(int64(m.total.Delegations))
	r := &Report{
		File: c.cfg.Name, Zone: c.apex.String(), Records: c.records,
		Types: c.typeCounts(), Apex: Apex{Servers: m.apexServers, Algorithms: c.keyAlgorithms()},
		Delegations: m.total,
		Algorithms:  m.algorithms.list(dnssec.Algorithm),
		Digests:     m.digests.list(dnssec.Digest),
		Addresses:   m.addresses,
		Servers:     m.servers.top(m.cfg.Top, showName),
		Operators:   m.operators.top(m.cfg.Top, showName),
		OutsideZone: c.outside.count, OccludedNS: m.occludedNS, StrayDS: m.strayDS,
		TempBytes: m.disk.peak,
	}
	if c.hasSOA {
		r.Serial = &c.serial
	}
	if len(c.apex) == 0 && m.cfg.Country != nil {
		m.reportCountries(r)
	}
	r.Warnings = m.warnings()
	return r, nil
}

func showName(key []byte) string { return Name(key).String() }

func (m *matcher) reportCountries(r *Report) {
	r.CCTLD = &m.cctld
	for _, c := range m.countries {
		r.Countries = append(r.Countries, *c)
		for _, tld := range c.TLDs {
			if tld.IPv6 == 0 {
				r.WithoutIPv6 = append(r.WithoutIPv6, tld.Name)
			}
		}
	}
	slices.Sort(r.WithoutIPv6)
	// Those of no country come last.
	slices.SortFunc(r.Countries, func(a, b CountryTotals) int {
		if (a.Code == "") != (b.Code == "") {
			return cmp.Compare(b.Code, a.Code)
		}
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name))
	})
}

func (c *collector) typeCounts() []TypeCount {
	counts := []TypeCount{}
	for t, n := range c.types {
		if n > 0 {
			counts = append(counts, TypeCount{typeName(uint16(t)), n})
		}
	}
	for _, mnemonic := range slices.Sorted(maps.Keys(c.unknown)) {
		counts = append(counts, TypeCount{mnemonic, c.unknown[mnemonic]})
	}
	slices.SortStableFunc(counts, func(a, b TypeCount) int { return cmp.Compare(b.Records, a.Records) })
	return counts
}

// keyAlgorithms returns the algorithms of the apex's DNSKEY records.
func (c *collector) keyAlgorithms() []string {
	names := []string{}
	for _, key := range c.keys {
		name := dnssec.Algorithm(key.algorithm).Name
		if key.owner == string(c.apex) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// warnings says what is odd about the file, though it could be audited.
func (m *matcher) warnings() []string {
	c := m.zone
	list := []string{}
	warn := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if !c.hasSOA {
		warn("There is no SOA record: the file may be only a part of the zone.")
	}
	if c.cut {
		warn("The last line has no line end: the file may have been cut short.")
	}
	if len(c.unknown) > 0 {
		warn("Types that this program does not know were counted but not read: %s. Check that no name or data was taken for a type.",
			strings.Join(slices.Sorted(maps.Keys(c.unknown)), ", "))
	}
	if m.unicodeLabel != "" {
		warn("Top-level domains written in UTF-8, such as %s, count as their A-labels; the DNS knows them by these only (RFC 5891).", m.unicodeLabel)
	}
	if o := c.outside; o.count > 0 {
		where := ""
		if o.where != "" {
			where = " (" + o.where + ")"
		}
		warn("NS, DS, A and AAAA records outside the zone were left out, such as that of %s%s: %d.", o.first, where, o.count)
	}
	if m.occludedNS > 0 {
		warn("NS records below another delegation were left out, since they belong in the delegated zone: %d.", m.occludedNS)
	}
	if m.strayDS > 0 {
		warn("DS records where no delegation is were left out: %d.", m.strayDS)
	}
	return list
}
