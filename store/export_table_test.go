//go:build !alone

package store_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"adopt6/store"
	"adopt6/store/storetest"
)

// relation returns the description of a table.
func relation(t *testing.T, s *store.Store, name string) store.Relation {
	t.Helper()
	list, err := s.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(r store.Relation) bool { return r.Name == name })
	return list[i]
}

func format(name string) store.ExportFormat {
	i := slices.IndexFunc(store.ExportFormats, func(f store.ExportFormat) bool { return f.Name == name })
	return store.ExportFormats[i]
}

func TestExportOfText(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		storetest.Sample(t, s)
		scan := newScan(t, s, 1)
		w := writer(t, s, scan.ID)
		write(t, w, full(scan.ID, 0))
		closeWriter(t, w)
		for _, table := range []string{"scans", "observations", "endpoints", "indicators", "latest_scans", "changes", "operators", "broken_v6", "domain_history"} {
			r := relation(t, s, table)
			counted := ask(t, s, "SELECT toString(count()) FROM "+table+map[bool]string{false: " FINAL"}[r.View])
			for _, guard := range []bool{false, true} {
				var out bytes.Buffer
				if err := s.Export(t.Context(), store.Export{Table: r, Format: format("csv"), Guard: guard}, &out); err != nil {
					t.Fatalf("%s: %v", table, err)
				}
				rows := readCSV(t, table, out.Bytes())
				if got := len(rows) - 1; counted != itoa(got) {
					t.Errorf("%s: %d rows of CSV, %s in the store", table, got, counted)
				}
				if dangerous := formulas(r, rows); guard && len(dangerous) > 0 {
					t.Errorf("%s: a spreadsheet computes %q", table, dangerous)
				} else if !guard && table == "endpoints" && len(dangerous) == 0 {
					t.Error("the test has no dangerous cell")
				}
			}
			var out bytes.Buffer
			if err := s.Export(t.Context(), store.Export{Table: r, Format: format("jsonl")}, &out); err != nil {
				t.Fatal(err)
			}
			n := 0
			for line := range strings.Lines(out.String()) {
				n++
				if !json.Valid([]byte(line)) || !utf8.ValidString(line) {
					t.Errorf("%s: no JSON: %.300q", table, line)
				}
			}
			if counted != itoa(n) {
				t.Errorf("%s: %d rows of JSON, %s in the store", table, n, counted)
			}
		}
	})
}

func itoa(n int) string { return strings.TrimSpace(string(must(json.Marshal(n)))) }

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

func readCSV(t *testing.T, table string, text []byte) [][]string {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("%s: the CSV is not UTF-8", table)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return rows
}

// formulas returns the cells of text that a spreadsheet takes for a formula.
func formulas(r store.Relation, rows [][]string) (list []string) {
	for _, row := range rows[1:] {
		for i, cell := range row {
			if strings.Contains(r.Columns[i].Type, "String") && cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				list = append(list, cell)
			}
		}
	}
	return list
}

func TestExportChooses(t *testing.T) {
	t.Parallel()
	storetest.EachSampled(t, func(t *testing.T, s *store.Store) {
		var out bytes.Buffer
		e := store.Export{Table: relation(t, s, "observations"), Format: format("csv"), Scan: storetest.SampleScans[0].ID, Countries: []string{"TG", "CI"}}
		if err := s.Export(t.Context(), e, &out); err != nil {
			t.Fatal(err)
		}
		rows := readCSV(t, "observations", out.Bytes())
		country, position := slices.Index(rows[0], "country"), slices.Index(rows[0], "position")
		if len(rows) != 1+17+13 || rows[1][country] != "CI" || rows[30][country] != "TG" || rows[1][position] != "0" || rows[2][position] != "1" {
			t.Errorf("%d rows, the first %v", len(rows), rows[1])
		}
		var refused *store.UnexportableError
		e.Table = relation(t, s, "operators")
		if err := s.Export(t.Context(), e, &out); !errors.As(err, &refused) || !strings.Contains(err.Error(), "no column scan") {
			t.Errorf("operators by scan: %v", err)
		}
		e.Table, e.Scan = relation(t, s, "observations"), uuid.Nil
		e.Countries = []string{"'); DROP TABLE scans; --"} // a value, never a part of the statement
		out.Reset()
		if err := s.Export(t.Context(), e, &out); err != nil || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("no country: %v, %.200s", err, out.String())
		}
	})
}

// What is exported in a binary format is read again as the same.
func TestExportOfFiles(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.Embedded(t))
	storetest.Sample(t, s)
	scan := newScan(t, s, 1)
	w := writer(t, s, scan.ID)
	write(t, w, full(scan.ID, 0))
	closeWriter(t, w)
	for _, name := range []string{"parquet", "arrow"} {
		file := filepath.Join(t.TempDir(), "observations"+format(name).Extension)
		var out bytes.Buffer
		if err := s.Export(t.Context(), store.Export{Table: relation(t, s, "observations"), Format: format(name)}, &out); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		question := "SELECT count(), uniqExact(toString(scan)), countIf(toString(web_v6) = 'ok'), sum(took_us), sum(length(name_servers)) FROM "
		want := ask(t, s, question+"observations")
		got := ask(t, s, question+"file('"+file+"', '"+map[string]string{"parquet": "Parquet", "arrow": "Arrow"}[name]+"')")
		if got != want {
			t.Errorf("%s: read as %s, want %s", name, got, want)
		}
	}
	server := storetest.Open(t, storetest.OnServer(t))
	var refused *store.UnexportableError
	err := server.Export(t.Context(), store.Export{Table: relation(t, server, "scans"), Format: format("parquet")}, new(bytes.Buffer))
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "store copy") {
		t.Errorf("Parquet over the native protocol: %v", err)
	}
}
