package main

import (
	"strings"

	"adopt6/lists"
)

// addDotGov takes the whole .gov registry.
func (c *collection) addDotGov() error {
	const source = "us-dotgov"
	records, err := c.table("gov/us-dotgov-current-full.csv")
	if err != nil {
		return err
	}
	for _, r := range records {
		name, reason := c.clean(r["Domain name"])
		if reason != "" {
			c.drop(source, reason)
			continue
		}
		country, level := c.dotGovPlace(r["State"], r["Domain type"])
		c.add(name, country, level, source)
	}
	return nil
}

// dotGovPlace returns the country and level of a registration: a territory's
// own government is the central one there.
func (c *collection) dotGovPlace(state, domainType string) (country, level string) {
	level = dotGovLevel(domainType)
	if t := c.byAlpha2[state]; t == nil || t.parent != "US" || level == lists.LevelCentral {
		return "US", level
	}
	if level == lists.LevelRegional {
		level = lists.LevelCentral
	}
	return state, level
}

// dotGovLevel maps the registry's domain types. Tribal governments are of
// none of the three levels.
func dotGovLevel(domainType string) string {
	kind, _, _ := strings.Cut(domainType, " -")
	switch kind {
	case "Federal":
		return lists.LevelCentral
	case "State or territory", "Interstate":
		return lists.LevelRegional
	case "City", "County", "Special district", "School district":
		return lists.LevelLocal
	}
	return lists.LevelPublicSector
}

// addPublicSector takes the central and first-tier domains that Software
// Heritage has checked by hand.
func (c *collection) addPublicSector() error {
	const source = "swh-public-sector"
	records, err := c.table("gov/swh_public-sector-domains-central+.csv")
	if err != nil {
		return err
	}
	levels := map[string]string{"central": lists.LevelCentral, "central-1": lists.LevelRegional}
	for _, r := range records {
		alpha3, _, _ := strings.Cut(r["country"], "_")
		level := levels[r["level"]]
		if level == "" {
			c.drop(source, "unknown level")
			continue
		}
		c.take(r["domain"], alpha3, level, source)
	}
	return nil
}

// addPortals takes the portal and the mail domain of each government.
func (c *collection) addPortals() error {
	records, err := c.table("gov/swh_world-governments.csv")
	if err != nil {
		return err
	}
	for _, r := range records {
		for _, column := range []string{"Government Portal Domain", "email address domain"} {
			c.take(r[column], r["iso3"], lists.LevelCentral, "swh-world-governments")
		}
	}
	return nil
}

// take cleans a name from a source that was checked by hand and adds it, if
// its top-level domain does not speak against the country.
func (c *collection) take(raw, alpha3, level, source string) {
	country := c.alpha2[alpha3]
	name, reason := c.clean(raw)
	switch {
	case country == "":
		c.drop(source, "unknown country")
		return
	case reason != "":
		c.drop(source, reason)
		return
	}
	home, _, ok := c.home(name, country)
	if !ok {
		c.drop(source, "top-level domain of another country")
		return
	}
	c.add(name, home, level, source)
}

// addGerman takes federal hosts, and of municipalities the domains that they
// registered themselves. The source is old, and what it has under generic
// top-level domains may have lapsed.
func (c *collection) addGerman() error {
	const source = "de-gov-domains"
	records, err := c.table("gov/de-robbi5-domains.csv")
	if err != nil {
		return err
	}
	for _, r := range records {
		level := lists.LevelLocal
		if r["Domain Type"] == "Federal Agency" {
			level = lists.LevelCentral
		}
		name, reason := c.clean(r["Domain Name"])
		switch {
		case reason != "":
			c.drop(source, reason)
		case !within(name, "de"):
			c.drop(source, "not under the country's top-level domain")
		case level == lists.LevelLocal && registered(name) != name:
			c.drop(source, "below somebody's domain")
		default:
			c.add(name, "DE", level, source)
		}
	}
	return nil
}

// addFrench takes the names below gouv.fr, which is the state's, and the
// domains that other public bodies registered themselves. The source does not
// say of what level those are: most are municipalities.
func (c *collection) addFrench() error {
	const source = "fr-etalab"
	lines, err := c.readLines("gov/fr-etalab-urls.txt")
	if err != nil {
		return err
	}
	for _, line := range lines {
		name, reason := c.clean(line)
		switch {
		case reason != "":
			c.drop(source, reason)
		case within(name, "gouv.fr"):
			if name = below(name, "gouv.fr"); isService(name) {
				c.drop(source, "name of a service")
				continue
			}
			c.take(name, "FRA", lists.LevelCentral, source)
		case registered(name) != name:
			c.drop(source, "below somebody's domain")
		default:
			c.take(name, "FRA", lists.LevelPublicSector, source)
		}
	}
	return nil
}

// below returns the name directly below suffix that name is or is below, or
// the suffix itself.
func below(name, suffix string) string {
	if name == suffix {
		return name
	}
	front := strings.TrimSuffix(name, "."+suffix)
	return front[strings.LastIndexByte(front, '.')+1:] + "." + suffix
}
