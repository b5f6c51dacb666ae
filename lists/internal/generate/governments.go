package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"adopt6/lists"
)

// government is one row of governments.csv.
type government struct {
	name, unicode, country, level, source string
}

// rank orders the levels: when sources say different things of a name, the
// highest level wins, and a stated level wins over an unstated one.
var rank = map[string]int{lists.LevelPublicSector: 0, lists.LevelLocal: 1, lists.LevelRegional: 2, lists.LevelCentral: 3}

// registries are the sources that know the level of each of their names for
// certain; what they say is final.
var registries = []string{"us-dotgov"}

// collection gathers government domains from all sources.
type collection struct {
	*generator
	byName   map[string]government
	suffixes suffixes
	judged   judgements
	below    map[string]int // names on the lists below each domain like gov.xx
}

// governments returns the rows of governments.csv, of left.csv and of
// suffixes.csv.
func (g *generator) governments() (rows, leftOut, suffixes [][]string, err error) {
	g.dropped = make(map[string]map[string]int)
	c := &collection{generator: g, byName: make(map[string]government)}
	if c.suffixes, err = g.loadSuffixes(); err != nil {
		return nil, nil, nil, err
	}
	if c.judged, err = loadJudgements(); err != nil {
		return nil, nil, nil, err
	}
	// The order decides which source a row names when several agree.
	for _, add := range []func() error{
		c.addDotGov, c.addPublicSector, c.addPortals, c.addGerman, c.addFrench, c.addWikidata, c.addSubdomains,
	} {
		if err := add(); err != nil {
			return nil, nil, nil, err
		}
	}
	left := c.leaveCentral()
	rows, err = c.rows()
	return rows, c.leftRows(left), c.suffixRows(left), err
}

func (c *collection) rows() ([][]string, error) {
	all := slices.SortedFunc(maps.Values(c.byName), func(a, b government) int {
		return cmp.Or(cmp.Compare(a.country, b.country), cmp.Compare(a.name, b.name))
	})
	rows := [][]string{{"name", "unicode", "country", "level", "source", "date"}}
	for _, r := range all {
		date := c.dates[r.source]
		if date == "" {
			return nil, fmt.Errorf("sources.csv has no date for %s", r.source)
		}
		rows = append(rows, []string{r.name, r.unicode, r.country, r.level, r.source, date})
	}
	return rows, nil
}

// add takes a cleaned name into the collection, unless a better source has
// said more of it.
func (c *collection) add(name, country, level, source string) {
	ascii, uni, err := lists.Normalize(name)
	if err != nil {
		c.drop(source, "invalid name")
		return
	}
	old, known := c.byName[ascii]
	switch {
	case known && slices.Contains(registries, old.source):
		c.drop(source, "known from a registry")
	case known && old.country != country:
		c.drop(source, "another country has it")
	case known && rank[old.level] >= rank[level]:
		c.drop(source, "duplicate")
	default:
		c.byName[ascii] = government{ascii, uni, country, level, source}
	}
}

// drop counts a row of a source that goes no further.
func (g *generator) drop(source, reason string) {
	if g.dropped[source] == nil {
		g.dropped[source] = make(map[string]int)
	}
	g.dropped[source][reason]++
}

// report prints how many rows of each source were left out, and why.
func (g *generator) report(w io.Writer) {
	for _, source := range slices.Sorted(maps.Keys(g.dropped)) {
		for _, reason := range slices.Sorted(maps.Keys(g.dropped[source])) {
			fmt.Fprintf(w, "%-22s %6d rows left out: %s\n", source, g.dropped[source][reason], reason)
		}
	}
}
