package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"adopt6/lists"
)

// left is a row that is on no list though a source has it as central.
type left struct {
	government
	reason lists.Reason
	into   string // the row that stands for it; may be empty
}

// sharedDomains are domains below which bodies of a central government have
// their names, each a body of its own. The domain itself is the government's.
var sharedDomains = []string{"admin.ch", "belgium.be", "bund.de", "canada.ca", "fgov.be", "lrv.lt", "public.lu"}

// leaveCentral takes out of the central rows what is not a body of its own:
// suffixes, machines, and names below the name of the same body. It returns
// them in the order of governments.csv.
func (c *collection) leaveCentral() []left {
	var all []left
	c.below = c.countBelow()
	for name, g := range c.byName {
		if g.level != lists.LevelCentral {
			continue
		}
		if reason, into := c.leaves(name); reason != "" {
			all = append(all, left{g, reason, into})
		}
	}
	for _, l := range all {
		delete(c.byName, l.name)
		c.drop(l.source, "central, but "+string(l.reason))
	}
	slices.SortFunc(all, func(a, b left) int { return cmp.Or(cmp.Compare(a.country, b.country), cmp.Compare(a.name, b.name)) })
	return all
}

// machine matches first labels of machines and of trials that are registered
// like bodies, as mail.gov is.
var machine = regexp.MustCompile(`^((mail|ns|dns|mx|smtp|vpn|dev|stage|staging|test|demo)[0-9]*(-.*)?|.*-(test|dev|stage|staging))$`)

// leaves returns why a central name is not a body of its own, and which row
// stands for it.
func (c *collection) leaves(name string) (reason lists.Reason, into string) {
	if c.isSuffix(name) {
		return lists.LeftSuffix, ""
	}
	for domain := parent(name); domain != ""; domain = parent(domain) {
		if c.suffixes.has(domain) || slices.Contains(sharedDomains, domain) || c.judged.names[name] != "" {
			break
		}
		if c.byName[domain].level == lists.LevelCentral {
			return lists.LeftBelow, domain
		}
	}
	if label, _, _ := strings.Cut(name, "."); machine.MatchString(label) {
		return lists.LeftMachine, ""
	}
	return "", ""
}

// isSuffix tells whether governments register names below a domain: the Public
// Suffix List says so, or it looks like gov.xx and several names that are on the
// lists are below it. Those of armed forces are their sites.
func (c *collection) isSuffix(name string) bool {
	several := 5
	if strings.HasPrefix(name, "gove") { // government.nl has machines below it, and is a site
		several = 10
	}
	return !strings.HasPrefix(name, "mil.") && (c.suffixes[name] || governmentLabel.MatchString(name) && c.below[name] >= several)
}

// countBelow returns how many names of the collection are below each domain
// that looks like gov.xx.
func (c *collection) countBelow() map[string]int {
	count := make(map[string]int)
	for name := range c.byName {
		for domain := parent(name); domain != ""; domain = parent(domain) {
			if governmentLabel.MatchString(domain) {
				count[domain]++
			}
		}
	}
	return count
}

// parent returns the domain that a name is directly below, "" for a top-level
// domain.
func parent(name string) string {
	_, domain, _ := strings.Cut(name, ".")
	return domain
}

// leftRows returns the rows of left.csv.
func (c *collection) leftRows(all []left) [][]string {
	rows := [][]string{{"name", "country", "reason", "into", "source", "date"}}
	for _, l := range all {
		rows = append(rows, []string{l.name, l.country, string(l.reason), l.into, l.source, c.dates[l.source]})
	}
	return rows
}

// suffixRows returns the rows of suffixes.csv: the government suffixes that
// the Public Suffix List has, and those that a source has as the domain of a
// government or registers names below. Suffixes of armed forces are left out.
func (c *collection) suffixRows(all []left) [][]string {
	sources := make(map[string]string)
	for domain := range c.below {
		if c.isSuffix(domain) {
			sources[domain] = "swh-subdomains"
		}
	}
	for _, l := range all {
		if l.reason == lists.LeftSuffix {
			sources[l.name] = l.source
		}
	}
	for name := range c.suffixes {
		if c.isSuffix(name) && outsideCCTLD[name] == "" {
			sources[name] = "public-suffix-list"
		}
	}
	rows := [][]string{{"name", "unicode", "country", "source", "date"}}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		country := cmp.Or(outsideCCTLD[name], c.tldOf[name[strings.LastIndexByte(name, '.')+1:]].country)
		if country == "" {
			continue // no country's, as gov.eu would be
		}
		rows = append(rows, []string{name, name, country, sources[name], c.dates[sources[name]]})
	}
	return rows
}
