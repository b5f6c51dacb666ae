package probe

import (
	"context"
	"crypto"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func factAt(n uint32) factKey {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], n)
	return factKey{addr: netip.AddrFrom16(b)}
}

// TestServerFactsAreAskedOnce: many zones that want one fact at the same time
// cost one query, and so do those that come within the next 10 minutes.
func TestServerFactsAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts serverFacts
		var asked atomic.Int32
		ask := func() (serverFact, bool) {
			time.Sleep(time.Second)
			return serverFact{detail: string(rune('a' + asked.Add(1)))}, true
		}
		want := func(detail string) {
			t.Helper()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if f, ok := facts.get(t.Context(), factAt(1), ask); !ok || f.detail != detail {
						t.Errorf("got %q, %v, want %q", f.detail, ok, detail)
					}
				})
			}
			all.Wait()
		}
		want("b")
		time.Sleep(factTTL - time.Second)
		want("b")
		time.Sleep(time.Second)
		want("c")
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestServerFactsThatAreNone: what a target that ran out of time did not find
// out is asked again by the next, and waiting ends with the waiter's own time.
func TestServerFactsThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts serverFacts
		var all sync.WaitGroup
		all.Go(func() {
			facts.get(t.Context(), factAt(1), func() (serverFact, bool) { time.Sleep(time.Minute); return serverFact{}, false })
		})
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, ok := facts.get(short, factAt(1), nil); ok {
			t.Error("a fact came before it was known")
		}
		f, ok := facts.get(t.Context(), factAt(1), func() (serverFact, bool) { return serverFact{detail: "mine"}, true })
		if !ok || f.detail != "mine" {
			t.Errorf("got %q, %v", f.detail, ok)
		}
		all.Wait()
	})
}

func TestServerFactsAreBounded(t *testing.T) {
	var facts serverFacts
	for n := range uint32(maxFacts + 1000) {
		facts.get(t.Context(), factAt(n), func() (serverFact, bool) { return serverFact{}, true })
	}
	if len(facts.known) > maxFacts {
		t.Errorf("%d facts are kept", len(facts.known))
	}
}

// TestBehind compares serials as RFC 1982 does: they run in a circle.
func TestBehind(t *testing.T) {
	for _, test := range []struct {
		values []uint32
		newest uint32
		late   int
	}{
		{nil, 0, 0},
		{[]uint32{7, 7}, 7, 0},
		{[]uint32{7, 8, 6}, 8, 2},
		{[]uint32{4294967295, 1}, 1, 1},
		{[]uint32{1, 4294967295}, 1, 1},
	} {
		var all []zoneSerial
		for _, value := range test.values {
			all = append(all, zoneSerial{value: value})
		}
		newest, late := behind(all)
		if newest != test.newest || len(late) != test.late {
			t.Errorf("%v: newest %d, %d behind, want %d and %d", test.values, newest, len(late), test.newest, test.late)
		}
	}
}

// TestKeyAnswerBytes holds the estimate against messages that are packed.
func TestKeyAnswerBytes(t *testing.T) {
	const zone = "example.gov.ar."
	for _, test := range []struct {
		algorithm uint8
		bits      int
		flags     []uint16
		want      answerSize
	}{
		{dns.ECDSAP256SHA256, 256, []uint16{257}, smallAnswer},
		{dns.ECDSAP256SHA256, 256, []uint16{257, 256}, smallAnswer},
		{dns.ED25519, 256, []uint16{257, 256, 256}, smallAnswer},
		{dns.RSASHA256, 2048, []uint16{257, 256}, largeAnswer},
		{dns.RSASHA256, 2048, []uint16{257, 257, 256, 256}, largerAnswer},
	} {
		var keys []dns.RR
		msg := new(dns.Msg)
		msg.SetQuestion(zone, dns.TypeDNSKEY)
		msg.SetEdns0(udpBuffer, true)
		msg.Compress = true
		for _, flags := range test.flags {
			key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET}, Flags: flags, Protocol: 3, Algorithm: test.algorithm}
			private, err := key.Generate(test.bits)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
			if flags&dns.SEP == 0 {
				continue
			}
			sig := &dns.RRSIG{KeyTag: key.KeyTag(), SignerName: zone, Algorithm: test.algorithm, Expiration: 1}
			if err := sig.Sign(private.(crypto.Signer), []dns.RR{key}); err != nil {
				t.Fatal(err)
			}
			msg.Answer = append(msg.Answer, sig)
		}
		msg.Answer = append(msg.Answer, keys...)
		packed, err := msg.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if got := keyAnswerBytes(zone, keys); got < len(packed)-10 || got > len(packed)+10 || sizeOf(got) != test.want {
			t.Errorf("algorithm %d, flags %v: estimated %d bytes, packed %d", test.algorithm, test.flags, got, len(packed))
		}
	}
	if got := keyAnswerBytes(zone, nil); got != 0 {
		t.Errorf("without keys: %d bytes", got)
	}
}
