// Package authority answers DNS questions as an authoritative name server does.
//
// In: zones, as records and signing parameters, and the bytes of a query. Out:
// the bytes of the answer (RFC 1034 section 4.3.2, RFC 4035 section 3.1, RFC
// 5155 section 7.2), signed when it is asked for, with real keys.
// It owns no socket and never looks at anything but its own zones.
package authority

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// Name is a domain name in uncompressed wire form, lower case: the form in
// which names are compared, hashed, signed and sent. The root is "\x00".
type Name string

// Root is the name of the root zone.
const Root Name = "\x00"

// ParseName reads a name in presentation form (RFC 1035 section 5.1, with \DDD
// escapes). A missing final dot is added.
func ParseName(text string) (Name, error) {
	if text == "" {
		return "", fmt.Errorf("empty domain name")
	}
	var wire [255]byte
	end, err := dns.PackDomainName(dns.Fqdn(text), wire[:], 0, nil, false)
	if err != nil {
		return "", fmt.Errorf("domain name %q: %w", text, err)
	}
	lower(wire[:end])
	return Name(wire[:end]), nil
}

// MustName is ParseName for names that the program itself writes.
func MustName(text string) Name {
	n, err := ParseName(text)
	if err != nil {
		panic(err)
	}
	return n
}

// lower folds ASCII letters in place. Length octets are below 64 and so never
// taken for letters.
func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// String returns the presentation form, with a final dot.
func (n Name) String() string {
	text, _, err := dns.UnpackDomainName([]byte(n), 0)
	if err != nil {
		return fmt.Sprintf("%q", string(n))
	}
	return text
}

// Text returns the presentation form without the final dot: the form in which
// the rest of adopt6 writes names. The root is ".".
func (n Name) Text() string {
	if n == Root {
		return "."
	}
	return strings.TrimSuffix(n.String(), ".")
}

// Parent returns the name without its first label; the root is its own parent.
func (n Name) Parent() Name {
	if n == Root || n == "" {
		return Root
	}
	return n[1+int(n[0]):]
}

// Child returns the name one label below n.
func (n Name) Child(label string) Name {
	return Name(string(rune(len(label)))+label) + n
}

// Labels returns the number of labels; the root has none.
func (n Name) Labels() int {
	count := 0
	for n != Root {
		n = n.Parent()
		count++
	}
	return count
}

// In says whether n is zone or below it.
func (n Name) In(zone Name) bool {
	for len(n) > len(zone) {
		n = n.Parent()
	}
	return n == zone
}

// Wildcard says whether the first label is "*".
func (n Name) Wildcard() bool { return strings.HasPrefix(string(n), "\x01*") }

// OrderKey returns a string that sorts as RFC 4034 section 6.1 sorts names:
// the labels from the right, each closed by a zero octet, with zero and one
// escaped so that a label's own octets never close it.
func (n Name) OrderKey() string {
	var starts [128]int
	count := 0
	for at := 0; n[at] != 0; at += 1 + int(n[at]) {
		starts[count] = at
		count++
	}
	key := make([]byte, 0, len(n))
	for i := count - 1; i >= 0; i-- {
		at := starts[i]
		for _, c := range []byte(n[at+1 : at+1+int(n[at])]) {
			if c <= 1 {
				key = append(key, 1)
				c++
			}
			key = append(key, c)
		}
		key = append(key, 0)
	}
	return string(key)
}
