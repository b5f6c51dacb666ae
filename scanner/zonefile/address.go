package zonefile

import "net/netip"

// parseIPv4 reads an IPv4 address in dotted decimal form.
func parseIPv4(text []byte) (addr netip.Addr, ok bool) {
	var octets [4]byte
	octet, digits, n := 0, 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if digits > 0 && n == 0 {
				return addr, false // a leading zero: octal to some, decimal to others
			}
			n = 10*n + int(c-'0')
			if digits++; n > 255 {
				return addr, false
			}
		case c == '.' && digits > 0 && octet < 3:
			octets[octet] = byte(n)
			octet++
			digits, n = 0, 0
		default:
			return addr, false
		}
	}
	if octet != 3 || digits == 0 {
		return addr, false
	}
	octets[3] = byte(n)
	return netip.AddrFrom4(octets), true
}

// parseIPv6 reads an IPv6 address, RFC 4291 section 2.2. The form that ends
// in a dotted IPv4 address is left to package netip, for it is rare.
func parseIPv6(text []byte) (addr netip.Addr, ok bool) {
	var octets [16]byte
	at, gap := 0, -1 // octets written; where :: stands
	i := 0
	if len(text) >= 2 && text[0] == ':' && text[1] == ':' {
		gap, i = 0, 2
	}
	for i < len(text) {
		group, digits := 0, 0
		for i < len(text) && digits <= 4 {
			d := hexDigit[text[i]]
			if d < 0 {
				break
			}
			group = group<<4 | int(d)
			digits++
			i++
		}
		if i < len(text) && text[i] == '.' {
			addr, err := netip.ParseAddr(string(text))
			return addr, err == nil && addr.Is6()
		}
		if digits == 0 || digits > 4 || at == 16 {
			return addr, false
		}
		octets[at], octets[at+1] = byte(group>>8), byte(group)
		at += 2
		if i == len(text) {
			break
		}
		if text[i] != ':' {
			return addr, false
		}
		if i++; i == len(text) {
			return addr, false // a single colon at the end
		}
		if text[i] == ':' {
			if gap >= 0 {
				return addr, false
			}
			gap = at
			i++
		}
	}
	if gap < 0 {
		return netip.AddrFrom16(octets), at == 16
	}
	if at == 16 {
		return addr, false // :: stands for at least one group
	}
	copy(octets[16-(at-gap):], octets[gap:at])
	clear(octets[gap : 16-(at-gap)])
	return netip.AddrFrom16(octets), true
}

// hexDigit is the value of a hexadecimal digit, or -1.
var hexDigit = func() (value [256]int8) {
	for i := range value {
		value[i] = -1
	}
	for i, c := range "0123456789" {
		value[c] = int8(i)
	}
	for i, c := range "abcdef" {
		value[c], value[c-'a'+'A'] = int8(10+i), int8(10+i)
	}
	return value
}()
