package netaddr

import (
	"errors"
	"net/netip"
	"testing"
)

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		addr   string
		usable bool
		name   string
	}{
		{"2001:4860:4860::8888", true, ""},
		{"2a00:1450:4001:82b::2003", true, ""},
		{"8.8.8.8", true, ""},
		{"2001:500:2f::f", true, ""}, // f.root-servers.net, inside 2001::/16 but in no block
		{"192.175.48.1", true, "Direct Delegation AS112 Service"},
		{"2001:4:112::1", true, "AS112-v6"}, // the specific block says yes inside one that says no
		{"::1", false, "Loopback Address"},
		{"::", false, "Unspecified Address"},
		{"::ffff:8.8.8.8", false, "IPv4-mapped Address"},
		{"::8.8.8.8", false, "IPv4-compatible (deprecated)"},
		{"64:ff9b::808:808", false, "IPv4-IPv6 Translat."},
		{"64:ff9b::7f00:1", false, "IPv4-IPv6 Translat."},
		{"64:ff9b:1::1", false, "IPv4-IPv6 Translat."},
		{"100::1", false, "Discard-Only Address Block"},
		{"2001::1", false, "TEREDO"},
		{"2001:2::1", false, "Benchmarking"},
		{"2001:10::1", false, "Deprecated (previously ORCHID)"},
		{"2001:20::1", false, "ORCHIDv2"},
		{"2001:db8::1", false, "Documentation"},
		{"2002:808:808::1", false, "6to4"},
		{"3fff::1", false, "Documentation"},
		{"5f00::1", false, "Segment Routing (SRv6) SIDs"},
		{"4000::1", false, "Not global unicast"},
		{"fc00::1", false, "Unique-Local"},
		{"fd12:3456::1", false, "Unique-Local"},
		{"fe80::1", false, "Link-Local Unicast"},
		{"fe80::1%eth0", false, "Link-Local Unicast"},
		{"fec0::1", false, "Site-Local (deprecated)"},
		{"ff02::1", false, "Multicast"},
		{"0.0.0.0", false, "This host on this network"},
		{"10.1.2.3", false, "Private-Use"},
		{"100.64.0.1", false, "Shared Address Space"},
		{"127.0.0.1", false, "Loopback"},
		{"169.254.169.254", false, "Link Local"},
		{"192.0.2.1", false, "Documentation (TEST-NET-1)"},
		{"192.0.0.171", false, "NAT64/DNS64 Discovery"},
		{"192.88.99.1", false, "Deprecated (6to4 Relay Anycast)"},
		{"198.18.0.1", false, "Benchmarking"},
		{"224.0.0.1", false, "Multicast"},
		{"240.0.0.1", false, "Reserved"},
		{"255.255.255.255", false, "Limited Broadcast"},
	} {
		got := Classify(netip.MustParseAddr(test.addr))
		if got.Usable != test.usable || got.Name != test.name {
			t.Errorf("%s: got %v %q, want %v %q", test.addr, got.Usable, got.Name, test.usable, test.name)
		}
	}
	if Classify(netip.Addr{}).Usable {
		t.Error("the zero address is usable")
	}
}

// TestDialerRefusesSpecialAddresses goes through every special-purpose block:
// its first and last address may be dialled only where the registry says so.
func TestDialerRefusesSpecialAddresses(t *testing.T) {
	var d Dialer
	for _, block := range Registry() {
		for _, addr := range []netip.Addr{block.Block.Addr(), last(block.Block)} {
			_, err := d.Route("tcp", netip.AddrPortFrom(addr, 443))
			if denied := new(DeniedError); errors.As(err, &denied) == Classify(addr).Usable {
				t.Errorf("%s in %s: got %v", addr, block, err)
			}
		}
	}
	if _, err := d.DialContext(t.Context(), "tcp", netip.MustParseAddrPort("127.0.0.1:1")); err == nil {
		t.Error("loopback was dialled")
	}
}

func TestDialerRoutes(t *testing.T) {
	private := netip.MustParseAddrPort("10.0.0.1:53")
	if to, err := (&Dialer{AllowSpecial: true}).Route("udp", private); err != nil || to != private {
		t.Errorf("with special addresses allowed: got %v, %v", to, err)
	}
	lab := Dialer{Lab: toLoopback{}}
	if _, err := lab.Route("udp", private); err == nil {
		t.Error("the lab was asked for an address that may not be dialled")
	}
	if to, err := lab.Route("udp", netip.MustParseAddrPort("8.8.8.8:53")); err != nil || to.Port() != 5300 {
		t.Errorf("in the lab: got %v, %v", to, err)
	}
}

type toLoopback struct{}

func (toLoopback) Route(string, netip.AddrPort) (netip.AddrPort, error) {
	return netip.MustParseAddrPort("127.1.0.1:5300"), nil
}

// last returns the highest address of a block.
func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func BenchmarkClassify(b *testing.B) {
	addr := netip.MustParseAddr("2a00:1450:4001:82b::2003")
	for b.Loop() {
		Classify(addr)
	}
}
