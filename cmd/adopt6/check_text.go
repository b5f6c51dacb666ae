package main

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// style is how a piece of text looks on a terminal.
type style uint8

const (
	plain style = iota
	strong
	faint
	good
	fair
	bad
)

// colours are the escape sequences of the styles (ECMA-48 SGR).
var colours = [...]string{plain: "", strong: "\x1b[1m", faint: "\x1b[2m", good: "\x1b[32m", fair: "\x1b[33m", bad: "\x1b[31m"}

// text is a piece of text in one style. It may come from the network: it is
// made fit for a terminal where it is printed.
type text struct {
	style style
	s     string
}

// clean makes a text from the network fit for one line of a terminal: what
// could drive the terminal, is invisible or turns the direction of writing
// becomes the replacement character, and blank space a single blank.
func clean(s string) string {
	s = strings.Map(showable, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.Join(strings.Fields(s), " ")
}

// asASCII is for terminals that show nothing else.
func asASCII(s string) string {
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

// columnsOf returns how many columns of a terminal a text takes.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// cutTo cuts a text to at most n columns.
func cutTo(s string, n int) string {
	if columnsOf(s) <= n {
		return s
	}
	cut, used := 0, 0
	for i, r := range s {
		if used += columnsOf(string(r)); used > n-1 {
			break
		}
		cut = i + len(string(r))
	}
	return s[:cut] + "…"
}

// fold breaks a text into lines of at most n columns; those after the first
// are indented. A word that is longer than a line is broken; no-break spaces
// are part of their word.
func fold(s string, n, indent int) []string {
	var lines []string
	margin := strings.Repeat(" ", indent)
	line, room := "", n
	flush := func() {
		lines = append(lines, line)
		line, room = margin, n-indent
	}
	for _, word := range strings.FieldsFunc(s, breaks) {
		if blank := strings.TrimSpace(line) != ""; blank && columnsOf(word)+1 > room {
			flush()
		} else if blank {
			line, room = line+" ", room-1
		}
		for columnsOf(word) > room {
			head, rest := split(word, room)
			line += head
			word = rest
			flush()
		}
		line, room = line+word, room-columnsOf(word)
	}
	return append(lines, line)
}

// breaks says whether a line may be broken at a character.
func breaks(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// split cuts a word after at most n columns, and after one character at least.
func split(word string, n int) (head, rest string) {
	used := 0
	for i, r := range word {
		if used += columnsOf(string(r)); used > n && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}

// foldCommand breaks a command line so that it can still be copied as a whole:
// at blanks, with a backslash.
func foldCommand(s string, n int) []string {
	lines := fold(s, n-2, 2)
	for i := range lines[:len(lines)-1] {
		lines[i] += ` \`
	}
	return lines
}

// showsUTF8 says whether the locale has more than ASCII characters.
func showsUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// showsColours says whether colours are wanted on a terminal (no-color.org).
func showsColours() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }
