package main

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

var languages = []string{"ar", "zh", "en", "fr", "ru", "es"}

// country is one row of countries.csv, and the alpha-2 code of the state that
// a territory belongs to.
type country struct {
	alpha2, alpha3, m49 string
	names               []string // of M49, in the order of languages
	short               []string // of CLDR, likewise
	groups              []membership
	member              bool
	source              string
	parent              string
}

// membership is one row of countries_groups.csv. The tables of ITU and M49 say
// who is in a group, not since when: dates are those of datedFile.
type membership struct{ group, from, to, confirmed, source, note string }

// datedFile has the memberships that begin or end, written by hand: they
// replace what the tables say of the same country and group.
//
//go:embed memberships.csv
var datedFile string

// ownNames are names of M49 that the table has wrong or in a case other than
// the nominative. An empty one stands for CLDR's name.
var ownNames = map[string]string{
	"en CI": "Côte d’Ivoire", "en FK": "Falkland Islands (Malvinas)", "en NL": "Netherlands (Kingdom of the)",
	"ar IO": "", "ar NL": "هولندا (مملكة)", "ar TF": "", "ar UM": "",
	"ru AQ": "Антарктика", "ru AX": "Аландские острова", "ru CC": "Кокосовые (Килинг) острова", "ru CX": "Остров Рождества", "ru KY": "Каймановы острова",
}

// nameColumns are the columns of M49's names, in the order of languages.
var nameColumns = []string{"official_name_ar", "official_name_cn", "official_name_en", "official_name_fr", "official_name_ru", "official_name_es"}

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
	g.countries = append(g.countries, country{alpha2: "XK", alpha3: "XKX", names: make([]string, len(languages)), source: "cldr"})
	slices.SortFunc(g.countries, func(a, b country) int { return strings.Compare(a.alpha2, b.alpha2) })

	g.byAlpha2, g.alpha2 = make(map[string]*country), map[string]string{"XKS": "XK"}
	for i := range g.countries {
		c := &g.countries[i]
		g.byAlpha2[c.alpha2], g.alpha2[c.alpha3] = c, c.alpha2
	}
	if err := g.dateGroups(); err != nil {
		return err
	}
	return g.nameCountries()
}

// dateGroups puts the memberships of which dates are known in the place of
// those that the tables have.
func (g *generator) dateGroups() error {
	rows, err := csv.NewReader(strings.NewReader(datedFile)).ReadAll()
	if err != nil {
		return fmt.Errorf("read memberships.csv: %w", err)
	}
	for _, f := range rows[1:] {
		c := g.byAlpha2[f[0]]
		if c == nil {
			return fmt.Errorf("memberships.csv: no country %s", f[0])
		}
		c.groups = slices.DeleteFunc(c.groups, func(m membership) bool { return m.group == f[1] })
		c.groups = append(c.groups, membership{f[1], f[2], f[3], f[4], f[5], f[6]})
	}
	return nil
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
		source: "country-codes+cldr",
	}
	for i, column := range nameColumns {
		name, own := ownNames[languages[i]+" "+c.alpha2]
		if !own {
			name = strings.ReplaceAll(codes[column], "'", "’")
		}
		c.names = append(c.names, name)
	}
	in := func(source, group string, is bool) {
		if is {
			c.groups = append(c.groups, membership{group: group, confirmed: "yes", source: source})
		}
	}
	if itu == nil {
		in("country-codes", "sids", codes["Small Island Developing States (SIDS)"] == "x")
		return c
	}
	in("itu-groups", "ldc", itu["ldc_2025"] == "1")
	in("itu-groups", "lldc", itu["lldc"] == "1")
	in("itu-groups", "sids", itu["sids_m49"] == "1")
	in("itu-groups", "region:"+itu["itu_region"], itu["itu_region"] != "Other Economies")
	c.member = itu["itu_member_state"] == "1"
	c.source = "country-codes+cldr+itu-groups"
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
			at := len(c.short)
			c.short = append(c.short, name)
			c.names[at] = cmp.Or(c.names[at], name)
		}
	}
	return nil
}

func (g *generator) countryRows() [][]string {
	header := []string{"alpha2", "alpha3", "m49"}
	for _, kind := range []string{"name_", "short_"} {
		for _, lang := range languages {
			header = append(header, kind+lang)
		}
	}
	rows := [][]string{append(header, "itu_member", "source")}
	for _, c := range g.countries {
		rows = append(rows, slices.Concat([]string{c.alpha2, c.alpha3, c.m49}, c.names, c.short, []string{flag01(c.member), c.source}))
	}
	return rows
}

func (g *generator) groupRows() [][]string {
	rows := [][]string{{"country", "group", "from", "to", "confirmed", "source", "note"}}
	for _, c := range g.countries {
		slices.SortStableFunc(c.groups, func(a, b membership) int { return strings.Compare(a.group, b.group) })
		for _, m := range c.groups {
			rows = append(rows, []string{c.alpha2, m.group, m.from, m.to, m.confirmed, m.source, m.note})
		}
	}
	return rows
}

func flag01(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
