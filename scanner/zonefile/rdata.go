package zonefile

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"

	"github.com/miekg/dns"
)

// data reads the RDATA of a record of one of the types that isRead names.
func (z *Reader) data(line []byte, pos int, rec *Record) error {
	token, next, err := nextToken(line, pos)
	if err != nil {
		return err
	}
	if len(token) == 2 && token[0] == '\\' && token[1] == '#' {
		return z.genericData(line, next, rec)
	}
	switch rec.Type {
	case dns.TypeNS:
		if rec.Target, err = z.target(token, "name server"); err != nil {
			return err
		}
	case dns.TypeA:
		addr, ok := parseIPv4(token)
		if !ok {
			return faultf("write it like 192.0.2.1", "malformed IPv4 address %s", quoted(token))
		}
		rec.Addr = addr
	case dns.TypeAAAA:
		addr, ok := parseIPv6(token)
		if !ok {
			return faultf("write it like 2001:db8::1", "malformed IPv6 address %s", quoted(token))
		}
		rec.Addr = addr
	case dns.TypeDS:
		return z.ds(line, pos, rec)
	case dns.TypeDNSKEY:
		return z.dnskey(line, pos, rec)
	case dns.TypeSOA:
		return z.soa(line, pos, rec)
	}
	return endOfRecord(line, next)
}

// endOfRecord returns an error when the line continues after pos.
func endOfRecord(line []byte, pos int) error {
	token, _, err := nextToken(line, pos)
	if err == nil && len(token) > 0 {
		err = faultf("take it out, or begin a new line before it", "unexpected %s after the end of the record", quoted(token))
	}
	return err
}

// target reads the name that token holds into the buffer for targets.
func (z *Reader) target(token []byte, what string) (Name, error) {
	if len(token) == 0 {
		return nil, faultf("add it, or delete the line", "the %s is missing", what)
	}
	name, err := appendName(z.targetBuf[:0], token, z.origin)
	if err != nil {
		return nil, nameFault(what, token, err)
	}
	return name, nil
}

// numbers reads decimal fields, each up to its limit, into values.
func numbers(line []byte, pos int, what string, limits []uint64, values []uint64) (next int, err error) {
	for i, limit := range limits {
		var token []byte
		if token, pos, err = nextToken(line, pos); err != nil {
			return pos, err
		}
		n, ok := parseNumber(token, limit)
		if !ok {
			return pos, faultf("correct it", "%s: field %d is %s, not a number up to %d", what, i+1, quoted(token), limit)
		}
		values[i] = n
	}
	return pos, nil
}

var (
	dsLimits     = []uint64{1<<16 - 1, 1<<8 - 1, 1<<8 - 1}
	dnskeyLimits = dsLimits
)

// ds reads the data of a DS record, RFC 4034 section 5.3. Algorithms may also
// be given by mnemonic (RFC 4034 appendix A.1).
func (z *Reader) ds(line []byte, pos int, rec *Record) error {
	var n [3]uint64
	var token []byte
	pos, err := numbers(line, pos, "DS", dsLimits[:1], n[:1])
	if err != nil {
		return err
	}
	if token, pos, err = nextToken(line, pos); err != nil {
		return err
	}
	algorithm, ok := parseAlgorithm(token)
	if !ok {
		return faultf("give the algorithm's number", "DS: unknown algorithm %s", quoted(token))
	}
	if pos, err = numbers(line, pos, "DS after the algorithm", dsLimits[2:], n[2:]); err != nil {
		return err
	}
	z.digest = z.digest[:0]
	for {
		if token, pos, err = nextToken(line, pos); err != nil {
			return err
		}
		if len(token) == 0 {
			break
		}
		z.digest = append(z.digest, token...)
	}
	digits := len(z.digest)
	octets, err := hex.Decode(z.digest, z.digest)
	if err != nil || octets == 0 {
		return faultf("copy the DS record again", "DS: the digest, of %d characters, is not an even number of hexadecimal digits", digits)
	}
	rec.DS = DS{KeyTag: uint16(n[0]), Algorithm: algorithm, DigestType: uint8(n[2]), Digest: z.digest[:octets]}
	return nil
}

// parseAlgorithm reads a DNSSEC algorithm's number or mnemonic.
func parseAlgorithm(token []byte) (uint8, bool) {
	if n, ok := parseNumber(token, 1<<8-1); ok {
		return uint8(n), true
	}
	if len(token) > 32 {
		return 0, false
	}
	n, ok := dns.StringToAlgorithm[string(bytes.ToUpper(token))]
	return n, ok
}

func (z *Reader) dnskey(line []byte, pos int, rec *Record) error {
	var n [2]uint64
	pos, err := numbers(line, pos, "DNSKEY", dnskeyLimits[:2], n[:])
	if err != nil {
		return err
	}
	token, pos, err := nextToken(line, pos)
	if err != nil {
		return err
	}
	algorithm, ok := parseAlgorithm(token)
	if !ok {
		return faultf("give the algorithm's number", "DNSKEY: unknown algorithm %s", quoted(token))
	}
	rec.Key = Key{Flags: uint16(n[0]), Algorithm: algorithm}
	return checkTokens(line, pos)
}

// soa reads the data of an SOA record, RFC 1035 section 3.3.13.
func (z *Reader) soa(line []byte, pos int, rec *Record) error {
	for _, what := range []string{"primary name server", "mailbox"} {
		token, next, err := nextToken(line, pos)
		if err != nil {
			return err
		}
		if _, err := z.target(token, what); err != nil {
			return err
		}
		pos = next
	}
	var serial [1]uint64
	pos, err := numbers(line, pos, "SOA", []uint64{1<<32 - 1}, serial[:])
	if err != nil {
		return err
	}
	for _, what := range []string{"refresh", "retry", "expire", "minimum"} {
		token, next, err := nextToken(line, pos)
		if err != nil {
			return err
		}
		if _, ok := parseTTL(token); !ok {
			return faultf("write seven fields: NAME MAILBOX SERIAL REFRESH RETRY EXPIRE MINIMUM", "SOA: %s is %s, not a number of seconds", what, quoted(token))
		}
		pos = next
	}
	rec.Serial = uint32(serial[0])
	return endOfRecord(line, pos)
}

// genericData reads RDATA in the form for unknown types, RFC 3597 section 5.
func (z *Reader) genericData(line []byte, pos int, rec *Record) error {
	var length [1]uint64
	pos, err := numbers(line, pos, `\#`, []uint64{1<<16 - 1}, length[:])
	if err != nil {
		return err
	}
	z.digest = z.digest[:0]
	var token []byte
	for {
		if token, pos, err = nextToken(line, pos); err != nil {
			return err
		}
		if len(token) == 0 {
			break
		}
		z.digest = append(z.digest, token...)
	}
	digits := len(z.digest)
	n, err := hex.Decode(z.digest, z.digest)
	if err != nil || uint64(n) != length[0] {
		return faultf(`write \# LENGTH and that many octets in hexadecimal`, `\#: the data, of %d characters, is not %d octets in hexadecimal`, digits, length[0])
	}
	if err := z.wireData(z.digest[:n], rec); err != nil {
		return faultf("correct it, or write the record in its type's own form", `\#: malformed %s data: %v`, dns.TypeToString[rec.Type], err)
	}
	return nil
}

// wireData reads RDATA in wire form.
func (z *Reader) wireData(wire []byte, rec *Record) (err error) {
	switch rec.Type {
	case dns.TypeNS:
		rec.Target, err = nameFromWire(z.targetBuf[:0], wire)
		return err
	case dns.TypeA, dns.TypeAAAA:
		addr, ok := netip.AddrFromSlice(wire)
		if !ok || addr.Is4() != (rec.Type == dns.TypeA) {
			return &fault{problem: "wrong length"}
		}
		rec.Addr = addr
	case dns.TypeDS:
		if len(wire) < 5 {
			return &fault{problem: "too short"}
		}
		rec.DS = DS{KeyTag: binary.BigEndian.Uint16(wire), Algorithm: wire[2], DigestType: wire[3], Digest: wire[4:]}
	case dns.TypeDNSKEY:
		if len(wire) < 4 {
			return &fault{problem: "too short"}
		}
		rec.Key = Key{Flags: binary.BigEndian.Uint16(wire), Algorithm: wire[3]}
	case dns.TypeSOA:
		if len(wire) < 22 {
			return &fault{problem: "too short"}
		}
		rec.Serial = binary.BigEndian.Uint32(wire[len(wire)-20:])
	}
	return nil
}
