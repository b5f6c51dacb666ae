package zonefile

import (
	"bytes"
	"net/netip"
	"slices"

	"adopt6/scanner/netaddr"
)

// maxAddresses bounds the address records that one name may have, in bytes;
// no response could carry as many.
const maxAddresses = 1 << 20

// host is a name with the addresses that the zone file gives it.
type host struct {
	name       Name
	glue       Glue
	records    uint64
	duplicates int // address records beyond the first of the same address
}

// hostReader groups the sorted address records by name.
type hostReader struct {
	from    run
	name    Name // the name after the current one; nil at the end
	payload []byte
	started bool
	current Name
	records []byte
	unicast *unicast
	file    string

	at   host // the host that find stopped at
	done bool // there are no more
}

// next returns the next host, in canonical order. Its name is nil after the
// last, and valid until the next call.
func (r *hostReader) next() (h host, err error) {
	if !r.started {
		r.started = true
		if r.name, r.payload, err = r.from.next(); err != nil {
			return h, err
		}
	}
	if r.name == nil {
		return h, nil
	}
	r.current = append(r.current[:0], r.name...)
	r.records = append(r.records[:0], r.payload...)
	for {
		if r.name, r.payload, err = r.from.next(); err != nil {
			return h, err
		}
		if r.name == nil || !bytes.Equal(r.name, r.current) {
			break
		}
		if r.records = append(r.records, r.payload...); len(r.records) > maxAddresses {
			return h, &FormatError{File: r.file, Problem: "the addresses of " + r.current.String() + " take more than 1 MiB", Fix: "delete what is too much"}
		}
	}
	h.name = r.current
	r.judge(&h)
	return h, nil
}

// judge fills in what the current host's addresses amount to, which are stored
// as appendAddress does it.
func (r *hostReader) judge(h *host) {
	var few [8][]byte
	seen := few[:0]
	for records := r.records; len(records) > 0; {
		size := 1 + int(records[0])
		record := records[:size]
		records = records[size:]
		seen = append(seen, record)
		switch {
		case size == 5:
			h.glue |= GlueV4
		case r.unicast.usable([16]byte(record[1:])):
			h.glue |= GlueV6
		default:
			h.glue |= GlueV6Special
		}
	}
	h.records = uint64(len(seen))
	if len(seen) > 1 {
		slices.SortFunc(seen, bytes.Compare)
		h.duplicates = int(h.records) - len(slices.CompactFunc(seen, bytes.Equal))
	}
}

// appendAddress appends an address and, before it, how many octets it takes.
func appendAddress(b []byte, addr netip.Addr) []byte {
	if addr.Is4() {
		octets := addr.As4()
		return append(append(b, 4), octets[:]...)
	}
	octets := addr.As16()
	return append(append(b, 16), octets[:]...)
}

// unicast tells quickly whether an IPv6 address is usable. For the /16 blocks of
// global unicast space, it knows which special-purpose blocks they overlap; most
// overlap none.
type unicast struct {
	plain   [1 << 16]bool // no overlap
	special map[uint16][]netip.Prefix
}

func newUnicast() *unicast {
	u := &unicast{special: make(map[uint16][]netip.Prefix)}
	registry := netaddr.Registry()
	for n := uint16(0x2000); n <= 0x3fff; n++ {
		block := netip.PrefixFrom(netip.AddrFrom16([16]byte{byte(n >> 8), byte(n)}), 16)
		for _, c := range registry {
			if c.Block.Overlaps(block) {
				u.special[n] = append(u.special[n], c.Block)
			}
		}
		u.plain[n] = len(u.special[n]) == 0
	}
	return u
}

// usable reports the same as netaddr.Classify does.
func (u *unicast) usable(octets [16]byte) bool {
	n := uint16(octets[0])<<8 | uint16(octets[1])
	if u.plain[n] {
		return true
	}
	addr := netip.AddrFrom16(octets)
	blocks, known := u.special[n]
	if known && !slices.ContainsFunc(blocks, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return true
	}
	return netaddr.Classify(addr).Usable
}

// find advances to the host with that name and returns its glue; none when it
// has no address. Names must be asked for in canonical order.
func (r *hostReader) find(name Name) (Glue, error) {
	for !r.done && bytes.Compare(r.at.name, name) < 0 {
		var err error
		if r.at, err = r.next(); err != nil {
			return 0, err
		}
		r.done = r.at.name == nil
	}
	if !r.done && bytes.Equal(r.at.name, name) {
		return r.at.glue, nil
	}
	return 0, nil
}
