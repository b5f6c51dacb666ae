//go:build !alone

package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/pages"
	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// twoScans is a store with two scans of three domains of Togo: one lost its
// web, one gained it, and one failed in the only measurement of it.
func twoScans(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "store")
	s, err := store.Open(t.Context(), store.Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	works, absent, fails := observation.Verdict{Status: observation.OK}, observation.Verdict{Status: observation.Absent, Reason: observation.NoAAAA}, observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}
	for day, found := range map[int]map[string]observation.Verdict{
		1: {"finance.gouv.tg": works, "sante.gouv.tg": absent, "flap.gouv.tg": works},
		8: {"finance.gouv.tg": absent, "sante.gouv.tg": works, "flap.gouv.tg": fails},
	} {
		info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 11, day, 6, 0, 0, 0, time.UTC), List: "ministries.csv", Vantage: "lome\x1b[31m", Targets: 3}
		if err := s.NewScan(t.Context(), info); err != nil {
			t.Fatal(err)
		}
		w, err := s.Writer(t.Context(), info.ID)
		if err != nil {
			t.Fatal(err)
		}
		for name, web := range found {
			o := observation.Observation{Scan: info.ID, Position: uint64(len(name)), Started: info.Started, Web: web, Attempts: 1,
				Target: lists.Target{Name: name, Kind: lists.Government, Country: "TG"}}
			o.Country, _ = lists.CountryByCode("TG")
			if web == fails {
				o.Flapping = []string{"web_v6"}
			}
			if err := w.Write(t.Context(), &o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := s.FinishScan(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := indicator.Compute(t.Context(), s, info.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestChangesCommand(t *testing.T) {
	t.Parallel()
	folder := twoScans(t)
	code, out, errOut := runMain("changes", "--store", folder)
	for _, want := range []string{"3 domains are in both scans", "Togo, government\n  finance.gouv.tg\n    lost    web_v6   ok -> absent  no_aaaa\n",
		"    gained  web_v6   absent -> ok", "1 gained, 1 lost, 0 broken.", "1 more may be flaps; --all", "no_aaaa\n    The name has"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit %d, want %q in\n%s%s", code, want, out, errOut)
		}
	}
	if strings.Contains(out, "flap.gouv.tg") || strings.Contains(out, "\x1b") {
		t.Errorf("a flap, or what moves the terminal, is printed:\n%q", out)
	}
	fitsTerminal(t, out)
	if _, out, _ := runMain("changes", "--store", folder, "--all", "--country", "tg"); !strings.Contains(out, "ok -> broken  timeout  (may be a flap)") {
		t.Errorf("--all prints\n%s", out)
	}
	_, out, _ = runMain("changes", "--store", folder, "--json")
	var list pages.Changes
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.List) != 3 || list.Compared.Common != 3 || list.To.Vantage != "lome\x1b[31m" {
		t.Errorf("--json prints %s", out)
	}
	for args, want := range map[string]string{
		"--country XX": "XX", "--from latest": "not earlier", "--to ffffffff": "no such scan",
	} {
		if code, _, errOut := runMain(append([]string{"changes", "--store", folder}, strings.Fields(args)...)...); code != exitMisuse || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
}
