package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/configs"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
)

// vantageLab runs a lab whose vantage lacks something, and returns the flags
// for commands in it.
func vantageLab(t *testing.T, vantage string) []string {
	t.Helper()
	scenario, err := lab.Parse("vantage.yaml", []byte(`about: A vantage that lacks something.
domains:
  one.gov.ar: healthy_v6
  two.gov.br: healthy_v6
  three.gov.ke: healthy_v6
  four.gov.tg: healthy_v6
`+vantage))
	if err != nil {
		t.Fatal(err)
	}
	_, file := startLab(t, scenario)
	dir, err := os.MkdirTemp("", "") // a short path, so that lines are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return []string{"--lab", file, "--store", filepath.Join(dir, "store"), "--state", filepath.Join(dir, "state")}
}

// TestDoctorNamesChangedSettings runs with the configuration file that packages
// install: it sets everything, to what holds anyway.
func TestDoctorNamesChangedSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(file, configs.Example, 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := runMain(append([]string{"doctor", "--json", "--config", file, "--dns-retries", "1"}, vantageLab(t, "")...)...)
	if !strings.Contains(out, "dns.retries (--dns-retries)") || strings.Contains(out, "scan.workers") {
		t.Errorf("the settings that are not at their default are not told:\n%s", out)
	}
}

func TestDoctorJSON(t *testing.T) {
	t.Parallel()
	code, out, errOut := runMain(append([]string{"doctor", "--json"}, vantageLab(t, "vantage: {ipv4: false}\n")...)...)
	var page doctorPage
	if err := json.Unmarshal([]byte(out), &page); err != nil || code != exitFailure {
		t.Fatalf("exit %d: %v\n%s%s", code, err, out, errOut)
	}
	if page.Complete || !page.Correct || page.Capabilities.IPv4 != observation.Absent || page.Capabilities.SMTPV6 != observation.OK || len(page.Checks) != 16 {
		t.Errorf("got %+v", page)
	}
	if code, _, errOut := runMain("doctor", "--lab", "nowhere.json"); code != exitMisuse {
		t.Errorf("a lab that is not there: exit %d: %s", code, errOut)
	}
}

// scanAsProgram scans in a process of its own: its standard input is empty,
// and no list.
func scanAsProgram(t *testing.T, flags ...string) (code int, errOut string) {
	t.Helper()
	cmd, _, stderr := program(t, append([]string{"scan"}, flags...)...)
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}
