// Package zonefile audits the delegations of a DNS zone from its master file.
//
// In: a zone file of any size and order, read once as a stream. Out: every
// delegation with its name servers, IPv6 glue and DS records, and the figures
// over all. It sends no packet, asks no resolver, and its memory does not grow
// with the zone: what does not fit is sorted on disk.
package zonefile

import (
	"bytes"
	"io"
	"net/netip"

	"github.com/miekg/dns"
)

// Record is one resource record. Only the types that delegations are made of
// have their data read: NS, A, AAAA, DS, DNSKEY and SOA.
type Record struct {
	Owner Name   // valid until the next call of Next, as are all slices
	Type  uint16 // RFC 1035 section 3.2.2 and later, as in package dns
	// Mnemonic is the type, in upper case, when this program does not know its
	// number; Type is 0 then. Registries assign types faster than programs learn
	// them, and no figure needs one that is new.
	Mnemonic []byte
	Target   Name       // NS
	Addr     netip.Addr // A and AAAA
	DS       DS         // DS
	Key      Key        // DNSKEY, without the key itself
	Serial   uint32     // SOA
	File     string     // where the record is; another file after an $INCLUDE
	Line     int        // the line at which it begins there, from 1
}

// DS is the data of a DS record, RFC 4034 section 5.
type DS struct {
	KeyTag     uint16
	Algorithm  uint8
	DigestType uint8
	Digest     []byte
}

// Key is what is read of a DNSKEY record, RFC 4034 section 2.
type Key struct {
	Flags     uint16
	Algorithm uint8
}

// Options are how a Reader treats its input. The zero value is strict and
// opens no other file.
type Options struct {
	// Origin completes relative names until the first $ORIGIN; nil when it
	// is not known.
	Origin Name
	// Include opens the file that an $INCLUDE names. Nil refuses them all.
	Include func(name string) (io.ReadCloser, error)
}

// Reader reads the records of a master file: RFC 1035 section 5, $TTL of RFC
// 2308 section 4, unknown types and classes of RFC 3597, and BIND's $GENERATE
// and TTL units. A quoted string must end on the line it begins on.
type Reader struct {
	opts     Options
	src      *source
	outer    []*source // the files that include src, outermost first
	closers  []io.Closer
	included int // files included so far

	origin     Name // nil when not known
	owner      Name
	hasOwner   bool
	ownerText  []byte // what owner was written as, while origin lasts
	ownerBuf   [maxNameKey + 256]byte
	targetBuf  [maxNameKey + 256]byte
	digest     []byte
	unfolded   []byte
	generate   *generator
	generated  int // lines made by $GENERATE so far
	startLine  int // the line at which the current record began
	typeBuffer [maxMnemonic]byte
}

// NewReader returns a Reader of r, which may be compressed with gzip. name is
// what errors call the file.
func NewReader(name string, r io.Reader, opts Options) (*Reader, error) {
	src, err := newSource(name, r)
	if err != nil {
		return nil, err
	}
	z := &Reader{opts: opts, src: src, origin: opts.Origin}
	z.owner = z.ownerBuf[:0]
	return z, nil
}

// Close closes the included files that are still open.
func (z *Reader) Close() error {
	for len(z.outer) > 0 {
		z.leaveFile()
	}
	return nil
}

// Cut reports whether the file's last line had no line end, as after a
// transfer that broke off.
func (z *Reader) Cut() bool { return z.src.cut }

// Next reads the next record into rec. It returns io.EOF after the last, a
// *SyntaxError for a record that is at fault, after which Next may be called
// again, and any other error for good.
func (z *Reader) Next(rec *Record) error {
	for {
		line, err := z.nextLine()
		if err != nil {
			return err
		}
		found, err := z.parse(line, rec)
		if err != nil {
			return z.locate(err)
		}
		if found {
			return nil
		}
	}
}

// nextLine returns the next line that may hold something: unfolded, without
// comments, never empty.
func (z *Reader) nextLine() ([]byte, error) {
	if z.generate != nil {
		line, err := z.generate.next(z.unfolded[:0])
		if err == nil && line != nil {
			z.unfolded = line
			return line, nil
		}
		z.endGenerate()
		if err != nil {
			return nil, z.locate(err)
		}
	}
	for {
		line, err := z.src.next()
		if err == io.EOF && len(z.outer) > 0 {
			z.leaveFile()
			continue
		}
		if err != nil {
			return nil, err
		}
		z.startLine = z.src.line
		if len(line) == 0 {
			continue
		}
		if bytes.IndexByte(line, '(') >= 0 || bytes.IndexByte(line, ';') >= 0 || bytes.IndexByte(line, ')') >= 0 {
			ownerInside := line[0] == '('
			if line, err = z.unfold(line); err != nil {
				return nil, z.locate(err)
			}
			if ownerInside { // as BIND has it: only a blank in column 1 stands for the last owner
				line = bytes.TrimLeft(line, " \t")
			}
			if len(line) == 0 {
				continue
			}
		}
		return line, nil
	}
}

// locate adds file and line to a fault. In a line that was cut off, the fault is that.
func (z *Reader) locate(err error) error {
	f, ok := err.(*fault)
	if !ok {
		return err
	}
	e := &SyntaxError{File: z.src.name, Line: z.startLine, Problem: f.problem, Fix: f.fix}
	if z.src.cut && !f.complete {
		e.Fix = "was the file cut short? Its last line has no line end"
	}
	return e
}

// unfold joins the lines of a record in parentheses to one, and takes comments
// and parentheses out. The result is valid until the next call.
func (z *Reader) unfold(line []byte) ([]byte, error) {
	out := z.unfolded[:0]
	depth := 0
	for {
		var err error
		if out, depth, err = unfoldLine(out, line, depth); err != nil {
			return nil, err
		}
		z.unfolded = out
		if depth == 0 {
			return out, nil
		}
		if len(out) > maxLine {
			return nil, faultf("is its closing ) missing?", "the record in parentheses is longer than 1 MiB")
		}
		line, err = z.src.next()
		if err == io.EOF {
			return nil, faultf("close it, or fetch the file again: it may have been cut short", "the file ends inside the parentheses that were opened here")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, ' ')
	}
}

// unfoldLine appends line to out as unfold does; depth counts the open
// parentheses.
func unfoldLine(out, line []byte, depth int) ([]byte, int, error) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '\\':
			out = append(out, c)
			if i++; i < len(line) {
				out = append(out, line[i])
			}
		case '"':
			n := quotedLength(line[i:])
			if n < 0 {
				return out, depth, errOpenQuote()
			}
			out = append(out, line[i:i+n]...)
			i += n - 1
		case ';':
			return out, depth, nil
		case '(':
			depth++
			out = append(out, ' ')
		case ')':
			if depth--; depth < 0 {
				return out, depth, faultf("take it out, or add the opening (", "a ) that closes nothing")
			}
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return out, depth, nil
}

// quotedLength returns how many bytes the quoted string takes that text begins
// with, quotes included, or -1 when it does not end.
func quotedLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func errOpenQuote() error {
	return faultf(`add the closing quote, or write \034 for a quote that is meant`, "a quoted string does not end on its line")
}

// parse reads one line: a directive, a blank line or, then found is true, a
// record.
func (z *Reader) parse(line []byte, rec *Record) (found bool, err error) {
	if line[0] == '$' && z.generate == nil {
		return false, z.directive(line)
	}
	return z.record(line, rec)
}

// isRead reports whether the data of a type is read. Lines of other types are
// only checked for their end.
func isRead(t uint16) bool {
	switch t {
	case dns.TypeNS, dns.TypeA, dns.TypeAAAA, dns.TypeDS, dns.TypeDNSKEY, dns.TypeSOA:
		return true
	}
	return false
}
