// Package terminal writes for people at a terminal: text that fits its
// width, numbers, and how far a piece of work is.
//
// In: texts, which may come from the network. Out: lines. It never passes on
// what could drive the terminal.
package terminal

import (
	"os"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Clean makes a text from the network fit for one line of a terminal: what
// could drive the terminal, is invisible or turns the direction of writing
// becomes the replacement character, and blank space a single blank.
func Clean(s string) string {
	s = strings.Map(Showable, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.Join(strings.Fields(s), " ")
}

// AsASCII is for terminals that show nothing else.
func AsASCII(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '“', '”':
			return '"'
		case '…':
			return '.'
		}
		if r < unicode.MaxASCII {
			return r
		}
		return '?'
	}, s)
}

// Columns returns how many columns of a terminal a text takes.
func Columns(s string) int { return uniseg.StringWidth(s) }

// Cut cuts a text to at most n columns.
func Cut(s string, n int) string {
	if Columns(s) <= n {
		return s
	}
	head, _ := split(s, n-1)
	return head + "…"
}

// split cuts a text after at most n columns, between characters as people see
// them.
func split(s string, n int) (head, rest string) {
	rest = s
	for state, used := -1, 0; rest != ""; {
		_, after, columns, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if used += columns; used > n {
			break
		}
		rest, state = after, next
	}
	return s[:len(s)-len(rest)], rest
}

// Fold breaks a text into lines of at most n columns; those after the first
// are indented. A word that is longer than a line is broken; no-break spaces
// are part of their word.
func Fold(s string, n, indent int) []string {
	return breakLines(s, n, indent, func(word string, room int) (head, rest string) {
		if head, rest = split(word, room); head == "" { // one character that is wider than the line
			head, rest, _, _ = uniseg.FirstGraphemeClusterInString(word, -1)
		}
		return head, rest
	})
}

// Wrap breaks a text into lines of at most n columns. A word that is longer,
// such as a path, is left whole so that it can be copied.
func Wrap(s string, n int) string {
	whole := func(word string, _ int) (head, rest string) { return word, "" }
	return strings.Join(breakLines(s, n, 0, whole), "\n")
}

// breakLines breaks a text at its spaces, and words that are longer than a line
// as long says.
func breakLines(s string, n, indent int, long func(word string, room int) (head, rest string)) []string {
	var lines []string
	margin := strings.Repeat(" ", indent)
	line, room := "", n
	flush := func() {
		lines = append(lines, line)
		line, room = margin, n-indent
	}
	for _, word := range strings.FieldsFunc(s, breaks) {
		if blank := strings.TrimSpace(line) != ""; blank && Columns(word)+1 > room {
			flush()
		} else if blank {
			line, room = line+" ", room-1
		}
		for Columns(word) > room {
			head, rest := long(word, room)
			if line, word = line+head, rest; rest == "" {
				room = 0
				break
			}
			flush()
		}
		line, room = line+word, room-Columns(word)
	}
	return append(lines, line)
}

// breaks says whether a line may be broken at a character.
func breaks(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// FoldCommand breaks a command line so that it can still be copied as a whole:
// at blanks, with a backslash.
func FoldCommand(s string, n int) []string {
	lines := Fold(s, n-2, 2)
	for i := range lines[:len(lines)-1] {
		lines[i] += ` \`
	}
	return lines
}

// ShowsUTF8 says whether the locale has more than ASCII characters.
func ShowsUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// ShowsColours says whether colours are wanted on a terminal (no-color.org).
func ShowsColours() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// Indent wraps text at 78 columns, each line indented by four.
func Indent(text string) string {
	const margin, columns = "    ", 78
	return margin + strings.Join(Fold(text, columns-len(margin), 0), "\n"+margin) + "\n"
}
