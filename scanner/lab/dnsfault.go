package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"adopt6/scanner/lab/authority"
)

// decide returns the faults that hit a question: how long its answer waits,
// and the first that changes it, nil for a true answer.
func (l *Lab) decide(transport string, s *dnsScratch) (delay time.Duration, hit *fault) {
	for _, f := range s.view.server.faults {
		if hit != nil && f.Do != "delay" || !f.matches(l.world, transport, &s.query) {
			continue
		}
		if f.Do == "delay" {
			delay += f.Delay
		} else {
			hit = f
		}
	}
	return delay, hit
}

// faultyUDP answers for a server with faults.
func (l *Lab) faultyUDP(dst []byte, s *dnsScratch, rcode int, o authority.Options, u *udpServer, m *ipv4.Message) []byte {
	delay, f := l.decide("udp", s)
	out := dst
	switch do := faultOf(f); do {
	case "drop", "refuse":
		return dst
	case "truncate", "junk":
		out = authority.Error(dst, &s.query, dns.RcodeSuccess, o)
		out[len(dst)+2] |= 2 | 4 // TC and AA
	case "oversized":
		o.Limit = maxUDP
		out = pad(l.answer(dst, s, rcode, o), len(dst), min(f.Bytes, maxUDP))
	case "drop_large":
		if out = l.answer(dst, s, rcode, o); len(out)-len(dst) > f.Bytes {
			return dst
		}
	case "wrong_source":
		u.later(delay, l.answer(nil, s, rcode, o), fromNeighbour(m))
		return dst
	case "spoof":
		out = l.answer(dst, s, rcode, o)
		forged := authority.Error(nil, &s.query, dns.RcodeNameError, o)
		forged[1]++
		u.later(0, forged, m)
		delay = max(delay, time.Millisecond)
	default:
		out = l.distort(dst, s, rcode, o, do)
	}
	if delay > 0 && len(out) > len(dst) {
		u.later(delay, out[len(dst):], m)
		return dst
	}
	return out
}

const maxUDP = 65507 // octets in an IPv4 UDP packet

func faultOf(f *fault) faultWord {
	if f == nil {
		return ""
	}
	return f.Do
}

// faultyTCP answers for a server with faults; ok is false when the connection
// is to end.
func (l *Lab) faultyTCP(dst []byte, s *dnsScratch, rcode int, o authority.Options, conn *net.TCPConn) (out []byte, ok bool) {
	delay, f := l.decide("tcp", s)
	if !l.wait(delay) {
		return dst, false
	}
	switch do := faultOf(f); do {
	case "drop", "refuse", "reset", "close", "hang":
		return dst, false
	case "slow":
		out = l.answer(dst, s, rcode, o)
		binary.BigEndian.PutUint16(out, uint16(len(out)-2))
		return dst, l.drip(conn, out, f.Delay)
	case "junk":
		return dst, l.junk(conn, l.answer(dst, s, rcode, o), f.Delay)
	default:
		return l.distort(dst, s, rcode, o, do), true
	}
}

// wait sleeps; false when the laboratory closes first.
func (l *Lab) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.closing:
		return false
	}
}

// drip writes octet by octet; false when the other side or the laboratory has
// gone.
func (l *Lab) drip(conn net.Conn, data []byte, delay time.Duration) bool {
	for i := range data {
		if !l.wait(delay) {
			return false
		}
		if _, err := conn.Write(data[i : i+1]); err != nil {
			return false
		}
	}
	return true
}

// junk writes an answer and then messages that nobody asked for, until the
// other side or the laboratory has gone. It returns false: the connection is
// to end.
func (l *Lab) junk(conn net.Conn, answer []byte, delay time.Duration) bool {
	const most = 500
	binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
	for range most {
		if _, err := conn.Write(answer); err != nil {
			return false
		}
		binary.BigEndian.PutUint16(answer[2:], uint16(rand.Uint32()))
		if !l.wait(delay) {
			return false
		}
	}
	return false
}

// distort appends the answer that a fault makes of the true one, for the
// faults that are the same over UDP and TCP.
func (l *Lab) distort(dst []byte, s *dnsScratch, rcode int, o authority.Options, do faultWord) []byte {
	q := &s.query
	start := len(dst)
	switch do {
	case "servfail":
		return authority.Error(dst, q, dns.RcodeServerFailure, o)
	case "refused":
		return authority.Error(dst, q, dns.RcodeRefused, o)
	case "notimp":
		return authority.Error(dst, q, dns.RcodeNotImplemented, o)
	case "formerr":
		return authority.Error(dst, q, dns.RcodeFormatError, o)
	case "nxdomain", "empty":
		code := dns.RcodeSuccess
		if do == "nxdomain" {
			code = dns.RcodeNameError
		}
		out := authority.Error(dst, q, code, o)
		out[start+2] |= 4 // AA
		return out
	case "upward":
		return l.upward(dst, q, o)
	case "garbage":
		out := binary.BigEndian.AppendUint16(dst, q.ID)
		for range 60 {
			out = append(out, byte(rand.Uint32()))
		}
		out[start+2] |= 0x80 // QR, so that the asker looks further
		return out
	case "no_question":
		out := binary.BigEndian.AppendUint16(dst, q.ID)
		return append(out, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	case "no_edns", "drop_edns", "badvers":
		if !q.EDNS {
			break
		}
		switch do {
		case "drop_edns":
			return dst
		case "badvers":
			return authority.Error(dst, q, dns.RcodeBadVers, o)
		}
		q.EDNS = false
		return authority.Error(dst, q, dns.RcodeFormatError, o)
	case "strip_edns":
		q.EDNS, q.DO = false, false
		if o.Limit <= authority.ServerSize {
			o.Limit = 512 // over UDP
		}
	case "require_cookie":
		if given := l.checkCookie(s); given != nil {
			o.Cookie = given.cookie
			if !given.good {
				return authority.Error(dst, q, dns.RcodeBadCookie, o)
			}
		}
	}
	out := l.answer(dst, s, rcode, o)
	if len(out) <= start {
		return out
	}
	return alter(out, start, q, do)
}

// alter changes a finished answer that begins at start.
func alter(out []byte, start int, q *authority.Query, do faultWord) []byte {
	msg := out[start:]
	switch do {
	case "not_authority":
		msg[2] &^= 4
	case "wrong_id":
		msg[1]++
	case "wrong_question":
		if len(msg) > 13 && msg[12] > 0 {
			msg[13] ^= 1
		}
	case "lower_case":
		copy(msg[12:], q.Name)
	case "cut_short":
		return out[:start+len(msg)/2]
	case "poison":
		return poison(out, start, q)
	case "old_serial":
		return oldSerial(out, start)
	}
	return out
}

// oldSerial takes one from the serial of the SOA records in the answer. A
// signature over them no longer holds.
func oldSerial(out []byte, start int) []byte {
	m := new(dns.Msg)
	if m.Unpack(out[start:]) != nil {
		return out
	}
	for _, rr := range m.Answer {
		if soa, ok := rr.(*dns.SOA); ok {
			soa.Serial--
		}
	}
	m.Compress = true
	packed, err := m.Pack()
	if err != nil {
		return out
	}
	return append(out[:start], packed...)
}

// upward refers to the root, as some servers do for zones they do not have.
func (l *Lab) upward(dst []byte, q *authority.Query, o authority.Options) []byte {
	plain := *q
	plain.EDNS = false // the OPT record would have to stay last
	start := len(dst)
	out := authority.Error(dst, &plain, dns.RcodeSuccess, o)
	root := l.world.domains[authority.Root].nsHosts()
	for _, h := range root[:min(2, len(root))] {
		out = appendRecord(out, start, 8, authority.Root, dns.TypeNS, []byte(h.name))
	}
	return out
}

// appendRecord adds a record to a message that begins at start and counts it
// in the header field at offset count.
func appendRecord(out []byte, start, count int, owner authority.Name, rrtype uint16, rdata []byte) []byte {
	out = append(out, owner...)
	out = binary.BigEndian.AppendUint16(out, rrtype)
	out = binary.BigEndian.AppendUint16(out, dns.ClassINET)
	out = binary.BigEndian.AppendUint32(out, defaultTTL)
	out = binary.BigEndian.AppendUint16(out, uint16(len(rdata)))
	out = append(out, rdata...)
	n := binary.BigEndian.Uint16(out[start+count:])
	binary.BigEndian.PutUint16(out[start+count:], n+1)
	return out
}

// pad lengthens a message to size with TXT records.
func pad(out []byte, start, size int) []byte {
	text := append([]byte{200}, make([]byte, 200)...)
	for len(out) > start && len(out)-start < size {
		out = appendRecord(out, start, 10, authority.Root, dns.TypeTXT, text)
	}
	return out
}

// poison claims the question's top-level domain, with an address that nobody
// has: a resolver that believes it finds nothing there any more.
func poison(out []byte, start int, q *authority.Query) []byte {
	tld := q.Name
	for tld.Labels() > 1 {
		tld = tld.Parent()
	}
	liar := tld.Child("poison")
	lie := netip.MustParseAddr("28.255.255.254").AsSlice()
	out = appendRecord(out, start, 10, tld, dns.TypeNS, []byte(liar))
	return appendRecord(out, start, 10, liar, dns.TypeA, lie)
}

type cookieCheck struct {
	cookie []byte // to send: the client's and ours
	good   bool   // the client sent ours back
}

// checkCookie looks at the COOKIE option of a question; nil without one.
func (l *Lab) checkCookie(s *dnsScratch) *cookieCheck {
	given := s.query.Cookie
	if len(given) < 8 {
		return nil
	}
	sum := sha256.Sum256(append([]byte(s.view.addr().String()), given[:8]...))
	want := append(append([]byte(nil), given[:8]...), sum[:8]...)
	return &cookieCheck{want, string(given) == string(want)}
}

// fromNeighbour returns m with its answer sent from the next loopback address.
func fromNeighbour(m *ipv4.Message) *ipv4.Message {
	oob := append([]byte(nil), m.OOB[:m.NN]...)
	oob[unix.SizeofCmsghdr+7] ^= 1 // last octet of the local address
	return &ipv4.Message{OOB: oob, NN: len(oob), Addr: m.Addr}
}

// linkFault acts on a new TCP connection; true means that it is done with.
func (l *Lab) linkFault(conn *net.TCPConn, v *view, port uint16) bool {
	for _, f := range v.server.faults {
		if !f.matchesPort("tcp", port) || len(f.types) > 0 || len(f.names) > 0 || f.domain != "" || f.template != nil {
			continue
		}
		switch f.Do {
		case "reset", "close", "hang":
		case "delay":
			if port != 53 && f.strikes() && !l.wait(f.Delay) {
				return true
			}
			continue
		default:
			continue
		}
		if !f.strikes() {
			continue
		}
		switch f.Do {
		case "reset":
			_ = conn.SetLinger(0)
		case "close":
			_ = conn.CloseWrite()
			<-l.gone(conn)
		case "hang":
			<-l.gone(conn)
		}
		return true
	}
	return false
}
