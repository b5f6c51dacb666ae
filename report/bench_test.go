//go:build !alone

package report_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

// everyCountry stores two scans of all countries with a number of government
// domains each and their ccTLD, and loads the second for a report.
func everyCountry(t testing.TB, domains func(lists.Country) int) (*report.Data, *store.Store) {
	t.Helper()
	s := storetest.Open(t, storetest.Embedded(t))
	var scans []store.ScanInfo
	for month := range 2 {
		info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, time.Month(month+1), 1, 8, 0, 0, 0, time.UTC), Vantage: "here"}
		must(t, s.NewScan(t.Context(), info))
		w, err := s.Writer(t.Context(), info.ID)
		must(t, err)
		position := uint64(0)
		for _, country := range lists.Countries() {
			for n := range domains(country) + 1 {
				o := benchObservation(country, n, month)
				o.Scan, o.Started, o.Position = info.ID, info.Started, position
				must(t, w.Write(t.Context(), o))
				position++
			}
		}
		must(t, w.Close(t.Context()))
		must(t, s.FinishScan(t.Context(), info.ID))
		_, err = indicator.Compute(t.Context(), s, info.ID)
		must(t, err)
		scans = append(scans, info)
	}
	data, err := report.Load(t.Context(), s, report.Options{Scan: scans[1], Compare: scans[0].ID})
	must(t, err)
	return data, s
}

// benchObservation varies verdicts, reasons and operators with n; domain 0 is
// the ccTLD.
func benchObservation(country lists.Country, n, month int) *observation.Observation {
	tld := strings.ToLower(country.Alpha2)
	o := &observation.Observation{Country: country, Vantage: "here", DNSSEC: observation.Insecure, DNSSECReason: "ds_absent",
		Target: lists.Target{Name: fmt.Sprintf("ministry-of-%s-%d.gov.%s", []string{"health", "finance", "education", "justice"}[n%4], n*7919%9973, tld), Kind: lists.Government, Country: country.Alpha2}}
	if n == 0 {
		o.Target.Name, o.Target.Kind = tld, lists.CCTLD
	}
	verdicts := []observation.Verdict{{Status: observation.OK}, {Status: observation.Absent, Reason: observation.NoAAAA}, {Status: observation.Broken, Reason: observation.TCPRefused}, {Status: observation.OK}, {Status: observation.Broken, Reason: observation.Timeout}}
	seed := n*2654435761>>7 + len(country.Names.En)
	for i, v := range []*observation.Verdict{&o.DNS, &o.Web, &o.Mail, &o.V6Only} {
		*v = verdicts[(seed>>(2*i)+month*i)%len(verdicts)]
	}
	if o.DNS.Status == observation.OK && o.Web.Status == observation.OK && o.V6Only.Status == observation.OK {
		o.Readiness = 4
	}
	o.Operators = []string{fmt.Sprintf("operator-%d.example", seed%40)}
	return o
}

// BenchmarkSite writes the site of all countries in six languages, with 200
// domains for each. CPU seconds are those of this process, without the engine
// that answers it: what others do at the same time changes them little.
func BenchmarkSite(b *testing.B) {
	data, s := everyCountry(b, func(lists.Country) int { return 200 })
	site, err := report.NewSite(data, report.SiteOptions{})
	must(b, err)
	dir := filepath.Join(b.TempDir(), "site")
	var progress report.Progress
	before := cpu(b)
	for b.Loop() {
		must(b, site.Write(b.Context(), s, dir, &progress))
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(len(data.Countries)), "countries")
	b.ReportMetric(float64(progress.Done.Load()), "files")
}

// cpu is the processor time that this process used so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestWeight holds the heaviest pages, with all that they load, against what a
// poor line carries: a world of all countries, and a country whose table of
// domains is full.
func TestWeight(t *testing.T) {
	data, s := everyCountry(t, func(c lists.Country) int {
		if c.Alpha2 == "TG" {
			return report.MaxDomains
		}
		return 10
	})
	site, err := report.NewSite(data, report.SiteOptions{})
	must(t, err)
	togo, err := data.LoadCountry(t.Context(), s, "TG")
	must(t, err)
	loads := 0
	for _, name := range []string{"site.css", "site.js", "charts.js", "icon.svg"} {
		loads += weight(t, func(w io.Writer) error { return report.Asset(w, name) })
	}
	for _, lang := range []string{"en", "ru", "ar"} {
		world := loads + weight(t, func(w io.Writer) error { return site.Page(w, lang, "index") })
		country := loads + weight(t, func(w io.Writer) error { return site.CountryPage(w, lang, togo) })
		if world > 400_000 || country > 150_000 {
			t.Errorf("in %s the world weighs %d bytes of at most 400,000, a country %d of at most 150,000", lang, world, country)
		}
		t.Logf("%s: world %d bytes, country %d bytes", lang, world, country)
	}
}

// counter counts bytes.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// weight is how many bytes something has once it is compressed.
func weight(t *testing.T, write func(io.Writer) error) int {
	t.Helper()
	var c counter
	out := gzip.NewWriter(&c)
	must(t, errors.Join(write(out), out.Close()))
	return int(c)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
