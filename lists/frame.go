package lists

import (
	"cmp"
	_ "embed"
	"iter"
	"slices"
	"strings"
	"sync"
)

//go:embed frame.csv
var frameFile string

// RoleStatus says what is known of a role in a state.
type RoleStatus string

// What may be known of a role in a state.
const (
	RoleFound   RoleStatus = "current" // the host serves the body that has the role
	RoleRenamed RoleStatus = "renamed" // the body was renamed or moved, the host may be an older one
	RoleAbsent  RoleStatus = "none"    // the state has no such body
	RoleDropped RoleStatus = "dropped" // a source has a host, which the review turned down: Note says why
	RoleUnknown RoleStatus = "unknown" // no source has a host
)

// Known tells whether the host of a role is known.
func (s RoleStatus) Known() bool { return s == RoleFound || s == RoleRenamed }

// FrameRow is what the frame has of one role in one country.
type FrameRow struct {
	Country string // ISO 3166-1 alpha-2
	Role    string // code of a Role
	Status  RoleStatus
	Host    string // A-label form without www; empty when the role is absent or unknown
	Body    string // the name that the source gives the body; may be empty
	Source  string // of the host, as in Sources
	Record  string // where in the source
	Date    string // when the source was made, YYYY-MM-DD
	Checked string // who judged the row, and when
	Note    string
}

// Frame returns the frame of roles: for each Member State of the United
// Nations what is known of each role, sorted by country and in the order of
// Roles. A role without a row is unknown.
func Frame() []FrameRow { return slices.Clone(frame()) }

// FrameOf returns a row for every role of a country, with RoleUnknown where
// the frame has none. It is nil for a country that the frame does not cover.
func FrameOf(country string) []FrameRow {
	rows := frameRows(frame(), country)
	if len(rows) == 0 {
		return nil
	}
	all := make([]FrameRow, 0, len(roles()))
	for _, role := range roles() {
		row := FrameRow{Country: country, Role: role.Code, Status: RoleUnknown}
		if i := slices.IndexFunc(rows, func(r FrameRow) bool { return r.Role == role.Code }); i >= 0 {
			row = rows[i]
		}
		all = append(all, row)
	}
	return all
}

// frameRows returns the rows of one country.
func frameRows(all []FrameRow, country string) []FrameRow {
	compare := func(r FrameRow, country string) int { return strings.Compare(r.Country, country) }
	first, _ := slices.BinarySearchFunc(all, country, compare)
	end := first
	for end < len(all) && all[end].Country == country {
		end++
	}
	return all[first:end]
}

// FrameCountries returns the alpha-2 codes of the states that the frame covers.
func FrameCountries() []string {
	var all []string
	for _, r := range frame() {
		if len(all) == 0 || all[len(all)-1] != r.Country {
			all = append(all, r.Country)
		}
	}
	return all
}

// FrameTargets returns the hosts of the frame, each once a country with all the
// roles that it serves there, sorted by country and name.
func FrameTargets() iter.Seq[Target] { return targetsOf(frame()) }

// targetsOf joins rows, sorted by country, by host.
func targetsOf(rows []FrameRow) iter.Seq[Target] {
	return func(yield func(Target) bool) {
		rows := rows
		for len(rows) > 0 {
			country := frameRows(rows, rows[0].Country)
			for _, t := range frameTargets(country) {
				if !yield(t) {
					return
				}
			}
			rows = rows[len(country):]
		}
	}
}

// overridden returns the frame with the rows of own for the countries that they
// name: a state knows its own sites best.
func overridden(own []FrameRow) []FrameRow {
	if len(own) == 0 {
		return frame()
	}
	replaced := make(map[string]bool)
	for _, r := range own {
		replaced[r.Country] = true
	}
	all := slices.DeleteFunc(Frame(), func(r FrameRow) bool { return replaced[r.Country] })
	all = append(all, own...)
	slices.SortStableFunc(all, func(a, b FrameRow) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(roleIndex(a.Role), roleIndex(b.Role)))
	})
	return all
}

// frameTargets joins the rows of one country by host.
func frameTargets(rows []FrameRow) []Target {
	var targets []Target
	for _, r := range rows {
		if !r.Status.Known() {
			continue
		}
		i := slices.IndexFunc(targets, func(t Target) bool { return t.Name == r.Host })
		if i >= 0 {
			targets[i].Roles += " " + r.Role
			continue
		}
		_, unicode, err := Normalize(r.Host)
		if err != nil { // a test reads every row
			unicode = r.Host
		}
		targets = append(targets, Target{Name: r.Host, Unicode: unicode, Kind: Government, Level: LevelCentral,
			Country: r.Country, Source: r.Source, Date: r.Date, Roles: r.Role, Organisation: r.Body})
	}
	slices.SortFunc(targets, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return targets
}

var frame = sync.OnceValue(func() []FrameRow {
	var all []FrameRow
	for _, f := range quotedRows(frameFile) {
		all = append(all, FrameRow{Country: f[0], Role: f[1], Status: RoleStatus(f[2]), Host: f[3], Body: f[4],
			Source: f[5], Record: f[6], Date: f[7], Checked: f[8], Note: f[9]})
	}
	return all
})
