package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adopt6/scanner/zonefile"
)

const zoneFolder = "../../testdata/zones/"

// runAudit runs adopt6 audit and returns its exit code and what it wrote.
func runAudit(t *testing.T, in io.Reader, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), append([]string{"audit"}, args...), in, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestAuditSummary(t *testing.T) {
	t.Parallel()
	code, out, errOut := runAudit(t, nil, zoneFolder+"root.zone.gz")
	if code != 0 || errOut != "" {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	for _, want := range []string{
		"Zone     ., serial 2026082201, signed with RSASHA256\n",
		"Records  22,094\n",
		"  delegations                                                      309\n",
		"  at least one name server with IPv6 glue                          291   94.2 %\n",
		"  with DS records                                                  221   71.5 %\n",
		"    cd ck dj et fk ge gf hm kp mh mm mp mq sl xn--l1acc xn--lgbbat1ad8j\n    xn--mgbai9azgqp6j xn--wgbh1c\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing from\n%s", want, out)
		}
	}
	fitsTerminal(t, out)
}

// fitsTerminal asserts that no line is wider than 80 columns and that nothing
// but graphic characters is in it.
func fitsTerminal(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("control characters: %q", line)
		}
	}
}

func TestAuditCountries(t *testing.T) {
	t.Parallel()
	_, out, _ := runAudit(t, nil, "--country", zoneFolder+"root.zone.gz")
	for _, want := range []string{
		"DE Germany                       1      1      1     1    1  de 6,6,1\n",
		"Total                          309    291    279   157  221\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing from\n%s", want, out)
		}
	}
	fitsTerminal(t, out)
	_, out, _ = runAudit(t, nil, "--country", "--csv", zoneFolder+"root.zone.gz")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 310 {
		t.Errorf("%d rows: %v", len(rows), err)
	}
}

// TestAuditGov checks the three forms of the delegations against each other.
func TestAuditGov(t *testing.T) {
	t.Parallel()
	file := zoneFolder + "gov.zone.gz"
	_, text, _ := runAudit(t, nil, "--delegations", file)
	if n := strings.Count(text, "\n"); n != 1+16536 {
		t.Errorf("%d lines of text", n)
	}
	_, out, _ := runAudit(t, nil, "--csv", file)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 1+16536 {
		t.Fatalf("%d rows of CSV: %v", len(rows), err)
	}
	_, out, _ = runAudit(t, nil, "--delegations", "--json", file)
	decoder := json.NewDecoder(strings.NewReader(out))
	withDS := 0
	for _, row := range rows[1:] {
		var d struct {
			Name string `json:"name"`
			DS   int    `json:"ds"`
		}
		if err := decoder.Decode(&d); err != nil {
			t.Fatal(err)
		}
		if d.Name != row[0] {
			t.Fatalf("JSON has %s, CSV %s", d.Name, row[0])
		}
		if d.DS > 0 {
			withDS++
		}
	}
	if withDS != 2069 {
		t.Errorf("%d with DS", withDS)
	}
}

func TestAuditJSON(t *testing.T) {
	t.Parallel()
	gov, err := os.Open(zoneFolder + "gov.zone.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer gov.Close()
	_, out, _ := runAudit(t, gov, "--json", "-")
	var r zonefile.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Zone != "gov." || r.File != "standard input" || r.Delegations.Delegations != 16536 {
		t.Errorf("%+v", r)
	}
}

// TestAuditOutput asserts that --output has the delegations and the standard
// output the summary, and that a failed audit leaves no file.
func TestAuditOutput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "delegations.csv")
	code, out, errOut := runAudit(t, nil, "--csv", "-o", file, zoneFolder+"glue.zone")
	written, err := os.ReadFile(file)
	if code != 0 || err != nil || !strings.HasPrefix(string(written), zonefile.CSVHeader) || strings.Count(string(written), "\n") != 10 {
		t.Errorf("exit %d, %v: %s%s", code, err, errOut, written)
	}
	if !strings.Contains(out, "Zone     example.") {
		t.Errorf("no summary: %s", out)
	}
	if code, _, _ := runAudit(t, nil, "--csv", "-o", file, zoneFolder+"faults.zone"); code != exitMisuse {
		t.Errorf("exit %d", code)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if again, _ := os.ReadFile(file); err != nil || len(left) != 1 || !bytes.Equal(again, written) {
		t.Errorf("a failed audit left %v", left)
	}
}

// TestAuditShowsAnyLabel asserts that labels of any bytes do no harm, on a
// terminal and in a spreadsheet.
func TestAuditShowsAnyLabel(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--delegations"}, {"--csv"}, {"--json"}} {
		_, out, _ := runAudit(t, nil, append(args, zoneFolder+"labels.zone")...)
		if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && r < ' ' || r >= 0x7f }) {
			t.Errorf("%q: control or unescaped characters in %q", args, out)
		}
	}
	_, out, _ := runAudit(t, nil, "--csv", zoneFolder+"labels.zone")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a spreadsheet would compute %q", cell)
			}
		}
	}
}

func TestAuditErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{}, exitMisuse, "accepts 1 arg"},
		{[]string{"--json", "--csv", "x"}, exitMisuse, "not both"},
		{[]string{"--top", "-1", "x"}, exitMisuse, "--top"},
		{[]string{"--origin", "a..b", "-"}, exitMisuse, "--origin"},
		{[]string{zoneFolder + "missing"}, exitMisuse, "no such file"},
		{[]string{zoneFolder}, exitMisuse, "is a folder"},
		{[]string{"--country", zoneFolder + "glue.zone"}, exitMisuse, "--country is for a root zone"},
		{[]string{zoneFolder + "faults.zone"}, exitMisuse, "faults.zone:4: unknown record type"},
		{[]string{zoneFolder + "not-a-zone.zone"}, exitMisuse, "not-a-zone.zone:1: "},
		{[]string{zoneFolder + "include.zone"}, exitMisuse, "allow it with --include"},
		{[]string{zoneFolder + "no-soa.zone"}, exitMisuse, "--origin NAME"},
		{[]string{"-o", "/no/such/folder/x", zoneFolder + "glue.zone"}, exitFailure, "--output"},
	} {
		code, _, errOut := runAudit(t, strings.NewReader(""), c.args...)
		if code != c.code || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: exit %d, %s; want exit %d, %q", c.args, code, errOut, c.code, c.want)
		}
	}
	if code, _, errOut := runAudit(t, nil, "--include", zoneFolder+"include.zone"); code != 0 {
		t.Errorf("--include: exit %d, %s", code, errOut)
	}
	if code, out, errOut := runAudit(t, nil, "--origin", "example", zoneFolder+"no-soa.zone"); code != 0 || !strings.Contains(out, "no SOA record") {
		t.Errorf("--origin: exit %d, %s", code, errOut)
	}
}

// TestAuditInterrupted cancels an audit whose input never ends.
func TestAuditInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	in, _ := io.Pipe()
	var errOut bytes.Buffer
	code := run(ctx, []string{"audit", "-"}, in, io.Discard, &errOut)
	if code != exitFailure || !strings.Contains(errOut.String(), "interrupted after 0 records") {
		t.Errorf("exit %d: %s", code, &errOut)
	}
}
