package terminal

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable passes text on to a terminal without the control characters that
// it could be driven with: what comes from the network is shown, not obeyed.
type printable struct {
	w    io.Writer
	rest []byte // the start of a character whose end has not come yet
}

// Printable returns a writer to a terminal that only shows what it is given.
func Printable(w io.Writer) io.Writer { return &printable{w: w} }

func (p *printable) Write(text []byte) (int, error) {
	all := append(p.rest, text...)
	whole := len(all)
	for back := 1; back < utf8.UTFMax && back <= len(all); back++ {
		if last := all[len(all)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= back
			}
			break
		}
	}
	safe := strings.Map(Showable, string(all[:whole]))
	p.rest = append([]byte(nil), all[whole:]...)
	if _, err := io.WriteString(p.w, safe); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Showable replaces what moves the cursor, changes colours, turns the direction
// of writing or takes no room: control and format characters, separators of
// lines, variation selectors and blanks in disguise. What Unicode has not
// assigned or leaves to private use goes as well.
func Showable(r rune) rune {
	switch {
	case r == '\n', r == '\t', ' ' <= r && r <= '~':
		return r
	case !unicode.IsGraphic(r), unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return utf8.RuneError
	}
	return r
}
