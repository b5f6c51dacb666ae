//go:build !alone

package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExport(t *testing.T) {
	t.Parallel()
	folder, scan := madeStore(t)
	out := filepath.Join(t.TempDir(), "out")
	code, _, errOut := runMain("export", out, "--store", folder, "--country", "tg", "--scan", "latest")
	if code != 0 || !strings.Contains(errOut, "observations.csv") {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	file, err := os.Open(filepath.Join(out, "observations.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 1+13 {
		t.Errorf("%d rows of CSV, error %v", len(rows), err)
	}
	dictionary, err := os.ReadFile(filepath.Join(out, "dictionary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range append(rows[0], "scan "+scan.String(), "countries TG", "no spreadsheet computes it") {
		if !strings.Contains(string(dictionary), part) {
			t.Errorf("the dictionary does not explain %q", part)
		}
	}
	if left, err := filepath.Glob(filepath.Join(out, ".*")); err != nil || len(left) > 0 {
		t.Errorf("half-written files are left: %v, error %v", left, err)
	}

	code, text, errOut := runMain("export", "-", "--store", folder, "--table", "indicators", "--format", "jsonl")
	if code != 0 || errOut != "" || strings.Count(text, "\n") != madeIndicators() || !json.Valid([]byte(strings.SplitN(text, "\n", 2)[0])) {
		t.Errorf("exit %d: %s%s", code, text, errOut)
	}
	for want, args := range map[string][]string{
		"one table":             {"-"},
		"unknown table \"tbl\"": {out, "--table", "tbl"},
		"unknown format":        {out, "--format", "xlsx"},
		"unknown country code":  {out, "--country", "XX"},
		"no column scan":        {out, "--table", "operators", "--scan", "latest"},
		"no such scan":          {out, "--scan", "ffff"},
	} {
		if code, _, errOut := runMain(append([]string{"export", "--store", folder}, args...)...); code != exitMisuse || !strings.Contains(errOut, want) {
			t.Errorf("%v: exit %d with %q, want %d with %q", args, code, errOut, exitMisuse, want)
		}
	}
}

func TestStoreCopyAndPrune(t *testing.T) {
	t.Parallel()
	folder, _ := madeStore(t)
	other := filepath.Join(t.TempDir(), "other")
	for _, want := range []string{"1 scans copied, 0 were there", "0 scans copied, 1 were there"} {
		code, out, errOut := runMain("store", "copy", folder, other)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s%s", code, out, errOut)
		}
	}
	if code, out, _ := runMain("query", "--store", other, "SELECT count() FROM latest_observations", "--format", "TSV"); code != 0 || out != "17\n" {
		t.Errorf("the copy holds %s", out)
	}
	for want, args := range map[string][]string{
		"put it into ADOPT6_STORE_PASSWORD": {"copy", folder, "clickhouse://u:secret@h"},
		"there is no store":                 {"copy", filepath.Join(folder, "none"), other},
		"say how long":                      {"prune", "--store", folder},
		"24m for months":                    {"prune", "--store", folder, "--keep", "soon"},
	} {
		if code, _, errOut := runMain(append([]string{"store"}, args...)...); code == 0 || !strings.Contains(errOut, want) || strings.Contains(errOut, "secret") {
			t.Errorf("%v: exit %d with %q, want %q", args, code, errOut, want)
		}
	}
	// The only scan is the newest, so it stays.
	for _, dry := range []string{"--dry-run", "--dry-run=false"} {
		if code, out, errOut := runMain("store", "prune", "--store", folder, "--keep", "1m", dry); code != 0 || !strings.Contains(out, "Nothing is older") {
			t.Errorf("exit %d: %s%s", code, out, errOut)
		}
	}
}
