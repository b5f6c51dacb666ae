package resolve

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
)

// signedNet is a testNet whose zones are signed as they answer, with NSEC
// records that deny no more than they must.
type signedNet struct {
	*testNet
	at   time.Time // signatures are valid for an hour before and after
	keys map[string]*zoneKey
	held map[string]map[string][]dns.RR // by address and origin
	// edit, when set, changes what a server is about to send; nil sends
	// nothing. m is signed already.
	edit func(addr, network string, q, m *dns.Msg) *dns.Msg
}

type zoneKey struct {
	rr     *dns.DNSKEY
	signer crypto.Signer
}

func newSignedNet(t *testing.T) *signedNet {
	return &signedNet{testNet: newTestNet(t), at: time.Now(), keys: make(map[string]*zoneKey), held: make(map[string]map[string][]dns.RR)}
}

// key returns the key of a zone, made when it is first asked for.
func (s *signedNet) key(origin string) *zoneKey {
	s.t.Helper()
	if k := s.keys[origin]; k != nil {
		return k
	}
	k := &zoneKey{rr: &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: origin, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}}
	private, err := k.rr.Generate(256)
	if err != nil {
		s.t.Fatal(err)
	}
	k.signer = private.(crypto.Signer)
	s.keys[origin] = k
	return k
}

// ds returns the DS record of a zone, as text for its parent.
func (s *signedNet) ds(origin string) string {
	return s.key(origin).rr.ToDS(dns.SHA256).String() + "\n"
}

// zone serves a zone from addr. It is signed unless text begins with ";".
func (s *signedNet) zone(origin, text, addr string) {
	s.t.Helper()
	rrs := []dns.RR{mustRR(s.t, origin+" 3600 IN SOA ns. host. 1 2 3 4 300")}
	if !strings.HasPrefix(text, ";") {
		rrs = append(rrs, s.key(origin).rr)
	}
	parser := dns.NewZoneParser(strings.NewReader("$TTL 3600\n"+text), origin, "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		rrs = append(rrs, rr)
	}
	if err := parser.Err(); err != nil {
		s.t.Fatal(err)
	}
	if zones := s.held[addr]; zones != nil {
		zones[origin] = rrs
		return
	}
	zones := map[string][]dns.RR{origin: rrs}
	s.held[addr] = zones
	s.serve(addr, func(q *dns.Msg, network string) []byte {
		m := s.answer(zones, q)
		if s.edit != nil {
			m = s.edit(addr, network, q, m)
		}
		return pack(m)
	})
}

// answer makes the signed answer of a server that holds zones.
func (s *signedNet) answer(zones map[string][]dns.RR, q *dns.Msg) *dns.Msg {
	m := answerFrom(zones, q)
	name, qtype := strings.ToLower(q.Question[0].Name), q.Question[0].Qtype
	referral := !m.Authoritative && len(m.Ns) > 0
	switch {
	case referral:
		cut := m.Ns[0].Header().Name
		zone := s.zoneOf(zones, cut, true)
		ds := pick(zones[zone], cut, dns.TypeDS)
		if len(ds) == 0 && s.signs(zones, zone) {
			ds = s.nsec(cut, `\000.`+cut, "NS RRSIG NSEC")
		}
		m.Ns = append(m.Ns, ds...)
	case m.Authoritative && len(m.Answer) == 0:
		zone := m.Ns[0].Header().Name
		if !s.signs(zones, zone) {
			break
		}
		if m.Rcode == dns.RcodeNameError {
			m.Ns = append(m.Ns, s.nsec(zone, "zzzz."+zone, "NS SOA RRSIG NSEC DNSKEY")...)
			break
		}
		types := "RRSIG NSEC"
		if len(pick(zones[zone], name, dns.TypeNS)) > 0 && qtype == dns.TypeDS {
			types = "NS RRSIG NSEC"
		}
		m.Ns = append(m.Ns, s.nsec(name, `\000.`+name, types)...)
	}
	m.Answer = s.sign(zones, m.Answer, false)
	m.Ns = s.sign(zones, m.Ns, referral)
	return m
}

func (s *signedNet) nsec(owner, next, types string) []dns.RR {
	return []dns.RR{mustRR(s.t, fmt.Sprintf("%s 300 IN NSEC %s %s", owner, next, types))}
}

// zoneOf returns the zone that holds name: of the names above it when above.
func (s *signedNet) zoneOf(zones map[string][]dns.RR, name string, above bool) string {
	found := ""
	for origin := range zones {
		if inZone(name, origin) && len(origin) > len(found) && !(above && origin == name) {
			found = origin
		}
	}
	return found
}

func (s *signedNet) signs(zones map[string][]dns.RR, zone string) bool {
	return len(pick(zones[zone], zone, dns.TypeDNSKEY)) > 0
}

// sign adds the signatures of the zones that hold the sets of rrs.
func (s *signedNet) sign(zones map[string][]dns.RR, rrs []dns.RR, referral bool) []dns.RR {
	var sets [][]dns.RR
	for _, rr := range rrs {
		i := slices.IndexFunc(sets, func(set []dns.RR) bool {
			h := set[0].Header()
			return h.Rrtype == rr.Header().Rrtype && h.Name == rr.Header().Name
		})
		if i < 0 {
			sets = append(sets, nil)
			i = len(sets) - 1
		}
		sets[i] = append(sets[i], rr)
	}
	var signed []dns.RR
	for _, set := range sets {
		signed = append(signed, set...)
		h := set[0].Header()
		zone := s.zoneOf(zones, h.Name, h.Rrtype == dns.TypeDS || referral)
		if referral && h.Rrtype == dns.TypeNS || !s.signs(zones, zone) {
			continue
		}
		signed = append(signed, s.signature(zone, set))
	}
	return signed
}

// signature returns the signature of zone over a set.
func (s *signedNet) signature(zone string, set []dns.RR) *dns.RRSIG {
	s.t.Helper()
	k, h := s.key(zone), set[0].Header()
	sig := &dns.RRSIG{
		Hdr:        dns.RR_Header{Name: h.Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: h.Ttl},
		OrigTtl:    h.Ttl,
		Algorithm:  k.rr.Algorithm,
		Inception:  uint32(s.at.Add(-time.Hour).Unix()),
		Expiration: uint32(s.at.Add(time.Hour).Unix()),
		KeyTag:     k.rr.KeyTag(),
		SignerName: zone,
	}
	if err := sig.Sign(k.signer, set); err != nil {
		panic(err)
	}
	return sig
}

// resolver returns a resolver that trusts the root's key.
func (s *signedNet) resolver(change func(*Config)) *Resolver {
	s.t.Helper()
	anchors, err := dnssec.ParseAnchors(strings.NewReader(s.ds(".")), "test")
	if err != nil {
		s.t.Fatal(err)
	}
	return s.testNet.resolver(func(c *Config) {
		c.Anchors = anchors
		if change != nil {
			change(c)
		}
	}, rootAddr)
}

// judged renders what matters of a validated result.
func judged(r *Result) string {
	text := summary(r) + ": " + r.State.String()
	if r.StateReason != "" {
		text += " " + string(r.StateReason) + " at " + r.StateZone
	}
	return text
}

// signedTest is a root, test. and example.test., all signed.
func signedTest(t *testing.T) *signedNet {
	s := newSignedNet(t)
	s.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30\n"+s.ds("test."), rootAddr)
	s.zone("test.", "test. NS a.nic.test.\na.nic.test. A 192.5.6.30\nexample.test. NS ns.example.test.\nns.example.test. A "+leafAddr+"\n"+s.ds("example.test."), tldAddr)
	s.zone("example.test.", "example.test. NS ns.example.test.\nns.example.test. A "+leafAddr+"\nwww.example.test. A 203.0.112.1\n"+
		"dn.example.test. DNAME other.test.\nlong.example.test. DNAME "+strings.Repeat("123456789.", 20)+"other.test.\na.ent.example.test. A 203.0.112.2", leafAddr)
	return s
}
