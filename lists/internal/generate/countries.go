package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

var languages = []string{"ar", "zh", "en", "fr", "ru", "es"}

// country is one row of countries.csv, and the alpha-2 code of the state that
// a territory belongs to.
type country struct {
	alpha2, alpha3, m49 string
	names               []string // in the order of languages
	region              string
	member              bool
	ldc, lldc, sids     bool
	asOf, source        string
	parent              string
}

// shortNames are the territories whose short CLDR name, of the kind
// "alt-short" or without the part in parentheses, is nearer to the United
// Nations' own name than the usual one.
var shortNames = []string{"MM", "PS"}

func (g *generator) loadCountries() error {
	codes, err := g.table("meta/datasets-country-codes.csv")
	if err != nil {
		return err
	}
	groups, err := g.table("meta/itu_regions_un_groups.csv")
	if err != nil {
		return err
	}
	itu := make(map[string]record)
	for _, r := range groups {
		itu[r["iso2"]] = r
	}
	for _, r := range codes {
		g.countries = append(g.countries, g.newCountry(r, itu[r["ISO3166-1-Alpha-2"]]))
	}
	// Kosovo: user-assigned codes, in CLDR but in neither ISO 3166-1 nor M49.
	g.countries = append(g.countries, country{alpha2: "XK", alpha3: "XKX", asOf: g.dates["itu-groups"], source: "cldr"})
	slices.SortFunc(g.countries, func(a, b country) int { return strings.Compare(a.alpha2, b.alpha2) })

	g.byAlpha2, g.alpha2 = make(map[string]*country), map[string]string{"XKS": "XK"}
	for i := range g.countries {
		c := &g.countries[i]
		g.byAlpha2[c.alpha2], g.alpha2[c.alpha3] = c, c.alpha2
	}
	return g.nameCountries()
}

// newCountry makes a country from its row of codes and, if ITU lists it, of
// ITU's groups. Economies that ITU's tables list as "Other Economies" are in
// no region.
func (g *generator) newCountry(codes, itu record) country {
	c := country{
		alpha2: codes["ISO3166-1-Alpha-2"],
		alpha3: codes["ISO3166-1-Alpha-3"],
		m49:    strings.Repeat("0", 3-len(codes["M49"])) + codes["M49"],
		parent: parentOf(codes["is_independent"]),
		asOf:   g.dates["country-codes"],
		source: "country-codes+cldr",
	}
	if itu == nil {
		c.sids = codes["Small Island Developing States (SIDS)"] == "x"
		return c
	}
	if itu["itu_region"] != "Other Economies" {
		c.region = itu["itu_region"]
	}
	c.member = itu["itu_member_state"] == "1"
	c.ldc, c.lldc, c.sids = itu["ldc_2025"] == "1", itu["lldc"] == "1", itu["sids_m49"] == "1"
	c.asOf, c.source = g.dates["itu-groups"], "country-codes+cldr+itu-groups"
	return c
}

// parentOf returns the state in remarks such as "Territory of GB".
func parentOf(remark string) string {
	if i := strings.LastIndex(remark, " of "); i >= 0 {
		return remark[i+len(" of "):]
	}
	if i := strings.LastIndex(remark, " with "); i >= 0 {
		return remark[i+len(" with "):]
	}
	return ""
}

func (g *generator) nameCountries() error {
	for _, lang := range languages {
		names, err := g.territoryNames(lang)
		if err != nil {
			return err
		}
		for i := range g.countries {
			c := &g.countries[i]
			name := names[c.alpha2]
			if slices.Contains(shortNames, c.alpha2) {
				name, _, _ = strings.Cut(cmp.Or(names[c.alpha2+"-alt-short"], name), " (")
			}
			if name == "" {
				return fmt.Errorf("CLDR has no %s name for %s", lang, c.alpha2)
			}
			c.names = append(c.names, name)
		}
	}
	return nil
}

func (g *generator) countryRows() [][]string {
	header := []string{"alpha2", "alpha3", "m49"}
	for _, lang := range languages {
		header = append(header, "name_"+lang)
	}
	rows := [][]string{append(header, "itu_region", "itu_member", "ldc", "lldc", "sids", "as_of", "source")}
	for _, c := range g.countries {
		row := append([]string{c.alpha2, c.alpha3, c.m49}, c.names...)
		rows = append(rows, append(row, c.region, flag01(c.member), flag01(c.ldc), flag01(c.lldc), flag01(c.sids), c.asOf, c.source))
	}
	return rows
}

func flag01(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
