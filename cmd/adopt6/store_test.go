//go:build !alone

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/pages"
	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// madeStore is an embedded store with one finished scan: 12 domains of Togo, of
// which 9 work over IPv6, 3 of Côte d'Ivoire, of which none does, one that
// could not be measured, and the ccTLD of Togo.
func madeStore(t *testing.T) (folder string, scan uuid.UUID) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "store")
	s, err := store.Open(t.Context(), store.Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	scan = uuid.MustParse("0192f0c1-2222-7333-8444-555555555555")
	err = s.NewScan(t.Context(), store.ScanInfo{ID: scan, Started: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Vantage: "lome\x1b[31m", Targets: 17})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Writer(t.Context(), scan)
	if err != nil {
		t.Fatal(err)
	}
	works, fails := observation.Verdict{Status: observation.OK}, observation.Verdict{Status: observation.Absent, Reason: observation.NoAAAA}
	for i := range uint64(17) {
		o := observation.Observation{Scan: scan, Position: i, Started: time.Now(), DNS: works, Web: works, Mail: works, V6Only: works, DNSSEC: observation.Secure, Readiness: 5,
			Target: lists.Target{Name: "d\x1b]0;title\a.example", Kind: lists.Government}, AAAA: []netip.Addr{netip.MustParseAddr("2001:db8::1")}}
		code := "TG"
		switch {
		case i == 16:
			o.Target.Kind = lists.CCTLD
		case i == 15:
			o.DNS, o.Web, o.Mail, o.V6Only, o.DNSSEC, o.Readiness = observation.Verdict{}, observation.Verdict{}, observation.Verdict{}, observation.Verdict{}, observation.Indeterminate, 0
		case i >= 9:
			o.DNS, o.Web, o.Mail, o.V6Only, o.DNSSEC, o.Readiness = fails, fails, fails, fails, observation.Insecure, 0
		}
		if i >= 12 && i < 16 {
			code = "CI"
		}
		o.Target.Country = code
		o.Country, _ = lists.CountryByCode(code)
		if err := w.Write(t.Context(), &o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishScan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
	if _, err := indicator.Compute(t.Context(), s, scan); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder, scan
}

// madeIndicators is how many indicators the scan of madeStore has: two countries
// with government domains and one with ccTLDs, none of them an IDN.
func madeIndicators() int {
	n := 0
	for _, i := range indicator.All() {
		if i.Covers(lists.Government) {
			n += 2
		}
		if i.Covers(lists.CCTLD) && i.ID != "idn_level" {
			n++
		}
	}
	return n
}

func TestCountries(t *testing.T) {
	t.Parallel()
	folder, scan := madeStore(t)
	code, out, errOut := runMain("countries", "--store", folder)
	if code != 0 || errOut != "" {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	for _, want := range []string{
		// 9 of 12 with its Wilson interval; none of 3, too few for a share.
		"Togo                12    12    75% 47-91    75% 47-91    75% 47-91    75% 47-91",
		"Côte d’Ivoire        4     3       0 of 3       0 of 3       0 of 3       0 of 3",
		"Coverage: 16 of 17 targets measured, in 2 countries",
		scan.String(),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Index(out, "Côte") > strings.Index(out, "Togo") {
		t.Errorf("not in the order of names:\n%s", out)
	}
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 || strings.ContainsRune(line, '\x1b') {
			t.Errorf("%d columns or an escape: %q", n, line)
		}
	}

	for _, id := range []string{"latest", "0192f0c1", scan.String()} {
		code, out, _ := runMain("countries", "--store", folder, "--scan", id, "--country", "tg")
		if code != 0 || !strings.Contains(out, "Web over IPv6                           75% 47-91\n      9 of 12, 0 in part, 0 unmeasured. domains whose") || strings.Contains(out, "Ivoire") {
			t.Errorf("--scan %s --country tg: exit %d\n%s", id, code, out)
		}
	}

	_, text, _ := runMain("countries", "--store", folder, "--csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 1+madeIndicators() {
		t.Errorf("%d rows of CSV, error %v", len(rows), err)
	}
	ready := slices.IndexFunc(rows, func(r []string) bool { return r[2] == "CI" && r[9] == "ready" })
	if ready < 0 || !slices.Equal(rows[ready][10:], []string{"4", "0", "0", "3", "1", "share", "domains", "count", "0.0000", "", "", "0.0000", "0.2500", "", "true"}) {
		t.Errorf("ready of CI is %v", rows[max(ready, 0)])
	}
	_, text, _ = runMain("countries", "--store", folder, "--json")
	var document struct {
		Scan       store.ScanInfo
		Indicators []pages.IndicatorLine
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil || document.Scan.ID != scan || len(document.Indicators) != len(rows)-1 {
		t.Errorf("JSON of scan %s with %d indicators, error %v", document.Scan.ID, len(document.Indicators), err)
	}
}

func TestQueryAndInfo(t *testing.T) {
	t.Parallel()
	folder, scan := madeStore(t)
	sql := "SELECT count() AS n FROM observations"
	for _, test := range []struct {
		args []string
		in   string
		want string
	}{
		{[]string{sql}, "", "n\n17\n"},
		{[]string{sql + ";", "--format", "CSV"}, "", "17\n"},
		{[]string{sql + " FORMAT JSONEachRow"}, "", "{\"n\":17}\n"},
		{nil, sql, "n\n17\n"},
		{[]string{"-"}, sql + "\n", "n\n17\n"},
		{[]string{"--write", "CREATE TABLE t (n UInt8) ENGINE = Memory"}, "", ""},
	} {
		var out, errOut bytes.Buffer
		code := run(t.Context(), append([]string{"query", "--store", folder}, test.args...), strings.NewReader(test.in), &out, &errOut)
		if code != 0 || out.String() != test.want {
			t.Errorf("%q: exit %d, %q, %s", test.args, code, out.String(), errOut.String())
		}
	}
	code, out, _ := runMain("store", "info", "--store", folder)
	if code != 0 || !strings.Contains(out, "embedded ClickHouse ") || !strings.Contains(out, scan.String()) || !strings.Contains(out, "observations       17") {
		t.Errorf("store info: exit %d\n%s", code, out)
	}
	var info store.Info
	_, out, _ = runMain("store", "info", "--store", folder, "--json")
	if err := json.Unmarshal([]byte(out), &info); err != nil || info.Engine != "embedded" || info.Schema == 0 || len(info.Scans) != 1 {
		t.Errorf("store info --json: %+v, error %v", info, err)
	}
}

func TestMisuseOfTheStore(t *testing.T) {
	t.Parallel()
	folder, _ := madeStore(t)
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"query", "--store", folder, "DROP TABLE scans"}, exitMisuse, "--write"},
		{[]string{"query", "--store", folder, "SELECT 1; SELECT 2"}, exitMisuse, "one statement"},
		{[]string{"query", "--store", folder, "SELECT nothing"}, exitFailure, "nothing"},
		{[]string{"query", "--dsn", "clickhouse://u:hunter2@h", "SELECT 1"}, exitMisuse, "ADOPT6_STORE_PASSWORD"},
		{[]string{"store", "info", "--store", filepath.Join(folder, "none")}, exitFailure, "no store"},
		{[]string{"countries", "--store", folder, "--scan", "ffff"}, exitMisuse, "no such scan"},
		{[]string{"countries", "--store", folder, "--country", "XQ"}, exitMisuse, "XQ"},
		{[]string{"countries", "--store", folder, "--csv", "--json"}, exitMisuse, "not both"},
		{[]string{"engine-serve"}, exitFailure, "started by adopt6 itself"},
	} {
		code, out, errOut := runMain(test.args...)
		if code != test.code || !strings.Contains(errOut, test.want) || strings.Contains(out+errOut, "hunter2") {
			t.Errorf("%v: exit %d with %q, want %d with %q", test.args, code, errOut, test.code, test.want)
		}
	}
}
