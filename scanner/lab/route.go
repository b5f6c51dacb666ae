package lab

import (
	"fmt"
	"net/netip"
	"syscall"
)

// Route implements netaddr.Router: it returns the loopback socket that plays
// the simulated address. An address that nobody has gives an error that wraps
// syscall.EHOSTUNREACH, one of a family that the scenario's vantage lacks
// syscall.ENETUNREACH. A port that the host does not serve leads to a socket
// that refuses; a port that drops TCP leads to one whose connections never
// complete, because its queue of connections is full.
func (l *Lab) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	addr := to.Addr()
	if !l.world.reaches(addr) {
		return netip.AddrPort{}, fmt.Errorf("%s %s: this vantage has no such family: %w", network, to, syscall.ENETUNREACH)
	}
	position, ok := l.world.positionOf(addr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%s %s: no host of the scenario has this address: %w", network, to, syscall.EHOSTUNREACH)
	}
	port := l.ports.Closed
	server := l.world.serverAt(position)
	if index := portIndex(to.Port()); index >= 0 && server.ports&(1<<index) != 0 && (network == "tcp" || index == 0) {
		switch fate := server.fate(network, to.Port()); {
		case fate == "refuse":
		case fate == "drop" && network == "tcp":
			port = l.ports.Silent
		default:
			port = l.ports.service(index)
		}
	}
	if network == "tcp" && l.world.blocked(to.Port()) {
		port = l.ports.Silent
	}
	return netip.AddrPortFrom(loopback(position), port), nil
}

// fate returns "drop" or "refuse" when a fault does so to everything that is
// sent to the port; otherwise "".
func (s *server) fate(network string, port uint16) faultWord {
	for _, f := range s.faults {
		if (f.Do == "drop" || f.Do == "refuse") && f.always() && f.matchesPort(network, port) {
			return f.Do
		}
	}
	return ""
}
