package zonefile

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/miekg/dns"
)

// The classes of bytes that a token is made of.
const (
	plain   = iota
	blank   // space and tab
	escape  // backslash
	quote   // double quote
	control // what no zone file holds outside quotes
)

var byteClass = func() (class [256]uint8) {
	for c := range byte(' ') {
		class[c] = control
	}
	class[0x7f] = control
	class[' '], class['\t'] = blank, blank
	class['\\'], class['"'] = escape, quote
	return class
}()

// nextToken returns the token that begins at or after pos, empty at the end of
// the line, and where the text after it begins.
func nextToken(line []byte, pos int) (token []byte, next int, err error) {
	for pos < len(line) && byteClass[line[pos]] == blank {
		pos++
	}
	start := pos
	for pos < len(line) {
		switch byteClass[line[pos]] {
		case plain:
			pos++
		case blank:
			return line[start:pos], pos, nil
		case escape:
			pos = min(pos+2, len(line))
		case quote:
			n := quotedLength(line[pos:])
			if n < 0 {
				return nil, pos, errOpenQuote()
			}
			pos += n
		default:
			return nil, pos, controlFault(line[pos], pos+1)
		}
	}
	return line[start:pos], pos, nil
}

// controlFault explains a byte that no zone file holds.
func controlFault(c byte, column int) error {
	f := &fault{problem: fmt.Sprintf("control character 0x%02x in column %d", c, column), fix: "is this a zone file?", complete: true}
	switch c {
	case '\r':
		f.problem = fmt.Sprintf("a carriage return without a line feed, in column %d", column)
		f.fix = `lines must end in a line feed; convert old Mac line ends: tr '\r' '\n' < FILE | adopt6 audit -`
	case 0x1a:
		f.problem = fmt.Sprintf("the end-of-file mark of DOS (Ctrl-Z, 0x1a), in column %d", column)
		f.fix = `take it out: tr -d '\032' < FILE | adopt6 audit -`
	}
	return f
}

// record reads a line that is not a directive. A blank line yields none.
func (z *Reader) record(line []byte, rec *Record) (found bool, err error) {
	token, pos, err := nextToken(line, 0)
	if err != nil || len(token) == 0 {
		return false, err
	}
	ownerToken := token
	if byteClass[line[0]] == blank {
		if !z.hasOwner {
			return false, faultf("begin the line with the record's name, not with a blank", "no owner name, and none before it to take")
		}
	} else {
		if !z.hasOwner || !bytes.Equal(token, z.ownerText) {
			if err := z.setOwner(token); err != nil {
				return false, err
			}
		}
		if token, pos, err = nextToken(line, pos); err != nil {
			return false, err
		}
	}
	token, pos, err = skipTTLAndClass(line, token, pos)
	if err != nil {
		return false, err
	}
	if len(token) == 0 {
		return false, faultf("write NAME TTL IN TYPE DATA, or delete the line", "the record after %s has no type", quoted(ownerToken))
	}
	rec.Type, rec.Mnemonic, err = z.recordType(token)
	if err != nil {
		return false, err
	}
	rec.Owner, rec.File, rec.Line = z.owner, z.src.name, z.startLine
	if isRead(rec.Type) {
		return true, z.data(line, pos, rec)
	}
	return true, checkData(line, pos, rec)
}

// checkData looks for faults that can be seen in data without reading it.
func checkData(line []byte, pos int, rec *Record) error {
	if bytes.IndexByte(line[pos:], '"') >= 0 {
		return checkTokens(line, pos)
	}
	for _, c := range line[pos:] {
		if byteClass[c] != blank {
			return nil
		}
	}
	if rec.Type == dns.TypeAPL { // RFC 3123 allows an empty list
		return nil
	}
	return faultf("add it, or delete the line", "the data of the %s record is missing", rec.typeName())
}

// setOwner makes the name written as token the current owner.
func (z *Reader) setOwner(token []byte) error {
	z.hasOwner = false // until it is known to be good
	owner, err := appendName(z.ownerBuf[:0], token, z.origin)
	if err != nil {
		return nameFault("owner name", token, err)
	}
	z.owner = owner
	z.ownerText = append(z.ownerText[:0], token...)
	z.hasOwner = true
	return nil
}

// nameFault explains why the name written as token is refused.
func nameFault(what string, token []byte, err error) error {
	fix := "correct the name"
	if err == errNoOrigin {
		fix = "end it with a dot, or say where it belongs with $ORIGIN or --origin"
	}
	return faultf(fix, "%s %s: %v", what, quoted(token), err)
}

// skipTTLAndClass passes over a TTL and a class, each of which may be missing
// and which come in either order, and returns the token after them.
func skipTTLAndClass(line, token []byte, pos int) (rest []byte, next int, err error) {
	var hasTTL, hasClass bool
	for len(token) > 0 {
		switch {
		case !hasTTL && token[0] >= '0' && token[0] <= '9':
			if _, ok := parseTTL(token); !ok {
				return nil, pos, faultf("a TTL is a number of seconds, or like 1h30m", "malformed TTL %s", quoted(token))
			}
			hasTTL = true
		case !hasClass && len(token) == 2 && token[0]|0x20 == 'i' && token[1]|0x20 == 'n':
			hasClass = true
		case !hasClass && isClass(token):
			class, known := parseClass(token)
			if !known {
				return nil, pos, faultf("CLASS is followed by a number up to 65535", "malformed class %s", quoted(token))
			}
			if class != dns.ClassINET {
				return nil, pos, faultf("take the record out: only Internet zones (IN) are audited", "class %s", quoted(token))
			}
			hasClass = true
		default:
			return token, pos, nil
		}
		if token, pos, err = nextToken(line, pos); err != nil {
			return nil, pos, err
		}
	}
	return token, pos, nil
}

// isClass reports whether token is written like a class other than IN.
func isClass(token []byte) bool {
	switch len(token) {
	case 2:
		return foldEqual(token, "CH") || foldEqual(token, "HS")
	case 4:
		return foldEqual(token, "NONE")
	}
	return len(token) > 5 && foldEqual(token[:5], "CLASS")
}

func parseClass(token []byte) (class uint16, ok bool) {
	switch {
	case foldEqual(token, "CH"):
		return dns.ClassCHAOS, true
	case foldEqual(token, "HS"):
		return dns.ClassHESIOD, true
	case foldEqual(token, "NONE"):
		return dns.ClassNONE, true
	}
	n, ok := parseNumber(token[len("CLASS"):], 1<<16-1)
	return uint16(n), ok
}

// foldEqual reports whether token is upper, an ASCII word in upper case, in
// any case.
func foldEqual(token []byte, upper string) bool {
	if len(token) != len(upper) {
		return false
	}
	for i, c := range token {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// maxMnemonic bounds the length of a type mnemonic, in bytes.
const maxMnemonic = 16

// recordType returns the type that token names (RFC 3597 section 5 for TYPEn),
// or 0 and the mnemonic of a type without a known number.
func (z *Reader) recordType(token []byte) (t uint16, mnemonic []byte, err error) {
	switch {
	case foldEqual(token, "NS"):
		return dns.TypeNS, nil, nil
	case foldEqual(token, "A"):
		return dns.TypeA, nil, nil
	case foldEqual(token, "AAAA"):
		return dns.TypeAAAA, nil, nil
	case foldEqual(token, "DS"):
		return dns.TypeDS, nil, nil
	case foldEqual(token, "RRSIG"):
		return dns.TypeRRSIG, nil, nil
	}
	return z.otherType(token)
}

// otherType is recordType for the types that zones have less often.
func (z *Reader) otherType(token []byte) (t uint16, mnemonic []byte, err error) {
	if bytes.HasPrefix(token, []byte("[AGE:")) {
		return 0, nil, &FormatError{File: z.src.name, Fix: `take them out: sed 's/\[AGE:[0-9]*\]//' FILE | adopt6 audit -`,
			Problem: fmt.Sprintf("line %d: this is an export of Windows DNS with the time stamps of dynamic updates, %s", z.startLine, quoted(token))}
	}
	upper := z.typeBuffer[:0]
	if len(token) <= maxMnemonic {
		for _, c := range token {
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			upper = append(upper, c)
		}
	}
	t, known := dns.StringToType[string(upper)]
	byNumber := !known && bytes.HasPrefix(upper, []byte("TYPE"))
	if byNumber {
		n, ok := parseNumber(upper[len("TYPE"):], 1<<16-1)
		t, known = uint16(n), ok
	}
	switch {
	case known && (t == 0 || t == dns.TypeOPT || t >= 128 && t <= 255): // RFC 6895 section 3.1
		return 0, nil, faultf("delete the line", "type %s is for messages, not for zones", quoted(token))
	case known:
		return t, nil, nil
	case !byNumber && isMnemonic(upper) && !foldEqual(upper, "IN") && !isClass(upper):
		return 0, upper, nil
	}
	return 0, nil, faultf("write NAME TTL IN TYPE DATA, or TYPEn for a type without a name", "unknown record type %s", quoted(token))
}

// isMnemonic reports whether a word in upper case could name a type: RFC 6895
// section 3.1.2 has letters, digits and hyphens, the first a letter.
func isMnemonic(word []byte) bool {
	for i, c := range word {
		letter := c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(word) > 0
}

// parseNumber reads decimal digits up to limit.
func parseNumber(token []byte, limit uint64) (n uint64, ok bool) {
	if len(token) == 0 || len(token) > 10 {
		return 0, false
	}
	for _, c := range token {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, n <= limit
}

// The bounds of a TTL, in seconds: what fits in the field, and above which RFC
// 2181 section 8 has it read as zero.
const (
	maxTTLField = 1<<32 - 1
	maxTTL      = 1<<31 - 1
)

// parseTTL reads a TTL in seconds, or with BIND's units as in 1w2d3h4m5s.
func parseTTL(token []byte) (seconds uint64, ok bool) {
	seconds, ok = parseSeconds(token)
	if seconds > maxTTL {
		seconds = 0
	}
	return seconds, ok
}

// parseSeconds reads what a field of 32 bits can hold.
func parseSeconds(token []byte) (seconds uint64, ok bool) {
	if n, ok := parseNumber(token, maxTTLField); ok {
		return n, true
	}
	var n uint64
	digits := 0
	for _, c := range token {
		if c >= '0' && c <= '9' {
			if digits++; digits > 10 {
				return 0, false
			}
			n = 10*n + uint64(c-'0')
			continue
		}
		unit, known := ttlUnits[lower[c]]
		if digits == 0 || !known {
			return 0, false
		}
		if seconds += n * unit; seconds > maxTTLField {
			return 0, false
		}
		n, digits = 0, 0
	}
	return seconds, len(token) > 0 && digits == 0
}

var ttlUnits = map[byte]uint64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}

// checkTokens looks for faults in data that is not read.
func checkTokens(line []byte, pos int) error {
	for {
		token, next, err := nextToken(line, pos)
		if err != nil || len(token) == 0 {
			return err
		}
		pos = next
	}
}

// typeName returns the mnemonic of the record's type.
func (rec *Record) typeName() string {
	if len(rec.Mnemonic) > 0 {
		return string(rec.Mnemonic)
	}
	return typeName(rec.Type)
}

// typeName returns the mnemonic of a record type, RFC 3597 section 5.
func typeName(t uint16) string {
	if name, ok := dns.TypeToString[t]; ok {
		return name
	}
	return "TYPE" + strconv.Itoa(int(t))
}
