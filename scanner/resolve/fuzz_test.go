package resolve

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// seeds are messages of each kind that a resolver meets.
func seeds(t testing.TB) [][]byte {
	q := new(dns.Msg)
	q.SetQuestion("www.example.test.", dns.TypeA)
	q.SetEdns0(1232, true)
	referral := reply(q)
	referral.Ns = []dns.RR{
		mustRR(t, "example.test. 300 NS ns.example.test."), mustRR(t, "example.test. 300 NS ns.other.test."),
		mustRR(t, "example.test. 300 DS 1 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"),
	}
	referral.Extra = append(referral.Extra, mustRR(t, "ns.example.test. 300 A 203.0.112.1"), mustRR(t, "ns.other.test. 300 AAAA 2001:db0::1"), mustRR(t, "victim. 300 A 203.0.112.9"))
	alias := reply(q)
	alias.Authoritative = true
	alias.Answer = []dns.RR{mustRR(t, "example.test. 300 DNAME other.test."), mustRR(t, "www.example.test. 300 CNAME www.other.test.")}
	negative := reply(q)
	negative.Authoritative, negative.Rcode = true, dns.RcodeNameError
	negative.Ns = []dns.RR{mustRR(t, "example.test. 300 SOA ns.example.test. host.example.test. 1 2 3 4 5"), mustRR(t, "example.test. 300 NSEC a.example.test. NS SOA RRSIG NSEC")}
	others := reply(q)
	others.Answer = []dns.RR{mustRR(t, "www.example.test. 300 A 203.0.112.1"), mustRR(t, `www.example.test. 300 TXT "a\"b" "\255"`), mustRR(t, "www.example.test. 300 MX 10 mail.example.test.")}
	others.Compress = true
	setCookie(others, strings.Repeat("00", 24))
	var all [][]byte
	for _, m := range []*dns.Msg{referral, alias, negative, others} {
		all = append(all, pack(m))
	}
	return all
}

// FuzzMessage reads every part of a message, as all that come from the network
// are.
func FuzzMessage(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var m message
		if parseMessage(&m, wire, "www.example.test.") != nil {
			return
		}
		if len(m.answer)+len(m.authority)+len(m.additional) > len(m.records) {
			t.Fatal("more records than were walked")
		}
		for i := range m.records {
			r := &m.records[i]
			if r.start >= r.rdata || r.rdata > r.end || r.end > len(wire) {
				t.Fatalf("record outside the message: %+v of %d bytes", r, len(wire))
			}
			owner, err := m.owner(r)
			if err != nil {
				continue
			}
			if again, err := canonical(owner); err != nil || again != owner {
				t.Fatalf("owner %q is not canonical: %q, %v", owner, again, err)
			}
			if rr, err := m.rr(r); err == nil && rr.Header().Name != owner {
				t.Fatalf("owner %q is read as %q", owner, rr.Header().Name)
			}
			m.target(r)
		}
		line, err := appendReply(nil, "www.example.test.", dns.TypeA, &m)
		if err == nil && !json.Valid(append(line, '}')) {
			t.Fatalf("not JSON: %s", line)
		}
	})
}

// FuzzReferral reads a message as the answer of a zone's servers and checks
// that it says nothing of what is not that zone's.
func FuzzReferral(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, "www.example.test", "test", uint16(dns.TypeA), true)
		f.Add(seed, "www.example.test", "example.test", uint16(dns.TypeNS), false)
		f.Add(seed, "example.test", ".", uint16(dns.TypeDS), true)
	}
	f.Fuzz(func(t *testing.T, wire []byte, name, zone string, qtype uint16, full bool) {
		name, err1 := canonical(name)
		zone, err2 := canonical(zone)
		if err1 != nil || err2 != nil || !inZone(name, zone) {
			return
		}
		var m message
		if parseMessage(&m, wire, name) != nil {
			return
		}
		r := reader{m: &m, zone: zone, name: name, qtype: qtype, mode: V6Only, now: 1000, full: full, keepGlue: true}
		a, reason := r.read()
		if a == nil {
			if reason == "" {
				t.Fatal("neither answer nor reason")
			}
			return
		}
		checkAnswer(t, &r, a)
	})
}

func checkAnswer(t *testing.T, r *reader, a *answer) {
	if a.expires > r.now+maxTTL {
		t.Fatalf("kept for %d s", a.expires-r.now)
	}
	if !inZone(a.zone, r.zone) || !inZone(r.name, a.zone) {
		t.Fatalf("answer of zone %q to %s of %s", a.zone, r.name, r.zone)
	}
	for _, rr := range a.rrs {
		owner := rr.Header().Name
		if owner != r.name && !(inZone(owner, r.zone) && below(r.name, owner)) {
			t.Fatalf("record of %q in the answer to %s of %s", owner, r.name, r.zone)
		}
	}
	if a.kind == isReferral && (!below(a.cut.zone, r.zone) || !inZone(r.name, a.cut.zone)) {
		t.Fatalf("referral from %s to %s for %s", r.zone, a.cut.zone, r.name)
	}
	if a.kind == isAlias {
		if again, err := canonical(a.target); err != nil || again != a.target {
			t.Fatalf("target %q is not canonical", a.target)
		}
	}
	if a.cut == nil {
		return
	}
	for _, host := range a.cut.ns {
		for _, addr := range host.addrs {
			if !addr.Is6() || !inZone(host.name, r.zone) {
				t.Fatalf("glue %s for %s from servers of %s", addr, host.name, r.zone)
			}
		}
	}
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"", ".", "example.test", `a\.b.test.`, `a\\.b.test`, `\000\255.x`, "*.x.", strings.Repeat("a.", 130), strings.Repeat("a", 64), "a..b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := canonical(text)
		if err != nil {
			return
		}
		if again, err := canonical(name); err != nil || again != name {
			t.Fatalf("%q is canonical as %q, and that as %q, %v", text, name, again, err)
		}
		wire, err := appendName(nil, name)
		if err != nil || len(wire) > maxNameWire {
			t.Fatalf("%q: %d bytes, %v", name, len(wire), err)
		}
		back, end, err := nameAt(wire, 0)
		if err != nil || back != name || end != len(wire) {
			t.Fatalf("%q comes back as %q, %v", name, back, err)
		}
		n := labels(name)
		if lastLabels(name, n) != name || lastLabels(name, 0) != "." {
			t.Fatalf("%q has %d labels?", name, n)
		}
		if name == "." {
			return
		}
		parent := parentOf(name)
		if labels(parent) != n-1 || !below(name, parent) || inZone(parent, name) {
			t.Fatalf("%q has the parent %q?", name, parent)
		}
		if parent != "." && inZone("x"+name[nextLabel(name)-1:][1:], name) {
			t.Fatalf("a sibling of %q is below it", name)
		}
	})
}

func FuzzParseHints(f *testing.F) {
	f.Add(string(rootHints))
	f.Add(". NS a.test.\na.test. A 192.0.2.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		roots, err := ParseHints(strings.NewReader(text))
		if err != nil && roots != nil {
			t.Fatal("both roots and an error")
		}
		if err == nil && len(roots) == 0 {
			t.Fatal("neither roots nor an error")
		}
	})
}
