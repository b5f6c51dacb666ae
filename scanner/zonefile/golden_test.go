package zonefile

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const zones = "../../testdata/zones"

// TestZones audits every small zone and compares all that comes out with the
// golden file beside it: one line per delegation, then the report or the error.
// It does so with memory in plenty and with next to none.
func TestZones(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(zones, "*.zone"))
	if err != nil || len(files) < 15 {
		t.Fatalf("found %d zones: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".zone")
		t.Run(name, func(t *testing.T) {
			got := auditText(t, file, 0)
			golden := filepath.Join(zones, name+".golden")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("differs, got / want: %s", firstDifference(string(got), string(want)))
			}
			if got := auditText(t, file, 1); !bytes.Equal(got, want) {
				t.Errorf("on disk, differs, got / want: %s", firstDifference(string(got), string(want)))
			}
		})
	}
}

// auditText is what an audit of a file in the zones folder says.
func auditText(t *testing.T, file string, memory int) []byte {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []byte
	report, err := Audit(context.Background(), Config{
		Name: filepath.Base(file), Input: f, Include: IncludeFrom(zones), Top: 3, Memory: memory, TempDir: t.TempDir(),
		Each: func(d *Delegation) error {
			out = d.AppendJSON(out)
			return nil
		},
	})
	if err != nil {
		if !Malformed(err) {
			t.Errorf("%v is not said to be the file's fault", err)
		}
		return append(out, err.Error()+"\n"...)
	}
	report.TempBytes = 0
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(append(out, text...), '\n')
}
