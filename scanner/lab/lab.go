// Package lab simulates an Internet on the loopback interface.
//
// In: a scenario file with domains, their addresses, their faults and the
// truth about them. Out: real DNS, HTTP, HTTPS and SMTP servers, and a
// [netaddr.Router] that leads the simulated global addresses to them.
// It needs no privileges and never answers nor contacts another machine.
package lab

import (
	"crypto/x509"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner/lab/authority"
)

// Lab is a running laboratory, or another process's one that Attach found.
type Lab struct {
	world  *world
	ports  ports
	ca     *ca
	hints  []byte
	anchor []byte

	onContact func(Contact)
	servers   []interface{ close() }
	conns     connections
	closing   chan struct{}
	closeOnce sync.Once
	wg        sync.WaitGroup
}

// Contact is one question or connection that reached a simulated host.
type Contact struct {
	Server    netip.AddrPort // the simulated address and the real port number
	Client    netip.AddrPort // on loopback
	Transport string         // "udp" or "tcp"
	Question  dns.Question   // zero unless it is a DNS question
	At        time.Time
}

// Option changes how Start runs a laboratory.
type Option func(*options)

type options struct {
	onContact func(Contact)
	now       time.Time
	sockets   int
}

// OnContact calls fn for every DNS question and every TCP connection, also for
// those that a fault leaves unanswered. fn is called from many goroutines, and
// the servers wait for it. A connection refused or dropped by a fault of the
// whole port never reaches a server and so is not seen.
func OnContact(fn func(Contact)) Option { return func(o *options) { o.onContact = fn } }

// At sets the laboratory's clock when it starts, against which signatures and
// certificates are valid. The scenario's own clock comes first.
func At(now time.Time) Option { return func(o *options) { o.now = now } }

// Sockets sets how many UDP sockets share the DNS port; one for each CPU when
// not given.
func Sockets(n int) Option { return func(o *options) { o.sockets = n } }

// Start runs the scenario's servers; they are up when it returns. Close ends
// them.
func Start(s *Scenario, opts ...Option) (*Lab, error) {
	o := options{now: time.Now()}
	for _, set := range opts {
		set(&o)
	}
	if !s.spec.Clock.IsZero() {
		o.now = s.spec.Clock
	}
	w, err := newWorld(s, o.now)
	if err != nil {
		return nil, err
	}
	if err := w.buildZones(true); err != nil {
		return nil, err
	}
	if err := w.warm(); err != nil {
		return nil, err
	}
	l := &Lab{
		world: w, hints: w.rootHints(), anchor: w.trustAnchor(),
		onContact: o.onContact, closing: make(chan struct{}),
	}
	if l.ca, err = newCA(o.now); err != nil {
		return nil, err
	}
	if err := l.listen(o); err != nil {
		l.Close()
		return nil, fmt.Errorf("start laboratory %s: %w", s.Name, err)
	}
	return l, nil
}

// Close ends the servers and waits for them.
func (l *Lab) Close() error {
	l.closeOnce.Do(func() {
		if l.closing != nil {
			close(l.closing)
		}
		for _, s := range l.servers {
			s.close()
		}
		l.conns.closeAll()
		l.wg.Wait()
	})
	return nil
}

// Scenario returns what the laboratory plays.
func (l *Lab) Scenario() *Scenario { return l.world.scenario }

// Now returns the time by the laboratory's clock when it started.
func (l *Lab) Now() time.Time { return l.world.now }

// RootHints returns the names and addresses of the root servers in zone file
// form.
func (l *Lab) RootHints() []byte { return l.hints }

// Zones returns how many zones the scenario declares, top-level domains
// included.
func (l *Lab) Zones() int { return len(l.world.order) }

// RootSockets returns, for every root server address, the loopback socket that
// plays it, as ADDRESS:PORT.
func (l *Lab) RootSockets() map[string]string {
	sockets := map[string]string{}
	for _, h := range l.world.domains[authority.Root].hosts {
		for _, a := range h.addrs {
			if position, ok := l.world.positionOf(a); ok {
				sockets[a.String()] = netip.AddrPortFrom(loopback(position), l.ports.DNS).String()
			}
		}
	}
	return sockets
}

// TrustAnchor returns the DS record of the root zone in zone file form.
func (l *Lab) TrustAnchor() []byte { return l.anchor }

// CACertificate returns the certificate authority in PEM form.
func (l *Lab) CACertificate() []byte { return l.ca.pem() }

// ServedZone writes a declared or generated zone as a zone file, with its
// chain of denial and every signature.
func (l *Lab) ServedZone(name string, to io.Writer) error {
	n, err := authority.ParseName(name)
	if err != nil {
		return err
	}
	var zone *authority.Zone
	if d := l.world.domains[n]; d != nil {
		zone = d.zone
	} else if id, ok := l.world.idOf(n); ok {
		zone = l.world.generatedZone(id)
	}
	if zone == nil {
		return fmt.Errorf("the laboratory serves no zone %s", n.Text())
	}
	return zone.Write(to)
}

// CertPool returns the certificate authority of the web and mail servers. Its
// certificates are valid around the time that Now returns.
func (l *Lab) CertPool() *x509.CertPool { return l.ca.pool() }

// Targets yields the scenario's targets: ccTLDs, domains, generated domains.
func (l *Lab) Targets() iter.Seq[lists.Target] { return l.world.targets() }

// Truth returns what a correct scan says of a target, by its A-label name.
// ok is false for a name that is not a target.
func (l *Lab) Truth(name string) (Truth, bool) {
	n, err := authority.ParseName(name)
	if err != nil {
		return Truth{}, false
	}
	return l.world.truth(n)
}
