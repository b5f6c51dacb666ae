package lab

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"adopt6/scanner/lab/authority"
)

// udpServer answers DNS questions from one socket, many at a time.
type udpServer struct {
	lab     *Lab
	conn    *net.UDPConn
	packets *ipv4.PacketConn
}

func (u *udpServer) close() { u.conn.Close() }

const (
	udpBatch   = 64
	udpReceive = 4096 // octets of a question that are looked at
)

// serve reads batches of questions and writes batches of answers until the
// socket closes. The control message that says which address a question was
// sent to goes back with the answer, so that it comes from there.
func (u *udpServer) serve() {
	in := make([]ipv4.Message, udpBatch)
	for i := range in {
		in[i].Buffers = [][]byte{make([]byte, udpReceive)}
		in[i].OOB = make([]byte, 64)
	}
	out := make([]ipv4.Message, 0, udpBatch)
	buffers := make([][]byte, udpBatch)
	scratch := &dnsScratch{}
	for {
		n, err := u.packets.ReadBatch(in, 0)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // an error left on the socket by an earlier answer
		}
		out = out[:0]
		for i := range in[:n] {
			m := &in[i]
			position, ok := destination(m.OOB[:m.NN])
			if !ok || !scratch.view.set(u.lab.world, position) {
				continue
			}
			buffers[i] = u.lab.answerUDP(buffers[i][:0], m.Buffers[0][:m.N], scratch, u, m)
			if len(buffers[i]) > 0 {
				out = append(out, ipv4.Message{Buffers: [][]byte{buffers[i]}, OOB: m.OOB[:m.NN], Addr: m.Addr})
			}
		}
		u.write(out)
	}
}

func (u *udpServer) write(out []ipv4.Message) {
	for len(out) > 0 {
		n, err := u.packets.WriteBatch(out, 0)
		if err != nil {
			n = 1 // this asker cannot be reached; the others can
		}
		out = out[n:]
	}
}

// later sends an answer after a delay. oob is copied, as its buffer is reused.
func (u *udpServer) later(delay time.Duration, answer []byte, m *ipv4.Message) {
	message := []ipv4.Message{{
		Buffers: [][]byte{append([]byte(nil), answer...)},
		OOB:     append([]byte(nil), m.OOB[:m.NN]...), Addr: m.Addr,
	}}
	u.lab.wg.Go(func() {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			u.write(message)
		case <-u.lab.closing:
		}
	})
}

// destination reads the address that a packet was sent to from its control
// messages (ip(7), IP_PKTINFO) and returns its position.
func destination(oob []byte) (uint32, bool) {
	const header = unix.SizeofCmsghdr
	if len(oob) < header+unix.SizeofInet4Pktinfo {
		return 0, false
	}
	// The one control message that was asked for: its interface index, the
	// local address and the destination address.
	return positionOf([4]byte(oob[header+8 : header+12]))
}

// dnsScratch is what one goroutine needs to answer questions.
type dnsScratch struct {
	view      view
	query     authority.Query
	responder authority.Responder
}

// answerUDP appends the answer to one question to dst; nothing is appended
// when there is none, or when it was sent in another way.
func (l *Lab) answerUDP(dst, msg []byte, s *dnsScratch, u *udpServer, m *ipv4.Message) []byte {
	q, rcode, ok := authority.ParseQuery(msg)
	if !ok {
		return dst
	}
	s.query = q
	if l.onContact != nil {
		client, _ := netip.AddrFromSlice(m.Addr.(*net.UDPAddr).IP.To4())
		l.contact(&s.view, 53, "udp", netip.AddrPortFrom(client, uint16(m.Addr.(*net.UDPAddr).Port)), &s.query)
	}
	o := authority.Options{Limit: authority.UDPLimit(&s.query)}
	if len(s.view.server.faults) > 0 {
		return l.faultyUDP(dst, s, rcode, o, u, m)
	}
	return l.answer(dst, s, rcode, o)
}

// answer appends what a healthy server answers.
func (l *Lab) answer(dst []byte, s *dnsScratch, rcode int, o authority.Options) []byte {
	if s.view.server.ports&dnsService == 0 {
		return dst
	}
	if rcode != dns.RcodeSuccess {
		return authority.Error(dst, &s.query, rcode, o)
	}
	return s.responder.Answer(dst, &s.query, &s.view, o)
}

func (l *Lab) contact(v *view, port uint16, transport string, client netip.AddrPort, q *authority.Query) {
	c := Contact{
		Server: netip.AddrPortFrom(v.addr(), port), Client: client, Transport: transport, At: time.Now(),
	}
	if q != nil && q.Name != "" {
		c.Question = dns.Question{Name: q.Name.String(), Qtype: q.Type, Qclass: q.Class}
	}
	l.onContact(c)
}
