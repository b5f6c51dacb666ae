package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// formulas are the signs that begin a formula in a spreadsheet, in either
// width, and separators those that end a cell in one country or another.
// https://owasp.org/www-community/attacks/CSV_Injection
const (
	formulas   = "=+-@\uFF1D\uFF0B\uFF0D\uFF20\t\r\n"
	separators = ",;|\t\r\n\"'"
)

// guarded keeps a spreadsheet from computing a text from the network: it puts an
// apostrophe before each sign that would begin a formula at the start of a cell,
// blanks before it aside, or where a separator begins another. What is not UTF-8
// and NUL become U+FFFD.
func guarded(text string) string {
	if !strings.ContainsAny(text, formulas+"\x00") && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	begins := true // a cell, as some spreadsheet sees it
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if begins && strings.ContainsRune(formulas, r) {
			b.WriteByte('\'')
		}
		if r == 0 {
			r = '\uFFFD'
		}
		b.WriteRune(r)
		begins = strings.ContainsRune(separators, r) || begins && (unicode.IsSpace(r) || unicode.Is(unicode.Cf, r))
	}
	return b.String()
}
