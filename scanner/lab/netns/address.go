//go:build linux

package netns

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// loopback is the index of the loopback interface in a new namespace.
const loopback = 1

// ifaNoDAD skips duplicate address detection, IFA_F_NODAD of if_addr.h.
const ifaNoDAD = 0x02

// AddAddrs gives the namespace's loopback interface further addresses.
func AddAddrs(addrs ...netip.Addr) error {
	for _, a := range addrs {
		flags := syscall.NLM_F_CREATE | syscall.NLM_F_EXCL
		if err := netlink(syscall.RTM_NEWADDR, flags, address(a)); err != nil {
			return fmt.Errorf("add address %s: %w", a, err)
		}
	}
	return nil
}

// RemoveAddrs takes addresses away: packets to them find no route from then
// on, and what listens there hears nothing.
func RemoveAddrs(addrs ...netip.Addr) error {
	for _, a := range addrs {
		if err := netlink(syscall.RTM_DELADDR, 0, address(a)); err != nil {
			return fmt.Errorf("remove address %s: %w", a, err)
		}
	}
	return nil
}

func loopbackUp() error {
	m := make([]byte, syscall.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(m[4:], loopback)
	binary.NativeEndian.PutUint32(m[8:], syscall.IFF_UP)
	binary.NativeEndian.PutUint32(m[12:], syscall.IFF_UP)
	if err := netlink(syscall.RTM_NEWLINK, 0, m); err != nil {
		return fmt.Errorf("set the loopback interface up: %w", err)
	}
	return nil
}

// address returns the body of a netlink message about a host address.
func address(a netip.Addr) []byte {
	m := make([]byte, syscall.SizeofIfAddrmsg)
	m[0] = syscall.AF_INET
	if a.Is6() {
		m[0], m[2] = syscall.AF_INET6, ifaNoDAD
	}
	m[1] = byte(a.BitLen())
	binary.NativeEndian.PutUint32(m[4:], loopback)
	for _, attribute := range []uint16{syscall.IFA_LOCAL, syscall.IFA_ADDRESS} {
		m = binary.NativeEndian.AppendUint16(m, uint16(syscall.SizeofRtAttr+a.BitLen()/8))
		m = binary.NativeEndian.AppendUint16(m, attribute)
		m = append(m, a.AsSlice()...)
	}
	return m
}

// netlink sends one request to the kernel and waits until it is done.
func netlink(kind, flags int, body []byte) error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	m := binary.NativeEndian.AppendUint32(nil, uint32(syscall.NLMSG_HDRLEN+len(body)))
	m = binary.NativeEndian.AppendUint16(m, uint16(kind))
	m = binary.NativeEndian.AppendUint16(m, uint16(flags|syscall.NLM_F_REQUEST|syscall.NLM_F_ACK))
	m = append(m, 0, 0, 0, 0, 0, 0, 0, 0) // sequence number and port: the kernel fills them in
	m = append(m, body...)
	if err := syscall.Sendto(fd, m, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Header.Type == syscall.NLMSG_ERROR && len(m.Data) >= 4 {
			if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
				return syscall.Errno(-code)
			}
		}
	}
	return nil
}

// Sent is how many packets of each family the namespace has sent, whoever
// sent them.
type Sent struct{ IPv4, IPv6 uint64 }

// PacketsSent reads the kernel's counters of the namespace.
func PacketsSent() (Sent, error) {
	v4, err := counterIPv4()
	if err != nil {
		return Sent{}, err
	}
	v6, err := counterIPv6()
	return Sent{v4, v6}, err
}

// counterIPv4 returns OutRequests of the IP group: a line of names, and one of
// values below it.
func counterIPv4() (uint64, error) {
	text, err := os.ReadFile("/proc/self/net/snmp")
	if err != nil {
		return 0, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] != "Ip:" {
			continue
		}
		for i, name := range names {
			if name == "OutRequests" {
				return strconv.ParseUint(fields[i], 10, 64)
			}
		}
		names = fields
	}
	return 0, fmt.Errorf("/proc/self/net/snmp: no counter OutRequests")
}

func counterIPv6() (uint64, error) {
	file, err := os.Open("/proc/self/net/snmp6")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "Ip6OutRequests"); ok {
			return strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/self/net/snmp6: no counter Ip6OutRequests")
}
