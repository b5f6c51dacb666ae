//go:build !alone

package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// keep stores a finished scan of these observations and returns what the store
// knows of it.
func keep(t *testing.T, s *store.Store, info store.ScanInfo, observations ...*observation.Observation) store.ScanInfo {
	t.Helper()
	info.ID, info.Targets = uuid.New(), uint64(len(observations))
	if err := s.NewScan(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	w, err := s.Writer(t.Context(), info.ID)
	if err != nil {
		t.Fatal(err)
	}
	for n, o := range observations {
		o.Scan, o.Started, o.Position = info.ID, info.Started, uint64(n)
		if err := w.Write(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishScan(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	if info, err = s.Scan(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	return info
}

// load stores a scan in which Togo has 12 domains, 9 of them ready and one
// has a hostile operator, and Senegal 11, all of them ready, and an earlier one in
// which none was, and loads it.
func load(t *testing.T, s *store.Store) *report.Data {
	t.Helper()
	var latest, before store.ScanInfo
	for i, ready := range []int{0, 9} {
		var list []*observation.Observation
		for n := range 13 {
			list = append(list, observed(n, n < ready))
		}
		for n := range 11 {
			o := observed(100+n, true)
			o.Target.Country, o.Target.Name = "SN", fmt.Sprintf("d%d.gouv.sn", n)
			o.Country, _ = lists.CountryByCode("SN")
			list = append(list, o)
		}
		before, latest = latest, keep(t, s, store.ScanInfo{Started: day(time.Month(10+i), 1), Vantage: "here", Simulated: true}, list...)
	}
	data, err := report.Load(t.Context(), s, report.Options{Scan: latest, Compare: before.ID})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func observed(n int, ready bool) *observation.Observation {
	ok, no := observation.Verdict{Status: observation.OK}, observation.Verdict{Status: observation.Absent, Reason: observation.NoAAAA}
	o := &observation.Observation{Position: uint64(n), DNSSEC: observation.Insecure, Vantage: "here", Operators: []string{"dns.example"}}
	o.Target = lists.Target{Name: fmt.Sprintf("d%d.gouv.tg", n), Kind: lists.Government, Country: "TG"}
	if n == 12 { // a ccTLD
		o.Target = lists.Target{Name: "tg", Kind: lists.CCTLD, Country: "TG"}
	}
	if n == 9 || n == 10 {
		o.Endpoints = []observation.Endpoint{{Probe: "web", Host: "www.hosting.tg", Addr: netip.MustParseAddr("2001:db8::9"), Port: 443, Transport: "tls",
			Verdict: observation.Verdict{Status: observation.Broken, Reason: observation.NoAAAA}, HTTP: &observation.HTTPFacts{Status: 503, Title: hostile}}}
	}
	if n == 11 {
		o.Operators = []string{hostile}
	}
	o.Country, _ = lists.CountryByCode("TG")
	o.DNS, o.Web, o.Mail, o.V6Only = ok, no, ok, no
	if n == 10 { // of a later version, so that no glossary has it
		o.Mail, o.DNSSECReason = observation.Verdict{Status: observation.Broken, Reason: "of_tomorrow"}, "of_tomorrow"
	}
	if ready {
		o.Web, o.V6Only, o.Readiness = ok, ok, 5
	}
	return o
}

func TestSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, cfg store.Config) { testSite(t, storetest.Open(t, cfg)) })
}

func testSite(t *testing.T, st *store.Store) {
	data := load(t, st)
	site, err := report.NewSite(data, report.SiteOptions{Reasons: map[string]map[string]report.ReasonText{
		"en": {"no_aaaa": {Text: "No AAAA.", Fix: "Publish one."}}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "site")
	if err := site.Write(t.Context(), st, dir, new(report.Progress)); err != nil {
		t.Fatal(err)
	}
	checkLinks(t, dir)
	page := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// How far the texts of policy carry stands beside them, on pages and memos;
	// texts that do not address every state are on the page about the method.
	for name, everything := range map[string]bool{"fr/tg.html": false, "fr/tg-memo.html": false, "fr/method.html": true} {
		text := page(name)
		if !strings.Contains(text, "Aucune disposition de l’UIT qui a pu être lue ne demande") || !strings.Contains(text, "Par lecture\u00a0: ") {
			t.Errorf("%s does not say that clauses are tied by reading", name)
		}
		for _, only := range []string{"COM(2008) 313", "Nommés par la disposition", "Même sujet, sans plus"} {
			if strings.Contains(text, only) != everything {
				t.Errorf("%s: %q is there: %v", name, only, !everything)
			}
		}
	}
	for _, lang := range words.Languages {
		for _, name := range site.Pages() {
			text := page(lang + "/" + name + ".html")
			if !strings.Contains(text, fmt.Sprintf(`<html lang=%q dir=%q>`, lang, map[bool]string{true: "rtl", false: "ltr"}[lang == "ar"])) {
				t.Errorf("%s/%s does not say its language or its direction", lang, name)
			}
			if strings.Contains(text, "<script>") || strings.Contains(text, "style=") || strings.Contains(text, " onclick") {
				t.Errorf("%s/%s has a script or a style of its own", lang, name)
			}
			if found := unfilled.FindString(text); found != "" {
				t.Errorf("%s/%s has %q, a text that was not filled in", lang, name, found)
			}
			if strings.Contains(text, "https://") && name == "tg" && strings.Contains(text, `src="https`) {
				t.Errorf("%s/%s loads something from the network", lang, name)
			}
		}
	}
	for _, lang := range words.Languages {
		for ending, table := range map[string]string{"-memo.md": "| ---: |", "-memo.html": `<table border="1"`} {
			memo := page(lang + "/tg" + ending)
			// Its interval, what was counted, the scan in method and citation, and
			// the hostile operator in a form that is seen.
			for want, times := range map[string]int{table: 5, "91": 1, "12": 5, data.Scan.ID.String(): 2, `\u{202e}=cmd`: 1} {
				if strings.Count(memo, want) < times {
					t.Errorf("%s/tg%s has %q less than %d times", lang, ending, want, times)
				}
			}
			if unfilled.MatchString(memo) || strings.Contains(memo, "<script") && ending == "-memo.html" || strings.Contains(memo, "style") {
				t.Errorf("%s/tg%s has a style, a script or a text that was not filled in", lang, ending)
			}
		}
	}
	togo := page("en/tg.html")
	for _, want := range []string{
		"75%", "47%", "91%", // 9 of 12, with its Wilson interval
		"9 of 12", "d3.gouv.tg", "No AAAA.", "Publish one.", html.EscapeString("<script>alert(1)</script>"),
	} {
		if !strings.Contains(togo, want) {
			t.Errorf("the page of Togo has no %q", want)
		}
	}
	if !strings.Contains(page("fr/tg.html"), "75\u00a0%") && !strings.Contains(page("fr/tg.html"), "75\u202f%") || !strings.Contains(page("ar/tg.html"), "توغو") {
		t.Error("numbers or names are not in the language of the page")
	}
	for name, most := range map[string]int{"en/index.html": 400_000, "en/tg.html": 150_000} {
		if size := packed(t, page(name)); size > most {
			t.Errorf("%s has %d bytes compressed", name, size)
		}
	}

	rows, err := csv.NewReader(strings.NewReader(page("data/tg.csv"))).ReadAll()
	if err != nil || len(rows) < 20 {
		t.Errorf("%d rows of CSV, error %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+@", rune(cell[0])) {
				t.Errorf("a spreadsheet computes %q", cell)
			}
		}
	}
	checkJSON(t, page("data/tg.json"))
	checkJSON(t, page("data/world.json"))

	// Written again it replaces itself; it never replaces anything else.
	if err := site.Write(t.Context(), st, dir, new(report.Progress)); err != nil {
		t.Error(err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := site.Write(t.Context(), st, other, new(report.Progress)); err == nil {
		t.Error("a folder with other files was replaced")
	}
}

func packed(t *testing.T, text string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// checkJSON compares the names of all fields of a file with the page that
// describes them.
func checkJSON(t *testing.T, text string) {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal([]byte(text), &file); err != nil || file["format"] != float64(report.FormatJSON) {
		t.Fatalf("the JSON has format %v, error %v", file["format"], err)
	}
	described, err := os.ReadFile("../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for name, e := range v {
				if !strings.Contains(string(described), "`"+name+"`") {
					t.Errorf("docs/report.md does not describe the field %q", name)
				}
				walk(e)
			}
		}
	}
	walk(file)
}

// TestHistory keeps scans of another list, another vantage and the Internet out
// of a history, and takes the previous one from the same history.
func TestHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		ours := store.ScanInfo{List: "ministries.csv", Vantage: "here", Simulated: true}
		var scans []store.ScanInfo
		for i, of := range []store.ScanInfo{
			ours, ours, {List: "schools.csv", Vantage: "here", Simulated: true}, {List: "ministries.csv", Vantage: "there", Simulated: true},
			{List: "ministries.csv", Vantage: "here"}, ours,
		} {
			of.Started = day(11, 1+i)
			scan := keep(t, s, of, observed(0, true), observed(1, i > 0))
			if _, err := indicator.Compute(t.Context(), s, scan.ID); err != nil {
				t.Fatal(err)
			}
			scans = append(scans, scan)
		}
		data, err := report.Load(t.Context(), s, report.Options{Scan: scans[5]})
		if err != nil {
			t.Fatal(err)
		}
		want := []report.Point{{Started: day(11, 1), Numerator: 1, Denominator: 2}, {Started: day(11, 2), Numerator: 2, Denominator: 2}, {Started: day(11, 6), Numerator: 2, Denominator: 2}}
		if got := data.Country("TG").Section(lists.Government).History; !slices.EqualFunc(got, want, func(a, b report.Point) bool {
			return a.Started.Equal(b.Started) && a.Numerator == b.Numerator && a.Denominator == b.Denominator
		}) {
			t.Errorf("the line holds %v, want %v", got, want)
		}
		if before, err := report.Previous(t.Context(), s, scans[5]); err != nil || before.ID != scans[1].ID {
			t.Errorf("the scan before is %+v, error %v", before, err)
		}
	})
}
