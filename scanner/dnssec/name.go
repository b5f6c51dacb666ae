package dnssec

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// name is a domain name in canonical wire form (RFC 4034 section 6.2): lower
// case, uncompressed, with the root's zero byte. Equal names are equal
// strings.
type name string

const root name = "\x00"

// parseName converts an absolute or relative presentation name.
func parseName(s string) (name, error) {
	var buf [256]byte
	n, err := packName(s, buf[:])
	if err != nil {
		return "", fmt.Errorf("domain name %q: %w", s, err)
	}
	return name(buf[:n]), nil
}

// packName writes the canonical wire form of s and returns its length, at
// most 255.
func packName(s string, buf []byte) (int, error) {
	if s == "" || s == "." {
		buf[0] = 0
		return 1, nil
	}
	if len(s) > 4*255 {
		return 0, dns.ErrLongDomain
	}
	if s[len(s)-1] != '.' || strings.IndexByte(s, '\\') >= 0 {
		n, err := dns.PackDomainName(dns.Fqdn(s), buf, 0, nil, false)
		if err == nil && n > 255 {
			err = dns.ErrLongDomain
		}
		if err != nil {
			return 0, err
		}
		lower(buf[:n])
		return n, nil
	}
	if len(s) > 254 {
		return 0, dns.ErrLongDomain
	}
	start := 0
	for i := range len(s) {
		c := s[i]
		if c != '.' {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			buf[i+1] = c
			continue
		}
		length := i - start
		if length == 0 || length > 63 {
			return 0, dns.ErrRdata
		}
		buf[start] = byte(length)
		start = i + 1
	}
	buf[len(s)] = 0
	return len(s) + 1, nil
}

// lower converts the ASCII letters of a wire-form name, or a run of them, to
// lower case. Length bytes are at most 63 and so never letters.
func lower(wire []byte) {
	for i, c := range wire {
		if 'A' <= c && c <= 'Z' {
			wire[i] = c + 'a' - 'A'
		}
	}
}

// String returns the presentation form, absolute.
func (n name) String() string {
	s, _, err := dns.UnpackDomainName([]byte(n), 0)
	if err != nil {
		return "."
	}
	return s
}

// labels counts the labels without the root.
func (n name) labels() int {
	count := 0
	for n[0] != 0 {
		n = n.parent()
		count++
	}
	return count
}

// parent removes the first label; the root has no parent.
func (n name) parent() name { return n[1+int(n[0]):] }

// ancestor returns the suffix of n that has the given number of labels.
func (n name) ancestor(labels int) name {
	for drop := n.labels() - labels; drop > 0; drop-- {
		n = n.parent()
	}
	return n
}

// within reports whether n is zone or below it.
func (n name) within(zone name) bool {
	for len(n) > len(zone) {
		n = n.parent()
	}
	return n == zone
}

// below reports whether n is strictly below zone.
func (n name) below(zone name) bool { return len(n) > len(zone) && n.within(zone) }

// wildcard returns "*" prepended to n, or "" when that is too long.
func (n name) wildcard() name {
	if len(n) > 253 {
		return ""
	}
	return "\x01*" + n
}

func (n name) isWildcard() bool { return len(n) > 2 && n[0] == 1 && n[1] == '*' }

// common returns the longest name that both a and b are within.
func common(a, b name) name {
	for len(a) != len(b) {
		if len(a) > len(b) {
			a = a.parent()
		} else {
			b = b.parent()
		}
	}
	for a != b {
		a, b = a.parent(), b.parent()
		for len(a) != len(b) {
			if len(a) > len(b) {
				a = a.parent()
			} else {
				b = b.parent()
			}
		}
	}
	return a
}

// compare orders names canonically, RFC 4034 section 6.1: label by label from
// the root, each label as a left-justified octet string.
func compare(a, b name) int {
	if a == b {
		return 0
	}
	var la, lb [128]uint8 // a name of 255 bytes has at most 127 labels
	na, nb := a.offsets(&la), b.offsets(&lb)
	for na > 0 && nb > 0 {
		na--
		nb--
		x, y := a[la[na]:], b[lb[nb]:]
		if c := strings.Compare(string(x[1:1+x[0]]), string(y[1:1+y[0]])); c != 0 {
			return c
		}
	}
	return na - nb
}

// offsets stores where each label of n begins and returns how many there are.
func (n name) offsets(at *[128]uint8) int {
	count := 0
	for i := 0; n[i] != 0; i += 1 + int(n[i]) {
		at[count] = uint8(i)
		count++
	}
	return count
}
