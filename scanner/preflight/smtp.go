package preflight

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/optout"
	"adopt6/scanner/resolve"
)

const (
	portSMTP = 25
	// maxDomains is how many domains are searched for mail exchangers, and
	// maxExchangers how many of these are tried over each family.
	maxDomains    = 12
	maxExchangers = 5
	// minAlike is how many exchangers of different operators must fail in the
	// same way before the failure is attributed to the network.
	minAlike = 3
	// greeting is how long a mail server may take to greet before it is left
	// with QUIT. The connection is what counts.
	greeting = time.Second
)

// exchanger is a mail exchanger and the result of a connection to it.
type exchanger struct {
	name string
	addr netip.Addr
	err  error
}

// mail tries port 25 over both families. It connects to exchangers that the user
// named, or to a few of the domains that are about to be measured, to which the
// scan would connect anyway. A connection ends with QUIT.
func (c *Config) mail(ctx context.Context) [families]Check {
	named := len(c.Exchangers) > 0
	names := c.Exchangers
	if !named {
		names = c.findExchangers(ctx)
	}
	var checks [families]Check
	var both sync.WaitGroup
	for f := range families {
		both.Go(func() {
			tried := c.addresses(ctx, f, names)
			c.connect(ctx, tried)
			checks[f] = judgeMail(f, tried, named)
			if ctx.Err() != nil && checks[f].Failed() {
				checks[f] = checks[f].unmeasured("the time was up before an answer could come")
			}
		})
	}
	both.Wait()
	return checks
}

// findExchangers returns the most preferred exchanger of each domain, at most
// one of each domain that exchangers lie in.
func (c *Config) findExchangers(ctx context.Context) []string {
	domains := c.Domains[:min(len(c.Domains), maxDomains)]
	found := make([]string, len(domains))
	var all sync.WaitGroup
	for i, domain := range domains {
		all.Go(func() {
			if policy, _ := c.OptOut.Ask(ctx, c.Resolver, domain); policy != (optout.Policy{}) {
				return
			}
			answer, err := c.Resolver.Resolve(ctx, resolve.Dual, dns.Fqdn(domain), dns.TypeMX)
			if err == nil {
				found[i] = mostPreferred(answer.Answer)
			}
		})
	}
	all.Wait()
	var names, operators []string
	for _, name := range found {
		_, operator, _ := strings.Cut(name, ".")
		if operator != "" && !slices.Contains(operators, operator) {
			names, operators = append(names, name), append(operators, operator)
		}
	}
	return names
}

func mostPreferred(records []dns.RR) string {
	var best *dns.MX
	for _, rr := range records {
		if mx, ok := rr.(*dns.MX); ok && mx.Mx != "." && (best == nil || mx.Preference < best.Preference) {
			best = mx
		}
	}
	if best == nil {
		return ""
	}
	return strings.ToLower(best.Mx)
}

// addresses returns one address of each exchanger that has any in the family.
func (c *Config) addresses(ctx context.Context, f family, names []string) []exchanger {
	qtype := dns.TypeA
	if f == v6 {
		qtype = dns.TypeAAAA
	}
	found := make([]netip.Addr, len(names))
	var all sync.WaitGroup
	for i, name := range names[:min(len(names), maxDomains)] {
		if c.OptOut.Covers(name) {
			continue
		}
		all.Go(func() {
			answer, err := c.Resolver.Resolve(ctx, resolve.Dual, dns.Fqdn(name), qtype)
			if err == nil {
				found[i] = firstUsable(answer.Answer)
			}
		})
	}
	all.Wait()
	var tried []exchanger
	for i, addr := range found {
		if addr.IsValid() && len(tried) < maxExchangers {
			tried = append(tried, exchanger{name: strings.TrimSuffix(names[i], "."), addr: addr})
		}
	}
	return tried
}

func firstUsable(records []dns.RR) netip.Addr {
	for _, rr := range records {
		var addr netip.Addr
		switch rr := rr.(type) {
		case *dns.A:
			addr, _ = netip.AddrFromSlice(rr.A.To4())
		case *dns.AAAA:
			addr, _ = netip.AddrFromSlice(rr.AAAA.To16())
		}
		if netaddr.Classify(addr).Usable {
			return addr
		}
	}
	return netip.Addr{}
}

// connect opens a connection to each. The first success is enough, and ends the
// others.
func (c *Config) connect(ctx context.Context, tried []exchanger) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	for i := range tried {
		all.Go(func() {
			if tried[i].err = c.greet(ctx, tried[i].addr); tried[i].err == nil {
				cancel()
			}
		})
	}
	all.Wait()
}

// greet connects, reads the greeting and sends QUIT.
func (c *Config) greet(ctx context.Context, addr netip.Addr) error {
	// Long enough for a lost SYN and its repetition after 1 s.
	limited, cancel := context.WithTimeout(ctx, c.Timeout+time.Second)
	defer cancel()
	conn, err := c.Dialer.DialContext(limited, "tcp", netip.AddrPortFrom(addr, portSMTP))
	if err != nil {
		return err
	}
	defer conn.Close()
	// The rest is politeness; it does not matter whether it succeeds.
	_ = conn.SetDeadline(time.Now().Add(greeting))
	var banner [512]byte
	if _, err := conn.Read(banner[:]); err == nil {
		_, _ = conn.Write([]byte("QUIT\r\n"))
		_, _ = conn.Read(banner[:])
	}
	return nil
}

// judgeMail judges port 25 over one family.
func judgeMail(f family, tried []exchanger, named bool) Check {
	c := Check{Name: f.choose(SMTPV4, SMTPV6), Title: "Port 25, " + f.String(),
		Effect: "Mail servers cannot be judged over " + f.String() + ": stored as unmeasured.",
		Fix:    "Ask the provider to open port 25 outwards; many close it to new customers. Or run the scan elsewhere."}
	alike, noRoute := 0, 0
	for _, e := range tried {
		switch {
		case e.err == nil:
			c.Status = observation.OK
			c.Seen = fmt.Sprintf("%s takes connections", quotedName(e.name))
			return c.tidy()
		case isNoRoute(e.err):
			noRoute++
		case filtered(e.err) && words(e.err) == words(tried[0].err):
			alike++
		}
	}
	switch {
	case len(tried) == 0 && named:
		c = c.unmeasured("no mail exchanger named in scan.smtp_check has an address of this family")
	case len(tried) == 0:
		c = c.unmeasured("no mail exchanger of the first targets has an address of this family")
	case noRoute == len(tried):
		return withoutRoute(c)
	case named, alike == len(tried) && alike >= minAlike:
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("none of %d mail exchangers takes a connection: %s", len(tried), words(tried[0].err))
		return c
	default:
		c = c.unmeasured(fmt.Sprintf("%d tried, none takes a connection (%s): too few to tell", len(tried), words(tried[0].err)))
	}
	c.Fix = "Name mail exchangers that you know to answer in scan.smtp_check."
	return c
}

// filtered reports whether an error is typical of a network that lets no mail
// out: some drop the packets, others reject them with a reset or an ICMP
// message.
func filtered(err error) bool { return isTimeout(err) || isRefused(err) || isUnreachable(err) }

// withoutRoute returns the check of a service over a family without a route.
func withoutRoute(c Check) Check {
	f := "IPv4"
	if c.Name == SMTPV6 {
		f = "IPv6"
	}
	return c.unmeasured("no " + f + " to try it over")
}

// quotedName bounds a name from the network and escapes what is not a letter.
func quotedName(name string) string {
	quoted := fmt.Sprintf("%q", name[:min(len(name), maxQuoted)])
	return quoted[1 : len(quoted)-1]
}
