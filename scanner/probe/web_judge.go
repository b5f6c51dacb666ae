package probe

import (
	"slices"
	"strconv"

	"adopt6/scanner/observation"
)

func delivers(v observation.Verdict) bool {
	return v.Status == observation.OK || v.Status == observation.Partial
}

// judge gives the verdicts on every redirect chain and address of a host,
// compared with what the other family shows.
func (w *webHost) judge() {
	exists := w.v4.hasHTTPS() || w.v6.hasHTTPS()
	for _, f := range []struct{ this, other *webFamily }{{&w.v4, &w.v6}, {&w.v6, &w.v4}} {
		unseen := f.other.unseen()
		for _, a := range f.this.addresses {
			a.onHTTPS = judgeAccess(&a.https, f.other.shows(true), unseen)
			a.onHTTP = judgeAccess(&a.http, f.other.shows(false), unseen)
		}
	}
	for _, a := range w.v4.addresses {
		a.verdict = judgeSchemes(a.onHTTPS, a.onHTTP, exists, false)
	}
	elsewhere := w.v4.worksByHTTPS()
	for _, a := range w.v6.addresses {
		a.verdict = judgeSchemes(a.onHTTPS, a.onHTTP, exists, elsewhere)
	}
}

// judgeAccess judges a redirect chain that may have ended with a refusal. A
// refusal (401, 403, 404 and their like) shows that the site answers: it is
// access control, not a fault. It is one of this family alone where the other
// shows a page; unseen is why this vantage cannot tell, empty where it can.
func judgeAccess(j *redirectChain, shownOverOther bool, unseen observation.Reason) observation.Verdict {
	page := j.page()
	switch {
	case page == nil && j.verdict.Reason == observation.ClientCertificate && shownOverOther:
		return broken(observation.TLSFailed)
	case page == nil, page.Status < 400:
		return j.verdict
	}
	j.detail = "status " + strconv.Itoa(page.Status)
	switch {
	case isServerError(page.Status):
		return broken(observation.HTTPError)
	case shownOverOther:
		return partial(observation.HTTPError)
	case unseen != "":
		return unmeasured(unseen)
	}
	j.denied = true
	return j.verdict
}

// isServerError says whether a status admits a fault (RFC 9110 section 15.6).
// Those above 599 are sites' own, used to reject robots.
func isServerError(status int) bool { return status >= 500 && status < 600 }

// judgeSchemes gives the verdict on an address from those on its HTTPS and its
// HTTP. exists says that the host has HTTPS at all, over either family, and
// elsewhere that it works over the other family.
func judgeSchemes(https, http observation.Verdict, exists, elsewhere bool) observation.Verdict {
	switch {
	case delivers(https):
		return https
	case !exists:
		return http
	case https.Status == observation.Unmeasured, !delivers(http):
		return https
	case http.Status == observation.Partial:
		return http
	case elsewhere && !isCertificate(https.Reason):
		return partial(observation.HTTPSOnlyOverV4)
	}
	return partial(https.Reason)
}

// settle gives the verdict on the family from those on its addresses.
func (f *webFamily) settle() {
	if f.verdict = f.published; f.published.Status != observation.OK {
		return
	}
	verdicts := make([]observation.Verdict, len(f.addresses))
	for i, a := range f.addresses {
		verdicts[i] = a.verdict
	}
	f.verdict = combine(verdicts, observation.SomeAddressesFail)
}

// unseen returns why nothing could be measured over the family, empty where
// something was, or where there is nothing to measure.
func (f *webFamily) unseen() observation.Reason {
	if f.published.Status == observation.Unmeasured {
		return f.published.Reason
	}
	var reason observation.Reason
	for _, a := range f.addresses {
		for _, j := range []*redirectChain{&a.https, &a.http} {
			if j.verdict.Status != observation.Unmeasured {
				return ""
			}
			reason = j.verdict.Reason
		}
	}
	return reason
}

// hasHTTPS says whether some address speaks TLS.
func (f *webFamily) hasHTTPS() bool {
	return f.certificate() != "" || slices.ContainsFunc(f.addresses, func(a *webAddress) bool {
		return a.https.verdict.Reason == observation.ClientCertificate
	})
}

func (f *webFamily) worksByHTTPS() bool {
	for _, a := range f.addresses {
		if delivers(a.onHTTPS) {
			return true
		}
	}
	return false
}

// shows says whether the family delivers a page by a scheme, and no refusal.
func (f *webFamily) shows(https bool) bool {
	return slices.ContainsFunc(f.addresses, func(a *webAddress) bool {
		j := &a.http
		if https {
			j = &a.https
		}
		return isContent(j.page())
	})
}

// lacksHTTPS says that the host works, and that both families were looked at
// and have no HTTPS.
func (w *webHost) lacksHTTPS() bool {
	works4, works6 := delivers(w.v4.verdict), delivers(w.v6.verdict)
	seen4 := w.v4.verdict.Status != observation.Unmeasured
	seen6 := w.v6.verdict.Status != observation.Unmeasured
	return (works4 || works6) && seen4 && seen6 && !w.v4.hasHTTPS() && !w.v6.hasHTTPS()
}

// denied says by which status the host refuses its page, and over which
// families; empty where it does not.
func (w *webHost) denied() string {
	four, six := w.v4.denied(), w.v6.denied()
	switch {
	case four == six && six != "":
		return six + " over both families"
	case four != "" && six != "":
		return four + " over IPv4, " + six + " over IPv6"
	case four != "":
		return four + " over IPv4"
	case six != "":
		return six + " over IPv6"
	}
	return ""
}

// denied returns the status by which the family refuses the page, empty where
// it does not.
func (f *webFamily) denied() string {
	for _, a := range f.addresses {
		if j := a.best(); j != nil && j.denied {
			return j.detail
		}
	}
	return ""
}

// judgeWeb gives the verdict on the site from those on its two hosts. A host
// without any address is not part of the site.
func judgeWeb(apex, www observation.Verdict) observation.Verdict {
	there := func(v observation.Verdict) bool {
		return v.Reason != observation.NoAddress && v.Reason != observation.NXDomain && v.Reason != observation.DanglingAlias
	}
	switch {
	case !there(www) && !there(apex) && www.Reason == observation.DanglingAlias:
		return www
	case !there(www):
		return apex
	case !there(apex):
		return www
	case www.Status == observation.Absent && delivers(apex):
		return onlyOn(apex, observation.AAAAOnlyOnApex)
	case apex.Status == observation.Absent && delivers(www):
		return onlyOn(www, observation.AAAAOnlyOnWWW)
	case apex.Status == observation.Absent || www.Status == observation.Absent:
		return worst([]observation.Verdict{apex, www})
	}
	return combine([]observation.Verdict{apex, www}, observation.SomeHostsFail)
}

// onlyOn is the verdict where only one host has an IPv6 address, and works.
// Where that one redirects to a host without, the site cannot be seen over
// IPv6.
func onlyOn(host observation.Verdict, reason observation.Reason) observation.Verdict {
	if host.Reason == observation.RedirectToV4Only {
		return host
	}
	return partial(reason)
}
