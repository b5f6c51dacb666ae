package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Every simulated address has a position: 0, 1, 2 and so on. The loopback address
// that serves it follows from the position, so every process that has read the
// same scenario computes the same mapping.
const (
	// loopbackBase is 127.1.0.0: the block 127.0.0.0/16 stays free for other
	// programs on the machine.
	loopbackBase = 127<<24 + 1<<16
	loopbackEnd  = 128<<24 - 1 // exclusive: the last one is the broadcast address
	maxPositions = loopbackEnd - loopbackBase
)

// loopback returns the address that serves a position.
func loopback(position uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], loopbackBase+position)
	return netip.AddrFrom4(b)
}

// positionOf is the inverse of loopback.
func positionOf(addr [4]byte) (uint32, bool) {
	n := binary.BigEndian.Uint32(addr[:])
	if n < loopbackBase || n >= loopbackEnd {
		return 0, false
	}
	return n - loopbackBase, true
}

// pool is a source of addresses for hosts whose addresses a scenario leaves to
// the laboratory. Slot n has one IPv4 and one IPv6 address; every IPv6 address is
// in a /48 of its own, as those of independent hosts are.
type pool struct {
	v4 byte   // first octet
	v6 uint16 // first group
}

// The pools: IPv4 blocks that are allocated and serve no public host, and IPv6
// blocks that IANA has not allocated. Both are global unicast addresses to
// any code that checks them.
var (
	declaredPool  = pool{v4: 28, v6: 0x3a05}
	generatedPool = pool{v4: 30, v6: 0x3a06}
)

const maxSlots = 1 << 24

func (p pool) addr4(slot uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{p.v4, byte(slot >> 16), byte(slot >> 8), byte(slot)})
}

func (p pool) addr6(slot uint32) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint16(b[:], p.v6)
	binary.BigEndian.PutUint32(b[2:], slot)
	b[15] = 1
	return netip.AddrFrom16(b)
}

// slot is the inverse of addr4 and addr6.
func (p pool) slot(a netip.Addr) (slot uint32, ok bool) {
	if a.Is4() {
		b := a.As4()
		return uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), b[0] == p.v4
	}
	b := a.As16()
	slot = binary.BigEndian.Uint32(b[2:])
	return slot, p.addr6(slot) == a
}

// reserved says whether an address is in one of the pools.
func reserved(a netip.Addr) bool {
	_, declared := declaredPool.slot(a)
	_, generated := generatedPool.slot(a)
	return declared || generated
}

// The ports that the laboratory plays, in the order of their bits.
var servicePorts = [...]uint16{53, 80, 443, 25}

const (
	dnsService = 1 << iota
	httpService
	httpsService
	smtpService
)

// portIndex returns the index of port in servicePorts, or -1.
func portIndex(port uint16) int {
	for i, p := range servicePorts {
		if p == port {
			return i
		}
	}
	return -1
}

// ports are the loopback sockets' port numbers.
type ports struct {
	DNS    uint16 `json:"dns"` // UDP and TCP
	HTTP   uint16 `json:"http"`
	HTTPS  uint16 `json:"https"`
	SMTP   uint16 `json:"smtp"`
	Closed uint16 `json:"closed"` // refuses, UDP and TCP
	Silent uint16 `json:"silent"` // TCP connections to it never complete
}

func (p ports) service(index int) uint16 {
	return [...]uint16{p.DNS, p.HTTP, p.HTTPS, p.SMTP}[index]
}

func checkPositions(declared int, generated uint64) error {
	if need := uint64(declared) + 2*generated; need > maxPositions {
		return fmt.Errorf("the scenario needs %d addresses; the laboratory has %d", need, maxPositions)
	}
	return nil
}
