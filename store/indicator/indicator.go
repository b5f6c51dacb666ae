// Package indicator declares the indicators of the IPv6 transition and
// computes them.
//
// In: the observations of a scan, in ClickHouse. Out: for every kind of target
// and country a numerator, a denominator and what could not be measured, with
// an interval for the share. It never ranks countries, and never counts what
// was not measured for or against one.
package indicator

import (
	"slices"

	"adopt6/lists"
)

// Direction says which way is better.
type Direction string

// The directions.
const (
	HigherIsBetter Direction = "higher"
	LowerIsBetter  Direction = "lower"
)

// Indicator is the declaration of one indicator. Its SQL and its words stand
// side by side, so that one is read against the other.
type Indicator struct {
	ID   string // stable; the key in the table indicators
	Name string // English, short
	// What is counted, in words that a reader can check.
	Numerator, Denominator, Unmeasured string
	Direction                          Direction
	Unit                               string
	Clauses                            []string     // keys of the policy texts that it serves
	Kinds                              []lists.Kind // it says something about targets of these

	// Conditions over the columns of the table observations. A target counts
	// when applies holds: as unmeasured when unmeasured holds, else in the
	// denominator, and there in the numerator when fulfils holds or as partial
	// when partial holds.
	applies, unmeasured, fulfils, partial string
}

// Keys of the policy texts.
const (
	Resolution64 = "wtsa-64"   // WTSA Resolution 64, on IPv6 deployment
	Opinion3     = "wtpf-13-3" // WTPF-13 Opinion 3, on capacity for IPv6 deployment
	Opinion4     = "wtpf-13-4" // WTPF-13 Opinion 4, on IPv6 adoption and transition
)

var (
	everyKind = []lists.Kind{lists.CCTLD, lists.Government, lists.Custom}
	sites     = []lists.Kind{lists.Government, lists.Custom} // a ccTLD has no site or mail at its name
)

// exists leaves out domains that are gone: a list is older than the scan.
const exists = "dns_v6_reason != 'nxdomain'"

// Measured is the indicator that the others' coverage is read from.
const Measured = "measured"

// all is the table of indicators. A new indicator is one entry.
var all = []Indicator{
	{
		ID: Measured, Name: "Measured",
		Numerator:   "targets with a verdict other than unmeasured on name servers, web, mail or IPv6-only use",
		Denominator: "all targets", Unmeasured: "none: this is the coverage itself",
		Direction: HigherIsBetter, Unit: "targets", Clauses: []string{Resolution64}, Kinds: everyKind,
		applies: "1", unmeasured: "0", partial: "0",
		fulfils: "dns_v6 != 'unmeasured' OR web_v6 != 'unmeasured' OR mail_v6 != 'unmeasured' OR v6_only != 'unmeasured'",
	},
	{
		ID: "aaaa_apex", Name: "AAAA at the apex",
		Numerator:   "domains with at least one AAAA record at their own name, whatever the address in it",
		Denominator: "existing domains of which the domain itself or www has an address",
		Unmeasured:  "no AAAA record was seen, and the answer about the domain or www did not come",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion4}, Kinds: sites,
		applies:    exists + " AND web_v6_reason != 'no_address'",
		unmeasured: "empty(aaaa) AND web_v6 = 'unmeasured'", fulfils: "notEmpty(aaaa)", partial: "0",
	},
	{
		ID: "dns_v6", Name: "Name servers over IPv6",
		Numerator:   "domains with at least two name servers that answer with authority over IPv6, and none that publishes an IPv6 address and fails (dns_v6 is ok)",
		Denominator: "existing domains with a verdict on name servers",
		Unmeasured:  "dns_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion4}, Kinds: everyKind,
		applies: exists, unmeasured: "dns_v6 = 'unmeasured'", fulfils: "dns_v6 = 'ok'", partial: "dns_v6 = 'partial'",
	},
	{
		ID: "web_v6", Name: "Web over IPv6",
		Numerator:   "domains whose web servers, at the domain and at www, all work over IPv6 (web_v6 is ok)",
		Denominator: "existing domains with a verdict on the web, of which the domain itself or www has an address",
		Unmeasured:  "web_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion4}, Kinds: sites,
		applies:    exists + " AND web_v6_reason != 'no_address'",
		unmeasured: "web_v6 = 'unmeasured'", fulfils: "web_v6 = 'ok'", partial: "web_v6 = 'partial'",
	},
	{
		ID: "mail_v6", Name: "Mail over IPv6",
		Numerator:   "domains whose mail exchangers all work over IPv6 (mail_v6 is ok)",
		Denominator: "existing domains with a verdict on mail that publish a mail exchanger",
		Unmeasured:  "mail_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion4}, Kinds: sites,
		applies:    exists + " AND mail_v6_reason NOT IN ('no_mx', 'null_mx')",
		unmeasured: "mail_v6 = 'unmeasured'", fulfils: "mail_v6 = 'ok'", partial: "mail_v6 = 'partial'",
	},
	{
		ID: "v6_only", Name: "Works without IPv4",
		Numerator:   "domains that a resolver without IPv4 can resolve to an IPv6 address, and ccTLDs whose zone it can reach (v6_only is ok)",
		Denominator: "existing domains with a verdict on use without IPv4; of these, those with an address of either family, and all ccTLDs",
		Unmeasured:  "v6_only is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion4}, Kinds: everyKind,
		applies:    exists + " AND v6_only_reason != 'no_address'",
		unmeasured: "v6_only = 'unmeasured'", fulfils: "v6_only = 'ok'", partial: "v6_only = 'partial'",
	},
	{
		ID: "dnssec_signed", Name: "DNSSEC",
		Numerator:   "domains whose answers validate from the root (dnssec is secure)",
		Denominator: "existing domains with a DNSSEC state of secure, insecure or bogus",
		Unmeasured:  "dnssec is indeterminate",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64}, Kinds: everyKind,
		applies: exists, unmeasured: "dnssec = 'indeterminate'", fulfils: "dnssec = 'secure'", partial: "0",
	},
	{
		ID: "ready", Name: "Ready",
		Numerator:   "domains of readiness level 4 or 5: name servers and web answer over IPv6, and it works where there is no IPv4",
		Denominator: "existing domains whose level is known to be below 4, or is 4 or 5",
		Unmeasured:  "the level is below 4, and a verdict that it rests on is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Clauses: []string{Resolution64, Opinion3, Opinion4}, Kinds: everyKind,
		applies:    exists,
		unmeasured: "readiness < 4 AND (dns_v6 = 'unmeasured' OR v6_only = 'unmeasured' OR (kind != 'cctld' AND web_v6 = 'unmeasured'))",
		fulfils:    "readiness >= 4", partial: "0",
	},
}

// All returns the indicators in the order in which they are shown.
func All() []Indicator { return slices.Clone(all) }

// ByID returns the indicator of an id.
func ByID(id string) (Indicator, bool) {
	i := slices.IndexFunc(all, func(ind Indicator) bool { return ind.ID == id })
	if i < 0 {
		return Indicator{}, false
	}
	return all[i], true
}

// Covers says whether the indicator says something about targets of a kind.
func (i Indicator) Covers(kind lists.Kind) bool { return slices.Contains(i.Kinds, kind) }
