package resolve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Faults of a message.
var (
	errShort  = errors.New("message ends early")
	errName   = errors.New("malformed domain name")
	errCounts = errors.New("more records than the message can hold")
	errRData  = errors.New("malformed record data")
	errOPT    = errors.New("malformed OPT record")
)

const (
	headerLen = 12
	// minRecord is the size of the smallest record: root name, type, class,
	// TTL and length.
	minRecord = 11

	flagQR = 1 << 15
	flagAA = 1 << 10
	flagTC = 1 << 9
	flagRD = 1 << 8
	flagRA = 1 << 7
	flagCD = 1 << 4

	maxTTL = 86400 // seconds that anything is kept (RFC 8767 section 4 advises days)
)

// record says where a resource record lies in a message.
type record struct {
	start, rdata int // offsets of the owner name and of the record data
	end          int // offset after the record
	kind         uint16
	class        uint16
	ttl          uint32 // seconds, at most maxTTL
}

// message is a response that has been walked once: its records are known by
// place and type, and are read only when they are asked for.
type message struct {
	wire       []byte
	question   string // the name asked, which most owner names point to
	flags      uint16
	rcode      int // with the upper bits of the OPT record
	answer     []record
	authority  []record
	additional []record
	records    []record // backing of the three sections
	hasEDNS    bool
	version    uint8 // of EDNS
	cookie     []byte
}

// parseMessage walks wire, which m keeps and must not change. name is the
// question's. Of a truncated message only the header and OPT are sure.
func parseMessage(m *message, wire []byte, name string) error {
	if len(wire) < headerLen {
		return errShort
	}
	records := m.records[:0]
	*m = message{wire: wire, question: name}
	m.flags = binary.BigEndian.Uint16(wire[2:])
	m.rcode = int(m.flags & 0xF)
	questions := int(binary.BigEndian.Uint16(wire[4:]))
	var counts [3]int
	total := 0
	for i := range counts {
		counts[i] = int(binary.BigEndian.Uint16(wire[6+2*i:]))
		total += counts[i]
	}
	if questions > 1 || total*minRecord > len(wire) {
		if m.truncated() {
			return nil
		}
		return errCounts
	}
	off := headerLen
	if questions == 1 {
		end, err := skipName(wire, off)
		if err != nil || end+4 > len(wire) {
			return errShort
		}
		off = end + 4
	}
	if cap(records) < total {
		records = make([]record, 0, total)
	}
	for range total {
		r, err := recordAt(wire, off)
		if err != nil {
			if m.truncated() {
				break
			}
			return err
		}
		off = r.end
		records = append(records, r)
	}
	m.records = records
	for i, section := range []*[]record{&m.answer, &m.authority, &m.additional} {
		n := min(counts[i], len(records))
		*section, records = records[:n:n], records[n:]
	}
	return m.readOPT()
}

// recordAt walks the record at off.
func recordAt(wire []byte, off int) (record, error) {
	at, err := skipName(wire, off)
	if err != nil {
		return record{}, err
	}
	if at+10 > len(wire) {
		return record{}, errShort
	}
	r := record{
		start: off,
		kind:  binary.BigEndian.Uint16(wire[at:]),
		class: binary.BigEndian.Uint16(wire[at+2:]),
		ttl:   binary.BigEndian.Uint32(wire[at+4:]),
		rdata: at + 10,
	}
	r.end = r.rdata + int(binary.BigEndian.Uint16(wire[at+8:]))
	if r.end > len(wire) {
		return record{}, errShort
	}
	return r, nil
}

// clampTTL returns a TTL in seconds: none beyond maxTTL, and none for a value
// with the top bit set (RFC 2181 section 8).
func clampTTL(ttl uint32) uint32 {
	if ttl > 1<<31-1 {
		return 0
	}
	return min(ttl, maxTTL)
}

// readOPT reads the OPT record (RFC 6891), of which there may be one.
func (m *message) readOPT() error {
	for i := range m.additional {
		r := &m.additional[i]
		if r.kind != dns.TypeOPT {
			continue
		}
		if m.hasEDNS || m.wire[r.start] != 0 {
			return errOPT
		}
		m.hasEDNS = true
		m.rcode |= int(r.ttl>>24) << 4
		m.version = uint8(r.ttl >> 16)
		for data := m.wire[r.rdata:r.end]; len(data) > 0; {
			if len(data) < 4 {
				return errOPT
			}
			code, size := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
			if len(data) < 4+size {
				return errOPT
			}
			if code == dns.EDNS0COOKIE {
				m.cookie = data[4 : 4+size]
			}
			data = data[4+size:]
		}
	}
	return nil
}

func (m *message) truncated() bool     { return m.flags&flagTC != 0 }
func (m *message) authoritative() bool { return m.flags&flagAA != 0 }

// said renders what m says, whatever the order of its records: two messages
// that say the same are equal in it. TTLs and the additional section are left
// out.
func (m *message) said() string {
	var lines []string
	for _, section := range [][]record{m.answer, m.authority} {
		for i := range section {
			rec := &section[i]
			owner, _ := m.owner(rec) // a malformed one is refused later
			lines = append(lines, fmt.Sprintf("%s %d %d %x", owner, rec.class, rec.kind, m.wire[rec.rdata:rec.end]))
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(m.rcode, m.flags, lines)
}

// owner returns the canonical owner name of r.
func (m *message) owner(r *record) (string, error) {
	w := m.wire
	if w[r.start] == 0xC0 && w[r.start+1] == headerLen && m.question != "" {
		return m.question, nil
	}
	name, _, err := nameAt(w, r.start)
	return name, err
}

// target returns the name that r's data consists of or, for MX, ends with.
func (m *message) target(r *record) (string, error) {
	off := r.rdata
	if r.kind == dns.TypeMX {
		off += 2
	}
	name, end, err := nameAt(m.wire, off)
	if err != nil {
		return "", err
	}
	if end != r.end {
		return "", errRData
	}
	return name, nil
}

// rr reads r in full. The owner name is made canonical.
func (m *message) rr(r *record) (dns.RR, error) {
	rr, end, err := dns.UnpackRR(m.wire[:r.end], r.start)
	if err != nil {
		return nil, fmt.Errorf("record of type %d: %w", r.kind, err)
	}
	if end != r.end {
		return nil, errRData
	}
	h := rr.Header()
	if name, err := m.owner(r); err == nil {
		h.Name = name
	} else {
		h.Name = strings.ToLower(h.Name)
	}
	h.Ttl = clampTTL(h.Ttl)
	return rr, nil
}
