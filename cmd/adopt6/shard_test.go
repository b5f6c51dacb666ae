//go:build !alone

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestShardsMakeOneScan lets three machines share a list: the result is one
// scan, finished by the last, with every target once.
func TestShardsMakeOneScan(t *testing.T) {
	t.Parallel()
	_, file := startLab(t, scenarioOf(t, 20))
	folder := filepath.Join(t.TempDir(), "store")
	scan := func(shard string, more ...string) (int, string) {
		return scanAsProgram(t, append([]string{"--lab", file, "--store", folder, "--state", t.TempDir(), "--skip-preflight",
			"--vantage", "lome", "--begun", "2026-11-24T06:00:00Z", "--shard", shard}, more...)...)
	}
	finished := func() string {
		return strings.TrimSpace(mustRun(t, "query", "SELECT countIf(toUInt32(finished) > 0), count(), max(targets) FROM scans FINAL", "--format", "TabSeparated", "--store", folder))
	}
	for _, shard := range []string{"0/3", "2/3"} {
		if code, errOut := scan(shard); code != 0 || !strings.Contains(errOut, "Shard "+shard+" is complete") {
			t.Fatalf("shard %s: exit %d: %s", shard, code, errOut)
		}
	}
	if got := finished(); got != "0\t1\t20" {
		t.Errorf("before the last shard: %s", got)
	}
	if code, errOut := scan("1/3", "--country", "TG"); code != exitMisuse || !strings.Contains(errOut, "all machines need the same list") {
		t.Errorf("another list: exit %d: %s", code, errOut)
	}
	if code, errOut := scan("1/3"); code != 0 || !strings.Contains(errOut, "is complete: 20 targets") {
		t.Errorf("the last shard: exit %d: %s", code, errOut)
	}
	if got := finished(); got != "1\t1\t20" {
		t.Errorf("after the last shard: %s", got)
	}
	rows := mustRun(t, "query", "SELECT count(), uniqExact(domain), uniqExact(scan_started) FROM observations", "--format", "TabSeparated", "--store", folder)
	if rows != "20\t20\t1\n" {
		t.Errorf("stored: %s", rows)
	}
	for args, want := range map[string]string{"--shard 3/3 --begun 2026-11-24T06:00:00Z": "is not a shard of a list", "--shard 1/3": "go together", "--shard 1/3 --begun today": "expected a time"} {
		if code, errOut := scanAsProgram(t, append([]string{"--lab", file, "--store", folder}, strings.Fields(args)...)...); code != exitMisuse || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
}
