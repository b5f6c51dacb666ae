package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/scanner/lab"
)

// scenarioOf returns a lab scenario of n sound domains.
func scenarioOf(t *testing.T, n int) *lab.Scenario {
	t.Helper()
	text := fmt.Sprintf("about: Sound domains.\nseed: 7\ngenerate:\n  - count: %d\n    under: [gov.tg, gov.sn]\n    profiles: [healthy_v6, v4_only]\n", n)
	scenario, err := lab.Parse("sound.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return scenario
}

// startLab runs a lab in this process and returns the file by which another
// process finds it.
func startLab(t *testing.T, scenario *lab.Scenario, opts ...lab.Option) (l *lab.Lab, file string) {
	t.Helper()
	l, err := lab.Start(scenario, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	file = filepath.Join(t.TempDir(), "lab.json")
	if err := l.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return l, file
}

func TestScanRefusesBadTargets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, inLab := startLab(t, scenarioOf(t, 1)) // where a scan that is not refused sends its packets
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"an empty list", []string{"--list", write("empty", "")}, "holds no target"},
		{"only comments", []string{"--list", write("comments", "# nothing\n\n")}, "holds no target"},
		{"no such list", []string{"--list", filepath.Join(dir, "none")}, "open list"},
		{"a URL", []string{"--list", write("url", "gouv.tg\nftp://www.gouv.tg/\n")}, `url:2: "ftp://www.gouv.tg/" is a URL`},
		{"an address", []string{"192.0.2.1"}, "arguments:1"},
		{"an unknown country in a list", []string{"--list", write("xy", "domain,country\ngouv.tg,XY\n")}, `xy:2: unknown country code "XY"`},
		{"mixed scripts", []string{"gоv.sn"}, "mixes Latin and Cyrillic"},
		{"an unknown country", []string{"--country", "XY"}, `--country XY: unknown country code "XY"`},
		{"an unknown kind", []string{"--kind", "military"}, "--kind military"},
		{"an unknown level", []string{"--level", "village"}, "--level village"},
		{"domains and a list", []string{"gouv.tg", "--list", "x"}, "not both"},
		{"nothing that matches", []string{"gouv.tg", "--country", "SN"}, "no targets"},
		{"no such lab", []string{"--lab", filepath.Join(dir, "lab.json")}, "lab.json"},
		{"no id", []string{"--resume=yesterday"}, "not the id of a scan"},
		{"no such scan", []string{"--resume=00000000-0000-4000-8000-000000000000"}, "no scan 00000000"},
		{"resume with a list", []string{"--resume", "--list", "x"}, "takes the scan's own list"},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "state")
			code, _, errOut := runMain(append([]string{"scan", "--lab", inLab, "--store", filepath.Join(dir, "store"), "--state", state}, test.args...)...)
			if code != exitMisuse || !strings.Contains(errOut, test.want) {
				t.Errorf("exit %d with %q, want %d with %q", code, errOut, exitMisuse, test.want)
			}
			if left, _ := filepath.Glob(filepath.Join(state, "scans", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "store")); err == nil {
		t.Error("a refused scan made a store")
	}
}
