package main

import (
	"cmp"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"

	"adopt6/lists"
)

// addWikidata takes the sites of central administrations that Wikidata knows.
// The source says "constitutional_court" of towns and religious houses too,
// so that a row of this type counts only when its level is stated.
func (c *collection) addWikidata() error {
	const source = "swh-wikidata"
	records, err := c.table("gov/swh_wikidata_central_admin.csv.gz")
	if err != nil {
		return err
	}
	lower := c.lowerLevels(records)
	for _, r := range records {
		if r["type"] == "constitutional_court" && r["level"] == "" {
			c.drop(source, "type cannot be relied on")
			continue
		}
		country := c.alpha2[r["iso3"]]
		name, reason := c.clean(r["hostname"])
		if reason != "" {
			c.drop(source, reason)
			continue
		}
		home, generic, ok := c.home(name, country)
		switch {
		case !ok:
			c.drop(source, "top-level domain of another country")
		case generic:
			// Many of these have lapsed and belong to others by now.
			c.drop(source, "generic top-level domain")
		case within(name, "gov") && registered(name) != name:
			c.drop(source, "known from a registry")
		case isService(name) && c.suffixes.has(name[strings.IndexByte(name, '.')+1:]):
			c.drop(source, "name of a service")
		default:
			c.add(name, home, c.wikidataLevel(name, r, lower), source)
		}
	}
	return nil
}

// lowerLevels returns the names that Wikidata says are regional or local.
func (c *collection) lowerLevels(records []record) map[string]string {
	lower := make(map[string]string)
	for _, r := range records {
		level := statedLevel[r["level"]]
		if level == "" || level == lists.LevelCentral {
			continue
		}
		if name, reason := c.clean(r["hostname"]); reason == "" && rank[level] > rank[lower[name]] {
			lower[name] = level
		}
	}
	return lower
}

var statedLevel = map[string]string{"central": lists.LevelCentral, "central-1": lists.LevelRegional, "local": lists.LevelLocal}

// wikidataLevel returns the level of a row: the stated one, or for a ministry
// what the domains around its name tell. Federal states have ministries of
// their own, so a ministry is central only where its name says so: below the
// government's suffix or directly below the ccTLD, and not below a domain
// known as regional or local.
func (c *collection) wikidataLevel(name string, r record, lower map[string]string) string {
	if level := c.judged.names[name]; level != "" {
		return level
	}
	if level := statedLevel[r["level"]]; level != "" {
		return level
	}
	if r["type"] != "ministry" {
		return lists.LevelPublicSector
	}
	suffix := c.suffixes.of(name)
	for domain := name; strings.Contains(domain, "."); _, domain, _ = strings.Cut(domain, ".") {
		if domain == suffix {
			break
		}
		if level := c.byName[domain].level; level == lists.LevelRegional || level == lists.LevelLocal {
			return level
		}
		if level := lower[domain]; level != "" && (domain != name || suffix == "") {
			return level
		}
	}
	if ps, _ := publicsuffix.PublicSuffix(name); suffix != "" || !strings.Contains(ps, ".") {
		return lists.LevelCentral
	}
	return lists.LevelPublicSector
}

// addSubdomains takes the names directly below a government suffix with a
// host that resolved when the source was made. What else the source measured
// is not used. The source states no level; judgements.csv does for some.
func (c *collection) addSubdomains() error {
	const source = "swh-subdomains"
	records, err := c.table("gov/swh_all_subdomains.csv.gz")
	if err != nil {
		return err
	}
	for _, r := range records {
		host, suffix := strings.TrimSuffix(strings.ToLower(r["subdomain"]), "."), r["parent_domain"]
		if reason := c.leftOut(host, suffix, r["http_status"]); reason != "" {
			c.drop(source, reason)
			continue
		}
		name := below(host, suffix)
		c.take(name, r["iso3"], cmp.Or(c.judged.level(name, suffix), lists.LevelPublicSector), source)
	}
	return nil
}

// leftOut returns why a host says nothing of a public body, or "".
func (c *collection) leftOut(host, suffix, status string) string {
	switch {
	case host == suffix, !within(host, suffix):
		return "not below a government suffix"
	case !c.suffixes.has(suffix) && c.judged.suffixes[suffix] == "" && c.judged.names[below(host, suffix)] == "":
		return "not below a government suffix"
	case strings.HasPrefix(status, "Could not resolve"), strings.HasPrefix(status, "Resolving"):
		return "did not resolve"
	case isService(below(host, suffix)):
		return "name of a service"
	}
	return ""
}

// service matches first labels that name a machine or a service of the
// operator and no public body.
var service = regexp.MustCompile(`^(` + strings.Join(strings.Fields(`
	api app apps auth autoconfig autodiscover backup beta cdn cloud cpanel cpcalendars cpcontacts demo dev dns email
	exchange ftp gateway gw hostmaster imap intranet ldap localhost login lync lyncdiscover m mail mobile monitor mta mx
	ns ntp office owa pop preprod proxy relay remote router secure server sftp sip smtp ssl sso stage staging static
	test testing vpn web webdisk webmail whm www xmpp zimbra`), "|") + `)-?[0-9]*$`)

func isService(name string) bool {
	label, _, _ := strings.Cut(name, ".")
	return service.MatchString(label)
}
