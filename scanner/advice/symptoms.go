package advice

import (
	"adopt6/scanner/observation"
	"slices"
)

// doubtful says whether a contact may show nothing to fix: a server that
// rejects this vantage, the host of a domain that takes no mail, or a site that
// has closed the port of plain HTTP.
func (c *collection) doubtful(e observation.Endpoint) bool {
	switch e.Probe {
	case "web":
		return e.Verdict.Reason == observation.TCPRefused && e.Port == portHTTP && c.worksOverTLS(e)
	case "mail":
		return c.doubtfulMail(e)
	}
	return false
}

const (
	portHTTP  = 80
	portHTTPS = 443
)

// worksOverTLS says whether HTTPS works at the address of a contact.
func (c *collection) worksOverTLS(e observation.Endpoint) bool {
	return slices.ContainsFunc(c.o.Endpoints, func(f observation.Endpoint) bool {
		return f.Probe == e.Probe && f.Host == e.Host && f.Addr == e.Addr && f.Port == portHTTPS && f.Verdict.Status == observation.OK
	})
}

func (c *collection) doubtfulMail(e observation.Endpoint) bool {
	verdict := c.o.Mail
	if e.Addr.Is4() && c.o.MailV4.Status == observation.Unmeasured {
		verdict = c.o.MailV4
	}
	switch verdict.Status {
	case observation.Absent:
		return verdict.Reason != observation.NoMXAAAA && e.Addr.IsValid()
	case observation.Unmeasured:
		switch e.Verdict.Reason {
		case observation.SMTPRejected, observation.SMTPDeferred, observation.Timeout, observation.TCPReset:
			return true
		}
	}
	return false
}

// mergeSymptoms merges problems that are one fault seen twice.
func (c *collection) mergeSymptoms() {
	c.mergeLookups()
	c.mergeStartTLS()
	c.mergeHTTPS()
	c.mergeRedirects()
	for _, p := range c.problems { // a host without its address says less
		p.locations = slices.DeleteFunc(p.locations, func(location Location) bool {
			return !location.Addr.IsValid() && slices.ContainsFunc(p.locations, func(q Location) bool { return q.Host == location.Host && q.Addr.IsValid() })
		})
	}
}

// mergeLookups removes failed lookups where the name servers that they failed
// at are among the problems, and what waits for lookups.
func (c *collection) mergeLookups() {
	failing := c.any(func(p *problem) bool {
		return p.service == DNS && p.family != "IPv4" && p.family != "IPv6" && p.status == observation.Broken
	})
	if failing {
		c.remove((*problem).failedLookup)
	}
	if failing || c.any((*problem).failedLookup) {
		c.remove(func(p *problem) bool { return p.reason == observation.DNSFailure })
	}
}

// failedLookup says whether the problem is a name that could not be looked up.
func (p *problem) failedLookup() bool {
	return p.service == DNS && p.status == observation.Unmeasured && p.family == "" && p.reason != observation.DNSFailure && rules[p.reason].owner != Vantage
}

// mergeStartTLS makes one problem of an exchanger whose STARTTLS fails, or is
// not offered, over IPv6 and of STARTTLS that works over IPv4 alone.
func (c *collection) mergeStartTLS() {
	for _, reason := range []observation.Reason{observation.StartTLSFailed, observation.NoStartTLS} {
		p, only := c.find(Mail, reason, "IPv6"), c.find(Mail, observation.StartTLSOnlyOverV4, "")
		if p == nil || only == nil {
			continue
		}
		c.remove(func(q *problem) bool { return q == only })
		if reason == observation.NoStartTLS {
			p.reason, p.status = observation.StartTLSOnlyOverV4, observation.Partial
		}
	}
}

// mergeHTTPS makes one problem of a closed port of HTTPS and its lack, and of
// what differs between the families and the fault of one of them.
func (c *collection) mergeHTTPS() {
	if c.any(func(p *problem) bool { return p.service == Web && p.family == "IPv6" && tlsFaults[p.reason] }) {
		c.remove(func(p *problem) bool {
			return p.service == Web && (p.reason == observation.CertificateDiffers || p.reason == observation.HTTPSOnlyOverV4)
		})
	}
	if c.any(func(p *problem) bool {
		return p.reason == observation.NoHTTPS || p.reason == observation.HTTPSOnlyOverV4
	}) {
		c.remove(func(p *problem) bool {
			return p.service == Web && closedPort[p.reason] && !slices.ContainsFunc(p.locations, func(location Location) bool { return location.Port != portHTTPS })
		})
	}
}

// tlsFaults are found in a handshake, and closedPort before one.
var (
	tlsFaults = map[observation.Reason]bool{
		observation.TLSExpired: true, observation.TLSNotYetValid: true, observation.TLSWrongName: true, observation.TLSUntrusted: true,
		observation.TLSOld: true, observation.TLSFailed: true,
	}
	closedPort = map[observation.Reason]bool{observation.TCPRefused: true, observation.TCPReset: true, observation.Timeout: true, observation.Unreachable: true}
)

// mergeRedirects removes redirects to a host that fails where that host's own
// fault is known.
func (c *collection) mergeRedirects() {
	target := c.o.Target.Name
	known := make(map[string]bool)
	for _, p := range c.problems {
		if p.service == Web && slices.ContainsFunc(p.locations, func(location Location) bool { return location.Host != target && location.Host != "www."+target }) {
			known[p.family] = true
			p.elsewhere = true
		}
	}
	c.remove(func(p *problem) bool {
		return p.reason == observation.RedirectFails && (known[p.family] || known["both"] || known[""])
	})
}

func (c *collection) any(is func(*problem) bool) bool { return slices.ContainsFunc(c.problems, is) }

func (c *collection) remove(is func(*problem) bool) {
	c.problems = slices.DeleteFunc(c.problems, is)
}
