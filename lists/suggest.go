package lists

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// otherCodes are two-letter codes that people write and ISO 3166-1 gives to
// no country, with what to write instead.
var otherCodes = map[string]string{
	"AC": `Ascension belongs to "SH" (St. Helena)`,
	"AN": `the Netherlands Antilles no longer exist; write "BQ", "CW" or "SX"`,
	"BU": `did you mean "MM" (Myanmar)?`,
	"CS": `Czechoslovakia and Serbia and Montenegro no longer exist; write "CZ", "SK", "RS" or "ME"`,
	"DD": `did you mean "DE" (Germany)?`,
	"EL": `did you mean "GR" (Greece)?`,
	"EN": `did you mean "GB" (United Kingdom)?`,
	"EU": "the European Union is not a country; leave the field empty",
	"FX": `did you mean "FR" (France)?`,
	"SU": "the Soviet Union is no more; leave the field empty for names under .su",
	"TP": `did you mean "TL" (Timor-Leste)?`,
	"UK": `did you mean "GB" (United Kingdom)?`,
	"YU": `Yugoslavia is no more; write "RS" or "ME"`,
	"ZR": `did you mean "CD" (Congo - Kinshasa)?`,
}

// countryAdvice says what to write instead of an unknown country code.
func countryAdvice(code string) string {
	upper := strings.ToUpper(code)
	if advice := otherCodes[upper]; advice != "" {
		return advice
	}
	meant := countryMeant(upper)
	if meant == "" {
		return "write an ISO 3166-1 alpha-2 code, or leave the field empty (see: adopt6 lists countries)"
	}
	c, _ := CountryByCode(meant)
	return fmt.Sprintf("did you mean %q (%s)?", c.Alpha2, c.Short.En)
}

// countryMeant returns the alpha-2 code of the country that is written as an
// alpha-3 or M49 code, by its name in one of the six languages, or with a
// slip; "" when it cannot tell.
func countryMeant(upper string) string {
	words := countryWords()
	if code := words.code[upper]; code != "" {
		return code
	}
	if len(upper) == 2 {
		swapped := upper[1:] + upper[:1]
		if _, ok := CountryByCode(swapped); ok {
			return swapped
		}
		return ""
	}
	if len(upper) > maxText {
		return ""
	}
	return words.code[nearest(upper, words.all, max(1, len(upper)/5))]
}

type wordTable struct {
	all  []string          // sorted
	code map[string]string // word to alpha-2
}

// countryWords holds every upper-case word that stands for a country.
var countryWords = sync.OnceValue(func() wordTable {
	table := wordTable{code: make(map[string]string)}
	for _, c := range Countries() {
		n, short := c.Names, c.Short
		for _, word := range []string{c.Alpha3, c.M49, n.Ar, n.Zh, n.En, n.Fr, n.Ru, n.Es, short.Ar, short.Zh, short.En, short.Fr, short.Ru, short.Es} {
			if word = strings.ToUpper(word); word != "" && table.code[word] == "" {
				table.code[word] = c.Alpha2
				table.all = append(table.all, word)
			}
		}
	}
	slices.Sort(table.all)
	return table
})

// nearest returns the first of words with the smallest edit distance to word,
// or "" when all are further than most.
func nearest(word string, words []string, most int) string {
	best := ""
	for _, w := range words {
		if d := distance(word, w, most); d <= most {
			best, most = w, d-1
		}
	}
	return best
}

// distance returns the number of insertions, deletions and replacements that
// make b of a, or most+1 when there are more.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > most || -d > most {
		return most + 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
