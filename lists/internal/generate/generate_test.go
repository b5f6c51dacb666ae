package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"adopt6/lists"
)

// newCollection is a collection that knows a few top-level domains.
func newCollection(t *testing.T) *collection {
	g := &generator{
		byAlpha2: map[string]*country{"FR": {}, "RE": {parent: "FR"}, "US": {}, "PR": {parent: "US"}, "CA": {}, "JP": {}, "MU": {}, "RU": {}},
		tldOf:    map[string]tld{"org": {}, "com": {}, "net": {}, "gov": {}, "eu": {cc: true}},
		dropped:  make(map[string]map[string]int),
	}
	for name, of := range map[string]string{"fr": "FR", "re": "RE", "us": "US", "pr": "PR", "ca": "CA", "jp": "JP", "mu": "MU", "xn--p1ai": "RU"} {
		g.tldOf[name] = tld{name: name, cc: true, country: of}
	}
	judged, err := loadJudgements()
	if err != nil {
		t.Fatal(err)
	}
	return &collection{generator: g, byName: make(map[string]government), judged: judged,
		suffixes: suffixes{"gouv.fr": true, "go.jp": true, "gc.ca": true, "govmu.org": true}}
}

func TestClean(t *testing.T) {
	c := newCollection(t)
	for raw, want := range map[string]string{
		"https://www.Example.fr/a?b=c":  "example.fr",
		"example.fr:8080/x":             "example.fr",
		"miteco.example.fr.":            "miteco.example.fr",
		" www2.example.fr ":             "example.fr",
		"english.www.example.fr":        "example.fr",
		"en.gouv.fr":                    "en.gouv.fr",
		"www.gouv.fr":                   "gouv.fr",
		"МВД.рф":                        "xn--b1aew.xn--p1ai",
		"minister@example.fr":           "",
		"192.0.2.1":                     "",
		"(www.example.fr)":              "",
		"":                              "",
		"fr":                            "",
		"host.nowhere":                  "",
		"town.blogspot.com":             "",
		"facebook.com":                  "",
		"www.gov.fr.cdn.example.org":    "",
		"a.gouv.fr.cp-1.webhost.net":    "",
		"town.example.fr\x00.example.f": "",
	} {
		if got, reason := c.clean(raw); got != want || (got == "") != (reason != "") {
			t.Errorf("clean(%q) = %q, %q; want %q", raw, got, reason, want)
		}
	}
}

func TestHome(t *testing.T) {
	c := newCollection(t)
	tests := []struct {
		name, country, home string
		generic, ok         bool
	}{
		{"example.fr", "FR", "FR", false, true},
		{"example.re", "FR", "RE", false, true},
		{"hacienda.example.pr", "US", "PR", false, true},
		{"example.fr", "RE", "", false, false},
		{"example.jp", "FR", "", false, false},
		{"example.com", "FR", "FR", true, true},
		{"example.eu", "FR", "FR", true, true},
		{"nasa.gov", "US", "US", false, true},
		{"nasa.gov", "FR", "US", false, false},
		{"health.govmu.org", "MU", "MU", false, true},
		{"health.govmu.org", "FR", "MU", false, false},
	}
	for _, test := range tests {
		home, generic, ok := c.home(test.name, test.country)
		if ok != test.ok || ok && (home != test.home || generic != test.generic) {
			t.Errorf("home(%q, %q) = %q, %v, %v; want %+v", test.name, test.country, home, generic, ok, test)
		}
	}
}

func TestWikidataLevel(t *testing.T) {
	c := newCollection(t)
	c.byName["ontario.ca"] = government{level: lists.LevelRegional}
	lower := map[string]string{"pref.example.jp": lists.LevelRegional, "maff.go.jp": lists.LevelLocal, "madrid.fr": lists.LevelLocal}
	ministry := record{"type": "ministry"}
	tests := []struct {
		name string
		row  record
		want string
	}{
		{"health.gc.ca", ministry, lists.LevelCentral},
		{"finance.example.fr", ministry, lists.LevelCentral},
		{"education.ontario.ca", ministry, lists.LevelRegional},
		{"police.pref.example.jp", ministry, lists.LevelRegional},
		{"madrid.fr", ministry, lists.LevelLocal},
		{"maff.go.jp", ministry, lists.LevelCentral},          // a branch office has the ministry's site
		{"kyoto-be.ne.jp", ministry, lists.LevelPublicSector}, // below a suffix open to anybody
		{"saskatchewan.ca", ministry, lists.LevelRegional},    // judged
		{"parlement.fr", record{"type": "parliament"}, lists.LevelPublicSector},
		{"conseil.fr", record{"type": "parliament", "level": "local"}, lists.LevelLocal},
		{"assemblee.fr", record{"type": "parliament", "level": "central"}, lists.LevelCentral},
	}
	for _, test := range tests {
		if got := c.wikidataLevel(test.name, test.row, lower); got != test.want {
			t.Errorf("wikidataLevel(%q, %v) = %s, want %s", test.name, test.row, got, test.want)
		}
	}
}

func TestDotGovLevel(t *testing.T) {
	for in, want := range map[string]string{
		"Federal - Executive": lists.LevelCentral, "Federal": lists.LevelCentral,
		"State or territory": lists.LevelRegional, "State or territory - Election": lists.LevelRegional, "Interstate": lists.LevelRegional,
		"City": lists.LevelLocal, "County - Election": lists.LevelLocal, "School district": lists.LevelLocal,
		"Tribal": lists.LevelPublicSector,
	} {
		if got := dotGovLevel(in); got != want {
			t.Errorf("dotGovLevel(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestDotGovPlace(t *testing.T) {
	c := newCollection(t)
	for _, test := range [][4]string{
		{"VA", "State or territory", "US", lists.LevelRegional},
		{"FR", "City", "US", lists.LevelLocal}, // no state
		{"PR", "State or territory", "PR", lists.LevelCentral},
		{"PR", "City", "PR", lists.LevelLocal},
		{"PR", "Federal - Judicial", "US", lists.LevelCentral},
	} {
		if country, level := c.dotGovPlace(test[0], test[1]); country != test[2] || level != test[3] {
			t.Errorf("dotGovPlace(%q, %q) = %s, %s, want %s, %s", test[0], test[1], country, level, test[2], test[3])
		}
	}
}

func TestAddKeepsTheBestSource(t *testing.T) {
	type add struct{ country, level, source string }
	central, local, unstated := lists.LevelCentral, lists.LevelLocal, lists.LevelPublicSector
	tests := map[string][3]add{ // two additions of one name, and what remains
		"first of equals":       {{"FR", central, "a"}, {"FR", central, "b"}, {"FR", central, "a"}},
		"stated over unstated":  {{"FR", unstated, "a"}, {"FR", local, "b"}, {"FR", local, "b"}},
		"higher over lower":     {{"FR", local, "a"}, {"FR", central, "b"}, {"FR", central, "b"}},
		"not lower over higher": {{"FR", central, "a"}, {"FR", local, "b"}, {"FR", central, "a"}},
		"registry is final":     {{"US", local, "us-dotgov"}, {"US", central, "b"}, {"US", local, "us-dotgov"}},
		"one country":           {{"FR", local, "a"}, {"CA", central, "b"}, {"FR", local, "a"}},
	}
	for name, test := range tests {
		c := newCollection(t)
		for _, a := range test[:2] {
			c.add("example.org", a.country, a.level, a.source)
		}
		if got := c.byName["example.org"]; (add{got.country, got.level, got.source}) != test[2] {
			t.Errorf("%s: %+v, want %+v", name, got, test[2])
		}
	}
}

func TestJudgedLevel(t *testing.T) {
	j := newCollection(t).judged
	for _, test := range [][3]string{
		{"mof.gov.tv", "gov.tv", lists.LevelCentral},
		{"dudley.gov.uk", "gov.uk", ""},
		{"mof.sp.gov.br", "sp.gov.br", ""},
		{"anything.gov.sg", "gov.sg", lists.LevelCentral},
		{"seco.admin.ch", "admin.ch", lists.LevelCentral},
		{"antivir1.admin.ch", "admin.ch", ""},
	} {
		if got := j.level(test[0], test[1]); got != test[2] {
			t.Errorf("level(%q, %q) = %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

func TestLeftOut(t *testing.T) {
	c := newCollection(t)
	for _, test := range []struct {
		host, suffix, status string
		out                  bool
	}{
		{"www.culture.gouv.fr", "gouv.fr", "200", false},
		{"culture.gouv.fr", "gouv.fr", "Connection timed out after 3000 milliseconds", false},
		{"culture.gouv.fr", "gouv.fr", "Could not resolve host: culture.gouv.fr", true},
		{"gouv.fr", "gouv.fr", "200", true},
		{"gouv.fr.cp-1.example.net", "gouv.fr", "200", true},
		{"x.example.fr", "example.fr", "200", true},
		{"mail2.gouv.fr", "gouv.fr", "200", true},
		{"seco.admin.ch", "admin.ch", "200", false},
	} {
		if reason := c.leftOut(test.host, test.suffix, test.status); (reason != "") != test.out {
			t.Errorf("leftOut(%q, %q, %q) = %q", test.host, test.suffix, test.status, reason)
		}
	}
}

// TestRegenerate rebuilds the lists where $ADOPT6_RAWDATA names the raw data,
// and compares them with those that are checked in.
func TestRegenerate(t *testing.T) {
	raw := os.Getenv("ADOPT6_RAWDATA")
	if raw == "" {
		t.Log("ADOPT6_RAWDATA is not set: nothing to rebuild from")
		return
	}
	out := t.TempDir()
	if err := run(raw, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cctlds.csv", "countries.csv", "countries_groups.csv", "governments.csv", "frame.csv", "left.csv", "suffixes.csv"} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the raw data gives: run go generate ./lists", name)
		}
	}
}
