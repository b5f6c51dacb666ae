//go:build !alone

package main

import (
	"strings"
	"testing"
)

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

// TestScanStopsWhereItWouldBeWrong has another server answer in place of the
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
