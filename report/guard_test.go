package report

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
)

// beginsFormula says whether some spreadsheet, with some separator of cells,
// finds a formula in a text.
func beginsFormula(text string) bool {
	for _, cell := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n\"", r) }) {
		cell = strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
		if cell != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0]) {
			return true
		}
	}
	return text != "" && strings.ContainsAny(text[:1], "\t\r\n")
}

// FuzzGuarded writes any text as a cell of CSV and reads it back.
func FuzzGuarded(f *testing.F) {
	for _, seed := range []string{
		"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "＝1", "x;=1", `x,"=1`, "'=1", "a-b.example", "\x00\xff", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		w := csv.NewWriter(&out)
		if err := w.Write([]string{"first", guarded(text), "last"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		row, err := csv.NewReader(strings.NewReader(out.String())).Read()
		if err != nil || len(row) != 3 {
			t.Fatalf("%q came back as %q, error %v", text, row, err)
		}
		if beginsFormula(row[1]) {
			t.Errorf("a spreadsheet computes %q, which was %q", row[1], text)
		}
		if !beginsFormula(text) && !strings.ContainsAny(text, "\x00\r\n\t'") && strings.ToValidUTF8(text, "\uFFFD") != row[1] {
			t.Errorf("%q was changed to %q without need", text, row[1])
		}
	})
}
