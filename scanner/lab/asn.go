package lab

import "net/netip"

// ASN finds the autonomous system of an address in a lab: 2a10:N::/32 lies in
// that of number N, without a name. Other addresses lie in none.
func ASN(addr netip.Addr) (number uint32, name string, known bool) {
	b := addr.As16()
	return uint32(b[2])<<8 | uint32(b[3]), "", b[0] == 0x2a && b[1] == 0x10
}
