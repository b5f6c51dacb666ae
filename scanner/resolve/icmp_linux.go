package resolve

import (
	"adopt6/scanner/observation"
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// receiveErrors asks the kernel to queue ICMP errors on an unconnected socket
// (ip(7), IP_RECVERR). Without them a refusal looks like a lost packet.
func receiveErrors(conn *net.UDPConn, network string) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if network == "udp4" {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
		} else {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
		}
	})
}

// drainErrors reads the queue of ICMP errors. Each comes with the datagram
// that caused it and where that was sent.
func (s *socket) drainErrors() {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		var query [maxQuery]byte
		var control [256]byte
		for range batchSize {
			n, oobn, _, from, err := unix.Recvmsg(int(fd), query[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			if reason := errorReason(control[:oobn]); reason != "" {
				s.unreachable(query[:n], addrPort(from), reason)
			}
		}
	})
}

// errorReason reads the struct sock_extended_err of a control message.
func errorReason(control []byte) observation.Reason {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return ""
	}
	for _, m := range messages {
		v4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		v6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !v4 && !v6 || len(m.Data) < 16 {
			continue
		}
		errno := syscall.Errno(binary.NativeEndian.Uint32(m.Data))
		switch origin := m.Data[4]; {
		case errno == unix.EMSGSIZE:
			return ""
		case origin == unix.SO_EE_ORIGIN_LOCAL:
			return reasonOf(UDP, errno)
		case errno == unix.ECONNREFUSED:
			return observation.PortClosed
		}
		return observation.Unreachable
	}
	return ""
}

func addrPort(from unix.Sockaddr) netip.AddrPort {
	switch a := from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}
