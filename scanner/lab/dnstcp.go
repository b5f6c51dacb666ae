package lab

import (
	"encoding/binary"
	"io"
	"net"
	"time"

	"adopt6/scanner/lab/authority"
)

// dnsIdle is how long a TCP connection may wait for the next question.
const dnsIdle = 15 * time.Second

// serveDNSConn answers the questions of one TCP connection, one after another
// (RFC 7766).
func (l *Lab) serveDNSConn(conn *net.TCPConn, v *view) {
	if l.linkFault(conn, v, 53) {
		return
	}
	scratch := &dnsScratch{view: *v}
	var length [2]byte
	var in, out []byte
	for {
		if conn.SetReadDeadline(time.Now().Add(dnsIdle)) != nil {
			return
		}
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		if n := int(binary.BigEndian.Uint16(length[:])); cap(in) < n {
			in = make([]byte, n)
		}
		in = in[:binary.BigEndian.Uint16(length[:])]
		if _, err := io.ReadFull(conn, in); err != nil {
			return
		}
		var ok bool
		if out, ok = l.answerTCP(append(out[:0], 0, 0), in, scratch, conn); !ok {
			return
		}
		if len(out) == 2 {
			continue
		}
		binary.BigEndian.PutUint16(out, uint16(len(out)-2))
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// answerTCP appends the answer to one question; ok is false when the
// connection is to end.
func (l *Lab) answerTCP(dst, msg []byte, s *dnsScratch, conn *net.TCPConn) (out []byte, ok bool) {
	q, rcode, ok := authority.ParseQuery(msg)
	if !ok {
		return dst, false
	}
	s.query = q
	if l.onContact != nil {
		l.contact(&s.view, 53, "tcp", conn.RemoteAddr().(*net.TCPAddr).AddrPort(), &s.query)
	}
	o := authority.Options{Limit: 0xffff}
	if len(s.view.server.faults) > 0 {
		return l.faultyTCP(dst, s, rcode, o, conn)
	}
	return l.answer(dst, s, rcode, o), true
}
