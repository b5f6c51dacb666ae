//go:build linux && !alone

package netns

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestNamespace looks at a namespace from inside: it has the addresses that it
// was given, and counts what is sent.
func TestNamespace(t *testing.T) {
	if !Enter(t) {
		return
	}
	interfaces, err := net.Interfaces()
	if err != nil || len(interfaces) != 1 || interfaces[0].Flags&(net.FlagLoopback|net.FlagUp) != net.FlagLoopback|net.FlagUp {
		t.Fatalf("not alone with a loopback interface that is up: %v, %v", interfaces, err)
	}
	for _, a := range []netip.Addr{netip.MustParseAddr("185.1.0.1"), netip.MustParseAddr("2a01:100::1")} {
		if send(a) == nil {
			t.Errorf("%s can be reached before it was added", a)
		}
		if err := AddAddrs(a); err != nil {
			t.Fatal(err)
		}
		if err := AddAddrs(a); err == nil {
			t.Errorf("%s was added twice", a)
		}
		before, err := PacketsSent()
		if err != nil {
			t.Fatal(err)
		}
		if err := send(a); err != nil {
			t.Errorf("send to %s: %v", a, err)
		}
		after, err := PacketsSent()
		if err != nil {
			t.Fatal(err)
		}
		if (after.IPv4 > before.IPv4) != a.Is4() || (after.IPv6 > before.IPv6) != a.Is6() {
			t.Errorf("%s: counters went from %+v to %+v", a, before, after)
		}
		if err := RemoveAddrs(a); err != nil {
			t.Fatal(err)
		}
		if send(a) == nil {
			t.Errorf("%s can be reached after it was removed", a)
		}
	}
}

// send sends a datagram to a socket of its own at address a.
func send(a netip.Addr) error {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 53)))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(a, 53))
	return err
}

// TestSigners has every tool sign a zone with every kind of denial.
func TestSigners(t *testing.T) {
	const zone = "example.org."
	text := "$ORIGIN example.org.\n$TTL 300\n@ SOA . . 1 2 3 4 5\n@ NS ns\nns A 185.1.0.1\nsub NS ns\n"
	key, err := NewKey(zone, dns.ED448, EntryPoint)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, by := range []Signer{SignerLDNS, SignerBIND, SignerKnot} {
		for denial, nsec3 := range map[string]*NSEC3{"NSEC": nil, "NSEC3": {}, "opt-out": {Iterations: 3, Salt: "AB", OptOut: true}} {
			dir := filepath.Join(t.TempDir(), string(by))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			records, err := signZone(t.Context(), dir, zone, text, Signing{By: by, Keys: []*Key{key}, NSEC3: nsec3,
				Inception: now.AddDate(0, 0, -1), Expiration: now.AddDate(0, 0, 5)})
			if err != nil {
				t.Fatal(err)
			}
			if keys := keysOf(records); len(keys) != 1 || keys[0].Algorithm != dns.ED448 || len(DigestSHA256(keys)) != 1 {
				t.Errorf("%s, %s: the keys are %v", by, denial, keys)
			}
			var signed, plain, optOut int
			for _, rr := range records {
				switch rr := rr.(type) {
				case *dns.RRSIG:
					if rr.TypeCovered == dns.TypeA {
						signed++
					}
				case *dns.NSEC:
					plain++
				case *dns.NSEC3:
					optOut += int(rr.Flags)
					if nsec3 == nil || int(rr.Iterations) != nsec3.Iterations || len(rr.Salt) != len(nsec3.Salt) {
						t.Errorf("%s, %s: %v", by, denial, rr)
					}
				}
			}
			if signed != 1 || (plain > 0) != (nsec3 == nil) || (optOut > 0) != (nsec3 != nil && nsec3.OptOut) {
				t.Errorf("%s, %s: %d signatures, %d NSEC, %d opt-out", by, denial, signed, plain, optOut)
			}
		}
	}
}
