package report_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// unfilled is what a page shows where a text lacks a value or has one too many.
var unfilled = regexp.MustCompile(`%!|&lt;no value|<no value|%s|%\[`)

// Every page that only adopt6 serve has, in every language and with every kind
// of data.
func TestLivePagesAreFilled(t *testing.T) {
	t.Parallel()
	scan := store.ScanInfo{ID: uuid.New(), Started: day(time.November, 1), Vantage: "here"}
	earlier := store.ScanInfo{ID: uuid.New(), Started: day(time.October, 1), Vantage: "there"}
	site, err := report.NewSite(&report.Data{Scan: scan}, report.SiteOptions{Reasons: map[string]map[string]report.ReasonText{
		"en": {"no_aaaa": {Text: "No AAAA.", Fix: "Publish one."}}}})
	if err != nil {
		t.Fatal(err)
	}
	var histories [][]report.Entry
	for _, status := range []observation.Status{observation.OK, observation.Partial, observation.Absent, observation.Broken, observation.Unmeasured} {
		v := observation.Verdict{Status: status, Reason: observation.NoAAAA}
		if status == observation.OK {
			v.Reason = ""
		}
		for readiness, dnssec := range []string{"secure", "insecure", "bogus", "indeterminate", "of_tomorrow", ""} {
			d := report.Domain{Name: "xn--sant-epa.gouv.tg", Unicode: "santé.gouv.tg", Readiness: uint8(readiness), DNS: v, Web: v, Mail: v, V6: v,
				DNSSEC: dnssec, DNSSECReason: "of_tomorrow", Operators: []string{"dns.example", hostile}, FreedBy: []string{"dns.example"}}
			e := report.Entry{Scan: scan.ID, Started: scan.Started, Country: "TG", Kind: lists.Government, Domain: d}
			before := report.Entry{Scan: earlier.ID, Started: earlier.Started, Kind: lists.CCTLD, Domain: report.Domain{Name: "tg", Unicode: "tg", DNS: v}}
			histories = append(histories, []report.Entry{e}, []report.Entry{e, before}, []report.Entry{before})
		}
	}
	pages := make(map[string]int)
	for _, lang := range words.Languages {
		show := func(kind string, write func(*strings.Builder) error) {
			var page strings.Builder
			if err := write(&page); err != nil {
				t.Errorf("%s in %s: %v", kind, lang, err)
			} else if found := unfilled.FindString(page.String()); found != "" || !strings.Contains(page.String(), "</html>") {
				t.Errorf("%s in %s has %q, a text that was not filled in", kind, lang, found)
			}
			pages[kind]++
		}
		for _, history := range histories {
			show("domain", func(b *strings.Builder) error {
				return site.DomainPage(b, lang, history, []store.ScanInfo{scan, earlier})
			})
		}
		for _, query := range []string{"a", "nowhere", hostile} {
			for _, cut := range []bool{false, true} {
				show("search", func(b *strings.Builder) error { return site.SearchPage(b, lang, query, nil, cut) })
				show("search", func(b *strings.Builder) error { return site.SearchPage(b, lang, query, histories[1], cut) })
			}
		}
		for _, why := range []report.Failure{report.NotFound, report.BadRequest, report.NotAllowed, report.TooMany, report.Unavailable, report.NoScan, report.Internal} {
			show("failure", func(b *strings.Builder) error { return site.FailurePage(b, lang, why) })
		}
	}
	if pages["domain"] != 90*len(words.Languages) {
		t.Errorf("%v pages were looked at", pages)
	}
}

const hostile = "<script>alert(1)</script>\u202e=cmd"

// day is a morning of 2026.
func day(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 8, 0, 0, 0, time.UTC)
}
