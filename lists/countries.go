package lists

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed countries.csv
var countryFile string

// Countries returns every country and territory of ISO 3166-1, and Kosovo
// under the user-assigned codes XK and XKX, sorted by alpha-2 code. Kosovo
// has no M49 code. They are in no group: On says which they are in on a day.
func Countries() []Country { return append([]Country(nil), countries().all...) }

// CountryByCode returns the country with the given alpha-2 code, upper case, in
// no group: On says which it is in on a day.
func CountryByCode(alpha2 string) (Country, bool) {
	i, ok := countries().byCode[alpha2]
	if !ok {
		return Country{}, false
	}
	return countries().all[i], true
}

// ParseCountry returns the country with an alpha-2 code in upper or lower
// case. The error for any other code is a *Problem that suggests one.
func ParseCountry(code string) (Country, error) {
	if len(code) == 2 {
		if c, ok := CountryByCode(strings.ToUpper(code)); ok {
			return c, nil
		}
	}
	return Country{}, &Problem{"unknown country code " + quote(code), countryAdvice(code)}
}

// CountryOf returns the alpha-2 code of the country that a name in A-label
// form belongs to by its top-level domain: the ccTLD's country, or US for
// .gov and .mil. It is empty for every other generic top-level domain and for
// ccTLDs of no country (.eu, .su).
func CountryOf(name string) string {
	switch tld := name[strings.LastIndexByte(name, '.')+1:]; tld {
	case "gov", "mil":
		return "US"
	default:
		t, _ := TLDByName(tld)
		return t.Country
	}
}

type countryTable struct {
	all    []Country
	byCode map[string]int
}

var countries = sync.OnceValue(func() countryTable {
	table := countryTable{byCode: make(map[string]int)}
	for _, f := range quotedRows(countryFile) {
		table.byCode[f[0]] = len(table.all)
		table.all = append(table.all, Country{
			Alpha2: f[0], Alpha3: f[1], M49: f[2],
			Names:       Names{Ar: f[3], Zh: f[4], En: f[5], Fr: f[6], Ru: f[7], Es: f[8]},
			Short:       Names{Ar: f[9], Zh: f[10], En: f[11], Fr: f[12], Ru: f[13], Es: f[14]},
			MemberState: f[15] == "1",
		})
	}
	return table
})
