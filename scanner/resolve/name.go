package resolve

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// Names are kept in presentation form, lower case and with the final dot, the
// way miekg/dns writes them: two names are the same if and only if the strings
// are.

const maxNameWire = 255 // RFC 1035 section 2.3.4

// canonical returns name in the form in which names are kept.
func canonical(name string) (string, error) {
	if isPlain(name) {
		return name, nil
	}
	if dotted := name + "."; isPlain(dotted) {
		return dotted, nil
	}
	var wire [maxNameWire]byte
	n, err := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	if err != nil {
		return "", fmt.Errorf("domain name %q: %w", name, err)
	}
	text, _, err := dns.UnpackDomainName(wire[:n], 0)
	if err != nil {
		return "", fmt.Errorf("domain name %q: %w", name, err)
	}
	return dns.CanonicalName(text), nil
}

// isPlain says whether name is in its canonical form beyond doubt.
func isPlain(name string) bool {
	if len(name) == 0 || len(name) > maxNameWire-1 || name[len(name)-1] != '.' {
		return false
	}
	if len(name) == 1 {
		return true
	}
	label := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.':
			if label == 0 || label > 63 {
				return false
			}
			label = 0
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			label++
		default:
			return false
		}
	}
	return true
}

// appendName appends the wire form of a canonical name.
func appendName(b []byte, name string) ([]byte, error) {
	if !isPlain(name) {
		var wire [maxNameWire]byte
		n, err := dns.PackDomainName(name, wire[:], 0, nil, false)
		if err != nil {
			return b, fmt.Errorf("domain name %q: %w", name, err)
		}
		return append(b, wire[:n]...), nil
	}
	for name != "" && name != "." {
		dot := strings.IndexByte(name, '.')
		b = append(b, byte(dot))
		b = append(b, name[:dot]...)
		name = name[dot+1:]
	}
	return append(b, 0), nil
}

// nextLabel returns where the second label of name begins; len(name) when
// there is none.
func nextLabel(name string) int {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case '.':
			return i + 1
		}
	}
	return len(name)
}

// parentOf returns name without its first label; the root's parent is the root.
func parentOf(name string) string {
	if name == "." {
		return name
	}
	if rest := name[nextLabel(name):]; rest != "" {
		return rest
	}
	return "."
}

// inZone says whether name is zone or below it.
func inZone(name, zone string) bool {
	if zone == "." || name == zone {
		return true
	}
	cut := len(name) - len(zone)
	if cut < 2 || name[cut-1] != '.' || name[cut:] != zone {
		return false
	}
	// A dot after an odd number of backslashes belongs to a label.
	escapes := 0
	for i := cut - 2; i >= 0 && name[i] == '\\'; i-- {
		escapes++
	}
	return escapes%2 == 0
}

// below says whether name is strictly below zone.
func below(name, zone string) bool { return name != zone && inZone(name, zone) }

// labels counts the labels of name; the root has none.
func labels(name string) int {
	if name == "." {
		return 0
	}
	n := 0
	for name != "" {
		name = name[nextLabel(name):]
		n++
	}
	return n
}

// lastLabels returns the ancestor of name that has n labels.
func lastLabels(name string, n int) string {
	if n <= 0 {
		return "."
	}
	for drop := labels(name) - n; drop > 0; drop-- {
		name = name[nextLabel(name):]
	}
	return name
}

// nameAt reads the domain name at offset off of a message, in canonical form.
// It returns the offset after it.
func nameAt(wire []byte, off int) (string, int, error) {
	var text [4 * maxNameWire]byte
	out := text[:0]
	length, end, limit := 1, 0, off
	for at := off; ; {
		if at >= len(wire) {
			return "", 0, errShort
		}
		size := int(wire[at])
		switch {
		case size == 0:
			if end == 0 {
				end = at + 1
			}
			if len(out) == 0 {
				return ".", end, nil
			}
			return string(out), end, nil
		case size < 64:
			if at+1+size > len(wire) {
				return "", 0, errShort
			}
			if length += size + 1; length > maxNameWire {
				return "", 0, errName
			}
			out = appendLabel(out, wire[at+1:at+1+size])
			at += 1 + size
		case size >= 0xC0:
			if at+2 > len(wire) {
				return "", 0, errShort
			}
			if end == 0 {
				end = at + 2
			}
			// A pointer leads to a prior name (RFC 1035 section 4.1.4),
			// so a chain of them ends.
			to := (size&0x3F)<<8 | int(wire[at+1])
			if to >= limit {
				return "", 0, errName
			}
			at, limit = to, to
		default:
			return "", 0, errName
		}
	}
}

// appendLabel appends a label in presentation form, lower case, escaped as
// miekg/dns does, and a dot.
func appendLabel(out, label []byte) []byte {
	for _, c := range label {
		switch {
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		case strings.IndexByte(`.\"() ';@`, c) >= 0:
			out = append(out, '\\', c)
		case c < ' ' || c > '~':
			out = append(out, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			out = append(out, c)
		}
	}
	return append(out, '.')
}

// skipName returns the offset after the name at off.
func skipName(wire []byte, off int) (int, error) {
	for {
		if off >= len(wire) {
			return 0, errShort
		}
		size := int(wire[off])
		switch {
		case size == 0:
			return off + 1, nil
		case size < 64:
			off += 1 + size
		case size >= 0xC0:
			if off+2 > len(wire) {
				return 0, errShort
			}
			return off + 2, nil
		default:
			return 0, errName
		}
	}
}
