package pages

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"adopt6/scanner/zonefile"
)

// Delegations writes the delegations of an audit one by one. The zero value
// drops what it is given.
type Delegations struct {
	out    *bufio.Writer
	format func(b []byte, d *zonefile.Delegation) []byte
	header string
	begun  bool
	buf    []byte

	// A file gets its name once it is complete, so that an interrupted audit
	// leaves no partial list behind.
	temp *os.File
	name string
}

// OpenDelegations returns what writes to out or, when output names one, to a
// file: lines of JSON, CSV, or else a table.
func OpenDelegations(out io.Writer, output string, asJSON, asCSV bool) (*Delegations, error) {
	s := &Delegations{format: appendDelegationText, header: delegationTextHeader}
	switch {
	case asJSON:
		s.format, s.header = func(b []byte, d *zonefile.Delegation) []byte { return d.AppendJSON(b) }, ""
	case asCSV:
		s.format, s.header = func(b []byte, d *zonefile.Delegation) []byte { return d.AppendCSV(b) }, zonefile.CSVHeader
	}
	if output != "" {
		f, err := s.create(output)
		if err != nil {
			return nil, fmt.Errorf("make the file for --output: %w", err)
		}
		out = f
	}
	s.out = bufio.NewWriterSize(out, 64<<10)
	return s, nil
}

// create opens the output file: beside its final name, or directly when a file
// that is not regular, such as a pipe, has it.
func (s *Delegations) create(name string) (_ *os.File, err error) {
	if info, statErr := os.Stat(name); statErr == nil && !info.Mode().IsRegular() {
		s.temp, err = os.OpenFile(name, os.O_WRONLY, 0)
		return s.temp, err
	}
	s.temp, err = os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".part-")
	s.name = name
	return s.temp, err
}

// Each writes one delegation.
func (s *Delegations) Each(d *zonefile.Delegation) error {
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

func (s *Delegations) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	if _, err := s.out.WriteString(s.header); err != nil {
		return fmt.Errorf("write the delegations: %w", err)
	}
	return nil
}

// Close completes the stream.
func (s *Delegations) Close() error {
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
		return fmt.Errorf("name the file of the delegations: %w", err)
	}
	return nil
}

// Abandon removes a file that is not complete.
func (s *Delegations) Abandon() {
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
