//go:build !linux

package resolve

import "net"

// Elsewhere than on Linux an unconnected socket learns of no ICMP error: a
// refusal counts as a lost packet.
func receiveErrors(*net.UDPConn, string) {}

func (s *socket) drainErrors() {}
