package zonefile

import (
	"bytes"
	"errors"
	"strconv"
)

// Name is a domain name in a form that sorts in canonical order (RFC 4034
// section 6.1) byte by byte: its labels from the root down, in lower case,
// each ended by a zero byte. A byte 0 or 1 inside a label is written as 1, 1
// or 1, 2. The root is the empty Name.
//
// So a name lies at or below another exactly when the other is its prefix.
type Name []byte

// maxNameKey is the length that no Name exceeds: 255 octets on the wire, of
// which every octet in a label may need two.
const maxNameKey = 2 * 255

const maxLabel = 63 // RFC 1035 section 2.3.4

// Within reports whether n is zone or lies below it.
func (n Name) Within(zone Name) bool { return bytes.HasPrefix(n, zone) }

// Labels returns the number of labels; the root has none.
func (n Name) Labels() int { return bytes.Count(n, []byte{0}) }

// String returns n in presentation form with a final dot. Only printable
// ASCII is ever part of it: every other byte is written as \DDD.
func (n Name) String() string { return string(n.AppendText(nil)) }

// AppendText appends what String returns to b.
func (n Name) AppendText(b []byte) []byte {
	if len(n) == 0 {
		return append(b, '.')
	}
	for end := len(n) - 1; end >= 0; {
		start := bytes.LastIndexByte(n[:end], 0) + 1
		b = appendLabel(b, n[start:end])
		b = append(b, '.')
		end = start - 1
	}
	return b
}

func appendLabel(b []byte, label []byte) []byte {
	for i := 0; i < len(label); i++ {
		c := label[i]
		if c == 1 && i+1 < len(label) {
			i++
			c = label[i] - 1
		}
		switch shownAs[c] {
		case asDecimal:
			b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		case asEscaped:
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return b
}

// How a byte of a label is shown.
const (
	asItself = iota
	asEscaped
	asDecimal
)

var shownAs = func() (as [256]uint8) {
	for c := range as {
		if c <= ' ' || c >= 0x7f {
			as[c] = asDecimal
		}
	}
	for _, c := range []byte(`.\"();@$`) {
		as[c] = asEscaped
	}
	return as
}()

// ParseName reads an absolute name in presentation form. The final dot may be
// left out.
func ParseName(text string) (Name, error) {
	if text == "" {
		return nil, errEmptyName
	}
	return appendName(Name{}, []byte(text), Name{})
}

// The faults of a name, RFC 1035 sections 2.3.4 and 5.1.
var (
	errEmptyName  = errors.New("an empty name")
	errEmptyLabel = errors.New("two dots in a row or a dot at the start")
	errLongLabel  = errors.New("a label of more than 63 octets")
	errLongName   = errors.New("more than 255 octets")
	errEscape     = errors.New(`a \ that is followed neither by a character nor by three digits up to 255`)
	errQuoted     = errors.New("a quote where a name should be")
	errNoOrigin   = errors.New("a relative name, but no origin is known")
)

// lower maps upper-case ASCII letters to lower case and leaves other bytes.
var lower = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
	}
	for c := byte('A'); c <= 'Z'; c++ {
		table[c] = c + 'a' - 'A'
	}
	return table
}()

// appendName sets dst to the name written as text and returns it; what dst
// held is lost. A name without a final dot is relative to origin; a nil origin
// is an unknown one.
func appendName(dst Name, text []byte, origin Name) (Name, error) {
	dst = dst[:0]
	if len(text) == 1 && (text[0] == '.' || text[0] == '@') {
		if text[0] == '@' {
			if origin == nil {
				return dst, errNoOrigin
			}
			dst = append(dst, origin...)
		}
		return dst, nil
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		return appendEscapedName(dst, text, origin)
	}
	end := len(text)
	if end > 0 && text[end-1] == '.' {
		end--
	} else if origin == nil {
		return dst, errNoOrigin
	} else {
		dst = append(dst, origin...)
	}
	for end >= 0 {
		start := end
		for start > 0 && text[start-1] != '.' {
			start--
		}
		if start == end {
			return dst, errEmptyLabel
		}
		if end-start > maxLabel {
			return dst, errLongLabel
		}
		for _, c := range text[start:end] {
			if c == '"' {
				return dst, errQuoted
			}
			dst = append(dst, lower[c])
		}
		dst = append(dst, 0)
		if len(dst) > maxNameKey {
			return dst, errLongName
		}
		end = start - 1
	}
	return dst, checkLength(dst)
}

// appendEscapedName is appendName for text that holds escapes.
func appendEscapedName(dst Name, text []byte, origin Name) (Name, error) {
	var octets [256]byte // the labels one after another, unescaped
	var ends [128]int    // where each ends
	used, labels, start := 0, 0, 0
	closeLabel := func() error {
		if used == start {
			return errEmptyLabel
		}
		if used-start > maxLabel {
			return errLongLabel
		}
		if labels == len(ends) {
			return errLongName
		}
		ends[labels], start = used, used
		labels++
		return nil
	}
	absolute := false
	for i := 0; i < len(text); {
		c := text[i]
		if c == '"' {
			return dst, errQuoted
		}
		if c == '.' {
			if err := closeLabel(); err != nil {
				return dst, err
			}
			i++
			absolute = i == len(text)
			continue
		}
		c, width := unescape(text[i:])
		if width == 0 {
			return dst, errEscape
		}
		i += width
		if used == len(octets) {
			return dst, errLongName
		}
		octets[used] = lower[c]
		used++
	}
	if !absolute {
		if err := closeLabel(); err != nil {
			return dst, err
		}
		if origin == nil {
			return dst, errNoOrigin
		}
		dst = append(dst, origin...)
	}
	for ; labels > 0; labels-- {
		start = 0
		if labels > 1 {
			start = ends[labels-2]
		}
		dst = appendKeyLabel(dst, octets[start:ends[labels-1]])
	}
	return dst, checkLength(dst)
}

// appendKeyLabel appends one label of raw octets, in lower case already.
func appendKeyLabel(dst Name, label []byte) Name {
	for _, c := range label {
		if c <= 1 {
			dst = append(dst, 1)
			c++
		}
		dst = append(dst, c)
	}
	return append(dst, 0)
}

// unescape returns the octet that text begins with and how many bytes it
// takes there; no bytes when the escape is malformed.
func unescape(text []byte) (c byte, width int) {
	if text[0] != '\\' {
		return text[0], 1
	}
	if len(text) < 2 {
		return 0, 0
	}
	if text[1] < '0' || text[1] > '9' {
		return text[1], 2
	}
	if len(text) < 4 {
		return 0, 0
	}
	n, err := strconv.ParseUint(string(text[1:4]), 10, 8)
	if err != nil {
		return 0, 0
	}
	return byte(n), 4
}

// nameFromWire sets dst to the uncompressed name that wire holds from its
// first byte to its last.
func nameFromWire(dst Name, wire []byte) (Name, error) {
	dst = dst[:0]
	var starts [128]int
	labels, i := 0, 0
	for {
		if i >= len(wire) || labels == len(starts) {
			return dst, errors.New("the name has no end")
		}
		n := int(wire[i])
		if n == 0 {
			break
		}
		if n > maxLabel || i+1+n > len(wire) {
			return dst, errors.New("the name's labels do not fit")
		}
		starts[labels] = i
		labels++
		i += 1 + n
	}
	if i != len(wire)-1 {
		return dst, errors.New("octets follow the name")
	}
	if len(wire) > 255 {
		return dst, errLongName
	}
	for ; labels > 0; labels-- {
		at := starts[labels-1]
		label := wire[at+1 : at+1+int(wire[at])]
		for j, c := range label {
			label[j] = lower[c]
		}
		dst = appendKeyLabel(dst, label)
	}
	return dst, nil
}

// checkLength returns an error when n takes more than 255 octets on the wire.
func checkLength(n Name) error {
	// Without escapes a key is one octet shorter than the wire form.
	if len(n) <= 254 || len(n)-bytes.Count(n, []byte{1}) <= 254 {
		return nil
	}
	// Each escape is a 1 followed by 1 or 2; count the pairs, not the ones.
	octets := 0
	for i := 0; i < len(n); i++ {
		if n[i] == 1 {
			i++
		}
		octets++
	}
	if octets > 254 {
		return errLongName
	}
	return nil
}
