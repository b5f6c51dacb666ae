//go:build linux

package netns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// AcceptEverything routes every address there is to the loopback interface, so
// that whatever a program sends has a way out, arrives, and can be captured.
func AcceptEverything() error {
	for _, anywhere := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		if err := netlink(syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, localRoute(anywhere)); err != nil {
			return fmt.Errorf("route %s/0 to the loopback interface: %w", anywhere, err)
		}
	}
	return nil
}

// localRoute returns the body of a netlink message about a default route that
// calls every address the machine's own.
func localRoute(anywhere netip.Addr) []byte {
	m := make([]byte, syscall.SizeofRtMsg)
	m[0] = syscall.AF_INET
	if anywhere.Is6() {
		m[0] = syscall.AF_INET6
	}
	m[4], m[5], m[6], m[7] = syscall.RT_TABLE_LOCAL, syscall.RTPROT_STATIC, syscall.RT_SCOPE_HOST, syscall.RTN_LOCAL
	m = binary.NativeEndian.AppendUint16(m, syscall.SizeofRtAttr+4)
	m = binary.NativeEndian.AppendUint16(m, syscall.RTA_OIF)
	return binary.NativeEndian.AppendUint32(m, loopback)
}

// Packet is a packet that left, as far as it was looked at.
type Packet struct {
	Protocol uint8 // 6 is TCP, 17 is UDP
	From, To netip.AddrPort
}

func (p Packet) String() string {
	name := map[uint8]string{unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp"}[p.Protocol]
	if name == "" {
		name = fmt.Sprintf("protocol %d", p.Protocol)
	}
	return fmt.Sprintf("%s %s to %s", name, p.From, p.To)
}

// Capture sees the packets that leave the namespace's programs.
type Capture struct{ fd int }

// StartCapture looks at every packet that is sent from now on, whatever its
// protocol, save those from or to the IPv4 block that is given. It ends with
// the test.
func StartCapture(t *testing.T, save netip.Prefix) *Capture {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("open a packet socket: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	c := &Capture{fd}
	if err := c.begin(save); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Capture) begin(save netip.Prefix) error {
	filter, err := bpf.Assemble(sentSave(save))
	if err != nil {
		return fmt.Errorf("assemble the capture's filter: %w", err)
	}
	program := make([]unix.SockFilter, len(filter))
	for i, f := range filter {
		program[i] = unix.SockFilter{Code: f.Op, Jt: f.Jt, Jf: f.Jf, K: f.K}
	}
	err = unix.SetsockoptSockFprog(c.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err != nil {
		return fmt.Errorf("attach the capture's filter: %w", err)
	}
	// Above the system's limit only where there is the privilege for it.
	_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32<<20)
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(c.fd, &unix.SockaddrLinklayer{Protocol: all}); err != nil {
		return fmt.Errorf("bind the packet socket: %w", err)
	}
	return nil
}

// snapshot is how much of a packet is looked at: its headers.
const snapshot = 128

// sentSave is a filter for packets on their way out, those of an IPv4 block
// left aside. Offsets are those of the IPv4 header.
func sentSave(save netip.Prefix) []bpf.Instruction {
	block := save.Masked().Addr().As4()
	network, mask := binary.BigEndian.Uint32(block[:]), ^uint32(0)<<(32-save.Bits())
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 8},
		bpf.LoadExtension{Num: bpf.ExtProto},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IP, SkipTrue: 7},
		bpf.LoadAbsolute{Off: 12, Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: network, SkipTrue: 3},
		bpf.LoadAbsolute{Off: 16, Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: network, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: snapshot},
	}
}

// Packets returns what was sent since it was last called. The kernel shows a
// packet to the capture before the call that sends it returns, so nothing that
// a program has sent by now is missing; of very many the first are kept.
func (c *Capture) Packets() ([]Packet, error) {
	var packets []Packet
	data := make([]byte, snapshot)
	for {
		n, _, err := unix.Recvfrom(c.fd, data, unix.MSG_DONTWAIT)
		switch err {
		case nil:
			packets = append(packets, parsePacket(data[:n]))
		case unix.EINTR:
		case unix.EAGAIN:
			return packets, nil
		default:
			return packets, fmt.Errorf("read the captured packets: %w", err)
		}
	}
}

// parsePacket reads the headers of a packet that the kernel has made.
func parsePacket(data []byte) Packet {
	if len(data) < 1 {
		return Packet{}
	}
	var p Packet
	var from, to netip.Addr
	switch version := data[0] >> 4; {
	case version == 4 && len(data) >= 20:
		p.Protocol = data[9]
		from, to = netip.AddrFrom4([4]byte(data[12:16])), netip.AddrFrom4([4]byte(data[16:20]))
		data = data[min(len(data), int(data[0]&15)*4):]
	case version == 6 && len(data) >= 40:
		p.Protocol = data[6]
		from, to = netip.AddrFrom16([16]byte(data[8:24])), netip.AddrFrom16([16]byte(data[24:40]))
		data = data[40:]
	}
	var ports [2]uint16
	if (p.Protocol == unix.IPPROTO_TCP || p.Protocol == unix.IPPROTO_UDP) && len(data) >= 4 {
		ports = [2]uint16{binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])}
	}
	p.From, p.To = netip.AddrPortFrom(from, ports[0]), netip.AddrPortFrom(to, ports[1])
	return p
}
