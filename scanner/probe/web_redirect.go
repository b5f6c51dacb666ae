package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"adopt6/lists"
	"adopt6/scanner/fetch"
	"adopt6/scanner/observation"
)

const (
	// maxRedirects is how many redirects are followed.
	maxRedirects = 5
	// maxLandings is how many addresses of a host that a site redirects to are
	// tried, one after another.
	maxLandings = 2
)

// journey is a visit that begins at one address and follows redirects over one
// address family.
type journey struct {
	// verdict is OK when a page was delivered, whatever its status.
	verdict   observation.Verdict
	first     *contact // with the address it began at
	last      *contact
	at        *url.URL // of last
	to        netip.AddrPort
	redirects int
	took      time.Duration
	detail    string
	denied    bool // by a 4xx status that both families have
	cookie    bool // a redirect on the way set a cookie
}

// page returns the page that the journey ended with, nil without one.
func (j *journey) page() *fetch.Response {
	if j.verdict.Status != observation.OK {
		return nil
	}
	return j.last.page
}

// facts returns what the journey showed of HTTP, nil when nothing.
func (j *journey) facts() *observation.HTTPFacts {
	if j.last.page == nil || j.last.page.Status == 0 {
		return nil
	}
	facts := factsOf(j.last.page)
	facts.Redirects = j.redirects
	facts.FirstByte = j.first.page.FirstByte
	if j.redirects > 0 {
		facts.Location = shorten(j.at.String())
	}
	return facts
}

func factsOf(p *fetch.Response) *observation.HTTPFacts {
	return &observation.HTTPFacts{Status: p.Status, Proto: p.Proto, FirstByte: p.FirstByte,
		Location: shorten(p.Location), Title: p.Title, Bytes: int64(len(p.Body))}
}

// shorten bounds a text to 255 bytes of valid UTF-8.
func shorten(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 255)], "")
}

// follow visits the front page of a host at one of its addresses.
func (b *browser) follow(ctx context.Context, scheme, host string, addr netip.Addr) journey {
	u := &url.URL{Scheme: scheme, Host: host, Path: "/"}
	j := journey{at: u, to: netip.AddrPortFrom(addr, portOf(u))}
	j.first = b.fetch(ctx, j.to, u, false)
	j.last = j.first
	seen := map[string]bool{u.String(): true}
	for {
		j.took += j.last.took
		if j.last.page != nil {
			j.detail = j.last.page.Detail
		}
		switch fault := j.last.fault(); {
		case j.last.verdict.Status != observation.OK:
			return j.end(b, j.last.verdict)
		case fault != "":
			return j.end(b, broken(fault))
		case j.last.page.Location == "":
			return j.end(b, observation.Verdict{Status: observation.OK})
		}
		j.cookie = j.cookie || j.last.page.SetsCookie
		next, err := redirectTarget(j.at, j.last.page.Location)
		switch {
		case errors.Is(err, errNotFollowed):
			j.detail = shorten(err.Error())
			return j.end(b, unmeasured(observation.NotProbed))
		case err != nil:
			j.detail = shorten(err.Error())
			return j.end(b, broken(observation.HTTPMalformed))
		case seen[next.String()] && j.cookie:
			return j.end(b, unmeasured(observation.NeedsCookie))
		case seen[next.String()]:
			return j.end(b, broken(observation.RedirectLoop))
		case j.redirects == maxRedirects:
			return j.end(b, broken(observation.TooManyRedirects))
		}
		seen[next.String()] = true
		j.redirects++
		if verdict := b.land(ctx, &j, next); verdict.Status != observation.OK {
			return j.end(b, verdict)
		}
	}
}

// end closes the journey with a verdict. What fails at a host that is none of
// the target's own is a redirect that fails.
func (j journey) end(b *browser, verdict observation.Verdict) journey {
	name := j.at.Hostname()
	if verdict.Status == observation.Broken && !b.own[name] {
		switch verdict.Reason {
		case observation.RedirectLoop, observation.TooManyRedirects, observation.RedirectFails:
		default:
			j.detail = shorten(fmt.Sprintf("%s: %s", name, verdict.Reason))
			verdict = broken(observation.RedirectFails)
		}
	}
	j.verdict = verdict
	return j
}

// land takes the journey to the next URL: to the same address where the host
// stays the same, else to an address of the new host in the same family. The
// verdict says why there is nothing to visit.
func (b *browser) land(ctx context.Context, j *journey, next *url.URL) observation.Verdict {
	v6 := j.to.Addr().Is6()
	name, same := next.Hostname(), next.Hostname() == j.at.Hostname()
	j.at = next
	var addrs []netip.Addr
	switch literal, err := netip.ParseAddr(name); {
	case same:
		addrs = []netip.Addr{j.to.Addr()}
	case err == nil && literal.Is6() == v6:
		addrs = []netip.Addr{literal}
	case err == nil:
		j.detail = shorten(name)
		return lacksFamily(v6)
	default:
		h := b.host(ctx, name)
		if addrs = dialled(h.a); v6 {
			addrs = dialled(h.aaaa)
		}
		switch {
		case h.failure != "":
			j.detail = shorten(fmt.Sprintf("%s: %s", name, h.failure))
			return unresolved(h.failure)
		case len(addrs) == 0 && len(h.a)+len(h.aaaa) > 0:
			j.detail = shorten(name)
			return lacksFamily(v6)
		case len(addrs) == 0:
			j.detail = shorten(fmt.Sprintf("%s: %s", name, observation.NoAddress))
			return broken(observation.RedirectFails)
		}
	}
	for i, a := range addrs[:min(len(addrs), maxLandings)] {
		to := netip.AddrPortFrom(a, portOf(next))
		c := b.fetch(ctx, to, next, false)
		if !b.own[name] {
			b.recordForeign(name, to, next, c)
		}
		if i == 0 || c.page != nil {
			j.last, j.to = c, to
		}
		if c.page != nil {
			break
		}
	}
	return observation.Verdict{Status: observation.OK}
}

// lacksFamily is the verdict on a redirect to a host without an address of the
// family that it is to be reached over.
func lacksFamily(v6 bool) observation.Verdict {
	if v6 {
		return partial(observation.RedirectToV4Only)
	}
	return broken(observation.RedirectFails)
}

// errNotFollowed says that a redirect may be in order and is not followed all
// the same.
var errNotFollowed = errors.New("not followed")

// redirectTarget returns where a Location leads from a URL: an http or https
// URL with a host name in A-label form or an address, without user and
// fragment.
func redirectTarget(from *url.URL, location string) (*url.URL, error) {
	next, err := from.Parse(strayPercents(strings.TrimSpace(location)))
	if err != nil {
		return nil, fmt.Errorf("redirect: %w", err)
	}
	next.Scheme = strings.ToLower(next.Scheme)
	if next.Scheme != "http" && next.Scheme != "https" || next.Opaque != "" || next.Host == "" {
		return nil, fmt.Errorf("redirect to %q, which is no web address", shorten(location))
	}
	name, err := redirectHost(next.Hostname())
	if err != nil {
		return nil, err
	}
	port, err := redirectPort(next)
	if err != nil {
		return nil, err
	}
	next.Host = name
	if strings.Contains(name, ":") {
		next.Host = "[" + name + "]"
	}
	if port != "" {
		next.Host = net.JoinHostPort(name, port)
	}
	next.User, next.Fragment, next.RawFragment = nil, "", ""
	if next.Path == "" {
		next.Path = "/"
	}
	return next, nil
}

// redirectHost returns the host of a redirect: an address as it is, and a name
// in its A-label form. Numbers that some programs take for an IPv4 address,
// such as 2130706433 and 0x7f.1, are neither.
func redirectHost(host string) (string, error) {
	host = strings.TrimSuffix(host, ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "", fmt.Errorf("redirect to %q, an address with a zone", shorten(host))
		}
		return addr.String(), nil
	}
	ascii, _, err := lists.Normalize(host)
	if err != nil {
		return "", fmt.Errorf("redirect to %q: %w", shorten(host), err)
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return "", fmt.Errorf("redirect to %q, which is no host name", shorten(host))
	}
	return ascii, nil
}

// badPorts are those above 1023 that browsers do not connect to, as other
// protocols live there (the port blocking of the Fetch standard).
var badPorts = []uint16{1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}

// redirectPort returns the port of a redirect, empty for that of its scheme.
// Below 1024 only the web's own two are followed: a domain must not be able to
// make a scan knock at another's mail server. Above it the same ports are as
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
