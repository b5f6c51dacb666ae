//go:build !alone

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"adopt6/scanner/lab"
	"adopt6/store"
	"adopt6/store/storetest"
)

// countdown closes a channel when so many contacts have reached a lab.
type countdown struct {
	left    atomic.Int64
	reached atomic.Pointer[chan struct{}]
}

func (c *countdown) see(lab.Contact) {
	if c.left.Add(-1) == 0 {
		close(*c.reached.Load())
	}
}

func (c *countdown) set(contacts int) <-chan struct{} {
	reached := make(chan struct{})
	c.reached.Store(&reached)
	c.left.Store(int64(contacts))
	return reached
}

// TestScanKilled kills a scan with SIGKILL again and again, and a server with
// it, until it has ended after all. The rows are those of a scan without faults.
func TestScanKilled(t *testing.T) {
	t.Parallel()
	const targets = 150
	var contacts countdown
	_, labFile := startLab(t, scenarioOf(t, targets), lab.OnContact(contacts.see))
	dir := t.TempDir()
	scan := []string{"scan", "--lab", labFile, "--workers", "4", "--vantage", "here", "--skip-preflight"}
	calm := []string{"--store", filepath.Join(dir, "calm")}
	mustRun(t, slices.Concat(scan, calm, []string{"--state", filepath.Join(dir, "calm-state")})...)
	want := rowsWithoutTimes(t, calm)

	server := storetest.NewServer(t)
	for name, engine := range map[string]struct {
		flags     []string
		meanwhile func() // what happens to the engine before a scan is killed
	}{
		"embedded": {[]string{"--store", filepath.Join(dir, "store")}, func() {}},
		"server":   {[]string{"--dsn", server.DSN("default")}, func() { server.Kill(); server.Start(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			args := slices.Concat(scan, engine.flags, []string{"--state", filepath.Join(dir, name)})
			random := rand.New(rand.NewPCG(6, 64))
			kills := 0
			for ended := false; !ended; {
				reached := contacts.set(300 + random.IntN(1500))
				victim, _, errOut := program(t, args...)
				if err := victim.Start(); err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- victim.Wait() }()
				select {
				case err := <-done:
					if ended = true; err != nil {
						t.Fatalf("after %d kills: %v\n%s", kills, err, errOut)
					}
				case <-reached:
					engine.meanwhile()
					if err := victim.Process.Kill(); err != nil {
						t.Log("it was faster:", err)
					}
					<-done
					kills++
				}
				args = append(slices.DeleteFunc(args, func(a string) bool { return a == "--resume" }), "--resume")
			}
			if kills < 3 {
				t.Errorf("the scan was killed only %d times", kills)
			}
			for table, rows := range rowsWithoutTimes(t, engine.flags) {
				if rows != want[table] {
					t.Errorf("%s after %d kills differs from that of a calm scan: %s", table, kills, firstDifference(rows, want[table]))
				}
			}
		})
	}
}

// rowsWithoutTimes returns the rows of the tables without what differs between
// two scans of one lab: their ids, times, how many queries were needed, and which
// of the contacts made at the same time ended first.
func rowsWithoutTimes(t *testing.T, flags []string) map[string]string {
	t.Helper()
	var tables []store.Relation
	if err := json.Unmarshal([]byte(mustRun(t, append([]string{"store", "schema", "--json"}, flags...)...)), &tables); err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for _, table := range tables {
		if table.View || !slices.Contains(store.AllTables, table.Name) {
			continue
		}
		var columns []string
		for _, c := range table.Columns {
			if !slices.Contains([]string{"scan", "revision", "queries", "started_micros", "probe_us", "ordinal", "value"}, c.Name) && !strings.HasSuffix(c.Name, "_us") && !strings.HasPrefix(c.Type, "DateTime") {
				columns = append(columns, c.Name)
			}
		}
		list := strings.Join(columns, ", ")
		rows[table.Name] = mustRun(t, append([]string{"query", "--format", "TSV", "SELECT " + list + " FROM " + table.Name + " FINAL ORDER BY " + list}, flags...)...)
	}
	return rows
}

func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			return fmt.Sprintf("row %d\n%q\nand not\n%q", i, gotLines[i], wantLines[i])
		}
	}
	return fmt.Sprintf("%d rows and not %d", len(gotLines)-1, len(wantLines)-1)
}
