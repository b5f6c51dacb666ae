package zonefile

import (
	"errors"
	"fmt"
	"strconv"
)

// SyntaxError is a fault in a zone file that its author can fix.
type SyntaxError struct {
	File    string
	Line    int    // the line at which the faulty record begins, from 1
	Problem string // what is wrong
	Fix     string // what to do about it; may be empty
}

func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("%s:%d: %s", Printable(e.File), e.Line, e.Problem)
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// FormatError says that the input as a whole is not a zone file, or not one that
// can be audited.
type FormatError struct {
	File    string
	Problem string
	Fix     string
}

func (e *FormatError) Error() string {
	text := fmt.Sprintf("%s: %s", Printable(e.File), e.Problem)
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// Malformed reports whether err is the zone file's own fault, rather than a
// failure to read it.
func Malformed(err error) bool {
	return errors.As(err, new(*SyntaxError)) || errors.As(err, new(*FormatError))
}

// fault is a problem in the line being read, before its location is known.
type fault struct {
	problem, fix string
	// complete says that the fault would be there whatever followed the line.
	complete bool
}

func (f *fault) Error() string { return f.problem }

func faultf(fix, format string, args ...any) error {
	return &fault{problem: fmt.Sprintf(format, args...), fix: fix}
}

// maxQuoted is how many bytes of a file an error message repeats at most.
const maxQuoted = 40

// quoted returns text for an error message: printable ASCII, and short.
func quoted(text []byte) string {
	if len(text) > maxQuoted {
		return strconv.QuoteToASCII(string(text[:maxQuoted])) + "..."
	}
	return strconv.QuoteToASCII(string(text))
}

// Printable returns text with everything but graphic characters escaped, so
// that it can be shown on a terminal.
func Printable(text string) string {
	q := strconv.QuoteToGraphic(text)
	if q = q[1 : len(q)-1]; len(q) == len(text) {
		return text
	}
	return q
}
