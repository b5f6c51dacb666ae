package authority

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// respond asks zones one question and returns the parsed answer.
func respond(t testing.TB, zones Zones, m *dns.Msg, limit int) *dns.Msg {
	t.Helper()
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	q, rcode, ok := ParseQuery(wire)
	if !ok {
		return nil
	}
	o := Options{Limit: limit}
	if limit == 0 {
		o.Limit = UDPLimit(&q)
	}
	var out []byte
	if rcode != dns.RcodeSuccess {
		out = Error(nil, &q, rcode, o)
	} else {
		var r Responder
		out = r.Answer([]byte("before"), &q, zones, o)[len("before"):]
	}
	if len(out) > o.Limit {
		t.Errorf("%s: %d octets, more than the %d that fit", m.Question[0].Name, len(out), o.Limit)
	}
	r := new(dns.Msg)
	if err := r.Unpack(out); err != nil {
		t.Fatalf("%v: %x", err, out)
	}
	return r
}

// summary writes the sections as "owner TYPE" lists, without the OPT record.
func summary(r *dns.Msg) string {
	section := func(rrs []dns.RR) string {
		var words []string
		for _, rr := range rrs {
			if rr.Header().Rrtype != dns.TypeOPT {
				name := strings.TrimSuffix(rr.Header().Name, "example.com.")
				words = append(words, name+" "+dns.TypeToString[rr.Header().Rrtype])
			}
		}
		return strings.Join(words, ", ")
	}
	flags := dns.RcodeToString[r.Rcode]
	if r.Authoritative {
		flags += " aa"
	}
	if r.Truncated {
		flags += " tc"
	}
	return flags + " | " + section(r.Answer) + " | " + section(r.Ns) + " | " + section(r.Extra)
}

// TestAnswer holds the answers to RFC 1034 section 4.3.2, RFC 2308, RFC 4592,
// RFC 6672, RFC 8482 and RFC 9471.
func TestAnswer(t *testing.T) {
	zones := oneZone{testZone(t, nil)}
	for _, c := range []struct{ name, qtype, want string }{
		{"mail", "A", "NOERROR aa | mail. A |  | "},
		{"MaIl", "A", "NOERROR aa | MaIl. A |  | "},
		{"", "MX", "NOERROR aa |  MX |  | mail. A"},
		{"", "NS", "NOERROR aa |  NS,  NS |  | ns1. A, ns1. AAAA"},
		{"mail", "AAAA", "NOERROR aa |  |  SOA | "},
		{"nothing", "A", "NXDOMAIN aa |  |  SOA | "},
		{"c", "A", "NOERROR aa |  |  SOA | "},
		{"b.c", "TXT", "NOERROR aa |  |  SOA | "},
		{"x.b.c", "TXT", "NXDOMAIN aa |  |  SOA | "},
		{"a.b.c", "TXT", "NOERROR aa | a.b.c. TXT |  | "},
		{"any.wild", "TXT", "NOERROR aa | any.wild. TXT |  | "},
		{"x.any.wild", "TXT", "NOERROR aa | x.any.wild. TXT |  | "},
		{"any.wild", "A", "NOERROR aa |  |  SOA | "},
		{"any.wild", "MX", "NOERROR aa | any.wild. MX |  | mail. A"},
		{"*.wild", "TXT", "NOERROR aa | *.wild. TXT |  | "},
		{"sub.wild", "TXT", "NOERROR aa |  |  SOA | "},
		{"x.sub.wild", "TXT", "NXDOMAIN aa |  |  SOA | "},
		{"alias", "A", "NOERROR aa | alias. CNAME, mail. A |  | "},
		{"alias", "CNAME", "NOERROR aa | alias. CNAME |  | "},
		{"chain", "A", "NOERROR aa | chain. CNAME, alias. CNAME, mail. A |  | "},
		{"chain", "TXT", "NOERROR aa | chain. CNAME, alias. CNAME |  SOA | "},
		{"far", "A", "NOERROR aa | far. CNAME |  | "},
		{"loop", "A", "NOERROR aa | loop. CNAME, loop2. CNAME |  | "},
		{"x.tree", "A", "NOERROR aa | tree. DNAME, x.tree. CNAME, x.other. A |  | "},
		{"y.tree", "A", "NXDOMAIN aa | tree. DNAME, y.tree. CNAME |  SOA | "},
		{"tree", "DNAME", "NOERROR aa | tree. DNAME |  | "},
		{"tree", "A", "NOERROR aa |  |  SOA | "},
		{"signed", "A", "NOERROR |  | signed. NS | ns.signed. A"},
		{"ns.signed", "A", "NOERROR |  | signed. NS | ns.signed. A"},
		{"x.y.signed", "A", "NOERROR |  | signed. NS | ns.signed. A"},
		{"signed", "NS", "NOERROR |  | signed. NS | ns.signed. A"},
		{"signed", "DS", "NOERROR aa | signed. DS |  | "},
		{"unsigned", "DS", "NOERROR aa |  |  SOA | "},
		{"x.unsigned", "DS", "NOERROR |  | unsigned. NS | ns.unsigned. A, ns.unsigned. AAAA"},
		{"ent.unsigned2", "A", "NOERROR |  | ent.unsigned2. NS | ns1. A, ns1. AAAA"},
		{"unsigned2", "A", "NOERROR aa |  |  SOA | "},
		{"self", "A", "NOERROR |  | self. NS | self. A"},
		{"", "DS", "NOERROR aa |  |  SOA | "},
		{"mail", "ANY", "NOERROR aa | mail. A |  | "},
		{"zz", "TYPE65534", "NOERROR aa | zz. TYPE65534 |  | "},
		{`\000\001\255\046odd`, "TXT", `NOERROR aa | \000\001\255\.odd. TXT |  | `},
		{"example.org.", "A", "REFUSED |  |  | "},
		{"", "AXFR", "REFUSED |  |  | "},
	} {
		t.Run(c.name+" "+c.qtype, func(t *testing.T) {
			m := new(dns.Msg)
			name := c.name
			if !strings.HasSuffix(name, "org.") {
				name = strings.TrimPrefix(c.name+".example.com.", ".")
			}
			qtype, ok := dns.StringToType[c.qtype]
			if !ok {
				qtype = 65534
			}
			m.SetQuestion(name, qtype)
			got := strings.ReplaceAll(summary(respond(t, zones, m, 0)), "None", c.qtype)
			if c.qtype == "TYPE65534" {
				got = strings.ReplaceAll(got, "zz. ", "zz. TYPE65534")
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// both has a parent and its child on one server.
type both struct{ parent, child *Zone }

func (b both) Enclosing(n Name) *Zone {
	if n.In(b.child.Origin) {
		return b.child
	}
	return oneZone{b.parent}.Enclosing(n)
}

func TestParentAndChildOnOneServer(t *testing.T) {
	child := NewZone(MustName("signed.example.com"))
	soa, _ := dns.NewRR("signed.example.com. 300 IN SOA ns hostmaster 1 2 3 4 300")
	if err := child.AddRR(soa); err != nil {
		t.Fatal(err)
	}
	if err := child.Finish(); err != nil {
		t.Fatal(err)
	}
	zones := both{testZone(t, nil), child}
	for qtype, want := range map[uint16]string{
		dns.TypeDS: "NOERROR aa | signed. DS |  | ",
		dns.TypeA:  "NOERROR aa |  | signed. SOA | ",
	} {
		m := new(dns.Msg)
		m.SetQuestion("signed.example.com.", qtype)
		if got := summary(respond(t, zones, m, 0)); got != want {
			t.Errorf("%s: got %s, want %s", dns.TypeToString[qtype], got, want)
		}
	}
}

func TestEDNS(t *testing.T) {
	zones := oneZone{testZone(t, nil)}
	question := func(change func(*dns.Msg)) *dns.Msg {
		m := new(dns.Msg)
		m.SetQuestion("mail.example.com.", dns.TypeA)
		m.SetEdns0(1232, true)
		change(m)
		return m
	}
	for _, c := range []struct {
		what   string
		change func(*dns.Msg)
		rcode  int
		edns   bool
	}{
		{"plain", func(m *dns.Msg) { m.Extra = nil }, dns.RcodeSuccess, false},
		{"version 0", func(*dns.Msg) {}, dns.RcodeSuccess, true},
		{"version 1", func(m *dns.Msg) { m.IsEdns0().SetVersion(1) }, dns.RcodeBadVers, true},
		{"two OPT records", func(m *dns.Msg) { m.Extra = append(m.Extra, m.Extra[0]) }, dns.RcodeFormatError, true},
		{"unknown opcode", func(m *dns.Msg) { m.Opcode = 9 }, dns.RcodeNotImplemented, false},
		{"notify", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, dns.RcodeNotImplemented, false},
		{"chaos", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused, true},
		{"two questions", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }, dns.RcodeFormatError, false},
	} {
		r := respond(t, zones, question(c.change), 0)
		if r.Rcode != c.rcode || (r.IsEdns0() != nil) != c.edns {
			t.Errorf("%s: %s, EDNS %v; want %s, %v", c.what, dns.RcodeToString[r.Rcode], r.IsEdns0() != nil, dns.RcodeToString[c.rcode], c.edns)
		}
		if opt := r.IsEdns0(); opt != nil && (opt.Version() != 0 || opt.UDPSize() != ServerSize || !opt.Do()) && c.rcode != dns.RcodeFormatError {
			t.Errorf("%s: OPT is %v", c.what, opt)
		}
	}
	response := question(func(m *dns.Msg) { m.Response = true })
	if r := respond(t, zones, response, 0); r != nil {
		t.Errorf("a response is answered: %v", r)
	}
}

// TestTruncation: what does not fit is marked, and complete over TCP.
func TestTruncation(t *testing.T) {
	z := NewZone(MustName("example.com"))
	records := "@ SOA ns hostmaster 1 2 3 4 300\n@ NS ns\nsub NS a.sub\n"
	for i := range 40 {
		n := string(rune('A'+i%26)) + string(rune('a'+i/26))
		records += "big TXT \"" + strings.Repeat(n, 40) + "\"\nsub NS " + n + "-a-name-server.sub\n" + n + "-a-name-server.sub AAAA 2001:db8::1\n"
	}
	parser := dns.NewZoneParser(strings.NewReader(records), "example.com.", "")
	parser.SetDefaultTTL(60)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if err := z.AddRR(rr); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Finish(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"big.example.com.", "sub.example.com."} {
		m := new(dns.Msg)
		m.SetQuestion(name, dns.TypeTXT)
		if r := respond(t, oneZone{z}, m, 0); !r.Truncated {
			t.Errorf("%s without EDNS is not truncated: %s", name, summary(r))
		}
		if r := respond(t, oneZone{z}, m, 65535); r.Truncated || len(r.Answer)+len(r.Ns) < 40 {
			t.Errorf("%s over TCP is not complete: %s", name, summary(r))
		}
	}
}

func FuzzAnswer(f *testing.F) {
	zones := oneZone{testZone(f, signWith(f, false, nil, dns.ED25519))}
	for _, name := range []string{"mail.example.com.", "x.tree.example.com.", "any.wild.example.com.", "signed.example.com.", "."} {
		m := new(dns.Msg)
		m.SetQuestion(name, dns.TypeANY)
		m.SetEdns0(4096, true)
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		q, rcode, ok := ParseQuery(msg)
		if !ok {
			return
		}
		o := Options{Limit: UDPLimit(&q)}
		out := Error(nil, &q, rcode, o)
		if rcode == dns.RcodeSuccess {
			var r Responder
			out = r.Answer(nil, &q, zones, o)
		}
		if err := new(dns.Msg).Unpack(out); err != nil {
			t.Fatalf("%v: %x", err, out)
		}
	})
}
