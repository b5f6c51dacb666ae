package lists

import (
	_ "embed"
	"iter"
	"strings"
	"sync"
)

//go:embed cctlds.csv
var cctldFile string

// TLD is a delegated country-code top-level domain.
//
// Country is empty for .eu and its IDN forms and for .su: their codes are
// only reserved in ISO 3166-1 and stand for no country. .uk belongs to GB and
// .ac (Ascension) to SH, to which ISO 3166-1 assigns it.
type TLD struct {
	Target
	Alpha3 string // ISO 3166-1 alpha-3 of Country
	M49    string // UN M49 of Country, three digits
	Script string // Unicode script of the U-label: "Latin", "Arabic", "Han" ...
}

// CCTLDs returns the delegated ccTLDs, ASCII and IDN, sorted by A-label.
func CCTLDs() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		for _, t := range tlds().all {
			if !yield(t.Target) {
				return
			}
		}
	}
}

// TLDs returns what CCTLDs does, with all that is known of each.
func TLDs() []TLD { return append([]TLD(nil), tlds().all...) }

// TLDByName returns the ccTLD with the given A-label, lower case and without
// a trailing dot ("uk", "xn--p1ai").
func TLDByName(aLabel string) (TLD, bool) {
	i, ok := tlds().byName[aLabel]
	if !ok {
		return TLD{}, false
	}
	return tlds().all[i], true
}

type tldTable struct {
	all    []TLD
	byName map[string]int
}

var tlds = sync.OnceValue(func() tldTable {
	table := tldTable{byName: make(map[string]int)}
	for f := range rows(cctldFile) {
		table.byName[f[0]] = len(table.all)
		table.all = append(table.all, TLD{
			Target: Target{Name: f[0], Unicode: f[1], Kind: CCTLD, Country: f[2], Source: f[6], Date: f[7]},
			Alpha3: f[3], M49: f[4], Script: f[5],
		})
	}
	return table
})

// Siblings are two ccTLDs of one territory.
type Siblings struct {
	IDN   TLD // in another script than Latin
	ASCII TLD // the one made of the country code, or .eu
}

// IDNSiblings returns every IDN ccTLD beside the ASCII ccTLD of its territory,
// sorted by A-label. A territory may have several IDN ccTLDs.
func IDNSiblings() []Siblings {
	var all []Siblings
	for _, t := range tlds().all {
		if t.Script == "Latin" {
			continue
		}
		code := strings.ToLower(t.Country)
		if code == "" {
			code = "eu" // whose forms alone have no country
		}
		if ascii, ok := TLDByName(code); ok {
			all = append(all, Siblings{IDN: t, ASCII: ascii})
		}
	}
	return all
}
