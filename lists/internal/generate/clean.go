package main

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"adopt6/lists"
)

// suffixes are the domains below which governments register names.
type suffixes map[string]bool

// outsideCCTLD are government suffixes under a generic top-level domain.
var outsideCCTLD = map[string]string{"rks-gov.net": "XK", "govmu.org": "MU"}

var governmentLabel = regexp.MustCompile(`^(gov|gob|gouv|gub|gv|go|govt|govern|governo|gouvernement|government)\.[a-z]{2}$`)

func (g *generator) loadSuffixes() (suffixes, error) {
	names, err := g.readLines("meta/psl_gov_suffixes.txt")
	if err != nil {
		return nil, err
	}
	s := make(suffixes)
	for _, name := range names {
		s[name] = true
	}
	for name := range outsideCCTLD {
		s[name] = true
	}
	return s, nil
}

func (s suffixes) has(name string) bool { return s[name] || governmentLabel.MatchString(name) }

// of returns the government suffix that name is, or is below, if any.
func (s suffixes) of(name string) string {
	for ; name != ""; _, name, _ = strings.Cut(name, ".") {
		if s.has(name) {
			return name
		}
	}
	return ""
}

// inside tells whether a government suffix stands in the middle of a name:
// a copy on a provider's servers, such as www.gov.example.cdn.example.
func (s suffixes) inside(name string) bool {
	labels := strings.Split(name, ".")
	for i := range labels {
		for j := i + 2; j < len(labels); j++ {
			if s.has(strings.Join(labels[i:j], ".")) {
				return true
			}
		}
	}
	return false
}

// platforms are domains of companies and projects that host the pages of
// public bodies, or that a source names by mistake.
var platforms = []string{
	"atende.net", "blogger.com", "city-data.com", "cdurl.cn", "facebook.com", "flickr.com", "github.com", "google.com",
	"instagram.com", "jimdo.com", "linkedin.com", "over-blog.com", "transer.com", "tripod.com", "twitter.com", "un.org", "vk.com", "weebly.com",
	"wikidata.org", "wikipedia.org", "wix.com", "wordpress.com", "x.com", "yahoo.com", "youtube.com",
}

// clean makes a host name of what a source has instead (a URL, a host
// with port or trailing dot) and returns the reason when there is none to be
// had. A leading www goes, as do labels for a language or a device.
func (c *collection) clean(raw string) (name, reason string) {
	raw = strings.ToLower(strings.TrimSpace(raw))
	if _, after, found := strings.Cut(raw, "://"); found {
		raw = after
	}
	if i := strings.IndexAny(raw, "/?#"); i >= 0 {
		raw = raw[:i]
	}
	if host, port, found := strings.Cut(raw, ":"); found && strings.Trim(port, "0123456789") == "" {
		raw = host
	}
	name, _, err := lists.Normalize(raw)
	if err != nil {
		return "", "invalid name"
	}
	name = c.withoutVariant(name)
	tld := name[strings.LastIndexByte(name, '.')+1:]
	if _, ok := c.tldOf[tld]; !ok || tld == name {
		return "", "no such top-level domain"
	}
	if c.suffixes.inside(name) || slices.ContainsFunc(platforms, func(p string) bool { return within(name, p) }) {
		return "", "on a platform"
	}
	if suffix, icann := publicsuffix.PublicSuffix(name); !icann && strings.Contains(suffix, ".") && c.suffixes.of(name) == "" {
		return "", "on a platform"
	}
	return name, ""
}

var variant = regexp.MustCompile(`^(www[0-9]*|m|mobil|mobile|en|eng|english|fr|french|ar|arabic|es|de|ru|jp|zh|big5|cy|main)$`)

// withoutVariant removes labels such as www and english in front of a name
// that can stand alone.
func (c *collection) withoutVariant(name string) string {
	for {
		first, rest, _ := strings.Cut(name, ".")
		if !variant.MatchString(first) || !strings.Contains(rest, ".") {
			return name
		}
		if c.suffixes.has(rest) && !strings.HasPrefix(first, "www") {
			return name
		}
		name = rest
	}
}

// within tells whether name is domain or below it.
func within(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// registered returns the domain that was registered for name to exist,
// or "" for a public suffix.
func registered(name string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return domain
}

// home returns the country that a name of a body of the given country counts
// for, by its top-level domain: the same country, or a territory of it. ok is
// false when the name belongs to a third country. generic is true when the
// top-level domain belongs to no country.
func (c *collection) home(name, country string) (home string, generic, ok bool) {
	tld := c.tldOf[name[strings.LastIndexByte(name, '.')+1:]]
	if of, known := outsideCCTLD[registered(name)]; known {
		return of, false, of == country
	}
	switch owner := lists.CountryOf(name); {
	case tld.country == "" && owner == "US": // .gov, .mil
		return owner, false, owner == country
	case tld.country == "":
		return country, true, true
	case tld.country == country:
		return country, false, true
	case c.byAlpha2[tld.country].parent == country:
		return tld.country, false, true
	}
	return "", false, false
}
