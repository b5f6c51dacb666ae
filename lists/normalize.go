package lists

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const (
	maxName  = 253 // bytes of a name without its trailing dot (RFC 1035 section 2.3.4)
	maxLabel = 63  // bytes of a label (RFC 1035 section 2.3.4)
	maxInput = 1024
)

// Problem says what is wrong with what a user wrote, and how to fix it. Its
// text is safe to print: control characters in it are escaped.
type Problem struct {
	What string `json:"what"`
	Fix  string `json:"fix"`
}

func (p *Problem) Error() string { return p.What + ": " + p.Fix }

// Normalize checks a host name and returns its A-label form, lower case and
// without a trailing dot, and its U-label form, which is the same for an
// ASCII name. Names in other scripts follow IDNA 2008 (RFC 5891) after the
// mapping of UTS 46, non-transitional, and each label must keep to one script
// or to one of the mixtures that UTS 39 calls highly restrictive. What is no
// host name (URL, address, e-mail address, port, wildcard) is a *Problem.
func Normalize(host string) (ascii, unicode string, err error) {
	host = strings.TrimSpace(host)
	if err := notAHost(host); err != nil {
		return "", "", err
	}
	if len(host) > 1 {
		host = strings.TrimSuffix(host, ".")
	}
	if plainASCII(host) {
		ascii = strings.ToLower(host)
		if err := checkASCII(ascii); err != nil {
			return "", "", err
		}
		return ascii, ascii, nil
	}
	return normalizeIDN(host)
}

// notAHost returns an error for what users write instead of a host name.
func notAHost(s string) error {
	if len(s) <= maxInput && isLDH(s) && !isDigit(s[len(s)-1]) {
		return nil // as are most
	}
	switch {
	case s == "":
		return &Problem{"the name is empty", "give a domain name such as example.org"}
	case len(s) > maxInput:
		return &Problem{fmt.Sprintf("a name of %d bytes", len(s)), "a domain name has at most 253"}
	case !utf8.ValidString(s):
		return &Problem{quote(s) + " is not UTF-8", "save the text as UTF-8"}
	case strings.Contains(s, "://") || strings.HasPrefix(s, "//"):
		return alone(s, "is a URL")
	case strings.Contains(s, "@"):
		return &Problem{quote(s) + " is an e-mail address", "write the domain name alone: " + quote(s[strings.LastIndexByte(s, '@')+1:])}
	case isAddress(s):
		return &Problem{quote(s) + " is an IP address", "write a domain name; adopt6 finds its addresses itself"}
	case strings.ContainsAny(s, `/\?#`):
		return alone(s, "has a path")
	case strings.Contains(s, ":"):
		return alone(s, "has a port")
	case strings.HasPrefix(s, "*."):
		return &Problem{quote(s) + " is a wildcard", "write the domain itself: " + quote(s[2:])}
	case strings.ContainsFunc(s, unicode.IsSpace):
		return &Problem{quote(s) + " holds a space", "give one domain name in each line"}
	case strings.Contains(s, "_"):
		return &Problem{quote(s) + " holds an underscore", "a host name has letters, digits and hyphens only (RFC 1123)"}
	}
	return nil
}

// alone returns the error for a host with something around it.
func alone(s, what string) error {
	host := s
	if _, after, found := strings.Cut(host, "//"); found {
		host = after
	}
	if i := strings.IndexAny(host, `/\?#`); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:] // a user and a password
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	if host == "" {
		return &Problem{quote(s) + " " + what, "write the host name alone"}
	}
	return &Problem{quote(s) + " " + what, "write the host name alone: " + quote(host)}
}

// isAddress tells whether s is an IP address in any form that software reads
// as one, with or without brackets, prefix length or port.
func isAddress(s string) bool {
	bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}

// isLDH tells whether s has letters, digits, hyphens and dots only, and at
// least one of them.
func isLDH(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !isDigit(c) && c != '-' && c != '.' {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// plainASCII tells whether a name has neither non-ASCII letters nor A-labels.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return !hasALabel(s)
}

func hasALabel(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		if s[i+2] == '-' && s[i+3] == '-' && strings.EqualFold(s[i:i+4], "xn--") && (i == 0 || s[i-1] == '.') {
			return true
		}
	}
	return false
}

// checkASCII checks a lower-case name against RFC 1035 and RFC 1123.
func checkASCII(name string) error {
	if len(name) > maxName {
		return &Problem{fmt.Sprintf("a name of %d bytes", len(name)), "a domain name has at most 253"}
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(name, label); err != nil {
			return err
		}
		last = label
	}
	if strings.Trim(last, "0123456789") == "" {
		return &Problem{quote(name) + " ends in a number", "a domain name ends in a top-level domain such as org; put the name in the first column"}
	}
	return nil
}

func checkLabel(name, label string) error {
	switch {
	case label == "":
		return &Problem{quote(name) + " has an empty label", "remove the surplus dot"}
	case len(label) > maxLabel:
		return &Problem{fmt.Sprintf("label %s has %d bytes", quote(label), len(label)), "a label has at most 63 (RFC 1035)"}
	case label[0] == '-' || label[len(label)-1] == '-':
		return &Problem{"label " + quote(label) + " begins or ends with a hyphen", "remove the hyphen (RFC 1123)"}
	case len(label) >= 4 && label[2:4] == "--" && label[:2] != "xn":
		return &Problem{"label " + quote(label) + " has hyphens in the third and fourth place", "only A-labels, which begin with xn--, may (RFC 5891)"}
	}
	for i := range len(label) {
		if c := label[i]; c != '-' && !isDigit(c) && (c < 'a' || c > 'z') {
			return &Problem{fmt.Sprintf("%s holds %q", quote(name), c), "a host name has letters, digits and hyphens only (RFC 1123)"}
		}
	}
	return nil
}

var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
	idna.CheckHyphens(true), idna.CheckJoiners(true), idna.StrictDomainName(true))

// normalizeIDN normalises a name with a U-label or an A-label in it.
func normalizeIDN(host string) (ascii, uni string, err error) {
	ascii, err = profile.ToASCII(host)
	if err != nil {
		return "", "", notIDNA(host, err)
	}
	if err := checkASCII(ascii); err != nil {
		return "", "", err
	}
	uni, err = profile.ToUnicode(ascii)
	if err != nil {
		return "", "", notIDNA(host, err)
	}
	for label := range strings.SplitSeq(uni, ".") {
		if err := checkCodePoints(label); err != nil {
			return "", "", err
		}
		if err := checkScripts(label); err != nil {
			return "", "", err
		}
	}
	return ascii, uni, nil
}

func notIDNA(host string, err error) error {
	cause := strings.TrimPrefix(err.Error(), "idna: ")
	return &Problem{fmt.Sprintf("%s is not a valid internationalised name (%s)", quote(host), cause), "check how it is written (RFC 5891)"}
}

// quote returns s in quotes, with everything that a terminal should not see
// escaped, and cut to a length that fits in an error message.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "..."
	}
	return strconv.Quote(s)
}
