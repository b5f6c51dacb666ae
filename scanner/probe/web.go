package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"adopt6/scanner/observation"
)

// web fetches the front pages of the apex and of www over each family, by
// HTTPS and HTTP, and judges them; docs/verdicts.md has the rules. A registry
// has no site of its own at its TLD, so none is looked for there.
func web(ctx context.Context, v *measurement) {
	if v.obs.Target.Kind.IsZone() {
		return
	}
	names := []string{v.name(), "www." + v.name()}
	b := newBrowser(v, names)
	hosts := make([]*webHost, len(names))
	var both sync.WaitGroup
	for i, name := range names {
		both.Go(func() { hosts[i] = b.measure(ctx, v.host(ctx, name)) })
		both.Go(func() { v.checkHints(ctx, name) })
	}
	both.Wait()
	apex, www := hosts[0], hosts[1]
	v.obs.WebApex, v.obs.WebWWW = apex.v6.verdict, www.v6.verdict
	v.obs.Web = judgeWeb(apex.v6.verdict, www.v6.verdict)
	v.obs.WebV4 = judgeWeb(apex.v4.verdict, www.v4.verdict)
	v.obs.WebTimesV4, v.obs.WebTimesV6 = webTimes(hosts)
	v.obs.SameContent, v.obs.Similarity = sameContent(hosts)
}

// webHost is one host of the site as both families show it.
type webHost struct {
	*host
	v4, v6 webFamily
	// content is the verdict of the comparison, not probed where there was
	// none, and similarity the least of those found; 1 where there was none.
	content    observation.Verdict
	similarity float32
}

// webFamily is a host over one address family.
type webFamily struct {
	published observation.Verdict // of its addresses; OK when there is one to fetch from
	verdict   observation.Verdict
	addresses []*webAddress
}

// webAddress is what one address of a host showed by each scheme.
type webAddress struct {
	addr        netip.Addr
	https, http redirectChain
	// verdicts on the two redirect chains and on the address as a whole.
	onHTTPS, onHTTP, verdict observation.Verdict
	similarity               float32 // with IPv4; 0 where it was not compared
}

// best returns the redirect chain that a browser would end up with: by HTTPS unless
// only HTTP works. It is nil when neither does.
func (a *webAddress) best() *redirectChain {
	switch {
	case delivers(a.onHTTPS):
		return &a.https
	case delivers(a.onHTTP):
		return &a.http
	}
	return nil
}

// measure fetches a host's pages over both families and judges them.
func (b *browser) measure(ctx context.Context, h *host) *webHost {
	w := &webHost{host: h, content: unmeasured(observation.NotProbed), similarity: 1}
	w.v4 = webFamily{published: b.publishedV4(h), addresses: toFetch(h.a)}
	w.v6 = webFamily{published: b.publishedV6(h), addresses: toFetch(h.aaaa)}
	var fetches sync.WaitGroup
	for _, a := range slices.Concat(w.v4.addresses, w.v6.addresses) {
		fetches.Go(func() { a.https = b.follow(ctx, "https", h.name, a.addr) })
		fetches.Go(func() { a.http = b.follow(ctx, "http", h.name, a.addr) })
	}
	fetches.Wait()
	w.judge()
	b.compare(ctx, w)
	w.v4.settle()
	w.v6.settle()
	b.evidence(w)
	return w
}

// toFetch returns the addresses of one family to fetch. Those that may not be
// dialled are among them: they get no packet, and are evidence.
func toFetch(addrs []netip.Addr) []*webAddress {
	var all []*webAddress
	for _, a := range dialled(addrs) {
		all = append(all, &webAddress{addr: a})
	}
	return all
}

// evidence records every contact of a host, and what was found about it.
func (b *browser) evidence(w *webHost) {
	for _, f := range []*webFamily{&w.v4, &w.v6} {
		for _, a := range f.addresses {
			b.recordChain(w.name, a, &a.https, a.onHTTPS, 443)
			b.recordChain(w.name, a, &a.http, a.onHTTP, 80)
		}
	}
	if w.lacksHTTPS() {
		b.find("web", w.name, absent(observation.NoHTTPS), "")
	}
	if status := w.denied(); status != "" {
		b.find("web", w.name, partial(observation.HTTPError), status)
	}
	four, six := w.v4.certificate(), w.v6.certificate()
	if four != "" && six != "" && four != six {
		b.find("web", w.name, partial(observation.CertificateDiffers), "SHA-256 over IPv4 "+four+", over IPv6 "+six)
	}
}

// recordChain records the contact with one address by one scheme.
func (b *browser) recordChain(host string, a *webAddress, j *redirectChain, verdict observation.Verdict, port uint16) {
	e := observation.Endpoint{Probe: "web", Host: host, Addr: a.addr, Port: port, Transport: "tcp",
		Verdict: verdict, RTT: j.first.rtt, Took: j.took, Detail: j.detail}
	if port == 443 {
		e.Transport = "tls"
	}
	if j.first.page != nil {
		e.TLS = j.first.page.TLS
	}
	e.HTTP = j.facts()
	if best := a.best(); e.HTTP != nil && best == j {
		e.HTTP.Similarity = a.similarity
	}
	b.record(e)
}

// webTimes returns the times of a connection over each family, of the first
// host that both reach, or else of whichever a family reaches.
func webTimes(hosts []*webHost) (v4, v6 observation.DialTimes) {
	zero := observation.DialTimes{}
	for _, w := range hosts {
		four, six := w.v4.times(), w.v6.times()
		if four != zero && six != zero {
			return four, six
		}
		if v4 == zero {
			v4 = four
		}
		if v6 == zero {
			v6 = six
		}
	}
	return v4, v6
}

// times returns the stages of the connection to the first address that works.
func (f *webFamily) times() observation.DialTimes {
	for _, a := range f.addresses {
		if j := a.best(); j != nil {
			t := observation.DialTimes{Connect: j.first.rtt, FirstByte: j.first.page.FirstByte}
			if j.first.page.TLS != nil {
				t.TLS = j.first.page.TLS.Handshake
			}
			return t
		}
	}
	return observation.DialTimes{}
}

// certificate returns the SHA-256 of the first certificate that a family
// shows, empty without.
func (f *webFamily) certificate() string {
	for _, a := range f.addresses {
		if p := a.https.first.page; p != nil && p.TLS != nil {
			return p.TLS.SHA256
		}
	}
	return ""
}

// isCertificate says whether a reason is a fault of a certificate or of the
// TLS version, which a browser warns of.
func isCertificate(r observation.Reason) bool {
	return strings.HasPrefix(string(r), "tls_") && r != observation.TLSFailed
}
