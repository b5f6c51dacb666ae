package resolve

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

const (
	// ednsSize is the UDP buffer announced (DNS flag day 2020): it passes
	// every path without fragments.
	ednsSize = 1232
	ednsDO   = 1 << 15
	// maxQuery is the size of the largest query: header, question, OPT with
	// a cookie of 8 and 32 bytes.
	maxQuery = headerLen + maxNameWire + 4 + minRecord + 4 + 40

	clientCookieLen    = 8
	maxServerCookieLen = 32
)

// question is what a query asks, in wire form: name, type and class.
type question struct {
	wire  []byte
	flags uint16 // RD, CD
	edns  bool
	do    bool
	fixed bool // the case of the name is left as it is
	// cookie is sent with EDNS unless it is nil (RFC 7873).
	cookie []byte
}

// set fills q with a name and type of class IN.
func (q *question) set(name string, qtype uint16) error {
	wire, err := appendName(q.wire[:0], name)
	if err != nil {
		return err
	}
	if len(wire) > maxNameWire {
		return fmt.Errorf("domain name %q: longer than 255 bytes", name)
	}
	wire = binary.BigEndian.AppendUint16(wire, qtype)
	q.wire = binary.BigEndian.AppendUint16(wire, dns.ClassINET)
	return nil
}

// mixCase gives every letter of the name a random case ("0x20"): a forged
// answer must guess it. bits are used up from the lowest.
func (q *question) mixCase(random func() uint64) {
	name := q.wire[:len(q.wire)-4]
	bits, left := uint64(0), 0
	for i := 0; i < len(name); {
		size := int(name[i])
		for i++; size > 0; i, size = i+1, size-1 {
			if c := name[i] | 0x20; c < 'a' || c > 'z' {
				continue
			}
			if left == 0 {
				bits, left = random(), 64
			}
			name[i] = name[i]&^0x20 | byte(bits&1)<<5
			bits, left = bits>>1, left-1
		}
	}
}

// appendQuery appends the query message.
func (q *question) appendQuery(b []byte, id uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, q.flags)
	additional := byte(0)
	if q.edns {
		additional = 1
	}
	b = append(b, 0, 1, 0, 0, 0, 0, 0, additional)
	b = append(b, q.wire...)
	if !q.edns {
		return b
	}
	b = append(b, 0)
	b = binary.BigEndian.AppendUint16(b, dns.TypeOPT)
	b = binary.BigEndian.AppendUint16(b, ednsSize)
	flags := uint32(0)
	if q.do {
		flags = ednsDO
	}
	b = binary.BigEndian.AppendUint32(b, flags)
	if q.cookie == nil {
		return append(b, 0, 0)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(q.cookie)))
	b = binary.BigEndian.AppendUint16(b, dns.EDNS0COOKIE)
	b = binary.BigEndian.AppendUint16(b, uint16(len(q.cookie)))
	return append(b, q.cookie...)
}

// undoMixedCase makes the name in the question of a matching reply lower case
// again. Names elsewhere in the message point to it, so that they would come
// out in another random case each time.
func undoMixedCase(wire []byte) {
	if binary.BigEndian.Uint16(wire[4:]) == 0 {
		return
	}
	for i := headerLen; i < len(wire) && wire[i] != 0; {
		for size := int(wire[i]); size > 0 && i+1 < len(wire); size-- {
			if i++; wire[i] >= 'A' && wire[i] <= 'Z' {
				wire[i] |= 0x20
			}
		}
		i++
	}
}

// isAnswerTo says whether a message is a response to q as it was sent, the
// case of the name included. Servers that fail early, with FORMERR and their
// like, may leave the question out (RFC 1035 section 7.3).
func (q *question) isAnswerTo(wire []byte) bool {
	return q.isExactAnswerTo(wire) || isFailureWithoutQuestion(wire)
}

// isExactAnswerTo says whether a message is a response that repeats the
// question letter by letter.
func (q *question) isExactAnswerTo(wire []byte) bool {
	end := headerLen + len(q.wire)
	return isResponse(wire) && len(wire) >= end && binary.BigEndian.Uint16(wire[4:]) == 1 &&
		string(wire[headerLen:end]) == string(q.wire)
}

// isDoubtful says whether a message could be the response to q of a server that
// leaves the question out or does not keep its letters, and as well that of
// somebody who has guessed the id alone.
func (q *question) isDoubtful(wire []byte) bool {
	if isFailureWithoutQuestion(wire) {
		return true
	}
	end := headerLen + len(q.wire)
	if !isResponse(wire) || len(wire) < end || binary.BigEndian.Uint16(wire[4:]) != 1 {
		return false
	}
	name := end - 4
	return strings.EqualFold(string(wire[headerLen:name]), string(q.wire[:len(q.wire)-4])) &&
		string(wire[name:end]) == string(q.wire[len(q.wire)-4:])
}

func isResponse(wire []byte) bool {
	return len(wire) >= headerLen && wire[2]&0x80 != 0 && wire[2]&0x78 == 0
}

func isFailureWithoutQuestion(wire []byte) bool {
	if !isResponse(wire) || binary.BigEndian.Uint16(wire[4:]) != 0 {
		return false
	}
	rcode := wire[3] & 0xF
	return rcode != dns.RcodeSuccess && rcode != dns.RcodeNameError
}
