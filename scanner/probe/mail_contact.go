package probe

import (
	"context"
	"net/netip"
	"time"

	"adopt6/scanner/observation"
	"adopt6/scanner/smtp"
)

// mailContact is one conversation with one address of a mail exchanger.
type mailContact struct {
	host string // whose certificate was asked for
	addr netip.Addr
	exchange
}

// exchange is what a conversation showed. Targets share it, so it is never
// changed once it is made.
type exchange struct {
	verdict   observation.Verdict // on the greeting and the answer to EHLO
	rtt, took time.Duration
	session   *smtp.Session // nil without a connection
}

// contact opens a session with an address, or reuses what another target found
// there shortly before.
func (v *measurement) contact(ctx context.Context, c *mailContact) {
	switch to := c.addr; {
	case v.policy.NoConnect:
		c.verdict = unmeasured(observation.OptedOut) // nor what another target saw there
	case !v.Routes.has(to):
		c.verdict = unmeasured(observation.NoRoute)
	case to.Is4() && v.Routes.NoSMTPV4, to.Is6() && v.Routes.NoSMTPV6:
		c.verdict = unmeasured(observation.PortFiltered)
	default:
		c.exchange = v.greet(ctx, c.host, to)
	}
}

// smtpSession holds one session with a mail server.
func (v *measurement) smtpSession(ctx context.Context, host string, to netip.Addr) exchange {
	conn, rtt, verdict := v.open(ctx, netip.AddrPortFrom(to, portSMTP))
	if conn == nil {
		return exchange{verdict: verdict}
	}
	begun := time.Now().Add(-rtt)
	client := smtp.Client{HELO: v.HELO, StepTimeout: v.StepTimeout, Authorities: v.Authorities, Now: v.now}
	e := exchange{verdict: verdict, rtt: rtt, session: client.Session(ctx, conn, host)}
	port := netip.AddrPortFrom(to, portSMTP)
	if putOff(e.session) && v.served.has(port) && v.slowDown(to, begun, backoffPause) {
		if conn, rtt, verdict = v.open(ctx, port); conn == nil {
			return exchange{verdict: verdict}
		}
		e = exchange{verdict: verdict, rtt: rtt, session: client.Session(ctx, conn, host)}
	}
	if e.session.Reason == "" {
		v.served.add(port)
	}
	e.took = time.Since(begun)
	switch reason := e.session.Reason; {
	case reason == "":
	case ctx.Err() != nil:
		e.verdict = unmeasured(interrupted(ctx))
	case reason == observation.SMTPDeferred, reason == observation.Timeout:
		// Mail servers wait five minutes for an answer (RFC 5321 section
		// 4.5.3.2), and some use that to put strangers off.
		e.verdict = unmeasured(observation.SMTPDeferred)
	default:
		e.verdict = broken(reason)
	}
	return e
}

// endpoint is the evidence for a host that has the contact's address. A session
// that works can still lack something, which then is its verdict's reason.
func (c *mailContact) endpoint(host string) observation.Endpoint {
	e := observation.Endpoint{Probe: "mail", Host: host, Addr: c.addr, Port: portSMTP, Transport: "tcp",
		Verdict: c.verdict, RTT: c.rtt, Took: c.took}
	if c.session == nil {
		return e
	}
	facts := c.session.Facts
	e.SMTP, e.TLS, e.Detail = &facts, c.session.TLS, c.session.Detail
	if c.verdict.Status == observation.OK {
		switch s := c.session; {
		case s.StartTLS != "":
			e.Verdict = partial(s.StartTLS)
		case s.TLS.Certificate != "":
			e.Verdict = partial(s.TLS.Certificate)
		}
	}
	if host != c.host {
		// The certificate was judged for another name.
		e.TLS, e.Detail = nil, "the address of "+c.host+" as well, where the evidence is"
		if c.verdict.Status == observation.OK && c.session.StartTLS == "" {
			e.Verdict = c.verdict
		}
	}
	e.Detail = e.Detail[:min(len(e.Detail), 255)]
	return e
}
