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

func TestDoctor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, vantage string
		code          int
		out, errOut   string
	}{
		{"everything", "", 0, "A scan can measure everything from here", ""},
		{"without IPv6", "vantage: {ipv6: false}\n", exitFailure, "absent     IPv6", "right, but not complete: IPv6"},
		{"without port 25", "vantage: {blocked: [25]}\n", exitFailure, "broken     Port 25, IPv6", "right, but not complete: Port 25, IPv6; Port 25, IPv4"},
		{"forged answers", "faults: [{at: \".\", do: not_authority}]\n", exitFailure, "broken     Answers on port 53", "would be wrong, and does not run: Answers on port 53"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, errOut := runMain(append([]string{"doctor"}, vantageLab(t, test.vantage)...)...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(errOut, test.errOut) {
				t.Errorf("exit %d, want %d with %q and %q:\n%s%s", code, test.code, test.out, test.errOut, out, errOut)
			}
			if strings.Contains(out, "\x1b") {
				t.Errorf("colours where there is no terminal: %q", out)
			}
			fitsTerminal(t, out)
		})
	}
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

// TestScanStopsWhereItWouldBeWrong has somebody answer in the place of the
// root servers: nothing is measured, unless the user insists.
func TestScanStopsWhereItWouldBeWrong(t *testing.T) {
	t.Parallel()
	flags := vantageLab(t, "faults: [{at: \".\", do: not_authority}]\n")
	code, errOut := scanAsProgram(t, flags...)
	if code != exitFailure || !strings.Contains(errOut, "speaks of the root without authority") || !strings.Contains(errOut, "--skip-preflight") {
		t.Errorf("exit %d:\n%s", code, errOut)
	}
	if rows := mustRun(t, append([]string{"query", "SELECT count() AS n FROM scans", "--format", "csv"}, flags[2:4]...)...); rows != "0\n" {
		t.Errorf("%q scans were stored", rows)
	}
	if code, errOut := scanAsProgram(t, append([]string{"--skip-preflight"}, flags...)...); code != 0 {
		t.Errorf("with --skip-preflight: exit %d:\n%s", code, errOut)
	}
}

// TestScanFromALimitedVantage counts nothing against anybody for what the
// vantage lacks, and says so at the start and at the end.
func TestScanFromALimitedVantage(t *testing.T) {
	t.Parallel()
	flags := vantageLab(t, "vantage: {ipv6: false, blocked: [25]}\n")
	code, errOut := scanAsProgram(t, flags...)
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, errOut)
	}
	start, end, ok := strings.Cut(errOut, "is complete")
	for _, want := range []string{"IPv6: absent", "Port 25, IPv4: broken"} {
		if !ok || !strings.Contains(start, want) || !strings.Contains(end, want) {
			t.Errorf("the scan does not say %q at its start and end:\n%s", want, errOut)
		}
	}
	fitsTerminal(t, start)
	got := mustRun(t, append([]string{"query", "SELECT DISTINCT dns_v6, web_v6, mail_v6, v6_only FROM observations", "--format", "csv"}, flags[2:4]...)...)
	if strings.Count(got, "unmeasured") != 4 || strings.Contains(got, "broken") {
		t.Errorf("got %s", got)
	}
	got = mustRun(t, append([]string{"query", "SELECT DISTINCT ipv4, ipv6, smtp_v4, hijacked FROM scans", "--format", "csv"}, flags[2:4]...)...)
	if got != "\"ok\",\"absent\",\"broken\",0\n" {
		t.Errorf("the scan is stored with %q", got)
	}
}
