package zonefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// maxLine is the longest line and the longest record that is read, in bytes.
// The 65,535 octets of the largest RDATA take at most 262,140 characters.
const maxLine = 1 << 20

// readSize is how much is read from the input at a time, in bytes.
const readSize = 256 << 10

var carriageReturn = []byte{'\r'}

// source yields the lines of one file.
type source struct {
	name string
	r    io.Reader
	buf  []byte
	pos  int // start of what has not been returned
	end  int // end of what has been read
	eof  bool
	line int // number of the line returned last, from 1
	// cut is true once the last line turned out to have no line end.
	cut bool

	// What the including file continues with after this one (RFC 1035
	// section 5.1).
	origin Name
	owner  Name
}

// newSource returns the lines of r, which may be compressed with gzip. name
// is shown in errors.
func newSource(name string, r io.Reader) (*source, error) {
	s := &source{name: name, r: r, buf: make([]byte, readSize)}
	for s.end < 8 && !s.eof {
		if err := s.read(); err != nil {
			return nil, err
		}
	}
	head := s.buf[:s.end]
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(head)), r))
		if err != nil {
			return nil, s.readError(err)
		}
		s.r, s.end, s.eof = z, 0, false
		for s.end < 8 && !s.eof {
			if err := s.read(); err != nil {
				return nil, err
			}
		}
		head = s.buf[:s.end]
	}
	for _, format := range foreignFormats {
		if bytes.HasPrefix(head, []byte(format.magic)) {
			return nil, &FormatError{File: name, Problem: format.problem, Fix: format.fix}
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, &FormatError{File: name, Problem: "it is not text", Fix: "is this a zone file?"}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		s.pos = 3
	}
	return s, nil
}

// foreignFormats are what people mistake for a zone file, by first bytes.
var foreignFormats = []struct{ magic, problem, fix string }{
	{"\xfd7zXZ\x00", "the file is compressed with xz", "unpack it: xz -dc FILE | adopt6 audit -"},
	{"\x28\xb5\x2f\xfd", "the file is compressed with zstd", "unpack it: zstd -dc FILE | adopt6 audit -"},
	{"BZh", "the file is compressed with bzip2", "unpack it: bzip2 -dc FILE | adopt6 audit -"},
	{"PK\x03\x04", "the file is a zip archive", "unpack it first"},
	{"\xff\xfe", "the file is UTF-16 text", "save it as ASCII or UTF-8"},
	{"\xfe\xff", "the file is UTF-16 text", "save it as ASCII or UTF-8"},
	{"\x00\x00\x00\x02\x00\x00\x00", "the file is a zone in BIND's raw format", "convert it: named-compilezone -f raw -o ZONE.txt ZONE FILE"},
}

// read fills the free part of the buffer with what one Read returns.
func (s *source) read() error {
	n, err := s.r.Read(s.buf[s.end:])
	s.end += n
	if err == io.EOF {
		s.eof = true
		return nil
	}
	if err != nil {
		return s.readError(err)
	}
	return nil
}

// readError explains a failed read: a broken archive is the file's own fault.
func (s *source) readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &FormatError{File: s.name, Problem: "the compressed file ends early", Fix: "fetch or copy it again"}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, new(flate.CorruptInputError)):
		return &FormatError{File: s.name, Problem: "the gzip archive is damaged", Fix: "fetch or copy it again"}
	}
	return fmt.Errorf("read %s: %w", Printable(s.name), err)
}

// next returns the next line without its end, or io.EOF. The line is valid
// until the next call.
func (s *source) next() ([]byte, error) {
	seen := s.pos // no line end before this
	for {
		if i := bytes.IndexByte(s.buf[seen:s.end], '\n'); i >= 0 {
			line := s.buf[s.pos : seen+i]
			s.pos = seen + i + 1
			s.line++
			return bytes.TrimSuffix(line, carriageReturn), nil
		}
		seen = s.end
		if s.eof {
			if s.pos == s.end {
				return nil, io.EOF
			}
			line := s.buf[s.pos:s.end]
			s.pos = s.end
			s.line++
			s.cut = true
			return bytes.TrimSuffix(line, carriageReturn), nil
		}
		if s.end-s.pos >= maxLine {
			return nil, &FormatError{
				File:    s.name,
				Problem: fmt.Sprintf("line %d is longer than 1 MiB", s.line+1),
				Fix:     "no record is that long: is this a zone file?",
			}
		}
		if s.end == len(s.buf) {
			seen = s.makeRoom(seen)
		}
		if err := s.read(); err != nil {
			return nil, err
		}
	}
}

// makeRoom moves the unread part to the front of the buffer, which grows when
// that alone makes no room, and returns where seen has moved to.
func (s *source) makeRoom(seen int) int {
	buf := s.buf
	if s.end-s.pos > len(s.buf)/2 {
		buf = make([]byte, 2*len(s.buf))
	}
	copy(buf, s.buf[s.pos:s.end])
	seen -= s.pos
	s.end -= s.pos
	s.buf, s.pos = buf, 0
	return seen
}
