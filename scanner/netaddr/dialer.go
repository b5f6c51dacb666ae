package netaddr

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// DeniedError says that an address may not be dialled. Nothing was sent.
type DeniedError struct {
	Addr  netip.Addr
	Class Class
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s is a special-purpose address: %s; not dialled", e.Addr, e.Class)
}

// OptedOutError says that the operator of an address asked for no packets. Nothing
// was sent.
type OptedOutError struct{ Addr netip.Addr }

func (e *OptedOutError) Error() string {
	return fmt.Sprintf("%s is on the opt-out list; not dialled", e.Addr)
}

// Router maps an address of a simulated Internet to the loopback socket that
// plays it. network is "udp" or "tcp".
type Router interface {
	Route(network string, to netip.AddrPort) (netip.AddrPort, error)
}

// Dialer alone decides whether a packet may leave. The zero
// value reaches global addresses only.
type Dialer struct {
	// AllowSpecial lifts the rule, for private test networks.
	AllowSpecial bool
	// OptedOut says of an address that nothing may go to it, because whoever
	// has it asked for that; AllowSpecial does not lift it. Nil: none.
	OptedOut func(netip.Addr) bool
	// Lab, when set, is asked where a permitted address is played.
	Lab Router
}

// Route returns the socket address to send to in order to reach to over
// network ("udp" or "tcp"): to itself, or where the lab plays it. The error is
// a *DeniedError or an *OptedOutError for an address that may not be dialled.
func (d *Dialer) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	if !d.AllowSpecial {
		if class := Classify(to.Addr()); !class.Usable {
			return netip.AddrPort{}, &DeniedError{Addr: to.Addr(), Class: class}
		}
	}
	if d.OptedOut != nil && d.OptedOut(to.Addr()) {
		return netip.AddrPort{}, &OptedOutError{Addr: to.Addr()}
	}
	if d.Lab != nil {
		return d.Lab.Route(network, to)
	}
	return to, nil
}

// DialContext connects to an address over network ("udp" or "tcp"). It takes
// no names, so nothing but adopt6's own resolver ever decides where it leads.
func (d *Dialer) DialContext(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	route, err := d.Route(network, to)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, route.String())
	if err != nil {
		return nil, fmt.Errorf("dial %s %s: %w", network, to, err)
	}
	return conn, nil
}
