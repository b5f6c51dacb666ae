package lists

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed countries_groups.csv
var membershipFile string

// Membership is the time that a country is in a group.
type Membership struct {
	Country string // alpha-2
	Group   string // "ldc", "lldc", "sids", or "region:" and the ITU region
	// From and To are the first day in the group and the first one out of it
	// (YYYY-MM-DD). An empty From is earlier than any scan; an empty To is open.
	From, To string
	// Confirmed says that To, where there is one, has happened. Where it does
	// not hold, To is when the country was due to leave, and it stays.
	Confirmed bool
	Source    string // id of a source, or the URL where the date was read
	Note      string
}

// Memberships returns every membership, by country and group.
func Memberships() []Membership { return slices.Clone(memberships()) }

// ToConfirm returns the memberships that were due to end by a day, and whose
// end is not confirmed.
func ToConfirm(day time.Time) (due []Membership) {
	for _, m := range memberships() {
		if m.To != "" && !m.Confirmed && m.To <= day.UTC().Format(time.DateOnly) {
			due = append(due, m)
		}
	}
	return due
}

// on says whether the country is in the group on a day (YYYY-MM-DD).
func (m Membership) on(day string) bool {
	return m.From <= day && (m.To == "" || day < m.To || !m.Confirmed)
}

// On returns the country with the groups that it is in on a day in UTC, as far
// as the table knows.
func (c Country) On(day time.Time) Country {
	c.AsOf = day.UTC().Format(time.DateOnly)
	c.Region, c.LDC, c.LLDC, c.SIDS = "", false, false, false
	for _, m := range membershipsOf()[c.Alpha2] {
		if !m.on(c.AsOf) {
			continue
		}
		switch m.Group {
		case "ldc":
			c.LDC = true
		case "lldc":
			c.LLDC = true
		case "sids":
			c.SIDS = true
		default:
			c.Region = strings.TrimPrefix(m.Group, "region:")
		}
	}
	return c
}

// CountriesOn returns every country with its groups on a day.
func CountriesOn(day time.Time) []Country {
	all := Countries()
	for i := range all {
		all[i] = all[i].On(day)
	}
	return all
}

var memberships = sync.OnceValue(func() []Membership {
	var all []Membership
	for _, f := range quotedRows(membershipFile) {
		all = append(all, Membership{f[0], f[1], f[2], f[3], f[4] == "yes", f[5], f[6]})
	}
	return all
})

var membershipsOf = sync.OnceValue(func() map[string][]Membership {
	by := make(map[string][]Membership)
	for _, m := range memberships() {
		by[m.Country] = append(by[m.Country], m)
	}
	return by
})
