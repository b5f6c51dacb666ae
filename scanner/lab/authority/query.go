package authority

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// Query is what a server needs of a DNS message that it received.
type Query struct {
	ID     uint16
	Opcode uint8
	RD     bool
	Name   Name
	Type   uint16
	Class  uint16

	EDNS    bool
	Version uint8
	DO      bool
	Size    int    // the requester's UDP payload size; 512 without EDNS
	Cookie  []byte // the COOKIE option, RFC 7873

	question []byte // as received, so that the case of letters comes back
}

const headerSize = 12

// ParseQuery reads a query. rcode is dns.RcodeSuccess when it can be answered
// from zones and the error to answer with otherwise; ok is false when nothing
// at all may be answered: too short, or itself a response.
func ParseQuery(msg []byte) (q Query, rcode int, ok bool) {
	if len(msg) < headerSize || msg[2]&0x80 != 0 {
		return Query{}, 0, false
	}
	q = Query{
		ID:     binary.BigEndian.Uint16(msg),
		Opcode: msg[2] >> 3 & 0xf,
		RD:     msg[2]&1 != 0,
		Size:   512,
	}
	if q.Opcode != dns.OpcodeQuery {
		return q, dns.RcodeNotImplemented, true
	}
	counts := [4]uint16{}
	for i := range counts {
		counts[i] = binary.BigEndian.Uint16(msg[4+2*i:])
	}
	if counts[0] != 1 {
		return q, dns.RcodeFormatError, true
	}
	at, good := skipName(msg, headerSize)
	if !good || at+4 > len(msg) {
		return q, dns.RcodeFormatError, true
	}
	q.question = msg[headerSize : at+4]
	name := make([]byte, at-headerSize)
	copy(name, q.question)
	lower(name)
	q.Name = Name(name)
	q.Type = binary.BigEndian.Uint16(msg[at:])
	q.Class = binary.BigEndian.Uint16(msg[at+2:])
	return q, q.parseRest(msg, at+4, int(counts[1])+int(counts[2])+int(counts[3])), true
}

// skipName returns the offset behind an uncompressed name.
func skipName(msg []byte, at int) (int, bool) {
	for start := at; at < len(msg) && at-start < 255; {
		length := int(msg[at])
		if length == 0 {
			return at + 1, true
		}
		if length > 63 {
			return 0, false
		}
		at += 1 + length
	}
	return 0, false
}

// parseRest looks for the OPT record among what follows the question.
func (q *Query) parseRest(msg []byte, at, records int) int {
	for range records {
		if at >= len(msg) {
			return dns.RcodeFormatError
		}
		isRoot := msg[at] == 0
		next, good := skipName(msg, at)
		if !good || next+10 > len(msg) {
			return dns.RcodeFormatError
		}
		length := int(binary.BigEndian.Uint16(msg[next+8:]))
		end := next + 10 + length
		if end > len(msg) {
			return dns.RcodeFormatError
		}
		if binary.BigEndian.Uint16(msg[next:]) == dns.TypeOPT {
			if q.EDNS || !isRoot {
				return dns.RcodeFormatError
			}
			q.EDNS = true
			q.Size = max(512, int(binary.BigEndian.Uint16(msg[next+2:])))
			q.Version = msg[next+5]
			q.DO = msg[next+6]&0x80 != 0
			if !q.parseOptions(msg[next+10 : end]) {
				return dns.RcodeFormatError
			}
		}
		at = end
	}
	if q.Version > 0 {
		return dns.RcodeBadVers
	}
	return dns.RcodeSuccess
}

func (q *Query) parseOptions(options []byte) bool {
	for len(options) > 0 {
		if len(options) < 4 {
			return false
		}
		code, length := binary.BigEndian.Uint16(options), int(binary.BigEndian.Uint16(options[2:]))
		if len(options) < 4+length {
			return false
		}
		if code == dns.EDNS0COOKIE {
			if length != 8 && (length < 16 || length > 40) {
				return false
			}
			q.Cookie = options[4 : 4+length]
		}
		options = options[4+length:]
	}
	return true
}
