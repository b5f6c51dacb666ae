package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"adopt6/lists"
)

// runLists runs one `adopt6 lists` command.
func runLists(stdin string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"lists"}, args...), strings.NewReader(stdin), &o, &e)
	return code, o.String(), e.String()
}

func TestListsPrint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want []string // parts of the output
	}{
		{nil, []string{"cctlds                      309    244        yes", "us-dotgov              2026-08-22  ", "de-gov-domains         2020-10-09  8507   1          CC0-1.0, stale"}},
		{[]string{"cctlds", "--country", "eg"}, []string{"eg  ", "xn--wgbh1c               EG      EGY    818  Arabic", "مصر"}},
		{[]string{"governments", "--country", "TV", "--level", "central"}, []string{"TV      central", "gov.tv"}},
		{[]string{"countries"}, []string{"AF   004  yes  LDC LLDC   Asia and the Pacific  Afghanistan"}},
		{[]string{"sources"}, []string{"fr-etalab (etalab-2.0, 2024-12-02)", "de-gov-domains (CC0-1.0, 2020-10-09, stale)", "To refresh:\n    git clone https://github.com/cisagov/dotgov-data"}},
	}
	for _, test := range tests {
		code, out, errOut := runLists("", test.args...)
		if code != 0 || errOut != "" {
			t.Errorf("lists %q: exit code %d: %s", test.args, code, errOut)
		}
		for _, part := range test.want {
			if !strings.Contains(out, part) {
				t.Errorf("lists %q: no %q in\n%.2000s", test.args, part, out)
			}
		}
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(line) - 1; n > 80 && !strings.Contains(line, "Territory") && !strings.Contains(line, "git clone") && !strings.Contains(line, "Islands") {
				t.Errorf("lists %q: line of %d characters: %s", test.args, n, line)
			}
		}
	}
}

func TestListsJSON(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--json"}, {"cctlds", "--json"}, {"governments", "--country", "KE", "--json"}, {"countries", "--json"}, {"sources", "--json"},
		{"governments", "--country", "BV", "--json"}, // none
	} {
		code, out, _ := runLists("", args...)
		if code != 0 || !json.Valid([]byte(out)) {
			t.Errorf("lists %q: exit code %d, no JSON: %.200s", args, code, out)
		}
	}
	_, out, _ := runLists("", "cctlds", "--json")
	var tlds []map[string]string
	if err := json.Unmarshal([]byte(out), &tlds); err != nil || len(tlds) != 309 || tlds[0]["name"] != "ac" || tlds[0]["country"] != "SH" {
		t.Errorf("%v, %d ccTLDs: %.200s", err, len(tlds), out)
	}
}

// TestListsCSVReadsBack checks that what lists prints is a list.
func TestListsCSVReadsBack(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"cctlds", "governments"} {
		_, out, _ := runLists("", list, "--csv")
		code, report, errOut := runLists(out, "check", "-")
		if code != 0 || !strings.Contains(report, "\nstandard input: ok: ") {
			t.Errorf("%s: exit code %d: %s%s", list, code, report, errOut)
		}
	}
}

func TestListsMisuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"cctlds", "--country", "UK"}, `adopt6: --country UK: unknown country code "UK": did you mean "GB" (United Kingdom)?` + "\n"},
		{[]string{"governments", "--level", "federal"}, `adopt6: --level federal: expected one of central, regional, local, public-sector` + "\n"},
		{[]string{"countries", "--json", "--csv"}, "adopt6: give --json or --csv, not both\n"},
		{[]string{"check", "--max-errors", "0", "-"}, `adopt6: invalid argument "0" for "--max-errors" flag: must be 1 to 100000 (see: adopt6 lists check --help)` + "\n"},
		{[]string{"check", "no/such/file"}, "adopt6: open list: open no/such/file: no such file or directory\n"},
		{[]string{"check"}, "adopt6: requires at least 1 arg(s), only received 0\n"},
	}
	for _, test := range tests {
		code, out, errOut := runLists("", test.args...)
		if code != exitMisuse || errOut != test.want || out != "" {
			t.Errorf("lists %q: exit code %d, %q; want 2, %q", test.args, code, errOut, test.want)
		}
	}
}

func TestListsCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.csv"), filepath.Join(dir, "bad.csv")
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good, "\ufeffname;country\r\nexample.org;TG\r\nexample.sn\r\n")
	write(bad, "example.org,UK\n192.0.2.1\nexample.com\n")

	code, out, errOut := runLists("", "check", good)
	if want := good + ": ok: 2 targets, 2 countries\n"; code != 0 || !strings.HasSuffix(out, want) || errOut != "" || !strings.Contains(out, "SN       1        0 of 36") {
		t.Errorf("good list: %d, %q, %q; want %q", code, out, errOut, want)
	}
	code, out, errOut = runLists("", "check", good, bad)
	want := bad + `:1: unknown country code "UK": did you mean "GB" (United Kingdom)?
` + bad + `:2: "192.0.2.1" is an IP address: write a domain name; adopt6 finds its addresses itself
adopt6: ` + bad + ` has errors: 2
`
	if code != exitMisuse || errOut != want || !strings.Contains(out, "good.csv: ok") {
		t.Errorf("bad list: %d, %q\n got %s\nwant %s", code, out, errOut, want)
	}
	code, _, errOut = runLists("", "check", "--max-errors", "1", bad)
	if code != exitMisuse || !strings.HasSuffix(errOut, "bad.csv has 1 errors or more; the rest was not read\n") {
		t.Errorf("one error: %d, %q", code, errOut)
	}
	code, out, _ = runLists("", "check", "--json", good, bad)
	var reports []lists.Report
	if err := json.Unmarshal([]byte(out), &reports); code != exitMisuse || err != nil || len(reports) != 2 || len(reports[1].Errors) != 2 || reports[1].Errors[1].Line != 2 {
		t.Errorf("JSON: %d, %v: %s", code, err, out)
	}
	code, out, _ = runLists("example.com\n", "check", "-")
	if code != 0 || !strings.HasSuffix(out, "standard input: ok: 1 targets, 0 countries; 1 targets of no country\n") {
		t.Errorf("standard input: %d, %q", code, out)
	}
}

// TestListsFix asserts what becomes of the rows of a list that people wrote, and
// that the corrected list passes.
func TestListsFix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list, fixed := filepath.Join(dir, "list.csv"), filepath.Join(dir, "fixed.csv")
	text := "sep=;\nministère;site web;pays;rôle;budget\nFinances;https://www.finances.example/fr;TG;finance;1\n;;;;\n" +
		"Santé;sante.example;TG;sante;2\n=1+1;EXAMPLE.TG;TG;;3\n;www.example.tg;TG;;4\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runLists("", "check", "--fix", fixed, list)
	for _, part := range []string{
		list + `:5: unknown role "sante": write one of:`,
		list + `:7: "www.example.tg" is the site of line 6, with www or without`,
		`note: columns that are not read: ["budget"]`,
		list + " has errors: 1; " + fixed + " has the other rows\n",
	} {
		if !strings.Contains(errOut, part) {
			t.Errorf("no %q in %s", part, errOut)
		}
	}
	if code != exitMisuse || !strings.Contains(out, "TG       2        1 of 36  finance 1") ||
		!strings.Contains(out, `list.csv:3: changed: www.finances.example, written as "https://www.finances.example/fr"`) {
		t.Errorf("%d: %s", code, out)
	}
	code, out, errOut = runLists("", "check", fixed)
	if code != 0 || errOut != "" || !strings.Contains(out, ": ok: 2 targets, 1 countries") {
		t.Errorf("the corrected list: %d, %s%s", code, out, errOut)
	}
	got, err := os.ReadFile(fixed)
	if err != nil || !strings.Contains(string(got), "\nwww.finances.example,TG,,custom,finance,Finances,,,") ||
		!strings.Contains(string(got), "\n# line 5: \"sante.example\": unknown role") {
		t.Errorf("%s, %v", got, err)
	}
	if code, _, errOut := runLists("", "check", "--fix", fixed, list); code != exitMisuse || !strings.Contains(errOut, "the file exists; name a new one") {
		t.Errorf("a second time: %d, %s", code, errOut)
	}
}

// TestListsFrame prints the matrix and a state's form, and takes the form back.
func TestListsFrame(t *testing.T) {
	t.Parallel()
	code, out, errOut := runLists("", "frame")
	for _, part := range []string{"HU Hungary ", "\nROLE ", "\n 7  Finance, treasury ", " states have 10 roles or more, "} {
		if code != 0 || errOut != "" || !strings.Contains(out, part) {
			t.Errorf("%d, %s: no %q in\n%s", code, errOut, part, out)
		}
	}
	_, form, _ := runLists("", "frame", "--country", "tg")
	if n := strings.Count(form, "\nTG,"); n != len(lists.Roles()) {
		t.Errorf("%d roles in\n%s", n, form)
	}
	file := filepath.Join(t.TempDir(), "togo.csv")
	filled := strings.Replace(form, "TG,tax,unknown,,,,,,,,", "TG,tax,unknown,https://www.otr.tg/,OTR,,,,ARCEP 2026-12,,", 1)
	if filled == form {
		t.Fatal("the form has no such row")
	}
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut = runLists("", "check", "--frame", file)
	if code != 0 || errOut != "" || !strings.Contains(out, ": ok: TG has 26 of 36 roles") {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(filled, "ARCEP 2026-12", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errOut = runLists("", "check", "--frame", file)
	if code != exitMisuse || !strings.Contains(errOut, "nobody has checked the row") {
		t.Errorf("%d, %s", code, errOut)
	}
}

func TestListsExplain(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"https://www.kormany.hu/": "kormany.hu has the role finance in HU (current), from ror, ",
		"mail.gov":                "it names a machine or a trial, and no body",
		"wwis.dwd.de":             "it lies below dwd.de, which stands for the same body",
		"gouv.tg":                 "gouv.tg is a government suffix of TG",
		"tg":                      "tg is a ccTLD of TG",
		"stats.gov.pt":            "stats.gov.pt is on no built-in list",
		"parliament.af":           "parliament.af was turned down for the role parliament-lower in AF",
	} {
		if code, out, errOut := runLists("", "explain", host); code != 0 || errOut != "" || !strings.Contains(out, want) {
			t.Errorf("%s: %d, %s%s", host, code, out, errOut)
		}
	}
	if code, _, errOut := runLists("", "explain", "192.0.2.1"); code != exitMisuse || !strings.Contains(errOut, "is an IP address") {
		t.Errorf("%d, %s", code, errOut)
	}
}
