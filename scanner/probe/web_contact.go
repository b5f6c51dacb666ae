package probe

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"adopt6/scanner/certificate"
	"adopt6/scanner/fetch"
	"adopt6/scanner/observation"
)

const (
	// maxConnections and maxPerAddress bound the connections that are open at
	// once, for one target and to one address.
	maxConnections = 8
	maxPerAddress  = 2
	// maxContacts bounds the requests for one target, for sites that redirect
	// every request somewhere else: two hosts with one address of each family,
	// whose HTTP and HTTPS redirect without end, take 168.
	maxContacts = 200
)

// browser holds the state of the web probe of one target.
type browser struct {
	*measurement
	own   map[string]bool // the names of the target's own hosts
	slots chan struct{}   // one for each connection that may be open

	mu        sync.Mutex // guards the maps below
	contacts  map[contactKey]*contact
	addresses map[netip.Addr]chan struct{}
	ports     map[netip.AddrPort]*port
	foreign   map[foreignKey]bool
}

func newBrowser(v *measurement, names []string) *browser {
	b := &browser{measurement: v, own: make(map[string]bool), slots: make(chan struct{}, maxConnections),
		contacts: make(map[contactKey]*contact), addresses: make(map[netip.Addr]chan struct{}),
		ports: make(map[netip.AddrPort]*port), foreign: make(map[foreignKey]bool)}
	for _, name := range names {
		b.own[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	return b
}

// contactKey names one request. No request is made twice but for those that
// ask again.
type contactKey struct {
	to    netip.AddrPort
	url   string
	again bool
}

// contact is one request to one address.
type contact struct {
	once sync.Once
	// verdict is OK when a response came, whatever it says.
	verdict observation.Verdict
	page    *fetch.Response // nil without a connection
	rtt     time.Duration
	took    time.Duration
}

// fault returns why a browser would not show the page, though one came: its
// certificate or its version of TLS.
func (c *contact) fault() observation.Reason {
	switch {
	case c.page == nil || c.page.TLS == nil:
		return ""
	case c.page.TLS.Certificate != "":
		return c.page.TLS.Certificate
	case certificate.Old(c.page.TLS.Version):
		return observation.TLSOld
	}
	return ""
}

// fetch requests a URL from an address, once per measurement unless asked again.
func (b *browser) fetch(ctx context.Context, to netip.AddrPort, u *url.URL, again bool) *contact {
	key := contactKey{to: to, url: u.String(), again: again}
	b.mu.Lock()
	c := b.contacts[key]
	if c == nil {
		c = new(contact)
		if len(b.contacts) < maxContacts {
			b.contacts[key] = c
		} else {
			c.once.Do(func() { c.verdict = unmeasured(observation.NotProbed) })
		}
	}
	b.mu.Unlock()
	c.once.Do(func() { b.load(ctx, c, to, u) })
	return c
}

// load makes the request of a contact.
func (b *browser) load(ctx context.Context, c *contact, to netip.AddrPort, u *url.URL) {
	conn, rtt, verdict, release := b.dialOnce(ctx, to)
	defer release()
	c.rtt, c.verdict = rtt, verdict
	if conn == nil {
		return
	}
	start := time.Now()
	c.page = b.get(ctx, conn, u)
	if tooMany(c.page, b.served.has(to)) && b.slowDown(to.Addr(), start, max(backoffPause, c.page.RetryAfter)) {
		conn, c.rtt, c.verdict = b.open(ctx, to)
		if conn == nil {
			return
		}
		if c.page = b.get(ctx, conn, u); tooMany(c.page, true) {
			c.verdict = unmeasured(observation.BackedOff)
		}
	} else if c.page.Reason == "" && c.page.Status < 500 {
		b.served.add(to)
	}
	c.took = c.rtt + time.Since(start)
	switch c.page.Reason {
	case "":
	case observation.TargetTimeout:
		c.verdict = unmeasured(interrupted(ctx))
	case observation.ClientCertificate:
		c.verdict = unmeasured(c.page.Reason)
	default:
		c.verdict = broken(c.page.Reason)
	}
}

func (b *browser) get(ctx context.Context, conn net.Conn, u *url.URL) *fetch.Response {
	return fetch.Get(ctx, conn, fetch.Request{URL: u, Agent: b.Agent, From: b.From, Step: b.StepTimeout, Authorities: b.Authorities, Now: b.now()})
}

// port remembers that a port is dead, so that the names which share it do not
// wait for it one after another.
type port struct {
	mu      sync.Mutex
	reached bool
	dead    observation.Verdict // set when a connection failed before one was reached
}

// dialOnce connects to a port, unless it is known to be dead. The caller calls
// release when the connection is closed.
func (b *browser) dialOnce(ctx context.Context, to netip.AddrPort) (conn net.Conn, rtt time.Duration, verdict observation.Verdict, release func()) {
	b.mu.Lock()
	p := b.ports[to]
	if p == nil {
		p = new(port)
		b.ports[to] = p
	}
	b.mu.Unlock()
	p.mu.Lock()
	if p.dead.Status == observation.Broken {
		defer p.mu.Unlock()
		return nil, 0, p.dead, func() {}
	}
	if p.reached {
		p.mu.Unlock() // many at once
		return b.connectWithin(ctx, to)
	}
	defer p.mu.Unlock()
	conn, rtt, verdict, release = b.connectWithin(ctx, to)
	p.reached = conn != nil
	if conn == nil {
		p.dead = verdict
	}
	return conn, rtt, verdict, release
}

// connectWithin connects to a port when the address and the target have a
// connection to spare.
func (b *browser) connectWithin(ctx context.Context, to netip.AddrPort) (conn net.Conn, rtt time.Duration, verdict observation.Verdict, release func()) {
	b.mu.Lock()
	address := b.addresses[to.Addr()]
	if address == nil {
		address = make(chan struct{}, maxPerAddress)
		b.addresses[to.Addr()] = address
	}
	b.mu.Unlock()
	address <- struct{}{}
	b.slots <- struct{}{}
	release = func() { <-b.slots; <-address }
	conn, rtt, verdict = b.open(ctx, to)
	return conn, rtt, verdict, release
}

// foreignKey names a host that the site redirects to, at one of its ports.
type foreignKey struct {
	host string
	to   netip.AddrPort
}

// recordForeign records the first contact with a host that is none of the
// target's own.
func (b *browser) recordForeign(host string, to netip.AddrPort, u *url.URL, c *contact) {
	b.mu.Lock()
	key := foreignKey{host, to}
	known := b.foreign[key]
	b.foreign[key] = true
	b.mu.Unlock()
	if known {
		return
	}
	e := observation.Endpoint{Probe: "web", Host: host, Addr: to.Addr(), Port: to.Port(), Transport: "tcp",
		Verdict: c.verdict, RTT: c.rtt, Took: c.took}
	if u.Scheme == "https" {
		e.Transport = "tls"
	}
	if fault := c.fault(); fault != "" && c.verdict.Status == observation.OK {
		e.Verdict = broken(fault)
	}
	if c.page != nil {
		e.TLS, e.Detail = c.page.TLS, c.page.Detail
		if c.page.Status != 0 {
			e.HTTP = factsOf(c.page)
		}
	}
	b.record(e)
}
