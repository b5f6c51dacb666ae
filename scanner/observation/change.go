package observation

import "adopt6/lists"

// News is what a change of a service is to its readers.
type News string

// The kinds of news.
const (
	Gained News = "gained" // it works now, or works in part and did not before
	Lost   News = "lost"   // it was published and no longer is
	Failed News = "broken" // it is published and fails now, or in part
)

// Change is a service of a domain whose verdict differs between two scans.
type Change struct {
	Domain      string     `json:"domain"`
	Kind        lists.Kind `json:"kind"`
	Country     string     `json:"country"` // ISO 3166-1 alpha-2; empty for none
	CountryName string     `json:"country_name"`
	Service     string     `json:"service"` // one of [Services]
	News        News       `json:"news"`
	Before      string     `json:"before"` // status, or state of DNSSEC
	After       string     `json:"after"`
	// Reason is why it is not ok now, or was not before, where it was gained.
	Reason Reason `json:"reason"`
	// Flapping says that one of the two scans is not certain of its failure;
	// such a change may be a flap.
	Flapping bool `json:"flapping"`
}

// Compared counts the domains that two scans share, and those of one only.
type Compared struct {
	Common     uint64 `json:"common"`
	OnlyBefore uint64 `json:"only_before"`
	OnlyAfter  uint64 `json:"only_after"`
}
