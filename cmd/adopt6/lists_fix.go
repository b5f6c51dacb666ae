package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"

	"adopt6/lists"
)

// maxFixed is how many errors a list may have that is being fixed: all of them
// go into the new list, as comments.
const maxFixed = 1 << 20

// fixedList writes the corrected form of a list.
type fixedList struct {
	file *os.File
	buf  *bufio.Writer
	rows *csv.Writer
}

// newFixedList begins a corrected list in a file that must not exist: what a
// user has written is never overwritten.
func newFixedList(name string) (*fixedList, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, misusef("--fix %s: the file exists; name a new one", name)
	}
	if err != nil {
		return nil, fmt.Errorf("--fix: %w", err)
	}
	buf := bufio.NewWriter(f)
	l := &fixedList{f, buf, csv.NewWriter(buf)}
	return l, l.write("name", "country", "level", "kind", "roles", "organisation", "sector", "tags", "source", "date")
}

func (l *fixedList) write(fields ...string) error {
	err := l.rows.Write(fields)
	l.rows.Flush() // comments go to the same buffer
	return errors.Join(err, l.rows.Error())
}

// add writes a row, as a comment when it is not taken.
func (l *fixedList) add(row lists.CheckedRow) error {
	if t := row.Target; row.Outcome == lists.Taken || row.Outcome == lists.Changed {
		return l.write(t.Name, t.Country, t.Level, string(t.Kind), t.Roles, t.Organisation, t.Sector, t.Tags, t.Source, t.Date)
	}
	_, err := fmt.Fprintf(l.buf, "# line %d: %s: %s\n", row.Line, strconv.Quote(row.Written), row.Why)
	return err
}

func (l *fixedList) close() error {
	if err := errors.Join(l.buf.Flush(), l.file.Close()); err != nil {
		return fmt.Errorf("--fix: %w", err)
	}
	return nil
}
