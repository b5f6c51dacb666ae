package zonefile

import "adopt6/scanner/dnssec"

// Totals are the figures over a set of delegations.
type Totals struct {
	Delegations uint64 `json:"delegations"`

	// Delegations by the number of their name servers that have a usable
	// AAAA record in the zone file.
	IPv6One uint64 `json:"ipv6_at_least_one"`
	IPv6Two uint64 `json:"ipv6_at_least_two"`
	IPv6All uint64 `json:"ipv6_all"`
	// The rest: no name server has IPv6 and all are known (None), or none is
	// known to have it and at least one cannot be known from this zone.
	// IPv6One, IPv6None and IPv6Unknown add up to Delegations.
	IPv6None    uint64 `json:"ipv6_none"`
	IPv6Unknown uint64 `json:"ipv6_unknown"`

	GlueNeeded     uint64 `json:"glue_needed"`      // with a name server at or below the delegated name
	GlueMissing    uint64 `json:"glue_missing"`     // of these, with one that has no address
	GlueMissingAll uint64 `json:"glue_missing_all"` // of these, with nothing else: cannot be reached
	GlueSpecial    uint64 `json:"glue_special_purpose"`
	OneServer      uint64 `json:"one_name_server"` // against RFC 1034 section 4.1

	WithDS       uint64 `json:"with_ds"`
	DSDeprecated uint64 `json:"ds_deprecated"` // with a DS of a deprecated algorithm or digest
	DSUnknown    uint64 `json:"ds_unknown"`    // with a DS of an unknown one, or of the wrong length
	DSUnusable   uint64 `json:"ds_unusable"`   // with DS records, none of which is neither

	// Sums over the delegations.
	Servers     Servers `json:"name_servers"`
	DS          uint64  `json:"ds_records"`
	DuplicateNS uint64  `json:"duplicate_ns"`
	DuplicateDS uint64  `json:"duplicate_ds"`
}

// Servers counts name servers, each once for every delegation that has it.
type Servers struct {
	All         uint64 `json:"all"`
	InDomain    uint64 `json:"in_domain"`
	Sibling     uint64 `json:"sibling"`
	Outside     uint64 `json:"outside"`
	IPv6        uint64 `json:"ipv6"`
	Special     uint64 `json:"special_purpose"`
	IPv4Only    uint64 `json:"ipv4_only"`
	GlueMissing uint64 `json:"glue_missing"`
	Unknown     uint64 `json:"unknown"`
}

// add counts a delegation.
func (t *Totals) add(d *Delegation) {
	var state [len(stateWords)]uint64
	var kind [3]uint64
	special := false
	for _, s := range d.Servers {
		state[s.State()]++
		kind[s.Kind]++
		special = special || s.Glue&GlueV6Special != 0
	}
	all, v6 := uint64(len(d.Servers)), state[StateIPv6]
	t.Delegations++
	count(&t.IPv6One, v6 >= 1)
	count(&t.IPv6Two, v6 >= 2)
	count(&t.IPv6All, v6 == all)
	count(&t.IPv6None, v6 == 0 && state[StateUnknown] == 0)
	count(&t.IPv6Unknown, v6 == 0 && state[StateUnknown] > 0)
	count(&t.GlueNeeded, kind[InDomain] > 0)
	count(&t.GlueMissing, state[StateNoAddress] > 0)
	count(&t.GlueMissingAll, state[StateNoAddress] == all)
	count(&t.GlueSpecial, special)
	count(&t.OneServer, all == 1)
	t.Servers.All += all
	t.Servers.InDomain += kind[InDomain]
	t.Servers.Sibling += kind[Sibling]
	t.Servers.Outside += kind[Outside]
	t.Servers.IPv6 += v6
	t.Servers.Special += state[StateSpecial]
	t.Servers.IPv4Only += state[StateIPv4Only]
	t.Servers.GlueMissing += state[StateNoAddress]
	t.Servers.Unknown += state[StateUnknown]
	t.DuplicateNS += uint64(d.DuplicateNS)
	t.DuplicateDS += uint64(d.DuplicateDS)
	t.addDS(d.DS)
}

func (t *Totals) addDS(records []DS) {
	if len(records) == 0 {
		return
	}
	var deprecated, unknown, usable bool
	for _, ds := range records {
		advice := ds.Advice()
		deprecated = deprecated || advice == dnssec.Deprecated
		unknown = unknown || advice == dnssec.UnknownCode
		usable = usable || ds.Usable()
	}
	t.DS += uint64(len(records))
	t.WithDS++
	count(&t.DSDeprecated, deprecated)
	count(&t.DSUnknown, unknown)
	count(&t.DSUnusable, !usable)
}

func count(n *uint64, yes bool) {
	if yes {
		*n++
	}
}

// CodeCount says how often a DNSSEC algorithm or DS digest type occurs.
type CodeCount struct {
	Number      uint8         `json:"number"`
	Name        string        `json:"name"`
	Advice      dnssec.Advice `json:"advice"`
	Records     uint64        `json:"ds_records"`
	Delegations uint64        `json:"delegations"`
}

// codeCounts counts the codes of one registry.
type codeCounts [256]struct{ records, delegations uint64 }

// add counts the codes of one delegation's DS records.
func (c *codeCounts) add(records []DS, code func(DS) uint8) {
	var seen [4]uint64
	for _, ds := range records {
		n := code(ds)
		c[n].records++
		if bit := uint64(1) << (n % 64); seen[n/64]&bit == 0 {
			seen[n/64] |= bit
			c[n].delegations++
		}
	}
}

// list returns the codes that occur, in order of their numbers.
func (c *codeCounts) list(registry func(uint8) dnssec.Code) []CodeCount {
	list := []CodeCount{}
	for i, n := range c {
		if n.records > 0 {
			code := registry(uint8(i))
			list = append(list, CodeCount{Number: code.Number, Name: code.Name, Advice: code.Advice, Records: n.records, Delegations: n.delegations})
		}
	}
	return list
}
