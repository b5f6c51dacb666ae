package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"adopt6/scanner/lab/authority"
)

// hits are the faults that hit one question.
type hits struct {
	delay  time.Duration
	first  *fault   // the first that decides what is answered; nil: the truth
	alters []*fault // that change what is answered, in their order
}

// decide returns the faults that hit a question.
func (l *Lab) decide(transport string, s *dnsScratch) hits {
	var h hits
	for _, f := range s.view.server.faults {
		_, alters := alterations[f.Do]
		switch {
		case f.Do != "delay" && !alters && h.first != nil, !f.matches(l.world, transport, &s.query):
		case f.Do == "delay":
			h.delay += f.Delay
		case alters:
			h.alters = append(h.alters, f)
		default:
			h.first = f
		}
	}
	return h
}

// alter applies the alterations to a finished answer that begins at start.
func (h *hits) alter(out []byte, start int, q *authority.Query) []byte {
	for _, f := range h.alters {
		if len(out)-start >= headerSize {
			out = alterations[f.Do](out, start, q, f)
		}
	}
	return out
}

// faultyUDP answers for a server with faults.
func (l *Lab) faultyUDP(dst []byte, s *dnsScratch, rcode int, o authority.Options, u *udpServer, m *ipv4.Message) []byte {
	h := l.decide("udp", s)
	delay, do := h.delay, h.do()
	if do == "oversized" {
		o.Limit = maxUDP
	}
	out := h.alter(l.distort(dst, s, rcode, o, do), len(dst), &s.query)
	if len(out) == len(dst) {
		return dst
	}
	switch do {
	case "drop", "refuse":
		return dst
	case "junk":
		out = alterations["truncate"](out, len(dst), &s.query, h.first)
	case "oversized":
		out = pad(out, len(dst), min(h.first.Bytes, maxUDP))
	case "drop_large":
		if len(out)-len(dst) > h.first.Bytes {
			return dst
		}
	case "wrong_source":
		u.later(delay, out[len(dst):], fromNeighbour(m))
		return dst
	case "spoof", "flood":
		for _, forged := range forgeries(do, &s.query, o) {
			u.write([]ipv4.Message{{Buffers: [][]byte{forged}, OOB: m.OOB[:m.NN], Addr: m.Addr}})
		}
		delay = max(delay, time.Millisecond)
	}
	if delay > 0 {
		u.later(delay, out[len(dst):], m)
		return dst
	}
	return out
}

// forgeries are what somebody sends who cannot see the question: with another
// id, or where ids are tried one after the other, without the question or with
// its name in other letters.
func forgeries(do faultWord, q *authority.Query, o authority.Options) [][]byte {
	if do == "spoof" {
		forged := authority.Error(nil, q, dns.RcodeNameError, o)
		forged[1]++
		return [][]byte{forged}
	}
	blank := *q
	blank.EDNS = false
	without := authority.Error(nil, &blank, dns.RcodeRefused, o)[:headerSize]
	without[5] = 0 // QDCOUNT
	other := authority.Error(nil, &blank, dns.RcodeRefused, o)
	for i := headerSize; i < len(other)-4; i++ {
		if c := other[i] | 0x20; c >= 'a' && c <= 'z' {
			other[i] ^= 0x20
		}
	}
	return [][]byte{without, other}
}

const maxUDP = 65507 // octets in an IPv4 UDP packet

// do is the word of the fault that decides; empty for a true answer.
func (h *hits) do() faultWord {
	if h.first == nil {
		return ""
	}
	return h.first.Do
}

// faultyTCP answers for a server with faults; ok is false when the connection
// is to end.
func (l *Lab) faultyTCP(dst []byte, s *dnsScratch, rcode int, o authority.Options, conn *net.TCPConn) (out []byte, ok bool) {
	h := l.decide("tcp", s)
	if !l.wait(h.delay) {
		return dst, false
	}
	do := h.do()
	switch do {
	case "drop", "refuse", "reset", "close", "hang":
		return dst, false
	}
	out = h.alter(l.distort(dst, s, rcode, o, do), len(dst), &s.query)
	switch do {
	case "slow":
		binary.BigEndian.PutUint16(out, uint16(len(out)-2))
		return dst, l.drip(conn, out, h.first.Delay)
	case "junk":
		return dst, l.junk(conn, out, h.first.Delay)
	}
	return out, true
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
	case "empty_upward":
		out := l.upward(dst, q, o)
		out[start+2] |= 4 // AA
		return out
	case "ds_referral":
		if q.Type == dns.TypeDS {
			q.Type = dns.TypeNS // the question is sent back as it came
		}
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
	return l.answer(dst, s, rcode, o)
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
