package probe

import (
	"context"
	"crypto"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// TestSharedFactsAreAskedOnce: many targets that want one fact at the same time
// cost one question, and so do those that come within the next 10 minutes.
func TestSharedFactsAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts shared[int32]
		var asked atomic.Int32
		failed := false
		want := func(value int32) {
			t.Helper()
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					got, ok := facts.get(t.Context(), "fact", func() (int32, bool) { time.Sleep(time.Second); return asked.Add(1), failed })
					if !ok || got != value {
						t.Errorf("got %d, %v, want %d", got, ok, value)
					}
				})
			}
			all.Wait()
		}
		want(1)
		time.Sleep(sharedTime - 2*time.Second)
		want(1)
		time.Sleep(3 * time.Second)
		failed = true
		want(2)
		time.Sleep(sharedFailure + time.Second)
		want(3)
	})
}

// TestSharedFactsThatAreNone: what a target that ran out of time did not find
// out is asked again by the next, and waiting ends with the waiter's own time.
func TestSharedFactsThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts shared[string]
		var all sync.WaitGroup
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		all.Go(func() {
			facts.get(short, "fact", func() (string, bool) { time.Sleep(time.Minute); return "late", true })
		})
		synctest.Wait()
		if _, ok := facts.get(short, "fact", nil); ok {
			t.Error("a fact came before it was known")
		}
		got, ok := facts.get(t.Context(), "fact", func() (string, bool) { return "mine", false })
		if !ok || got != "mine" {
			t.Errorf("got %q, %v", got, ok)
		}
		all.Wait()
	})
}

// TestFactsOfOneZoneAreNotAnothers: what may be due to the zone that was asked
// for is asked again for the next zone, and nothing else is.
func TestFactsOfOneZoneAreNotAnothers(t *testing.T) {
	for zoneOnly, want := range map[bool]int{true: 2, false: 1} {
		v := &measurement{Prober: new(Prober)}
		asked := 0
		for range 2 {
			got, ok := v.serverFact(t.Context(), netip.MustParseAddr("2a01:100::53"), takesTCP, func() serverFact {
				asked++
				return serverFact{verdict: works, rtt: time.Duration(asked), zoneOnly: zoneOnly}
			})
			if !ok || got.rtt != time.Duration(asked) {
				t.Errorf("got %v, %v, want the answer to question %d", got, ok, asked)
			}
		}
		if asked != want {
			t.Errorf("due to the zone %v: asked %d times, want %d", zoneOnly, asked, want)
		}
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
