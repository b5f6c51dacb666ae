package words

import (
	_ "embed"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"adopt6/lists"
)

//go:embed plurals.csv
var pluralsCSV string

// Forms are the plural forms of CLDR by the names that plurals.csv calls them.
// A language uses some of them: English one and other, Arabic all six.
var Forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// Plural is a text whose words depend on how many there are of something.
type Plural map[plural.Form]lists.Names

// Plurals returns by key the texts that depend on a number. A language whose
// words do not change has its text under other alone.
var Plurals = sync.OnceValue(func() map[string]Plural {
	table := make(map[string]Plural)
	for _, l := range read(pluralsCSV, 8) {
		form, known := Forms[l[1]]
		if !known {
			panic("embedded words of the report: " + l[0] + ": " + l[1] + " is not a plural form")
		}
		if table[l[0]] == nil {
			table[l[0]] = make(Plural)
		}
		table[l[0]][form] = names(l[2:])
	}
	return table
})

// Form returns the plural form that a language puts a whole number in.
func Form(lang string, n uint64) plural.Form {
	// Rules look at the last digits at most, and at whether the number is small.
	const last = 1_000_000
	if n >= last {
		n = last + n%last
	}
	return plural.Cardinal.MatchPlural(language.MustParse(lang), int(n), 0, 0, 0, 0)
}

// In returns the text for n of something in a language.
func (p Plural) In(lang string, n uint64) string {
	if text := p[Form(lang, n)].In(lang); text != "" {
		return text
	}
	return p[plural.Other].In(lang)
}
