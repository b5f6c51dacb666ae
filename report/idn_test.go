//go:build !alone

package report_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
)

// TestIDNPage shows two IDN ccTLDs beside their siblings: .рф, signed as .ru is
// not, and مصر. without the IPv6 glue that .eg has.
func TestIDNPage(t *testing.T) {
	s := storetest.Open(t, storetest.Embedded(t))
	ok := observation.Verdict{Status: observation.OK}
	tld := func(position uint64, name string, glue uint16, state observation.State) *observation.Observation {
		listed, _ := lists.TLDByName(name)
		country, _ := lists.CountryByCode(listed.Country)
		return &observation.Observation{Position: position, Target: listed.Target, Country: country, DNS: ok, Delegation: ok, SameSerial: ok, V6Only: ok,
			NameServersV6: 2, NameServersV6OK: 2, GlueV6: glue, DNSSEC: state}
	}
	info := keep(t, s, store.ScanInfo{Started: day(10, 1), Vantage: "here"},
		tld(0, "ru", 2, observation.Insecure), tld(1, "xn--p1ai", 2, observation.Secure), tld(2, "eg", 2, observation.Secure), tld(3, "xn--wgbh1c", 1, observation.Secure))
	data, err := report.Load(t.Context(), s, report.Options{Scan: info})
	if err != nil {
		t.Fatal(err)
	}
	site, err := report.NewSite(data, report.SiteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "site")
	if err := site.Write(t.Context(), s, dir, new(report.Progress)); err != nil {
		t.Fatal(err)
	}
	checkLinks(t, dir)
	if !slices.Contains(site.Pages(), "idn") {
		t.Errorf("the pages are %v", site.Pages())
	}
	tags := regexp.MustCompile(`<[^>]*>|\s+`)
	for lang, wants := range map[string][]string{
		"en": {"At least as ready as the ASCII sibling: 1 of 2.", "Egypt .مصر .xn--wgbh1c no yes yes no yes behind .eg yes yes yes no yes",
			"Russian Federation .рф .xn--p1ai yes yes yes no yes at least as ready .ru yes yes yes no no"},
		"ar": {".مصر .xn--wgbh1c لا نعم نعم لا نعم متأخر .eg"},
	} {
		page, err := os.ReadFile(filepath.Join(dir, lang, "idn.html"))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(tags.ReplaceAllString(string(page), " ")), " ")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q: %s", lang, want, text)
			}
		}
		if method, _ := os.ReadFile(filepath.Join(dir, lang, "method.html")); !strings.Contains(string(method), "(--asn-db)") {
			t.Errorf("the method in %s does not say that there was no table of autonomous systems", lang)
		}
		if index, _ := os.ReadFile(filepath.Join(dir, lang, "index.html")); !strings.Contains(string(index), `href="idn.html"`) {
			t.Errorf("the world page in %s does not lead there", lang)
		}
	}
	file, err := os.Open(filepath.Join(dir, "data", "idn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) != 3 || strings.Join(lines[2], " ") != "EG xn--wgbh1c مصر eg no no yes yes yes yes yes no no yes yes" {
		t.Errorf("the table is %v, error %v", lines, err)
	}
}
