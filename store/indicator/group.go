package indicator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"adopt6/lists"
	"adopt6/store"
)

// SmallNumber is the count of targets below which a share is marked: it
// compares with nothing.
const SmallNumber = 10

// minCountries is how many countries a median needs. Fewer are shown by
// themselves.
const minCountries = 5

// Group is a set of countries that figures are summed up for.
type Group struct {
	ID      string // stable: "world", "ldc", "lldc", "sids", "resolution_101" or "region:" and the region
	Members []lists.Country
	// ToConfirm are those members that were due to leave before the day, where
	// their end is not confirmed.
	ToConfirm []lists.Membership
}

// Groups returns the groups that ITU looks at, with their members on the day of
// a scan: the world, the groups that Plenipotentiary Resolution 101 cares for,
// one by one and together, and the ITU regions in the order of their names.
func Groups(day time.Time) []Group {
	groups := []Group{{ID: "world"}, {ID: "ldc"}, {ID: "lldc"}, {ID: "sids"}, {ID: "resolution_101"}}
	regions := make(map[string][]lists.Country)
	for _, c := range lists.CountriesOn(day) {
		for i, in := range []bool{true, c.LDC, c.LLDC, c.SIDS, c.LDC || c.LLDC || c.SIDS} {
			if in {
				groups[i].Members = append(groups[i].Members, c)
			}
		}
		if c.Region != "" {
			regions[c.Region] = append(regions[c.Region], c)
		}
	}
	first := len(groups)
	for name, members := range regions {
		groups = append(groups, Group{ID: "region:" + name, Members: members})
	}
	slices.SortFunc(groups[first:], func(a, b Group) int { return strings.Compare(a.ID, b.ID) })
	for _, m := range lists.ToConfirm(day) {
		for i := range groups {
			if groups[i].ID == m.Group || groups[i].ID == "resolution_101" {
				groups[i].ToConfirm = append(groups[i].ToConfirm, m)
			}
		}
	}
	return groups
}

// Summary is one indicator over the countries of a group.
type Summary struct {
	Group     string
	Kind      lists.Kind
	Indicator string
	// Members is how many countries the group has, Countries how many of them
	// have a value that counts: for government and custom domains one of at
	// least SmallNumber targets.
	Members, Countries int
	// The quartiles of the countries' values, by linear interpolation
	// (R. J. Hyndman and Y. Fan, 1996, definition 7). Valid says whether there
	// are enough countries to have them.
	Valid          bool
	Q1, Median, Q3 float64
	// The targets of all countries of the group together; of shares only. ASCII
	// are only the ASCII ccTLDs.
	Pooled, ASCII Pool
}

// Pool is a share over the targets of several countries together.
type Pool struct{ Numerator, Denominator, Unmeasured uint64 }

func (p *Pool) add(r store.IndicatorRow) {
	p.Numerator += r.Numerator
	p.Denominator += r.Denominator
	p.Unmeasured += r.Unmeasured
}

// Summarise sums the rows of a scan up for one group, by kind and indicator in
// the order of the declarations. Countries count alike, however many targets
// they have; there is no mean of countries, which one of them could pull away.
// ccTLDs are a census of yes and no, of which one or two make a country: they
// have a pooled share and no quartiles. What the rules let nothing be said of is
// left out.
func Summarise(group Group, rows, ascii []store.IndicatorRow, rules Rules) []Summary {
	member := make(map[string]bool, len(group.Members))
	for _, c := range group.Members {
		member[c.Alpha2] = true
	}
	type key struct {
		kind lists.Kind
		id   string
	}
	values := make(map[key][]float64)
	sums := make(map[key]*Summary)
	for _, r := range rows {
		ind, known := ByID(r.Indicator)
		read := rules.Read(r)
		if !known || !member[r.Country] || read.Say == Nothing || read.Say == Unable {
			continue
		}
		k := key{r.Kind, r.Indicator}
		s := sums[k]
		if s == nil {
			s = &Summary{Group: group.ID, Kind: r.Kind, Indicator: r.Indicator, Members: len(group.Members)}
			sums[k] = s
		}
		if ind.Measure == Share {
			s.Pooled.add(r)
		}
		switch {
		case r.Kind == lists.CCTLD:
			s.Countries++
		case read.Say == Rate, read.Say == Number && r.Denominator >= SmallNumber:
			values[k] = append(values[k], r.Value)
			s.Countries++
		}
	}
	for _, r := range ascii {
		if s := sums[key{r.Kind, r.Indicator}]; s != nil && member[r.Country] {
			s.ASCII.add(r)
		}
	}
	list := make([]Summary, 0, len(sums))
	for k, s := range sums {
		of := values[k]
		slices.Sort(of)
		if s.Valid = len(of) >= minCountries; s.Valid {
			s.Q1, s.Median, s.Q3 = quantile(of, 0.25), quantile(of, 0.5), quantile(of, 0.75)
		}
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), order(a.Indicator)-order(b.Indicator))
	})
	return list
}

// order is the position of an indicator among the declarations.
func order(id string) int {
	return slices.IndexFunc(all, func(i Indicator) bool { return i.ID == id })
}

// quantile interpolates between the values around the position p of sorted ones.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}
