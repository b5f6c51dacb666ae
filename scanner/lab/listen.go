package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// listen opens every socket. The servers listen on all addresses, as one
// socket must serve the whole of 127.0.0.0/8; they are bound to the loopback
// device where the kernel lets us, and in any case drop what was not sent to
// 127.0.0.0/8.
func (l *Lab) listen(o options) error {
	for _, open := range []func() error{
		func() error { return l.listenDNS(o) }, l.listenWeb, l.listenSMTP, l.reserveClosed, l.reserveSilent,
	} {
		if err := open(); err != nil {
			return err
		}
	}
	return nil
}

// listenConfig returns how sockets are made: on the loopback device, sharing
// their port when it is to be shared.
func listenConfig(share bool) net.ListenConfig {
	return net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var optErr error
		err := c.Control(func(fd uintptr) {
			// Unprivileged since Linux 5.7; without it the check of the
			// destination address does the same work.
			_ = unix.BindToDevice(int(fd), "lo")
			// The kernel drops questions when this is small and the lab is asked
			// faster than it is scheduled. Above the system's limit it needs
			// privileges, and is as good as it gets without.
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
			}
			if share {
				optErr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
		})
		if err != nil {
			return err
		}
		return optErr
	}}
}

const socketBuffer = 8 << 20

// listenDNS opens the UDP sockets and the TCP listener of the DNS, on one
// port number, so that a tool that falls back to TCP finds it.
func (l *Lab) listenDNS(o options) error {
	sockets := o.sockets
	if sockets <= 0 {
		sockets = runtime.GOMAXPROCS(0)
	}
	const tries = 20
	var err error
	for range tries {
		if err = l.tryDNS(sockets); err == nil {
			return nil
		}
	}
	return err
}

func (l *Lab) tryDNS(sockets int) error {
	ctx := context.Background()
	share, plain := listenConfig(true), listenConfig(false)
	var conns []*net.UDPConn
	fail := func(err error) error {
		for _, c := range conns {
			c.Close()
		}
		return err
	}
	address := "0.0.0.0:0"
	for range sockets {
		c, err := share.ListenPacket(ctx, "udp4", address)
		if err != nil {
			return fail(fmt.Errorf("listen for DNS over UDP: %w", err))
		}
		conns = append(conns, c.(*net.UDPConn))
		address = "0.0.0.0:" + strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
		if err := ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst, true); err != nil {
			return fail(fmt.Errorf("ask for destination addresses: %w", err))
		}
	}
	listener, err := plain.Listen(ctx, "tcp4", address)
	if err != nil {
		return fail(fmt.Errorf("listen for DNS over TCP: %w", err))
	}
	l.ports.DNS = netip.MustParseAddrPort(address).Port()
	for _, c := range conns {
		u := &udpServer{lab: l, conn: c, packets: ipv4.NewPacketConn(c)}
		l.servers = append(l.servers, u)
		l.wg.Go(u.serve)
	}
	l.serveTCP(listener, l.serveDNSConn)
	return nil
}

// reserveClosed keeps a port number on which nothing listens. The TCP socket
// is bound and does not listen, so connections are refused; the UDP socket is
// connected to itself, so what others send to the port finds no socket.
func (l *Lab) reserveClosed() error {
	const tries = 20
	var err error
	for range tries {
		if err = l.tryClosed(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("reserve a closed port: %w", err)
}

func (l *Lab) tryClosed() error {
	tcp, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	l.servers = append(l.servers, fileDescriptor(tcp))
	if err := unix.Bind(tcp, &unix.SockaddrInet4{}); err != nil {
		return err
	}
	bound, err := unix.Getsockname(tcp)
	if err != nil {
		return err
	}
	port := bound.(*unix.SockaddrInet4).Port
	udp, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	l.servers = append(l.servers, fileDescriptor(udp))
	self := &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(udp, self); err != nil {
		return err
	}
	if err := unix.Connect(udp, self); err != nil {
		return err
	}
	l.ports.Closed = uint16(port)
	return nil
}

// reserveSilent opens a port on which TCP connections never complete. Its
// listener never accepts, and its queue is kept full by connections of our
// own, so the kernel drops every further SYN.
func (l *Lab) reserveSilent() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("reserve a silent port: %w", err)
	}
	l.servers = append(l.servers, fileDescriptor(fd))
	_ = unix.BindToDevice(fd, "lo")
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil {
		return fmt.Errorf("reserve a silent port: %w", err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		return fmt.Errorf("reserve a silent port: %w", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return fmt.Errorf("reserve a silent port: %w", err)
	}
	port := bound.(*unix.SockaddrInet4).Port
	// The queue takes one more connection than its backlog of zero. Without
	// keep-alives it sends nothing more.
	dialer := net.Dialer{KeepAlive: -1}
	filler, err := dialer.Dial("tcp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return fmt.Errorf("fill the silent port's queue: %w", err)
	}
	l.servers = append(l.servers, closer{filler})
	l.ports.Silent = uint16(port)
	return nil
}

// acceptPause is how long a listener that cannot accept waits.
const acceptPause = 10 * time.Millisecond

type fileDescriptor int

func (fd fileDescriptor) close() { unix.Close(int(fd)) }

type closer struct{ c interface{ Close() error } }

func (c closer) close() { c.c.Close() }

// serveTCP accepts connections for handle until the laboratory closes. A
// connection that is not for 127.0.0.0/8 is closed unheard.
func (l *Lab) serveTCP(listener net.Listener, handle func(*net.TCPConn, *view)) {
	l.servers = append(l.servers, closer{listener})
	l.wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				select {
				case <-l.closing:
					return
				default:
				}
				l.wait(acceptPause) // out of file descriptors, most likely
				continue
			}
			conn := c.(*net.TCPConn)
			v := new(view)
			if position, ok := positionOf(local4(conn)); !ok || !v.set(l.world, position) {
				conn.Close()
				continue
			}
			if !l.conns.add(conn) {
				conn.Close()
				return
			}
			l.wg.Go(func() {
				defer conn.Close()
				defer l.conns.remove(conn)
				handle(conn, v)
			})
		}
	})
}

func local4(c net.Conn) [4]byte {
	return c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().As4()
}
