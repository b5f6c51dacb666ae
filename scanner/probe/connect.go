package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// open connects to an address over TCP, within the rates and the rules of the
// scan. Without a connection the verdict says why.
func (v *measurement) open(ctx context.Context, to netip.AddrPort) (net.Conn, time.Duration, observation.Verdict) {
	if !v.Routes.has(to.Addr()) {
		return nil, 0, unmeasured(observation.NoRoute)
	}
	if v.policy.NoConnect {
		return nil, 0, unmeasured(observation.OptedOut)
	}
	// Checked before the limiter, so that an address which is never dialled
	// takes no slot in the queue.
	if _, err := v.Dialer.Route("tcp", to); err != nil {
		return nil, 0, dialVerdict(ctx, err)
	}
	if v.Limiter != nil {
		if err := v.Limiter.Wait(ctx, to.Addr()); err != nil {
			return nil, 0, unmeasured(interrupted(ctx))
		}
	}
	start := time.Now()
	conn, err := v.dial(ctx, to)
	if err != nil && dialVerdict(ctx, err).Status == observation.Broken && v.reached.has(to) && v.slowDown(to.Addr(), start, backoffPause) {
		// It accepted connections earlier: our rate may be why it refuses now.
		if err := v.Limiter.Wait(ctx, to.Addr()); err != nil {
			return nil, 0, unmeasured(interrupted(ctx))
		}
		start = time.Now()
		if conn, err = v.dial(ctx, to); err != nil && dialVerdict(ctx, err).Status == observation.Broken {
			return nil, 0, unmeasured(observation.BackedOff)
		}
	}
	if err != nil {
		return nil, 0, dialVerdict(ctx, err)
	}
	v.reached.add(to)
	return conn, time.Since(start), observation.Verdict{Status: observation.OK}
}

func (v *measurement) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, v.ConnectTimeout)
	defer cancel()
	return v.Dialer.DialContext(ctx, "tcp", to)
}

// dialVerdict names the reason for which a connection failed. ctx is the
// target's: when it has ended, the failure says nothing of the host.
func dialVerdict(ctx context.Context, err error) observation.Verdict {
	denied, optedOut := new(netaddr.DeniedError), new(netaddr.OptedOutError)
	switch {
	case errors.As(err, &denied):
		return broken(observation.SpecialPurposeAddress)
	case errors.As(err, &optedOut):
		return unmeasured(observation.OptedOut)
	case ctx.Err() != nil:
		return unmeasured(interrupted(ctx))
	case errors.Is(err, syscall.ECONNREFUSED):
		return broken(observation.TCPRefused)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return broken(observation.TCPReset)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return broken(observation.Timeout)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES):
		// The vantage has a route, see Routes, so a router on the path rejected
		// it.
		return broken(observation.Unreachable)
	}
	return unmeasured(observation.LocalFault)
}

// Routes says what the vantage can send. What it cannot send is unmeasured.
type Routes struct {
	V4, V6 bool // address families
	// NoSMTPV4 and NoSMTPV6 say that the vantage's network lets no connection
	// to port 25 out.
	NoSMTPV4, NoSMTPV6 bool
	// NoUDP53V4 and the like say that port 53 is filtered on the way out.
	NoUDP53V4, NoUDP53V6, NoTCP53V4, NoTCP53V6 bool
}

// RoutesOf returns what the probes can send from a vantage of these abilities.
// What the preflight could not tell counts as possible: the probes will see.
func RoutesOf(c observation.Capabilities) Routes {
	can := func(s observation.Status) bool { return s == observation.OK || s == observation.Unmeasured }
	return Routes{
		V4: can(c.IPv4), V6: can(c.IPv6),
		NoSMTPV4: !can(c.SMTPV4), NoSMTPV6: !can(c.SMTPV6),
		NoUDP53V4: !can(c.UDP53V4), NoUDP53V6: !can(c.UDP53V6),
		NoTCP53V4: !can(c.TCP53V4), NoTCP53V6: !can(c.TCP53V6),
	}
}

func (r Routes) has(a netip.Addr) bool {
	if a.Is4() {
		return r.V4
	}
	return r.V6
}

// lacksDNS says why the vantage cannot ask a name server; empty when it can.
func (r Routes) lacksDNS(a netip.Addr, transport resolve.Transport) observation.Reason {
	noUDP, noTCP := r.NoUDP53V6, r.NoTCP53V6
	if a.Is4() {
		noUDP, noTCP = r.NoUDP53V4, r.NoTCP53V4
	}
	switch {
	case !r.has(a):
		return observation.NoRoute
	case transport == resolve.UDP && noUDP, transport == resolve.TCP && noTCP:
		return observation.PortFiltered
	}
	return ""
}

// FindRoutes asks the operating system for a route to one address of each
// family: root server addresses will do. It sends nothing.
func FindRoutes(ctx context.Context, dialer *netaddr.Dialer, addrs []netip.Addr) Routes {
	var found Routes
	for _, a := range addrs {
		if found.has(a) {
			continue
		}
		// Connecting a UDP socket looks the route up and sends no packet.
		conn, err := dialer.DialContext(ctx, "udp", netip.AddrPortFrom(a, 53))
		if err != nil {
			continue
		}
		conn.Close()
		if a.Is4() {
			found.V4 = true
		} else {
			found.V6 = true
		}
	}
	return found
}
