package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line of a user's list, in bytes.
const maxLine = 4096

// LineError is a fault in a user's list.
type LineError struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Problem
}

func (e *LineError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.What, e.Fix)
}

// Read streams the targets of a user's list in constant memory, up to the
// first error: a *LineError, or what r returned. file is the name for errors.
//
// A list is UTF-8 text, one domain in each line, or CSV separated by commas,
// semicolons or tabs. Blank rows, lines that begin with #, and the line sep=
// that spreadsheets put first are skipped. A header names the columns, in one
// of the six languages of columnWords: name (or domain, URL, website), country,
// level, kind, source, date, roles, organisation, sector, tags; others are
// ignored. Without one the columns are name, country, level. A row without a
// country counts for CountryOf its name. Names go through Normalize; of a web
// address, the host does. Duplicates are not looked for: see Check.
func Read(r io.Reader, file string) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		l := newLister(r, file)
		for {
			t, err := l.next()
			if err == io.EOF {
				return
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// lister reads a user's list.
type lister struct {
	file      string
	src       *bufio.Reader
	line      int
	separator byte
	columns   *columns // nil before the first row
	rows      int      // rows seen, good or bad
	fields    []string
	done      bool
	given     bool // the separator was given by a line sep=
}

func newLister(r io.Reader, file string) *lister {
	return &lister{file: file, src: bufio.NewReaderSize(r, 1<<16)}
}

// next returns the next target, a *LineError after which the list continues, or
// another error after which it does not: io.EOF at its end.
func (l *lister) next() (Target, error) {
	if l.line == 0 {
		if err := l.start(); err != nil {
			return Target{}, err
		}
	}
	for !l.done {
		l.fields = l.fields[:0]
		text, err := l.readLine()
		if problem := new(Problem); errors.As(err, &problem) {
			l.rows++
			return Target{}, l.fault(problem)
		}
		if err == io.EOF {
			l.done = true
			break
		}
		if err != nil {
			return Target{}, fmt.Errorf("read %s: %w", l.file, err)
		}
		text = strings.TrimSpace(text)
		if l.skips(text) {
			continue
		}
		t, isTarget, err := l.row(text)
		if err != nil {
			l.rows++
			return Target{}, l.fault(err)
		}
		if isTarget {
			l.rows++
			return t, nil
		}
	}
	if l.rows == 0 {
		l.rows = -1
		return Target{}, l.fault(&Problem{"the list holds no target", "put one domain name in each line"})
	}
	return Target{}, io.EOF
}

// skips tells whether a line holds no row: it is blank but for separators, a
// comment, or the line by which Excel says what separates fields.
func (l *lister) skips(text string) bool {
	if l.columns == nil && len(text) == len("sep=;") && strings.EqualFold(text[:4], "sep=") {
		l.separator, l.given = text[4], true
		return true
	}
	return text == "" || text[0] == '#' || strings.Trim(text, ",;\t \"") == ""
}

// fault adds file and line to a problem. Other errors are returned unchanged.
func (l *lister) fault(err error) error {
	problem := new(Problem)
	if !errors.As(err, &problem) {
		return err
	}
	return &LineError{File: l.file, Line: max(l.line, 1), Problem: *problem}
}

// start looks at the first bytes: it skips a byte order mark and refuses
// files that are not text.
func (l *lister) start() error {
	head, err := l.src.Peek(4)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read %s: %w", l.file, err)
	}
	var problem *Problem
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := l.src.Discard(3)
		return err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		problem = &Problem{"the file is UTF-16", "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		problem = &Problem{"the file is a spreadsheet or a zip archive", "export the list as CSV UTF-8"}
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		problem = &Problem{"the file is compressed", "unpack it with gunzip"}
	}
	if problem != nil {
		l.line, l.rows, l.done = 1, 1, true
		return l.fault(problem)
	}
	return nil
}

// readLine returns the next line without its end. A line that is too long, or
// no text, is a *Problem and is skipped whole.
func (l *lister) readLine() (string, error) {
	b, err := l.src.ReadSlice('\n')
	if len(b) == 0 && err != nil && err != bufio.ErrBufferFull {
		return "", err
	}
	l.line++
	if err == bufio.ErrBufferFull || len(b) > maxLine+2 {
		for err == bufio.ErrBufferFull {
			_, err = l.src.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return "", err
		}
		return "", &Problem{fmt.Sprintf("the line is longer than %d bytes", maxLine), "put one domain name in each line"}
	}
	if err != nil && err != io.EOF {
		return "", err
	}
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	switch {
	case bytes.IndexByte(b, 0) >= 0:
		return "", &Problem{"the line holds a NUL byte", "save the list as UTF-8 text"}
	case bytes.IndexByte(b, '\r') >= 0:
		return "", &Problem{"the line holds a bare carriage return", "save the list with Unix or Windows line ends"}
	case !utf8.Valid(b):
		return "", &Problem{"the line is not UTF-8", "save the list as UTF-8 (in a spreadsheet: CSV UTF-8)"}
	}
	return string(b), nil
}

// row reads a line that is neither blank nor a comment. isTarget is false for
// the header.
func (l *lister) row(text string) (t Target, isTarget bool, err error) {
	if l.columns == nil && !l.given {
		l.separator = separatorOf(text)
	}
	if l.fields, err = split(l.fields[:0], text, l.separator); err != nil {
		return Target{}, false, err
	}
	if l.columns == nil {
		header, err := newColumns(l.fields)
		l.columns = header
		if header == nil {
			l.columns = noHeader()
		}
		if header != nil || err != nil {
			return Target{}, false, err
		}
	}
	if t, err = l.columns.target(l.fields, l.file); err != nil && l.rows == 0 && !l.columns.header && len(l.fields) > 1 && !strings.Contains(text, ".") {
		return t, true, &Problem{quote(text) + " looks like a header, but no column in it is known to hold names",
			"call the column with the domains name, domain or URL"}
	}
	return t, true, err
}

// separatorOf guesses what separates fields from the first row. Spreadsheets
// write semicolons where the comma is the decimal sign.
func separatorOf(text string) byte {
	if strings.IndexByte(text, ',') < 0 {
		for _, sep := range []byte{';', '\t'} {
			if strings.IndexByte(text, sep) >= 0 {
				return sep
			}
		}
	}
	return ','
}

// split appends the fields of one row to fields. A quoted field may hold the
// separator, but no line end: otherwise one stray quote would swallow a list.
func split(fields []string, text string, separator byte) ([]string, error) {
	if strings.IndexByte(text, '"') < 0 {
		fields = appendFields(fields, text, separator)
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		return fields, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(separator)
	r.TrimLeadingSpace = true
	quoted, err := r.Read()
	if last := strings.LastIndexByte(text, '"'); err != nil && (last == 0 || text[last-1] == separator) {
		return nil, &Problem{"a quoted field does not end on its line", `write it in one line, and a quote in it twice ("")`}
	}
	if err != nil {
		return nil, &Problem{"the quotes do not match", `write a quote in a quoted field twice ("")`}
	}
	for _, f := range quoted {
		fields = append(fields, strings.TrimSpace(f))
	}
	return fields, nil
}
