package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"adopt6/scanner/fetch"
	"adopt6/scanner/observation"
)

const (
	// maxRedirects is how many redirects are followed, as many as browsers
	// follow (Fetch standard, "HTTP-redirect fetch").
	maxRedirects = 20
	// maxRedirectAddresses is how many addresses of a host that a site redirects to are
	// tried, one after another.
	maxRedirectAddresses = 2
)

// redirectChain begins at one address and follows redirects over one address
// family.
type redirectChain struct {
	// verdict is OK when a page was delivered, whatever its status.
	verdict   observation.Verdict
	first     *contact // with the address it began at
	last      *contact
	at        *url.URL // of last
	to        netip.AddrPort
	redirects int
	took      time.Duration
	detail    string
	denied    bool // by a status of the kind of 401, 403 and 404
	cookie    bool // a redirect on the way set a cookie
}

// page returns the page that the chain ended with, nil without one.
func (j *redirectChain) page() *fetch.Response {
	if j.verdict.Status != observation.OK {
		return nil
	}
	return j.last.page
}

// facts returns what the chain showed of HTTP, nil without a response.
func (j *redirectChain) facts() *observation.HTTPFacts {
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

// follow fetches the front page of a host from one of its addresses, and the
// pages it redirects to.
func (b *browser) follow(ctx context.Context, scheme, host string, addr netip.Addr) redirectChain {
	u := &url.URL{Scheme: scheme, Host: host, Path: "/"}
	j := redirectChain{at: u, to: netip.AddrPortFrom(addr, portOf(u))}
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
		}
		j.cookie = j.cookie || j.last.page.SetsCookie
		location, page := j.last.page.Location, j.last.page.Location == ""
		if page {
			location = j.last.page.Refresh
		}
		next, err := redirectTarget(j.at, location)
		switch {
		case page && (location == "" || err != nil || seen[next.String()] || j.redirects == maxRedirects):
			return j.end(b, observation.Verdict{Status: observation.OK})
		case errors.Is(err, errNotFollowed):
			j.detail = shorten(err.Error())
			return j.end(b, unmeasured(observation.NotProbed))
		case err != nil:
			j.detail = shorten(err.Error())
			return j.end(b, broken(observation.RedirectFails))
		case j.cookie && (seen[next.String()] || j.redirects == maxRedirects):
			return j.end(b, unmeasured(observation.NeedsCookie))
		case seen[next.String()]:
			return j.end(b, broken(observation.RedirectLoop))
		case j.redirects == maxRedirects:
			return j.end(b, broken(observation.TooManyRedirects))
		}
		seen[next.String()] = true
		j.redirects++
		if verdict := b.followTo(ctx, &j, next); verdict.Status != observation.OK {
			return j.end(b, verdict)
		}
	}
}

// end closes the chain with a verdict. What fails at a host that is none of
// the target's own is a redirect that fails.
func (j redirectChain) end(b *browser, verdict observation.Verdict) redirectChain {
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

// followTo fetches the next URL: from the same address where the host stays the
// same, else from an address of the new host in the same family. The verdict
// says why there is no such address.
func (b *browser) followTo(ctx context.Context, j *redirectChain, next *url.URL) observation.Verdict {
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
		f := familyOf(j.to.Addr())
		addrs = dialled(h.addrs(f))
		failure := h.failed[f]
		switch {
		case failure != "":
			j.detail = shorten(fmt.Sprintf("%s: %s", name, failure))
			return unresolved(failure)
		case len(addrs) == 0 && len(h.a)+len(h.aaaa) > 0:
			j.detail = shorten(name)
			return lacksFamily(v6)
		case len(addrs) == 0:
			j.detail = shorten(fmt.Sprintf("%s: %s", name, observation.NoAddress))
			return broken(observation.RedirectFails)
		}
	}
	for i, a := range addrs[:min(len(addrs), maxRedirectAddresses)] {
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
