package lists

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCCTLDCounts(t *testing.T) {
	t.Parallel()
	var ascii, idn int
	for _, tld := range TLDs() {
		if strings.HasPrefix(tld.Name, "xn--") {
			idn++
		} else {
			ascii++
		}
	}
	if ascii != 248 || idn != 61 {
		t.Errorf("%d ASCII and %d IDN ccTLDs, want 248 and 61", ascii, idn)
	}
}

func TestCCTLDFacts(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, unicode, country, alpha3, m49, script string }{
		{"de", "de", "DE", "DEU", "276", "Latin"},
		{"uk", "uk", "GB", "GBR", "826", "Latin"},
		{"ac", "ac", "SH", "SHN", "654", "Latin"},
		{"ss", "ss", "SS", "SSD", "728", "Latin"},
		{"na", "na", "NA", "NAM", "516", "Latin"},
		{"bv", "bv", "BV", "BVT", "074", "Latin"},
		{"tw", "tw", "TW", "TWN", "158", "Latin"},
		{"hk", "hk", "HK", "HKG", "344", "Latin"},
		{"eu", "eu", "", "", "", "Latin"},
		{"su", "su", "", "", "", "Latin"},
		{"xn--e1a4c", "ею", "", "", "", "Cyrillic"},
		{"xn--qxa6a", "ευ", "", "", "", "Greek"},
		{"xn--p1ai", "рф", "RU", "RUS", "643", "Cyrillic"},
		{"xn--wgbh1c", "مصر", "EG", "EGY", "818", "Arabic"},
		{"xn--fiqs8s", "中国", "CN", "CHN", "156", "Han"},
		{"xn--kprw13d", "台湾", "TW", "TWN", "158", "Han"},
		{"xn--j6w193g", "香港", "HK", "HKG", "344", "Han"},
		{"xn--3e0b707e", "한국", "KR", "KOR", "410", "Hangul"},
		{"xn--mgba3a4f16a", "ایران", "IR", "IRN", "364", "Arabic"},
		{"xn--node", "გე", "GE", "GEO", "268", "Georgian"},
	}
	for _, want := range tests {
		got, ok := TLDByName(want.name)
		if !ok || got.Unicode != want.unicode || got.Country != want.country || got.Alpha3 != want.alpha3 || got.M49 != want.m49 || got.Script != want.script {
			t.Errorf("TLDByName(%q) = %+v, %v; want %+v", want.name, got, ok, want)
		}
	}
	for _, name := range []string{"an", "tp", "eh", "bl", "mf", "um", "bq", "com", "UK", ""} {
		if got, ok := TLDByName(name); ok {
			t.Errorf("TLDByName(%q) = %+v, want none: it is not delegated as a ccTLD", name, got)
		}
	}
}

// TestCCTLDsBelongToCountries checks that every ccTLD belongs to a known
// country but for the documented ones.
func TestCCTLDsBelongToCountries(t *testing.T) {
	t.Parallel()
	var none []string
	for _, tld := range TLDs() {
		c, ok := CountryByCode(tld.Country)
		switch {
		case tld.Country == "":
			none = append(none, tld.Name)
		case !ok || c.Alpha3 != tld.Alpha3 || c.M49 != tld.M49:
			t.Errorf("%s: country %s %s %s, and countries.csv has %+v", tld.Name, tld.Country, tld.Alpha3, tld.M49, c)
		}
	}
	if want := []string{"eu", "su", "xn--e1a4c", "xn--qxa6a"}; !slices.Equal(none, want) {
		t.Errorf("ccTLDs of no country: %q, want %q", none, want)
	}
}

func TestCountryFacts(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		code, alpha3, m49, region string
		member, ldc, lldc, sids   bool
	}{
		{"AF", "AFG", "004", "Asia and the Pacific", true, true, true, false},
		{"BD", "BGD", "050", "Asia and the Pacific", true, true, false, false},
		{"ST", "STP", "678", "Africa", true, false, false, true}, // graduated in December 2024
		{"NA", "NAM", "516", "Africa", true, false, false, false},
		{"TV", "TUV", "798", "Asia and the Pacific", true, true, false, true},
		{"EG", "EGY", "818", "Arab States", true, false, false, false},
		{"KZ", "KAZ", "398", "CIS", true, false, true, false},
		{"PS", "PSE", "275", "Arab States", false, false, false, false},
		{"TW", "TWN", "158", "", false, false, false, false},
		{"MS", "MSR", "500", "", false, false, false, true},
		{"BV", "BVT", "074", "", false, false, false, false},
		{"XK", "XKX", "", "", false, false, false, false},
	}
	for _, want := range tests {
		got, ok := CountryByCode(want.code)
		got = got.On(day)
		if !ok || got.Alpha3 != want.alpha3 || got.M49 != want.m49 || got.Region != want.region || got.MemberState != want.member ||
			got.LDC != want.ldc || got.LLDC != want.lldc || got.SIDS != want.sids || got.AsOf != "2026-11-23" {
			t.Errorf("CountryByCode(%q) = %+v, %v; want %+v", want.code, got, ok, want)
		}
	}
	for _, code := range []string{"", "UK", "EU", "SU", "AC", "AN", "TP", "gb"} {
		if got, ok := CountryByCode(code); ok {
			t.Errorf("CountryByCode(%q) = %+v, want none", code, got)
		}
	}
}

func TestCountryCounts(t *testing.T) {
	t.Parallel()
	var members, ldc, lldc int
	regions := make(map[string]int)
	for _, c := range CountriesOn(time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)) {
		if c.MemberState {
			members++
			regions[c.Region]++
		}
		if c.LDC {
			ldc++
		}
		if c.LLDC {
			lldc++
		}
	}
	if n := len(Countries()); n != 250 || members != 194 || ldc != 44 || lldc != 32 {
		t.Errorf("%d countries, %d Member States, %d LDCs, %d LLDCs; want 250, 194, 44, 32", n, members, ldc, lldc)
	}
	if len(regions) != 6 || regions[""] != 0 {
		t.Errorf("Member States by ITU region: %v, want six regions", regions)
	}
}

func TestCountriesAreComplete(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for i, c := range Countries() {
		if i > 0 && Countries()[i-1].Alpha2 >= c.Alpha2 {
			t.Errorf("%s is out of order", c.Alpha2)
		}
		if len(c.Alpha2) != 2 || len(c.Alpha3) != 3 || len(c.M49) != 3 && c.Alpha2 != "XK" {
			t.Errorf("codes %q %q %q", c.Alpha2, c.Alpha3, c.M49)
		}
		for _, code := range []string{c.Alpha3, c.M49} {
			if code != "" && seen[code] {
				t.Errorf("%s: code %s is not unique", c.Alpha2, code)
			}
			seen[code] = true
		}
		for _, lang := range []string{"ar", "zh", "en", "fr", "ru", "es"} {
			if name := c.Names.In(lang); name == "" || strings.TrimSpace(name) != name || !utf8.ValidString(name) {
				t.Errorf("%s: name %q in %s", c.Alpha2, name, lang)
			}
		}
	}
	if c, _ := CountryByCode("MM"); c.Names.Fr != "Myanmar" {
		t.Errorf("MM in French is %q", c.Names.Fr)
	}
}

func TestGovernmentCounts(t *testing.T) {
	t.Parallel()
	countries, central := make(map[string]bool), make(map[string]int)
	bySource, byLevel := make(map[string]int), make(map[string]int)
	for g := range Governments() {
		countries[g.Country] = true
		bySource[g.Source]++
		byLevel[g.Level]++
		if g.Level == LevelCentral {
			central[g.Country]++
		}
	}
	if len(central) < 190 || len(countries) < 190 {
		t.Errorf("%d countries with central domains, %d with any; want 190", len(central), len(countries))
	}
	for source, want := range map[string]int{"us-dotgov": 16535} { // of 16,539, four name machines
		if bySource[source] != want {
			t.Errorf("%d rows of %s, want %d", bySource[source], source, want)
		}
	}
	for _, level := range []string{LevelCentral, LevelRegional, LevelLocal, LevelPublicSector} {
		if byLevel[level] == 0 {
			t.Errorf("no row of level %s", level)
		}
		delete(byLevel, level)
	}
	if len(byLevel) > 0 {
		t.Errorf("unknown levels: %v", byLevel)
	}
	for _, s := range Sources() {
		delete(bySource, s.ID)
	}
	if len(bySource) > 0 {
		t.Errorf("sources that sources.csv does not have: %v", bySource)
	}
}

func TestGovernmentFacts(t *testing.T) {
	t.Parallel()
	byName := make(map[string]Target)
	for g := range Governments() {
		byName[g.Name] = g
	}
	for name, want := range map[string][3]string{
		"gov.uk":          {}, // a suffix
		"nasa.gov":        {"US", LevelCentral, "us-dotgov"},
		"29palms.gov":     {"US", LevelLocal, "us-dotgov"},
		"ca.gov":          {"US", LevelRegional, "us-dotgov"},
		"guam.gov":        {"GU", LevelCentral, "us-dotgov"},
		"bayamonpr.gov":   {"PR", LevelLocal, "us-dotgov"},
		"bund.de":         {"DE", LevelCentral, "swh-public-sector"},
		"friedberg.de":    {"DE", LevelLocal, "de-gov-domains"},
		"ain.gouv.fr":     {"FR", LevelCentral, "fr-etalab"},
		"saint-joseph.re": {},
		"aacm.gov.mo":     {"MO", LevelCentral, "swh-wikidata"},
		"gov.tw":          {},
		"finance.gov.tv":  {"TV", LevelCentral, "swh-subdomains"},
		"seco.admin.ch":   {"CH", LevelCentral, "swh-subdomains"},
		"facebook.com":    {}, "free.fr": {}, "wikidata.org": {}, "gov.rks": {}, "nugmyanmar.org": {}, "city-data.com": {},
	} {
		got := byName[name]
		if [3]string{got.Country, got.Level, got.Source} != want {
			t.Errorf("%s: %q %q %q, want %q", name, got.Country, got.Level, got.Source, want)
		}
	}
	if gp := byName["gov.gp"]; gp.Country == "GQ" {
		t.Error("gov.gp stands under Equatorial Guinea: a slip of the source")
	}
}

// TestNamesAreNormal checks every row of the embedded lists: what Normalize
// would return, a known country, a day, sorted and unique.
func TestNamesAreNormal(t *testing.T) {
	t.Parallel()
	for list, targets := range map[string]func(func(Target) bool){"cctlds.csv": CCTLDs(), "governments.csv": Governments()} {
		seen := make(map[string]bool)
		var last string
		for g := range targets {
			ascii, uni, err := Normalize(g.Name)
			if err != nil || ascii != g.Name || uni != g.Unicode {
				t.Errorf("%s: %q %q: Normalize = %q, %q, %v", list, g.Name, g.Unicode, ascii, uni, err)
			}
			if _, ok := CountryByCode(g.Country); !ok && g.Country != "" {
				t.Errorf("%s: %s: unknown country %q", list, g.Name, g.Country)
			}
			if _, err := time.Parse(time.DateOnly, g.Date); err != nil {
				t.Errorf("%s: %s: %v", list, g.Name, err)
			}
			if seen[g.Name] {
				t.Errorf("%s: %s stands in it twice", list, g.Name)
			}
			seen[g.Name] = true
			key := g.Name
			if g.Kind == Government {
				key = g.Country + "," + g.Name
			}
			if key <= last {
				t.Errorf("%s: %s is out of order", list, key)
			}
			last = key
		}
	}
}

// TestEmbeddedFilesNeedNoQuotes checks what rows relies on.
func TestEmbeddedFilesNeedNoQuotes(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"cctlds.csv": cctldFile, "governments.csv": governmentFile} {
		if strings.ContainsAny(file, "\"\r@ ") || !strings.HasSuffix(file, "\n") {
			t.Errorf("%s holds a quote, a carriage return, a space or an at sign, or lacks its last line end", name)
		}
		if _, err := csv.NewReader(strings.NewReader(file)).ReadAll(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDefaultScan asserts that a scan by default has the frame in the states
// that it covers, and what is central elsewhere.
func TestDefaultScan(t *testing.T) {
	t.Parallel()
	kinds := make(map[Kind]int)
	central := make(map[string]int)
	seen := make(map[string]bool)
	for g := range Default() {
		kinds[g.Kind]++
		if key := g.Name + " " + string(g.Kind); seen[key] && g.Country == "" {
			t.Errorf("%s is in it twice", key)
		} else {
			seen[key] = true
		}
		if g.Kind == CCTLD || g.Kind == Suffix {
			continue
		}
		if g.Level != LevelCentral {
			t.Fatalf("%+v is in the default scan", g)
		}
		central[g.Country]++
		if framed := FrameOf(g.Country) != nil; framed != (g.Roles != "") {
			t.Errorf("%+v: a target of the frame has roles, and no other", g)
		}
	}
	if kinds[CCTLD] != 309 || len(central) < 195 || central["XK"] == 0 || central["PS"] == 0 {
		t.Errorf("%v, %d countries", kinds, len(central))
	}
}

// TestOwnFrame asserts that a state's own rows replace what is built in for it,
// and for no other.
func TestOwnFrame(t *testing.T) {
	t.Parallel()
	own := []FrameRow{{Country: "TG", Role: "tax", Status: RoleFound, Host: "otr.tg"}, {Country: "TG", Role: "finance", Status: RoleFound, Host: "otr.tg"}}
	count := make(map[string]int)
	var togo []Target
	for target := range DefaultWith(own) {
		if target.Kind == Government {
			count[target.Country]++
		}
		if target.Kind == Government && target.Country == "TG" {
			togo = append(togo, target)
		}
	}
	if len(togo) != 1 || togo[0].Name != "otr.tg" || togo[0].Roles != "finance tax" {
		t.Errorf("%+v", togo)
	}
	if count["BJ"] < 10 {
		t.Errorf("Benin lost its own: %d", count["BJ"])
	}
}

// TestLeftOut asserts that what left the central level is on no list, and that
// what stands for it is.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	for target := range Governments() {
		if l, left := LeftOut(target.Name); left {
			t.Errorf("%s left the list, and is on it: %+v", target.Name, l)
		}
	}
	for name, want := range map[string]Left{
		"gov.uk":      {Reason: LeftSuffix, Country: "GB"},
		"mail.gov":    {Reason: LeftMachine, Country: "US"},
		"wwis.dwd.de": {Reason: LeftBelow, Country: "DE", Into: "dwd.de"},
	} {
		got, left := LeftOut(name)
		if !left || got.Reason != want.Reason || got.Country != want.Country || got.Into != want.Into {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, left := LeftOut("bag.admin.ch"); left {
		t.Error("an office below the domain of its government is a body of its own")
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	ids := make(map[string]bool)
	for _, s := range Sources() {
		if ids[s.ID] || s.ID == "" || s.Title == "" || s.Licence == "" || s.Date == "" || s.Use == "" || !strings.HasPrefix(s.Origin, "https://") {
			t.Errorf("source %+v", s)
		}
		ids[s.ID] = true
	}
	for tld := range CCTLDs() {
		if !ids[tld.Source] {
			t.Errorf("%s: unknown source %s", tld.Name, tld.Source)
		}
	}
}

func TestCountryOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"example.de": "DE", "gov.uk": "GB", "nasa.gov": "US", "navy.mil": "US", "ci.example.fed.us": "US",
		"example.com": "", "ec.europa.eu": "", "xn--b1aew.xn--p1ai": "RU", "ac": "SH", "": "",
	} {
		if got := CountryOf(name); got != want {
			t.Errorf("CountryOf(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestIDNSiblings finds the ASCII ccTLD of every territory that has one in
// another script.
func TestIDNSiblings(t *testing.T) {
	t.Parallel()
	pairs := make(map[string]string)
	for _, p := range IDNSiblings() {
		pairs[p.IDN.Unicode] = p.ASCII.Name
		if p.IDN.Country != p.ASCII.Country || p.ASCII.Script != "Latin" || p.IDN.Script == "Latin" {
			t.Errorf("%s of %q stands beside %s of %q", p.IDN.Unicode, p.IDN.Country, p.ASCII.Name, p.ASCII.Country)
		}
	}
	for idn, ascii := range map[string]string{"рф": "ru", "中国": "cn", "中國": "cn", "مصر": "eg", "ευ": "eu", "ею": "eu", "ελ": "gr"} {
		if pairs[idn] != ascii {
			t.Errorf(".%s stands beside %q, want %q", idn, pairs[idn], ascii)
		}
	}
	idn := 0
	for _, tld := range TLDs() {
		if strings.HasPrefix(tld.Name, "xn--") {
			idn++
		}
	}
	if len(pairs) != idn {
		t.Errorf("%d of %d IDN ccTLDs have a sibling", len(pairs), idn)
	}
}
