//go:build !alone

package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"adopt6/report/words"
)

// hostileTitles are those that the scenario's sites and mail servers send, and
// hostileOperators the zones of its name servers.
var (
	hostileTitles = []string{
		"</td></title><script>alert(1)</script><img src=x onerror=alert(2)>", "=cmd|' /C calc'!A0", `Welcome;=HYPERLINK(A1);"@SUM(1)`,
		"+1\u202egov.evil\u2060\ufeff \u200b", "` | **win** [here](https://evil.example) <https://evil.example> www.evil.example a@evil.example",
		"@SUM(1+1)*cmd <script>alert(3)</script>",
	}
	hostileOperators = []string{`<script>alert\(1\).net`, "=cmd.net", "-2.net"}
)

// TestHostileTextsStayTexts scans servers that say what browsers, spreadsheets
// and Markdown would act on, and reads every file of the report.
func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, site := filepath.Join(dir, "store"), filepath.Join(dir, "site")
	mustRun(t, "lab", "run", "../../testdata/scenarios/hostile_texts.yaml", "--store", store, "--state", filepath.Join(dir, "state"), "--skip-preflight")
	mustRun(t, "report", "--store", store, "--out", site)
	for _, lang := range words.Languages {
		hostileInPage(t, filepath.Join(site, lang, "ar.html"))
		hostileInPage(t, filepath.Join(site, lang, "ar-memo.html"))
	}
	tables, err := filepath.Glob(filepath.Join(site, "data", "*.csv"))
	if err != nil || len(tables) < 5 {
		t.Fatalf("%d tables, error %v", len(tables), err)
	}
	cells := make(map[string]bool)
	for _, file := range tables {
		for _, row := range readCSV(t, file) {
			for _, cell := range row {
				cells[cell] = true
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") && !isFigure(cell) || strings.Contains(cell, ";=") || strings.Contains(cell, `"@`) {
					t.Errorf("%s: a spreadsheet computes %q", filepath.Base(file), cell)
				}
			}
		}
	}
	for _, want := range []string{hostileTitles[0], "'" + hostileTitles[1], `Welcome;'=HYPERLINK(A1);"'@SUM(1)`, "'" + hostileTitles[3], "'=cmd.net", "'-2.net"} {
		if !cells[want] {
			t.Errorf("no table has %q", want)
		}
	}
	hostileInJSON(t, filepath.Join(site, "data", "ar.json"))
}

// isFigure says whether a cell is a figure of ours; a median can be negative.
func isFigure(cell string) bool { return json.Valid([]byte(cell)) }

// hostileInPage reads a page as a browser does: there is no element or attribute
// that a server could have brought in, and what servers said stands there.
func hostileInPage(t *testing.T, file string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	page, err := html.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
	var shown strings.Builder
	for n := range page.Descendants() {
		switch {
		case n.Type == html.TextNode:
			shown.WriteString(n.Data)
		case n.Data == "img", n.Data == "iframe", n.Data == "object", n.Data == "script" && n.FirstChild != nil:
			t.Errorf("%s has the element %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.Contains(a.Val, "evil.example") || strings.Contains(a.Val, "javascript:") {
				t.Errorf("%s has the attribute %s=%q", name, a.Key, a.Val)
			}
		}
	}
	text := shown.String()
	for _, want := range slices.Concat(hostileOperators, hostileTitles[:3], hostileTitles[4:], []string{`+1\u{202e}gov.evil\u{2060}\u{feff}`}) {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not show %q", name, want)
		}
	}
	if strings.ContainsAny(text, "\u202e\u200b\u2060\ufeff") {
		t.Errorf("%s has characters that nobody sees", name)
	}
}

func readCSV(t *testing.T, file string) [][]string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll() // every row has as many cells as the first
	if err != nil || len(rows) == 0 {
		t.Errorf("%s has %d rows: %v", filepath.Base(file), len(rows), err)
	}
	return rows
}

// hostileInJSON finds every hostile text as it was sent.
func hostileInJSON(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var data any
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			found[v] = true
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(data)
	for _, want := range slices.Concat(hostileTitles, hostileOperators) {
		if !found[want] {
			t.Errorf("ar.json lacks %q", want)
		}
	}
}
