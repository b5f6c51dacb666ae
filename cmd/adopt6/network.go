package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"iter"
	"net/mail"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/asn"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/optout"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// network is where a command sends its packets: the Internet or a lab.
type network struct {
	dialer  *netaddr.Dialer
	roots   []resolve.RootServer
	anchors *dnssec.Anchors
	now     func() time.Time // the network's clock; nil: ours
	// authorities judge certificates; nil: those of the system.
	authorities *x509.CertPool
	asn         *asn.Table             // of autonomous systems; nil: none
	optOut      *optout.Checker        // who does not want to be measured; nil: nobody is asked
	targets     iter.Seq[lists.Target] // a lab's own targets; nil on the Internet
}

// internet returns the network as the settings describe it.
func internet(s *configs.Settings) (network, error) {
	n := network{dialer: new(netaddr.Dialer), roots: resolve.BuiltinHints(), anchors: dnssec.BuiltinAnchors()}
	if path := s.DNS.RootHints; path != "" {
		file, err := os.Open(path)
		if err != nil {
			return n, misusef("open root hints: %w", err)
		}
		defer file.Close()
		if n.roots, err = resolve.ParseHints(file); err != nil {
			return n, misusef("%s: %w", path, err)
		}
	}
	if path := s.DNS.TrustAnchor; path != "" {
		file, err := os.Open(path)
		if err != nil {
			return n, misusef("open trust anchor: %w", err)
		}
		defer file.Close()
		if n.anchors, err = dnssec.ParseAnchors(file, path); err != nil {
			return n, asMisuse(err)
		}
	}
	n, err := n.withOptOut(s.Scan.OptOut)
	if err != nil {
		return n, err
	}
	return n.withASN(s.Scan.ASNDB)
}

// withASN returns the network with the table of autonomous systems in a file;
// without a path there is none.
func (n network) withASN(path string) (network, error) {
	if path == "" {
		return n, nil
	}
	table, err := asn.Open(path)
	if err != nil {
		return n, misusef("%w; --asn-db takes a table such as GeoLite2-ASN.mmdb", err)
	}
	n.asn = table
	return n, nil
}

// withOptOut returns the network with the opt-out list in a file. Without a
// path there is none, and only what operators publish counts.
func (n network) withOptOut(path string) (network, error) {
	var list *optout.List
	if path != "" {
		var err error
		if list, err = optout.Open(path); err != nil {
			return n, asMisuse(err)
		}
	}
	policy, err := optout.NewChecker(list)
	if err != nil {
		return n, err
	}
	return n.under(policy), nil
}

// under returns the network with what keeps it from who does not want to be
// measured.
func (n network) under(policy *optout.Checker) network {
	n.optOut = policy
	if policy != nil {
		n.dialer.OptedOut = policy.List.HasAddr
	}
	return n
}

// labNetwork returns the network inside a lab.
func labNetwork(l *lab.Lab) (network, error) {
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		return network{}, fmt.Errorf("read the lab's root hints: %w", err)
	}
	anchors, err := dnssec.ParseAnchors(bytes.NewReader(l.TrustAnchor()), "the lab's trust anchor")
	if err != nil {
		return network{}, err
	}
	return network{
		dialer: &netaddr.Dialer{Lab: l}, roots: roots, anchors: anchors, now: l.Now, targets: l.Targets(),
		authorities: l.CertPool(),
	}, nil
}

// simulated says whether the network is a lab, so that its figures are invented.
func (n network) simulated() bool { return n.dialer.Lab != nil }

// resolver returns a resolver for the network; limiter may be nil.
func (n network) resolver(s *configs.Settings, limiter resolve.Limiter) (*resolve.Resolver, error) {
	config := resolve.Config{
		Dialer: n.dialer, Roots: n.roots, Anchors: n.anchors, Limiter: limiter, Now: n.now,
		Timeout: s.DNS.Timeout, Retries: zeroIsNone(s.DNS.Retries),
	}
	if n.now != nil {
		config.At = n.now()
	}
	r, err := resolve.New(config)
	if err != nil {
		return nil, fmt.Errorf("start resolver: %w", err)
	}
	return r, nil
}

// connectTimeout is the wait for a TCP connection: long enough for a round
// trip to the far side of the Earth, a lost SYN and its repetition after 1 s.
// stepTimeout is the wait for each step after it: a slow server needs seconds
// to build a page, and mail servers make strangers wait before they greet.
const (
	connectTimeout = 3 * time.Second
	stepTimeout    = 10 * time.Second
)

// serialWait is how long the servers of a zone may take to agree on its
// version: notified of a change, they transfer it within seconds.
const serialWait = 5 * time.Second

// newRates returns what holds a scan on the network to its caps.
func (n network) newRates(s *configs.Settings) *scanner.Rates { return scanner.NewRates(n.caps(s)) }

// caps are those of the settings, with the operators of the network.
func (n network) caps(s *configs.Settings) scanner.Caps {
	caps := scanner.Caps{Overall: s.Scan.Rate, PerServer: s.Scan.RatePerServer, PerOperator: s.Scan.RatePerOperator}
	if n.asn != nil {
		caps.ASN = func(addr netip.Addr) (uint32, bool) {
			number, _, known := n.asn.Lookup(addr)
			return number, known
		}
	}
	return caps
}

// prober returns what measures targets on the network, and the resolver behind
// it, which the caller closes.
func (n network) prober(ctx context.Context, s *configs.Settings, scan uuid.UUID, vantage string) (*probe.Prober, *resolve.Resolver, error) {
	rates := n.newRates(s)
	resolver, err := n.resolver(s, rates)
	if err != nil {
		return nil, nil, err
	}
	p := &probe.Prober{
		Scan: scan, Vantage: vantage,
		Resolver: resolver, Dialer: n.dialer, Limiter: rates,
		Routes:         probe.FindRoutes(ctx, n.dialer, rootAddresses(n.roots)),
		ConnectTimeout: connectTimeout, StepTimeout: stepTimeout, SerialWait: serialWait, MaxQueries: s.Scan.MaxQueries,
		Authorities: n.authorities, Now: n.now,
		Agent: userAgent(s.Scan.Contact), From: mailbox(s.Scan.Contact), HELO: s.Scan.HELO,
		OptOut: n.optOut, Country: countriesOn(time.Now()),
	}
	if n.asn != nil {
		p.ASN = n.asn.Lookup
	}
	return p, resolver, nil
}

// countriesOn looks countries up with the groups that they are in on the day of
// a scan.
func countriesOn(day time.Time) func(string) (lists.Country, bool) {
	return func(code string) (lists.Country, bool) {
		c, known := lists.CountryByCode(code)
		return c.On(day), known
	}
}

// mailbox returns the mail address in a contact, with or without "mailto:";
// empty for a web page.
func mailbox(contact string) string {
	address := strings.TrimPrefix(contact, "mailto:")
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		return ""
	}
	return address
}

// userAgent names the program and the people behind the scan to web servers.
func userAgent(contact string) string {
	agent := "adopt6/" + currentVersion().Version + " (IPv6 readiness scanner"
	if contact != "" {
		agent += "; +" + contact
	}
	return agent + ")"
}

// zeroIsNone turns a number of retries into the resolver's terms, where 0
// stands for the default.
func zeroIsNone(retries int) int {
	if retries == 0 {
		return -1
	}
	return retries
}

func rootAddresses(roots []resolve.RootServer) []netip.Addr {
	var addrs []netip.Addr
	for _, r := range roots {
		addrs = append(addrs, r.Addrs...)
	}
	return addrs
}
