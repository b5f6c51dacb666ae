package lab

import "testing"

// TestRealRoot: the embedded table gives the figures that the root zone of
// 2026-08-22 gives.
func TestRealRoot(t *testing.T) {
	root := realRoot()
	ccTLDs, one, two, all, signed := 0, 0, 0, 0, 0
	for _, tld := range root.tlds {
		if !tld.country {
			continue
		}
		ccTLDs++
		with := 0
		for _, host := range tld.ns {
			for _, a := range root.hosts[host] {
				if a.Is6() {
					with++
					break
				}
			}
		}
		for count, reached := range map[*int]bool{&one: with >= 1, &two: with >= 2, &all: with == len(tld.ns), &signed: tld.signed} {
			if reached {
				*count++
			}
		}
	}
	if ccTLDs != 309 || one != 291 || two != 279 || all != 157 || signed != 221 {
		t.Errorf("%d ccTLDs, of these %d with IPv6 on one name server, %d on two, %d on all, %d with DS; want 309, 291, 279, 157, 221",
			ccTLDs, one, two, all, signed)
	}
}

// TestPositions: addresses and their positions are each other's inverse, and no
// position is in 127.0.0.0/16 or a broadcast address.
func TestPositions(t *testing.T) {
	for _, position := range []uint32{0, 1, 255, 65536, maxPositions - 1} {
		addr := loopback(position)
		if got, ok := positionOf(addr.As4()); !ok || got != position {
			t.Errorf("position %d is served by %s, which has position %d, %v", position, addr, got, ok)
		}
	}
	for _, b := range [][4]byte{{127, 0, 0, 1}, {127, 0, 255, 255}, {127, 255, 255, 255}, {128, 0, 0, 0}, {10, 0, 0, 1}} {
		if _, ok := positionOf(b); ok {
			t.Errorf("%v has a position", b)
		}
	}
	for _, p := range []pool{declaredPool, generatedPool} {
		for _, slot := range []uint32{0, 1, 1<<24 - 1} {
			if got, ok := p.slot(p.addr4(slot)); !ok || got != slot {
				t.Errorf("IPv4 slot %d: %d, %v", slot, got, ok)
			}
			if got, ok := p.slot(p.addr6(slot)); !ok || got != slot {
				t.Errorf("IPv6 slot %d: %d, %v", slot, got, ok)
			}
		}
	}
}
