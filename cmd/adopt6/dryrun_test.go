//go:build !alone

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"adopt6/cmd/adopt6/pages"
	"adopt6/scanner/lab"
)

// TestDryRunSendsNothing holds that a dry run reaches no server, before and
// after a scan, and that it then says what that scan had sent.
func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	var contacts atomic.Int64
	_, labFile := startLab(t, scenarioOf(t, 12), lab.OnContact(func(lab.Contact) { contacts.Add(1) }))
	dir := t.TempDir()
	flags := []string{"--lab", labFile, "--store", filepath.Join(dir, "store"), "--state", filepath.Join(dir, "state")}
	look := func(more ...string) (page pages.DryRun) {
		t.Helper()
		before := contacts.Load()
		out := mustRun(t, append(append([]string{"scan", "--dry-run", "--json"}, flags...), more...)...)
		if err := json.Unmarshal([]byte(out), &page); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if n := contacts.Load() - before; n > 0 {
			t.Errorf("a dry run made %d contacts", n)
		}
		return page
	}
	if p := look(); p.Targets != 12 || p.Known != 0 || p.Estimated != 12 || p.Queries == 0 || p.Queries != p.ByEstimate.Queries || !p.Simulated {
		t.Errorf("before any scan: %+v", p)
	}
	mustRun(t, append([]string{"scan"}, flags...)...)
	sent := uint64(contacts.Load())
	p := look("--rate", "100", "--rate-per-operator", "3")
	if p.Known != 12 || p.Estimated != 0 || p.Connections == 0 || p.Queries+p.Connections > sent || p.Queries+p.Connections < sent/3 {
		t.Errorf("of %d contacts: %+v", sent, p)
	}
	if len(p.Operators) == 0 || p.Limits[0].Setting != "scan.rate_per_operator" || p.Limits[0].At != p.Operators[0].ID || p.Seconds < float64(p.Operators[0].Queries)/3-1 {
		t.Errorf("operators %+v, limits %+v", p.Operators, p.Limits)
	}
	if code, _, errOut := runMain(append([]string{"scan", "--json"}, flags...)...); code != exitMisuse || !strings.Contains(errOut, "--dry-run") {
		t.Errorf("--json without a dry run: exit code %d, %s", code, errOut)
	}
}
