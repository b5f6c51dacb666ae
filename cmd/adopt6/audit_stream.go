package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"adopt6/scanner/zonefile"
)

// delegationStream writes the delegations of an audit one by one.
type delegationStream struct {
	out    *bufio.Writer
	format func(b []byte, d *zonefile.Delegation) []byte
	header string
	begun  bool
	buf    []byte

	// A file gets its name once it is complete, so that a broken off audit
	// leaves no half a list behind.
	temp *os.File
	name string
}

// openDelegations returns the stream that the options ask for; without any,
// one that drops what it is given.
func (a *app) openDelegations(o auditOptions) (*delegationStream, error) {
	if !o.delegations {
		return &delegationStream{}, nil
	}
	s := &delegationStream{format: appendDelegationText, header: delegationTextHeader}
	switch {
	case o.json:
		s.format, s.header = func(b []byte, d *zonefile.Delegation) []byte { return d.AppendJSON(b) }, ""
	case o.csv:
		s.format, s.header = func(b []byte, d *zonefile.Delegation) []byte { return d.AppendCSV(b) }, zonefile.CSVHeader
	}
	var to io.Writer = a.out
	if o.output != "" {
		f, err := s.create(o.output)
		if err != nil {
			return nil, fmt.Errorf("make the file for --output: %w", err)
		}
		to = f
	}
	s.out = bufio.NewWriterSize(to, 64<<10)
	return s, nil
}

// create opens the output file: beside its final place, or directly when there
// is something that is no regular file, such as a pipe.
func (s *delegationStream) create(name string) (_ *os.File, err error) {
	if info, statErr := os.Stat(name); statErr == nil && !info.Mode().IsRegular() {
		s.temp, err = os.OpenFile(name, os.O_WRONLY, 0)
		return s.temp, err
	}
	s.temp, err = os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".part-")
	s.name = name
	return s.temp, err
}

func (s *delegationStream) each(d *zonefile.Delegation) error {
	if s.out == nil {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.buf = s.format(s.buf[:0], d)
	if _, err := s.out.Write(s.buf); err != nil {
		return fmt.Errorf("write the delegations: %w", err)
	}
	return nil
}

func (s *delegationStream) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	if _, err := s.out.WriteString(s.header); err != nil {
		return fmt.Errorf("write the delegations: %w", err)
	}
	return nil
}

// close completes the stream.
func (s *delegationStream) close() error {
	if s.out == nil {
		return nil
	}
	err := s.begin()
	if err == nil {
		err = s.out.Flush()
	}
	if s.temp == nil || err != nil {
		return err
	}
	if s.name != "" {
		// Temporary files are for their owner only; zone data is public.
		if err := s.temp.Chmod(0o644); err != nil {
			return fmt.Errorf("write the delegations: %w", err)
		}
	}
	if err := s.temp.Close(); err != nil {
		return fmt.Errorf("write the delegations: %w", err)
	}
	temp := s.temp.Name()
	s.temp = nil
	if s.name == "" {
		return nil
	}
	if err := os.Rename(temp, s.name); err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("put the delegations in place: %w", err)
	}
	return nil
}

// abandon drops what was written to a file that is not complete.
func (s *delegationStream) abandon() {
	if s.temp == nil {
		return
	}
	_ = s.temp.Close()
	if s.name != "" {
		_ = os.Remove(s.temp.Name())
	}
}

const delegationTextHeader = "   NS  IPv6  special  IPv4 only  no glue  unknown   DS  NAME\n"

// appendDelegationText appends a line of a table. The name comes last, for it
// may be long.
func appendDelegationText(b []byte, d *zonefile.Delegation) []byte {
	column := func(n, width int) {
		var digits [20]byte
		text := strconv.AppendInt(digits[:0], int64(n), 10)
		for range width - len(text) {
			b = append(b, ' ')
		}
		b = append(b, text...)
	}
	column(len(d.Servers), 5)
	column(d.Count(zonefile.StateIPv6), 6)
	column(d.Count(zonefile.StateSpecial), 9)
	column(d.Count(zonefile.StateIPv4Only), 11)
	column(d.Count(zonefile.StateNoAddress), 9)
	column(d.Count(zonefile.StateUnknown), 9)
	column(len(d.DS), 5)
	b = append(b, "  "...)
	b = d.Name.AppendText(b)
	return append(b, '\n')
}
