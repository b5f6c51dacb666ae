package resolve

import (
	"context"
	"crypto"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

// signedRoot is a root zone of one name, www., signed with one key.
type signedRoot struct {
	t       *testing.T
	key     *dns.DNSKEY
	private crypto.Signer
}

func newSignedRoot(t *testing.T) *signedRoot {
	key := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: ".", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300},
		Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	return &signedRoot{t, key, private.(crypto.Signer)}
}

func (z *signedRoot) anchors() *dnssec.Anchors {
	a, err := dnssec.ParseAnchors(strings.NewReader(z.key.ToDS(dns.SHA256).String()), "test")
	if err != nil {
		z.t.Fatal(err)
	}
	return a
}

// handler serves the zone; the signature over www. ends at expires.
func (z *signedRoot) handler(expires time.Time) handler {
	sign := func(expires time.Time, set ...dns.RR) []dns.RR {
		sig := &dns.RRSIG{
			Hdr:       dns.RR_Header{Name: set[0].Header().Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 300},
			Algorithm: z.key.Algorithm, KeyTag: z.key.KeyTag(), SignerName: ".",
			Inception: uint32(time.Now().Add(-48 * time.Hour).Unix()), Expiration: uint32(expires.Unix()),
		}
		if err := sig.Sign(z.private, set); err != nil {
			z.t.Fatal(err)
		}
		return append(set, sig)
	}
	later := time.Now().Add(9*24*time.Hour + time.Hour)
	answers := map[string][]dns.RR{
		". NS":     sign(later, mustRR(z.t, ". 300 NS a.root-servers.test.")),
		". DNSKEY": sign(later, dns.RR(z.key)),
		"www. A":   sign(expires, mustRR(z.t, "www. 300 A 203.0.112.1")),
		"www. DS":  nil,
	}
	soa := sign(later, mustRR(z.t, ". 300 SOA a.root-servers.test. host. 1 2 3 4 300"))
	nsec := sign(later, mustRR(z.t, "www. 300 NSEC . A RRSIG NSEC"))
	return func(q *dns.Msg, _ string) []byte {
		m := reply(q)
		m.Authoritative = true
		name := strings.ToLower(q.Question[0].Name)
		if m.Answer = answers[name+" "+dns.TypeToString[q.Question[0].Qtype]]; m.Answer == nil {
			m.Ns = slices.Concat(soa, nsec)
		}
		return pack(m)
	}
}

func TestAnotherServerIsAskedWhenOneIsBogus(t *testing.T) {
	z := newSignedRoot(t)
	past, future := time.Now().Add(-time.Hour), time.Now().Add(72*time.Hour)
	tests := []struct {
		name          string
		first, second time.Time
		want          observation.State
		reason        observation.Reason
	}{
		{"one out of date", past, future, observation.Secure, ""},
		{"both out of date", past, past, observation.Bogus, observation.RRSIGExpired},
	}
	for _, test := range tests {
		for range 4 { // whichever is asked first
			n := newTestNet(t)
			n.serve(rootAddr, z.handler(test.first))
			n.serve(tldAddr, z.handler(test.second))
			r := n.resolver(func(c *Config) { c.Anchors = z.anchors() }, rootAddr, tldAddr)
			got := resolve(t, r, Dual, "www", dns.TypeA)
			if got.State != test.want || got.StateReason != test.reason || len(got.Answer) != 1 {
				t.Errorf("%s: %s %s, %v", test.name, got.State, got.StateReason, got.Answer)
			}
		}
	}
}

func TestValidationAsOfAnotherTime(t *testing.T) {
	z := newSignedRoot(t)
	n := newTestNet(t)
	n.serve(rootAddr, z.handler(time.Now().Add(73*time.Hour)))
	for _, test := range []struct {
		at     time.Time
		want   observation.State
		reason observation.Reason
		days   int
	}{
		{time.Time{}, observation.Secure, "", 3},
		{time.Now().Add(48 * time.Hour), observation.Secure, "", 1},
		{time.Now().Add(96 * time.Hour), observation.Bogus, observation.RRSIGExpired, 5},
		{time.Now().Add(-96 * time.Hour), observation.Bogus, observation.RRSIGNotYetValid, 0},
	} {
		r := n.resolver(func(c *Config) { c.Anchors, c.At = z.anchors(), test.at }, rootAddr)
		got := resolve(t, r, Dual, "www", dns.TypeA)
		if days, _ := got.Facts.DaysLeft(got.At); got.State != test.want || got.StateReason != test.reason || days != test.days {
			t.Errorf("at %s: %s %s, %d days left; want %s %s, %d", test.at, got.State, got.StateReason, days, test.want, test.reason, test.days)
		}
	}
	if got := resolve(t, n.resolver(nil, rootAddr), Dual, "www", dns.TypeA); got.State != observation.Indeterminate || got.StateReason != observation.NoAnchor {
		t.Errorf("without anchor: %s %s", got.State, got.StateReason)
	}
}

func TestAnswerFromAnotherAddressIsIgnored(t *testing.T) {
	var conns [2]*net.UDPConn
	for i := range conns {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		size, from, err := conns[0].ReadFromUDPAddrPort(buf)
		q := new(dns.Msg)
		if err != nil || q.Unpack(buf[:size]) != nil {
			return
		}
		forged := good(q)
		forged.Answer[0].(*dns.A).A = net.IPv4(6, 6, 6, 6)
		conns[1].WriteToUDPAddrPort(pack(forged), from)
		conns[0].WriteToUDPAddrPort(pack(good(q)), from)
	}()
	r := localResolver(t, nil)
	server := conns[0].LocalAddr().(*net.UDPAddr).AddrPort()
	got, err := r.Exchange(context.Background(), Query{Server: netip.AddrPortFrom(server.Addr(), server.Port()), Name: "bad.test", Type: dns.TypeA})
	<-ended
	if err != nil || got.Msg.Answer[0].(*dns.A).A.String() != "203.0.112.1" {
		t.Errorf("got %v, %v", got, err)
	}
}
