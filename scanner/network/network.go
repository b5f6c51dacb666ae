// Package network is where a scan's packets go: the Internet as the settings
// describe it, or a lab.
//
// In: settings. Out: what resolves, measures and tests the vantage there, held
// to the same rates and the same opt-out policy. It sends nothing by itself.
package network

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
	"adopt6/scanner/preflight"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// Network is where a command sends its packets: the Internet or a lab.
type Network struct {
	Dialer  *netaddr.Dialer
	Roots   []resolve.RootServer
	Anchors *dnssec.Anchors
	Now     func() time.Time // the network's clock; nil: ours
	// authorities judge certificates; nil: those of the system.
	authorities *x509.CertPool
	// ASN finds the autonomous system of an address in the table of that
	// version; nil: there is no table.
	ASN        func(netip.Addr) (number uint32, name string, known bool)
	ASNVersion string
	OptOut     *optout.Checker        // opt-out policies; nil: none are looked up
	Targets    iter.Seq[lists.Target] // a lab's own targets; nil on the Internet
	Program    string                 // the version of adopt6
}

// Internet returns the network as the settings describe it.
func Internet(s *configs.Settings, program string) (*Network, error) {
	n := &Network{Dialer: new(netaddr.Dialer), Roots: resolve.BuiltinHints(), Anchors: dnssec.BuiltinAnchors(), Program: program}
	if path := s.DNS.RootHints; path != "" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open root hints: %w", err)
		}
		defer file.Close()
		if n.Roots, err = resolve.ParseHints(file); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if path := s.DNS.TrustAnchor; path != "" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open trust anchor: %w", err)
		}
		defer file.Close()
		if n.Anchors, err = dnssec.ParseAnchors(file, path); err != nil {
			return nil, err
		}
	}
	return n, n.addTables(s)
}

// addTables reads the table of autonomous systems and the opt-out list that the
// settings name. Without a list only what operators publish counts.
func (n *Network) addTables(s *configs.Settings) (err error) {
	var list *optout.List
	if path := s.Scan.OptOut; path != "" {
		if list, err = optout.Open(path); err != nil {
			return err
		}
	}
	n.OptOut = optout.NewChecker(list)
	n.Dialer.OptedOut = n.OptOut.List.HasAddr
	if path := s.Scan.ASNDB; path != "" {
		table, err := asn.Open(path)
		if err != nil {
			return fmt.Errorf("%w; --asn-db takes a table such as GeoLite2-ASN.mmdb", err)
		}
		n.ASN, n.ASNVersion = table.Lookup, table.Version()
	}
	return nil
}

// Open returns the Internet as the settings describe it or, where a file
// describes a running lab, that lab. program is the version of adopt6 that web
// servers are told.
func Open(s *configs.Settings, labFile, program string) (*Network, error) {
	if labFile == "" {
		return Internet(s, program)
	}
	l, err := lab.Attach(labFile)
	if err != nil {
		return nil, err
	}
	return InLab(l, s, program)
}

// InLab returns the network inside a lab.
func InLab(l *lab.Lab, s *configs.Settings, program string) (*Network, error) {
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		return nil, fmt.Errorf("read the lab's root hints: %w", err)
	}
	anchors, err := dnssec.ParseAnchors(bytes.NewReader(l.TrustAnchor()), "the lab's trust anchor")
	if err != nil {
		return nil, err
	}
	n := &Network{
		Dialer: &netaddr.Dialer{Lab: l}, Roots: roots, Anchors: anchors, Now: l.Now, Targets: l.Targets(),
		authorities: l.CertPool(), Program: program, ASN: lab.ASN, ASNVersion: "lab",
	}
	return n, n.addTables(s)
}

// Simulated says whether the network is a lab, so that its figures are invented.
func (n *Network) Simulated() bool { return n.Dialer.Lab != nil }

// Resolver returns a resolver for the network; limiter may be nil.
func (n *Network) Resolver(s *configs.Settings, limiter resolve.Limiter) (*resolve.Resolver, error) {
	config := resolve.Config{
		Dialer: n.Dialer, Roots: n.Roots, Anchors: n.Anchors, Limiter: limiter, Now: n.Now,
		Timeout: s.DNS.Timeout, Retries: Retries(s.DNS.Retries),
	}
	if n.Now != nil {
		config.At = n.Now()
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

// Rates returns what holds a scan on the network to its caps.
func (n *Network) Rates(s *configs.Settings) *scanner.Rates { return scanner.NewRates(n.Caps(s)) }

// Caps are those of the settings, with the operators of the network.
func (n *Network) Caps(s *configs.Settings) scanner.Caps {
	caps := scanner.Caps{Overall: s.Scan.Rate, PerServer: s.Scan.RatePerServer, PerOperator: s.Scan.RatePerOperator}
	if n.ASN != nil {
		caps.ASN = func(addr netip.Addr) (uint32, bool) {
			number, _, known := n.ASN(addr)
			return number, known
		}
	}
	return caps
}

// Prober returns what measures targets on the network at these rates, and the
// resolver behind it, which the caller closes.
func (n *Network) Prober(ctx context.Context, s *configs.Settings, rates *scanner.Rates, scan uuid.UUID, vantage string) (*probe.Prober, *resolve.Resolver, error) {
	resolver, err := n.Resolver(s, rates)
	if err != nil {
		return nil, nil, err
	}
	p := &probe.Prober{
		Scan: scan, Vantage: vantage,
		Resolver: resolver, Dialer: n.Dialer, Limiter: rates,
		Routes:         probe.FindRoutes(ctx, n.Dialer, rootAddresses(n.Roots)),
		ConnectTimeout: connectTimeout, StepTimeout: stepTimeout, SerialWait: serialWait, MaxQueries: s.Scan.MaxQueries,
		Authorities: n.authorities, Now: n.Now,
		Agent: Agent(n.Program, s.Scan.Contact), From: mailbox(s.Scan.Contact), HELO: s.Scan.HELO,
		OptOut: n.OptOut, ASN: n.ASN, Country: countriesOn(time.Now()),
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

// Agent names the program and the people behind the scan to web servers.
func Agent(program, contact string) string {
	agent := "adopt6/" + program + " (IPv6 readiness scanner"
	if contact != "" {
		agent += "; +" + contact
	}
	return agent + ")"
}

// Retries converts a number of retries into the resolver's terms, where 0
// stands for the default.
func Retries(retries int) int {
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

// maxMailDomains is how many domains the preflight may search for mail
// exchangers whose port 25 it tries.
const maxMailDomains = 12

// Preflight finds out what this vantage can do. targets are those of the scan,
// in the order in which they are measured; folders are those that it fills.
func (n *Network) Preflight(ctx context.Context, s *configs.Settings, resolver *resolve.Resolver, targets iter.Seq2[lists.Target, error], folders []string) (*preflight.Result, error) {
	config := preflight.Config{
		Dialer: n.Dialer, Roots: n.Roots, Resolver: resolver, Now: n.Now, OptOut: n.OptOut,
		DatedSerial: s.DNS.RootHints == "" || n.Simulated(),
		Exchangers:  strings.FieldsFunc(s.Scan.SMTPCheck, func(r rune) bool { return r == ',' || r == ' ' }),
		Folders:     folders,
	}
	if len(folders) > 0 {
		config.Workers = s.Scan.Workers
	}
	for t, err := range targets {
		if err != nil {
			return nil, err
		}
		if !t.Kind.IsZone() {
			config.Domains = append(config.Domains, t.Name)
		}
		if len(config.Domains) == maxMailDomains {
			break
		}
	}
	return preflight.Run(ctx, config)
}
