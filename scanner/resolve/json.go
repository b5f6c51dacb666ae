package resolve

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// AppendJSON appends r as one JSON object without a line feed: name, type,
// rcode; dnssec, the state; reason, why there is no answer or else why the
// state is not secure, empty when neither is so, and reason_zone, where;
// answer; and what the state rests on.
func (r *Result) AppendJSON(b []byte) []byte {
	b = appendQuestion(b, r.Name, r.Type, r.RCode)
	reason, where := r.Reason, r.Zone
	if reason == "" {
		reason, where = r.StateReason, r.StateZone
	}
	b = appendMember(b, "dnssec", r.State.String())
	b = appendMember(b, "reason", string(reason))
	if reason != "" {
		b = appendMember(b, "reason_zone", where)
	}
	b = appendMember(b, "zone", r.Zone)
	b = append(b, `,"answer":[`...)
	for i, rr := range r.Answer {
		if i > 0 {
			b = append(b, ',')
		}
		h := rr.Header()
		b = appendRecordHead(b, h.Name, h.Rrtype, h.Ttl)
		b = append(appendRData(b, rr), '}')
	}
	b = append(b, ']')
	b = r.appendFacts(b)
	b = append(b, `,"queries":`...)
	b = strconv.AppendInt(b, int64(r.Queries), 10)
	return append(b, '}')
}

// appendFacts appends what validation relied on.
func (r *Result) appendFacts(b []byte) []byte {
	days, ok := r.Facts.DaysLeft(r.At)
	if !ok {
		return b
	}
	b = append(b, `,"days_left":`...)
	b = strconv.AppendInt(b, int64(days), 10)
	b = appendMember(b, "expires", r.Facts.Expires.UTC().Format(time.RFC3339))
	b = appendMember(b, "expires_zone", r.Facts.ExpiresZone)
	b = append(b, `,"algorithms":[`...)
	for i, a := range r.Facts.Algorithms {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(a), 10)
	}
	b = append(b, ']')
	if len(r.Facts.NSEC3) == 0 {
		return b
	}
	b = append(b, `,"nsec3":[`...)
	for i, n := range r.Facts.NSEC3 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"zone":`...)
		b = appendString(b, n.Zone)
		b = append(b, `,"iterations":`...)
		b = strconv.AppendUint(b, uint64(n.Iterations), 10)
		b = appendMember(b, "salt", n.Salt)
		b = append(b, `,"opt_out":`...)
		b = append(strconv.AppendBool(b, n.OptOut), '}')
	}
	return append(b, ']')
}

// appendMember appends a member of an object that is not its first.
func appendMember(b []byte, name, value string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return appendString(b, value)
}

// RData returns the data of a record in zone file form, without the owner
// name and the like.
func RData(rr dns.RR) string {
	if unknown, ok := rr.(*dns.RFC3597); ok { // whose text names type and class by number
		return fmt.Sprintf("\\# %d %s", len(unknown.Rdata)/2, unknown.Rdata)
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

// appendRData appends the data of a record as a JSON string.
func appendRData(b []byte, rr dns.RR) []byte {
	var ip []byte
	switch rr := rr.(type) {
	case *dns.A:
		ip = rr.A.To4()
	case *dns.AAAA:
		ip = rr.AAAA
	case *dns.CNAME:
		return appendString(b, rr.Target)
	case *dns.NS:
		return appendString(b, rr.Ns)
	}
	if addr, ok := netip.AddrFromSlice(ip); ok {
		return append(addr.AppendTo(append(b, '"')), '"')
	}
	return appendString(b, RData(rr))
}

// appendReply appends what a server replied as one JSON object.
func appendReply(b []byte, name string, qtype uint16, m *message) ([]byte, error) {
	b = appendQuestion(b, name, qtype, m.rcode)
	if m.truncated() {
		b = append(b, `,"truncated":true`...)
	}
	b = append(b, `,"aa":`...)
	b = strconv.AppendBool(b, m.authoritative())
	b = append(b, `,"answer":[`...)
	first := true
	for i := range m.answer {
		rec := &m.answer[i]
		if !first {
			b = append(b, ',')
		}
		first = false
		owner, err := m.owner(rec)
		if err != nil {
			return nil, err
		}
		b = appendRecordHead(b, owner, rec.kind, clampTTL(rec.ttl))
		if b, err = m.appendData(b, rec); err != nil {
			return nil, err
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// appendData appends the data of a record as a JSON string. The usual types
// are read from the message directly.
func (m *message) appendData(b []byte, rec *record) ([]byte, error) {
	switch rec.kind {
	case dns.TypeA, dns.TypeAAAA:
		addr, ok := netip.AddrFromSlice(m.wire[rec.rdata:rec.end])
		if !ok || addr.Is4() != (rec.kind == dns.TypeA) {
			return nil, errRData
		}
		b = append(b, '"')
		return append(addr.AppendTo(b), '"'), nil
	case dns.TypeNS, dns.TypeCNAME, dns.TypePTR, dns.TypeDNAME:
		target, err := m.target(rec)
		return appendString(b, target), err
	case dns.TypeMX:
		if rec.end-rec.rdata < 3 {
			return nil, errRData
		}
		target, err := m.target(rec)
		preference := binary.BigEndian.Uint16(m.wire[rec.rdata:])
		return appendString(b, strconv.Itoa(int(preference))+" "+target), err
	}
	rr, err := m.rr(rec)
	if err != nil {
		return nil, err
	}
	return appendString(b, RData(rr)), nil
}

func appendQuestion(b []byte, name string, qtype uint16, rcode int) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, name)
	b = append(b, `,"type":"`...)
	b = appendType(b, qtype)
	b = append(b, `","rcode":"`...)
	if text, ok := dns.RcodeToString[rcode]; ok {
		b = append(b, text...)
	} else {
		b = strconv.AppendInt(append(b, "RCODE"...), int64(rcode), 10)
	}
	return append(b, '"')
}

func appendRecordHead(b []byte, owner string, kind uint16, ttl uint32) []byte {
	b = append(b, `{"name":`...)
	b = appendString(b, owner)
	b = append(b, `,"type":"`...)
	b = appendType(b, kind)
	b = append(b, `","ttl":`...)
	b = strconv.AppendUint(b, uint64(ttl), 10)
	return append(b, `,"data":`...)
}

func appendType(b []byte, kind uint16) []byte {
	switch kind {
	case dns.TypeA:
		return append(b, 'A')
	case dns.TypeAAAA:
		return append(b, "AAAA"...)
	}
	if text, ok := dns.TypeToString[kind]; ok {
		return append(b, text...)
	}
	return strconv.AppendUint(append(b, "TYPE"...), uint64(kind), 10)
}

// appendString appends s as a JSON string. Bytes that are not printable ASCII
// are escaped, so that nothing from the network reaches a terminal as it is.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7F && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case r > 0xFFFF:
			r -= 0x10000
			b = appendEscape(appendEscape(b, 0xD800+r>>10), 0xDC00+r&0x3FF)
		default:
			b = appendEscape(b, r)
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&0xF], hex[r>>8&0xF], hex[r>>4&0xF], hex[r&0xF])
}
