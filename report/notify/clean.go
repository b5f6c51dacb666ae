package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is told, in characters.
const (
	maxName   = 253 // of a domain
	maxDetail = 300 // of what a server said
)

// clean is text from elsewhere on one line: without what moves a terminal, ends
// a header or turns the direction of writing, and no longer than most.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.Is(unicode.Zs, r):
			return ' '
		case !unicode.IsPrint(r): // control characters, and those without a shape
			return utf8.RuneError
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most-1]) + "…"
	}
	return text
}
