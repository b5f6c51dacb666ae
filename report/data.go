// Package report makes pages of a scan: for the world, for groups of countries
// and for every country, in the six official languages of the United Nations.
//
// In: the indicators and observations of a scan, from the store. Out: a static
// site, and single pages, CSV and JSON for a server. It knows
// nothing of DNS, asks no network, and ranks no country.
package report

import (
	"time"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Data is what the pages of one scan show of the world: everything but the
// domains of its countries and what is counted from them, which LoadCountry
// reads for one country at a time.
type Data struct {
	Scan     store.ScanInfo
	Compared store.ScanInfo // the earlier scan that changes are counted from; zero for none
	Kinds    []lists.Kind   // with targets in this scan; the first is the one that headlines are about
	// Countries are those with targets, by code; the one without a code is last
	// and holds the targets of no country.
	Countries []*Country
	Groups    []Group
	AsOf      string // date of the memberships of the groups
	// Siblings are the IDN ccTLDs of the scan beside their ASCII siblings.
	Siblings []indicator.Siblings

	spans map[string]span // by country; empty while the scan is not finished
}

// span is where the targets of a country lie in the list of the scan, both ends
// included. Other countries' may lie there too.
type span struct{ first, last uint64 }

// Group is a group of countries and what its members have in common.
type Group struct {
	indicator.Group
	Summaries []indicator.Summary
}

// Country is everything about one country.
type Country struct {
	lists.Country
	Sections []*Section // one for each kind of target that it has, in the order of Data.Kinds
}

// Section is everything about the targets of one kind in one country.
type Section struct {
	Kind    lists.Kind
	Targets uint64
	Rows    []store.IndicatorRow          // in the order of the declarations
	Changes map[string]indicator.Change   // by indicator, on the targets that both scans measured
	Before  map[string]store.IndicatorRow // by indicator, on all targets of the compared scan
	History []Point                       // of HeadlineIndicator, the oldest first, this scan last

	// What LoadCountry reads.
	Blockers  []Blocker
	Operators []Operator
	Failures  []FailedServer
	Counted   int      // domains that Blockers and Operators are counted from
	Domains   []Domain // the first of them by name, at most MaxDomains
}

// HeadlineIndicator is the share that headlines, map and history show.
const HeadlineIndicator = "ready"

// Point is a share as one scan found it.
type Point struct {
	Started                time.Time
	Numerator, Denominator uint64
	Read                   indicator.Reading // what that scan's rules let it say
}

// Blocker is a reason that keeps domains from being fully ready.
type Blocker struct {
	Reason  string `json:"reason"`
	Domains int    `json:"domains"` // that it holds back
	Alone   int    `json:"alone"`   // of these, those that nothing else holds back: what the fix alone would free
}

// Operator is a provider of name servers, known by the registrable domain of
// their names.
type Operator struct {
	Name    string `json:"operator"`
	Domains int    `json:"domains"`   // with a name server of it
	OK      int    `json:"dns_v6_ok"` // of these, those whose name servers are ok over IPv6
	Frees   int    `json:"frees"`     // that would be resolvable without IPv4 if it alone enabled IPv6
}

// Domain is one target with its verdicts.
type Domain struct {
	Position             uint64 // in the list of the scan
	Name, Unicode, Level string
	Readiness            uint8
	DNS, Web, Mail, V6   observation.Verdict
	DNSSEC, DNSSECReason string
	Operators, FreedBy   []string
}

// Row returns the row of an indicator.
func (s *Section) Row(id string) (store.IndicatorRow, bool) {
	for _, r := range s.Rows {
		if r.Indicator == id {
			return r, true
		}
	}
	return store.IndicatorRow{}, false
}

// Section returns the country's targets of one kind, or nil.
func (c *Country) Section(kind lists.Kind) *Section {
	for _, s := range c.Sections {
		if s.Kind == kind {
			return s
		}
	}
	return nil
}

// Country returns the country of an alpha-2 code, upper case, or nil.
func (d *Data) Country(code string) *Country {
	for _, c := range d.Countries {
		if c.Alpha2 == code {
			return c
		}
	}
	return nil
}
