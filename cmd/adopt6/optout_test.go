//go:build !alone

package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"adopt6/scanner/lab"
)

// TestOptOutHoldsForTheWholeScan puts every target on the list and scans, with
// the preflight: nobody is asked for any of them, no mail server is tried, and
// each is stored as opted out.
func TestOptOutHoldsForTheWholeScan(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var strays []string
	_, labFile := startLab(t, scenarioOf(t, 8), lab.OnContact(func(c lab.Contact) {
		name := strings.ToLower(c.Question.Name)
		if strings.HasSuffix(name, "gov.tg.") || strings.HasSuffix(name, "gov.sn.") || c.Server.Port() != 53 {
			mu.Lock()
			defer mu.Unlock()
			strays = append(strays, c.Server.String()+" "+name)
		}
	}))
	dir := t.TempDir()
	out := filepath.Join(dir, "out.txt")
	if err := os.WriteFile(out, []byte("gov.tg # asked\ngov.sn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	storeFlags := []string{"--store", filepath.Join(dir, "store")}
	mustRun(t, append([]string{"scan", "--lab", labFile, "--opt-out", out, "--state", filepath.Join(dir, "state")}, storeFlags...)...)
	mu.Lock()
	defer mu.Unlock()
	if len(strays) > 0 {
		t.Errorf("%d contacts, such as %s", len(strays), strays[0])
	}
	const ask = "SELECT count(), countIf(dns_v6 = 'unmeasured' AND dns_v6_reason = 'opted_out' AND web_v6_reason = 'opted_out') FROM observations FORMAT TSV"
	if got := mustRun(t, append(append([]string{"query"}, storeFlags...), ask)...); strings.TrimSpace(got) != "8\t8" {
		t.Errorf("stored and opted out: %q", got)
	}
}
