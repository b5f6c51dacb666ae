package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestASNTableThatIsNone: a table that cannot be read ends the command before
// anything is asked of the network or stored.
func TestASNTableThatIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	csv := filepath.Join(dir, "asn.csv")
	if err := os.WriteFile(csv, []byte("2a01:100::/32,64496\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	for _, command := range [][]string{{"scan", "example.org"}, {"lab", "run", "healthy"}} {
		for path, fault := range map[string]string{csv: "not in MaxMind DB format", filepath.Join(dir, "none.mmdb"): "no such file"} {
			args := append(command, "--asn-db", path, "--state", state, "--store", filepath.Join(dir, "store"))
			code, _, errOut := runMain(args...)
			if code != exitMisuse || !strings.Contains(errOut, path) || !strings.Contains(errOut, fault) || !strings.Contains(errOut, "GeoLite2-ASN.mmdb") {
				t.Errorf("%v: exit %d, %s", args, code, errOut)
			}
		}
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("a work list was made")
	}
}
