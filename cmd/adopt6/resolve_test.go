package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/scanner/lab"
)

// demoLab starts the lab's demo scenario and returns the file to attach by.
func demoLab(t *testing.T) string {
	t.Helper()
	scenario, err := lab.Builtin("demo")
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	file := filepath.Join(t.TempDir(), "lab.json")
	if err := l.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func runCommand(t *testing.T, in string, args ...string) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(in), &o, &e)
	return o.String(), e.String(), code
}

func TestResolveInALab(t *testing.T) {
	t.Parallel()
	file := demoLab(t)
	out, errOut, code := runCommand(t, "", "resolve", "--lab", file, "--json", "--trace", ".", "NS")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	var got struct {
		RCode, DNSSEC, Reason string
		Answer                []struct{ Name, Type, Data string }
		Trace                 []struct{ Step string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got.RCode != "NOERROR" || got.DNSSEC != "secure" || got.Reason != "" || len(got.Answer) == 0 || len(got.Trace) == 0 {
		t.Errorf("got %s", out)
	}
	for kind, want := range map[string]string{"type2": `"type":"NS"`, "TYPE65534": `"type":"TYPE65534","rcode":"NOERROR","dnssec":"secure"`} {
		if out, errOut, code := runCommand(t, "", "resolve", "--lab", file, "--json", ".", kind); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %s%s", kind, code, out, errOut)
		}
	}
	out, errOut, code = runCommand(t, "", "resolve", "--lab", file, "no-such-tld", "--at", "2001-01-01")
	if code != 0 || !strings.Contains(out, "DNSSEC: bogus (rrsig_not_yet_valid") {
		t.Errorf("in 2001: exit code %d, %s%s", code, out, errOut)
	}
	out, errOut, code = runCommand(t, "tg\nno-such-tld\n\nbad..name\n", "resolve", "--lab", file, "--batch", "NS")
	if lines := strings.Count(out, "\n"); code != 0 || lines != 3 {
		t.Errorf("batch: exit code %d, %d lines: %s%s", code, lines, out, errOut)
	}
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("batch: %s is not JSON", line)
		}
	}
}

func TestResolveMisuse(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "hints")
	if err := os.WriteFile(bad, []byte(". NS a.test.\na.test. TXT x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		want string
		args []string
	}{
		{"no name given", nil},
		{"--family \"v5\"", []string{"example.com", "--family", "v5"}},
		{"record type \"NOPE\"", []string{"example.com", "NOPE"}},
		{"record type \"TYPE65536\"", []string{"example.com", "TYPE65536"}},
		{"record type \"TYPE41\"", []string{"example.com", "TYPE41"}},
		{"record type \"AXFR\"", []string{"example.com", "AXFR"}},
		{"--at \"soon\"", []string{"example.com", "--at", "soon"}},
		{"takes names from standard input", []string{"--batch", "example.com", "A"}},
		{"--server goes with --batch", []string{"example.com", "--server", "192.0.2.1"}},
		{"--server \"ns1\"", []string{"--batch", "--server", "ns1"}},
		{`"--window" flag: must be 1 to 20000`, []string{"--batch", "--window", "0"}},
		{"line 2: ", []string{"example.com", "--root-hints", bad}},
		{"domain name \"a..b\"", []string{"a..b"}},
	}
	for _, test := range tests {
		_, errOut, code := runCommand(t, "", append([]string{"resolve"}, test.args...)...)
		if code != exitMisuse || !strings.Contains(errOut, test.want) {
			t.Errorf("%v: exit code %d, %s; want %s", test.args, code, errOut, test.want)
		}
	}
}
