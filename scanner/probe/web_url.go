package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// errNotFollowed says that a redirect may be in order and is not followed all
// the same.
var errNotFollowed = errors.New("not followed")

// redirectTarget returns where a Location or a refresh leads from a URL, by
// the rules of the WHATWG URL standard: an http or https URL with a host name
// in A-label form or an address, without user and fragment.
func redirectTarget(from *url.URL, location string) (*url.URL, error) {
	parsed, err := whatwg.ParseRef(from.String(), escapeBytes(location))
	if err != nil {
		return nil, fmt.Errorf("redirect to %q, which is not a URL", shorten(location))
	}
	if scheme := parsed.Scheme(); scheme != "http" && scheme != "https" {
		return nil, fmt.Errorf("redirect to %q, which is not a web address", shorten(location))
	}
	parsed.SetUsername("")
	parsed.SetPassword("")
	next, err := url.Parse(strayPercents(parsed.Href(true)))
	if err != nil {
		return nil, fmt.Errorf("redirect: %w", err)
	}
	port, err := redirectPort(next)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(next.Hostname(), ".")
	if name == "" {
		return nil, fmt.Errorf("redirect to %q, which names no host", shorten(location))
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		name = addr.String()
	}
	if next.Host = name; strings.Contains(name, ":") {
		next.Host = "[" + name + "]"
	}
	if port != "" {
		next.Host += ":" + port
	}
	return next, nil
}

// escapeBytes escapes what is not ASCII in a text that is not UTF-8, as
// browsers do.
func escapeBytes(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// badPorts are those above 1023 that browsers do not connect to, as other
// protocols live there (the port blocking of the Fetch standard).
var badPorts = []uint16{1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}

// redirectPort returns the port of a redirect, empty for that of its scheme.
// Below 1024 only the web's own two are followed: a domain must not be able to
// make a scan connect to another's mail server. Above it the same ports are as
// for browsers, as sites do run on 8080 and 8443.
func redirectPort(u *url.URL) (string, error) {
	text := u.Port()
	if text == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("redirect to port %q", shorten(text))
	}
	port := uint16(n)
	switch {
	case port == 443 && u.Scheme == "https", port == 80 && u.Scheme == "http":
		return "", nil
	case port == 80, port == 443:
	case port < 1024, slices.Contains(badPorts, port):
		return "", fmt.Errorf("redirect to port %d: %w", port, errNotFollowed)
	}
	return strconv.Itoa(int(port)), nil
}

// portOf returns the port of a URL whose port has been checked.
func portOf(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// strayPercents escapes percent signs that escape nothing, as browsers do.
func strayPercents(s string) string {
	var b strings.Builder
	hex := func(i int) bool {
		return i < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0
	}
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (!hex(i+1) || !hex(i+2)) {
			b.WriteString("25")
		}
	}
	return b.String()
}
