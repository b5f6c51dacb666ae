package dnssec

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// samples holds RDATA of every type that has a presentation form, with upper
// case wherever canonical form might touch it.
var samples = map[string][]string{
	"A":          {"192.0.2.1", "192.0.2.200", "198.51.100.7"},
	"AAAA":       {"2001:db8::1", "2001:db8:ffff::A", "::1"},
	"AFSDB":      {"1 AFS.Example.", "2 Afs.example."},
	"AMTRELAY":   {"10 0 3 Relay.Example.", "128 1 1 203.0.113.15"},
	"APL":        {"1:192.0.2.0/24 !2:2001:DB8::/32", "1:10.0.0.0/8"},
	"AVC":        {`"Name" "Value"`},
	"CAA":        {`0 issue "CA.example; Policy=EV"`, `128 iodef "mailto:Security@example"`},
	"CDNSKEY":    {"257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="},
	"CDS":        {"2371 13 2 1F987CC6583E92DF0890718C42C3F6E0A2BB6D1CD8A5A5F1C5B2B6D1CD8A5A5F", "0 0 0 00"},
	"CERT":       {"PKIX 1 8 TWFueQ=="},
	"CNAME":      {"Target.Example."},
	"CSYNC":      {"66 3 A NS AAAA"},
	"DHCID":      {"AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="},
	"DLV":        {"12345 8 2 " + strings.Repeat("AB", 32)},
	"DNAME":      {"Target.Example."},
	"DNSKEY":     {"256 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="},
	"DS":         {"12345 8 2 " + strings.Repeat("AB", 32), "12345 8 1 " + strings.Repeat("0c", 20)},
	"EID":        {"ABCDEF"},
	"EUI48":      {"00-00-5e-00-53-2A"},
	"EUI64":      {"00-00-5e-ef-10-00-00-2A"},
	"GID":        {"1000"},
	"GPOS":       {"-32.6882 116.8652 10.0"},
	"HINFO":      {`"Intel" "Linux"`, `"ARM" "Plan9"`},
	"HIP":        {"2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D Rvs.Example."},
	"HTTPS":      {"1 . alpn=h3,h2 ipv4hint=192.0.2.1", "0 Svc.Example."},
	"IPSECKEY":   {"10 3 2 Gateway.Example. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
	"ISDN":       {`"150862028003217" "004"`},
	"KEY":        {"256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w=="},
	"KX":         {"10 Kx.Example.", "2 KX.example."},
	"L32":        {"10 10.1.2.0"},
	"L64":        {"10 2001:0DB8:1140:1000"},
	"LOC":        {"42 21 54 N 71 06 18 W -24m 30m", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"},
	"LP":         {"10 L64-subnet1.Example."},
	"MB":         {"Mail.Example."},
	"MD":         {"Mail.Example."},
	"MF":         {"Mail.Example."},
	"MG":         {"Group.Example."},
	"MINFO":      {"Requests.Example. Errors.Example."},
	"MR":         {"New.Example."},
	"MX":         {"10 Mail.Example.", "10 mail2.EXAMPLE.", "0 ."},
	"NAPTR":      {`100 50 "S" "Z3950+I2L+I2C" "" _Z3950._tcp.Gatech.EDU.`, `100 10 "U" "E2U+sip" "!^.*$!sip:Info@example!" .`},
	"NID":        {"10 0014:4FFF:FF20:EE64"},
	"NIMLOC":     {"ABCDEF"},
	"NINFO":      {`"Zone" "Info"`},
	"NS":         {"Ns1.Example.", "ns2.example.", "NS10.example."},
	"NSAP-PTR":   {"Foo.Example."},
	"NSEC":       {"Host.Example. A MX RRSIG NSEC TYPE1234"},
	"NSEC3":      {"1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM"},
	"NSEC3PARAM": {"1 0 12 AABBCCDD"},
	"OPENPGPKEY": {"mQCNAzIG"},
	"PTR":        {"Host.Example.", "other.example."},
	"PX":         {"10 Map822.Example. Mapx400.Example."},
	"RESINFO":    {`"qnamemin" "exterr=15-17"`},
	"RKEY":       {"0 3 8 AQPS"},
	"RP":         {"Mbox.Example. Txt.Example."},
	"RT":         {"10 Relay.Example."},
	"SMIMEA":     {"3 0 0 AABBCC"},
	"SOA":        {"Ns.Example. Hostmaster.Example. 1 7200 3600 1209600 300"},
	"SPF":        {`"v=spf1 -ALL"`},
	"SRV":        {"1 2 443 Srv.Example.", "1 2 443 a.EXAMPLE."},
	"SSHFP":      {"2 1 123456789ABCDEF67890123456789ABCDEF67890"},
	"SVCB":       {"1 Svc.Example. alpn=h2 port=8443 ech=AEj+", "16 foo.Example. mandatory=alpn,ipv4hint alpn=h2 ipv4hint=192.0.2.1"},
	"TA":         {"12345 8 2 " + strings.Repeat("AB", 32)},
	"TALINK":     {"Prev.Example. Next.Example."},
	"TLSA":       {"3 1 1 " + strings.Repeat("AB", 32), "2 0 1 " + strings.Repeat("0D", 32)},
	"TXT":        {`"Some Text" "MORE"`, `"back\\slash \"quoted\" \200\000"`, `""`},
	"UID":        {"1000"},
	"UINFO":      {`"Info"`},
	"URI":        {`10 1 "ftp://FTP.example/Public"`},
	"X25":        {`311061700956`},
	"ZONEMD":     {"2018031500 1 1 " + strings.Repeat("FE", 48)},
	"TYPE65280":  {`\# 4 41424344`, `\# 1 ff`},
}

// withoutForm are types of miekg/dns that a zone never holds a signed set of:
// pseudo records, signatures, and types without presentation form. NXT is
// left out because RFC 4034 section 6.2 lowers its name and miekg/dns does not.
var withoutForm = []uint16{dns.TypeANY, dns.TypeNULL, dns.TypeNXNAME, dns.TypeOPT, dns.TypeTKEY,
	dns.TypeTSIG, dns.TypeRRSIG, dns.TypeSIG, dns.TypeNXT}

func TestSamplesCoverEveryType(t *testing.T) {
	for typ := range dns.TypeToRR {
		if samples[dns.TypeToString[typ]] == nil && !slices.Contains(withoutForm, typ) {
			t.Errorf("no sample of %s", dns.TypeToString[typ])
		}
	}
}

// TestVerifyAgreesWithMiekg signs random sets of every type with miekg/dns
// and has both check them, whole and damaged.
func TestVerifyAgreesWithMiekg(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	zoneKey := newSigner(t, "Example.", 256)
	k := parseKey(zoneKey.rr)
	zone, err := parseName("example.")
	if err != nil {
		t.Fatal(err)
	}
	owners := []string{"example.", "WWW.Example.", "*.example.", "a.b.c.d.EXAMPLE.", `dot\.ted.\000\255.example.`, "_443._tcp.www.example."}
	names := make([]string, 0, len(samples))
	for typ := range samples {
		names = append(names, typ)
	}
	slices.Sort(names)
	for _, typ := range names {
		for range 12 {
			owner := owners[random.IntN(len(owners))]
			var lines []string
			for _, i := range random.Perm(len(samples[typ]))[:1+random.IntN(len(samples[typ]))] {
				lines = append(lines, owner+" 300 IN "+typ+" "+samples[typ][i])
			}
			if random.IntN(3) == 0 {
				lines = append(lines, lines[0]) // a duplicate record
			}
			rrs := unpacked(t, records(t, lines...))
			sig := zoneKey.sign(t, rrs, nil)
			if strings.HasPrefix(owner, "*") && random.IntN(2) == 0 {
				for _, rr := range append(slices.Clone(rrs), sig) {
					rr.Header().Name = "x.Y.example."
				}
			}
			for _, rr := range rrs {
				rr.Header().Ttl = random.Uint32N(300) // counted down by a cache
			}
			agree(t, zone, zoneKey.rr, k, sig, rrs, true)

			damaged := dns.Copy(sig).(*dns.RRSIG)
			switch random.IntN(4) {
			case 0:
				damaged.OrigTtl++
			case 1:
				damaged.Inception--
			case 2:
				damaged.Signature = "AAAA" + damaged.Signature[4:]
			case 3:
				damaged.Expiration--
			}
			agree(t, zone, zoneKey.rr, k, damaged, rrs, false)
		}
	}
}

// unpacked takes records through the wire, as a message would bring them.
func unpacked(t testing.TB, rrs []dns.RR) []dns.RR {
	t.Helper()
	m := &dns.Msg{Answer: rrs}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var got dns.Msg
	if err := got.Unpack(wire); err != nil {
		t.Fatal(err)
	}
	return got.Answer
}

func agree(t *testing.T, zone name, rr *dns.DNSKEY, k *key, sig *dns.RRSIG, rrs []dns.RR, want bool) {
	t.Helper()
	theirs := sig.Verify(rr, rrs)
	v := NewValidator(now, DefaultBudget())
	sets, ok := group(nil, append(slices.Clone(rrs), sig))
	if !ok || len(sets) != 1 {
		t.Fatalf("%d sets in %v", len(sets), rrs)
	}
	ours := v.checkWith(&sets[0], zone, []*key{k}, nil)
	if (ours.reason == "") != want || (theirs == nil) != want {
		t.Errorf("want %v, got %q, miekg/dns %v\n%v\n%v", want, ours.reason, theirs, rrs, sig)
	}
}
