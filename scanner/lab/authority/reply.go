package authority

import (
	"encoding/binary"
	"slices"

	"github.com/miekg/dns"
)

// ServerSize is the largest UDP answer that a server sends and announces.
const ServerSize = 1232

// Option bits of a reply.
type replyFlags struct {
	authoritative, truncated bool
	rcode                    int
}

// reply writes one answer into a buffer, compressing names.
type reply struct {
	buf     []byte // the message; may have room before it, see base
	base    int    // where the message starts in buf
	limit   int    // octets that the message may have, the OPT record included
	q       *Query
	flags   replyFlags
	counts  [4]uint16 // question, answer, authority, additional
	names   []knownName
	sets    []sentSet // already in the message
	known   [48]knownName
	had     [16]sentSet
	cookie  []byte // COOKIE option to send
	optSize int
	// What is to come once the answer section is complete: proofs, and the
	// addresses of the hosts that the last set names.
	pending  []zoneSet
	last     *RRset
	lastZone *Zone
}

// knownName is a name, or the tail of one, that is in the message already.
type knownName struct {
	name Name
	at   uint16
}

// sentSet is a set in the message. A wildcard's set can be there for several
// owners.
type sentSet struct {
	owner Name
	set   *RRset
}

// The sections of a message.
const (
	answerSection     = 1
	authoritySection  = 2
	additionalSection = 3
)

// start writes the header's room and the question.
func (r *reply) start(dst []byte, q *Query, limit int, cookie []byte) {
	r.buf, r.base, r.q, r.limit, r.cookie = dst, len(dst), q, limit, cookie
	r.names, r.sets, r.pending = r.known[:0], r.had[:0], r.pending[:0]
	r.flags, r.optSize, r.last, r.lastZone = replyFlags{}, 0, nil, nil
	if q.EDNS {
		r.optSize = 11
		if len(cookie) > 0 {
			r.optSize += 4 + len(cookie)
		}
	}
	r.rewind()
}

// rewind forgets everything but the question.
func (r *reply) rewind() {
	r.buf = append(r.buf[:r.base], make([]byte, headerSize)...)
	r.counts, r.names, r.sets = [4]uint16{}, r.names[:0], r.sets[:0]
	if len(r.q.question) == 0 {
		return
	}
	r.counts[0] = 1
	for n, at := r.q.Name, headerSize; n != Root; n = n.Parent() {
		r.names = append(r.names, knownName{n, uint16(at)})
		at += 1 + int(n[0])
	}
	r.buf = append(r.buf, r.q.question...)
}

// finish writes the OPT record and the header and returns the buffer.
func (r *reply) finish() []byte {
	if r.q.EDNS {
		r.counts[additionalSection]++
		r.buf = append(r.buf, 0)
		r.buf = binary.BigEndian.AppendUint16(r.buf, dns.TypeOPT)
		r.buf = binary.BigEndian.AppendUint16(r.buf, ServerSize)
		var do byte
		if r.q.DO {
			do = 0x80
		}
		r.buf = append(r.buf, byte(r.flags.rcode>>4), 0, do, 0)
		if len(r.cookie) > 0 {
			r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(4+len(r.cookie)))
			r.buf = binary.BigEndian.AppendUint16(r.buf, dns.EDNS0COOKIE)
			r.buf = binary.BigEndian.AppendUint16(r.buf, uint16(len(r.cookie)))
			r.buf = append(r.buf, r.cookie...)
		} else {
			r.buf = append(r.buf, 0, 0)
		}
	}
	head := r.buf[r.base:]
	binary.BigEndian.PutUint16(head, r.q.ID)
	head[2] = 0x80 | r.q.Opcode<<3
	if r.flags.authoritative {
		head[2] |= 4
	}
	if r.flags.truncated {
		head[2] |= 2
	}
	if r.q.RD {
		head[2] |= 1
	}
	head[3] = byte(r.flags.rcode & 0xf)
	for i, count := range r.counts {
		binary.BigEndian.PutUint16(head[4+2*i:], count)
	}
	return r.buf
}

// room says whether the message is still within its limit.
func (r *reply) room() bool { return len(r.buf)-r.base+r.optSize <= r.limit }

// add writes a set, owned by owner, with its signatures. When it does not fit
// nothing is written and the result is false.
func (r *reply) add(section int, owner Name, set *RRset, signatures [][]byte) bool {
	if slices.Contains(r.sets, sentSet{owner, set}) {
		return true
	}
	mark, names := len(r.buf), len(r.names)
	for _, rdata := range set.Data {
		r.record(owner, set.Type, set.TTL, rdata)
	}
	for _, rdata := range signatures {
		r.record(owner, dns.TypeRRSIG, set.TTL, rdata)
	}
	if !r.room() || len(set.Data)+len(signatures) > 0xffff-int(r.counts[section]) {
		r.buf, r.names = r.buf[:mark], r.names[:names]
		return false
	}
	r.counts[section] += uint16(len(set.Data) + len(signatures))
	r.sets = append(r.sets, sentSet{owner, set})
	return true
}

func (r *reply) record(owner Name, rrtype uint16, ttl uint32, rdata []byte) {
	r.name(owner)
	r.buf = binary.BigEndian.AppendUint16(r.buf, rrtype)
	r.buf = binary.BigEndian.AppendUint16(r.buf, dns.ClassINET)
	r.buf = binary.BigEndian.AppendUint32(r.buf, ttl)
	at := len(r.buf)
	r.buf = append(r.buf, 0, 0)
	before, names := compressible(rrtype)
	r.buf = append(r.buf, rdata[:before]...)
	rest := rdata[before:]
	for range names {
		end, ok := skipName(rest, 0)
		if !ok {
			break
		}
		r.name(Name(rest[:end]))
		rest = rest[end:]
	}
	r.buf = append(r.buf, rest...)
	binary.BigEndian.PutUint16(r.buf[at:], uint16(len(r.buf)-at-2))
}

// compressible says how many octets of rdata precede the names that may be
// compressed and how many such names there are: those of RFC 1035 only
// (RFC 3597 section 4).
func compressible(rrtype uint16) (before, names int) {
	switch rrtype {
	case dns.TypeNS, dns.TypeCNAME, dns.TypePTR:
		return 0, 1
	case dns.TypeSOA:
		return 0, 2
	case dns.TypeMX:
		return 2, 1
	}
	return 0, 0
}

// name writes n, pointing to a tail that is there already.
func (r *reply) name(n Name) {
	for ; n != Root; n = n.Parent() {
		for _, k := range r.names {
			if k.name == n {
				r.buf = binary.BigEndian.AppendUint16(r.buf, 0xc000|k.at)
				return
			}
		}
		if at := len(r.buf) - r.base; at < 0x4000 {
			r.names = append(r.names, knownName{n, uint16(at)})
		}
		r.buf = append(r.buf, n[:1+int(n[0])]...)
	}
	r.buf = append(r.buf, 0)
}
