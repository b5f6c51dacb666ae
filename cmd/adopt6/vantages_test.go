//go:build !alone

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"adopt6/cmd/adopt6/pages"
)

func TestVantagesCommand(t *testing.T) {
	t.Parallel()
	folder := twoScans(t)
	if code, _, errOut := runMain("vantages", "--store", folder); code != exitMisuse || !strings.Contains(errOut, "finished scans of 1 vantage") {
		t.Errorf("one vantage: exit %d: %s", code, errOut)
	}
	_, out, _ := runMain("query", "SELECT toString(scan) AS s FROM scans FINAL ORDER BY started", "--format", "TabSeparated", "--store", folder)
	scans := strings.Fields(out)
	if len(scans) != 2 {
		t.Fatalf("scans: %q", out)
	}
	flags := []string{"vantages", "--store", folder, "--scan", scans[0], "--scan", scans[1]}
	code, out, errOut := runMain(flags...)
	for _, want := range []string{"what 2 of them found the same counts", "Togo, government\n  works from 1    2 of 3\n  works from 2    1 of 3\n  agreed          0 of 3",
		"    finance.gouv.tg\n      1  ok\n      2  absent\n", "3 domains differ."} {
		if code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit %d, want %q in\n%s%s", code, want, out, errOut)
		}
	}
	fitsTerminal(t, out)
	_, out, _ = runMain(append(flags, "--json", "--agree", "1")...)
	var c pages.Vantages
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Countries[0].Agreed.Works != 3 || len(c.Countries[0].Different) != 3 {
		t.Errorf("--json prints %s", out)
	}
	for args, want := range map[string]string{"--agree 3": "there are 2 vantages", "--service ftp": "expected one of dns_v6"} {
		if code, _, errOut := runMain(append(flags, strings.Fields(args)...)...); code != exitMisuse || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
}
