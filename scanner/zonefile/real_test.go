package zonefile

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner/netaddr"
)

// readZone returns the text of one of the real zones.
func readZone(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(zones, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func ccTLD(label string) (Country, bool) {
	tld, ok := lists.TLDByName(label)
	return Country{Code: tld.Country}, ok
}

// TestRootZone holds the audit of the real root zone against figures that were
// worked out independently from the same zone.
func TestRootZone(t *testing.T) {
	f, err := os.Open(filepath.Join(zones, "root.zone.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Audit(context.Background(), Config{Name: "root", Input: f, Country: ccTLD})
	if err != nil {
		t.Fatal(err)
	}
	if r.Zone != "." || r.Records != 22094 || r.Delegations.Delegations != 1438 || *r.Serial != 2026082201 {
		t.Errorf("zone %s, serial %d, %d records, %d delegations", r.Zone, *r.Serial, r.Records, r.Delegations.Delegations)
	}
	c := r.CCTLD
	if got, want := [...]uint64{c.Delegations, c.IPv6One, c.IPv6Two, c.IPv6All, c.WithDS}, [...]uint64{309, 291, 279, 157, 221}; got != want {
		t.Errorf("ccTLDs, with IPv6 at least one, two, all, and with DS: %v, want %v", got, want)
	}
	const without = "cd. ck. dj. et. fk. ge. gf. hm. kp. mh. mm. mp. mq. sl. xn--l1acc. xn--lgbbat1ad8j. xn--mgbai9azgqp6j. xn--wgbh1c."
	if got := strings.Join(r.WithoutIPv6, " "); got != without {
		t.Errorf("without IPv6: %s", got)
	}
	if len(r.Warnings) > 0 {
		t.Errorf("warnings: %q", r.Warnings)
	}
	var tlds int
	for _, country := range r.Countries {
		tlds += len(country.TLDs)
		if int(country.Totals.Delegations) != len(country.TLDs) {
			t.Errorf("%s: %d delegations, %d TLDs", country.Code, country.Totals.Delegations, len(country.TLDs))
		}
	}
	if tlds != 309 {
		t.Errorf("%d ccTLDs in countries", tlds)
	}
	for country, want := range map[string]int{"IN": 16, "SA": 2, "CN": 3} {
		i := slices.IndexFunc(r.Countries, func(c CountryTotals) bool { return c.Code == country })
		if i < 0 || len(r.Countries[i].TLDs) != want {
			t.Errorf("%s does not have %d ccTLDs", country, want)
		}
	}
}

func TestGovZone(t *testing.T) {
	r, err := Audit(context.Background(), Config{Name: "gov", Input: bytes.NewReader(readZone(t, "gov.zone.gz")), Country: ccTLD})
	if err != nil {
		t.Fatal(err)
	}
	if r.Zone != "gov." || r.Delegations.Delegations != 16536 || r.Delegations.WithDS != 2069 {
		t.Errorf("%s has %d delegations, %d with DS", r.Zone, r.Delegations.Delegations, r.Delegations.WithDS)
	}
	if r.CCTLD != nil || r.Countries != nil {
		t.Error("a zone that is not the root was grouped by country")
	}
}

// TestAgainstMiekg computes every figure of the real zones once more, from the
// records that package dns reads and with maps.
func TestAgainstMiekg(t *testing.T) {
	for _, name := range []string{"root.zone.gz", "gov.zone.gz"} {
		text := readZone(t, name)
		var lines []byte
		report, err := Audit(context.Background(), Config{
			Name: name, Input: bytes.NewReader(text),
			Each: func(d *Delegation) error { lines = d.AppendJSON(lines); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		want := plainAudit(t, text)
		if got := report.Delegations; got != want.totals {
			t.Errorf("%s: totals\n%+v, want\n%+v", name, got, want.totals)
		}
		for _, c := range report.Types {
			if want.types[c.Type] != c.Records {
				t.Errorf("%s: %d %s records, want %d", name, c.Records, c.Type, want.types[c.Type])
			}
		}
		if len(report.Types) != len(want.types) {
			t.Errorf("%s: %d types, want %d", name, len(report.Types), len(want.types))
		}
		for line := range bytes.Lines(lines) {
			var got plainDelegation
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			if got != want.delegations[got.Name] {
				t.Fatalf("%s: %+v, want %+v", name, got, want.delegations[got.Name])
			}
		}
		if n := bytes.Count(lines, []byte("\n")); n != len(want.delegations) {
			t.Errorf("%s: %d delegations, want %d", name, n, len(want.delegations))
		}
	}
}

type plainDelegation struct {
	Name                             string
	NS, NS_IPv6, NS_Unknown          int
	NS_Glue_Missing, NS_IPv4_Only    int
	NS_In_Domain, NS_Special_Purpose int
	DS, DS_Usable                    int
}

type plainResult struct {
	totals      Totals
	types       map[string]uint64
	delegations map[string]plainDelegation
}

// plainAudit is the audit without any of its cleverness.
func plainAudit(t *testing.T, text []byte) plainResult {
	ns, ds := map[string][]string{}, map[string][]*dns.DS{}
	v4, v6, special := map[string]bool{}, map[string]bool{}, map[string]bool{}
	r := plainResult{types: map[string]uint64{}, delegations: map[string]plainDelegation{}}
	apex := ""
	z := dns.NewZoneParser(bytes.NewReader(text), "", "")
	for rr, ok := z.Next(); ok; rr, ok = z.Next() {
		owner := strings.ToLower(rr.Header().Name)
		r.types[dns.TypeToString[rr.Header().Rrtype]]++
		switch rr := rr.(type) {
		case *dns.SOA:
			apex = owner
		case *dns.NS:
			ns[owner] = append(ns[owner], strings.ToLower(rr.Ns))
		case *dns.DS:
			ds[owner] = append(ds[owner], rr)
		case *dns.A:
			v4[owner] = true
		case *dns.AAAA:
			addr, _ := netipAddr(rr.AAAA)
			if netaddr.Classify(addr).Usable {
				v6[owner] = true
			} else {
				special[owner] = true
			}
		}
	}
	if z.Err() != nil {
		t.Fatal(z.Err())
	}
	for owner, servers := range ns {
		if owner == apex {
			continue
		}
		var d Delegation
		for _, server := range servers {
			s := Server{Kind: Outside}
			if dns.IsSubDomain(owner, server) {
				s.Kind = InDomain
			} else if dns.IsSubDomain(apex, server) {
				s.Kind = Sibling
			}
			if v4[server] {
				s.Glue |= GlueV4
			}
			if v6[server] {
				s.Glue |= GlueV6
			}
			if special[server] {
				s.Glue |= GlueV6Special
			}
			d.Servers = append(d.Servers, s)
		}
		for _, rr := range ds[owner] {
			d.DS = append(d.DS, DS{Algorithm: rr.Algorithm, DigestType: rr.DigestType, Digest: make([]byte, len(rr.Digest)/2)})
		}
		r.totals.add(&d)
		n := d.numbers()
		r.delegations[owner] = plainDelegation{
			Name: owner, NS: n[0], NS_IPv6: n[1], NS_Special_Purpose: n[2], NS_IPv4_Only: n[3],
			NS_Glue_Missing: n[4], NS_Unknown: n[5], NS_In_Domain: n[6], DS: n[7], DS_Usable: n[8],
		}
	}
	return r
}

// TestOrderAndMemory shuffles the real zones, and gives the audit little
// memory or plenty: what comes out must be the same to the byte.
func TestOrderAndMemory(t *testing.T) {
	for _, name := range []string{"root.zone.gz", "gov.zone.gz"} {
		text := readZone(t, name)
		want := everything(t, text, 0)
		lines := bytes.SplitAfter(text, []byte("\n"))
		random := rand.New(rand.NewPCG(1, 2))
		random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		shuffled := bytes.Join(lines, nil)
		for _, c := range []struct {
			what   string
			text   []byte
			memory int
		}{
			{"in order, on disk", text, 20 << 10},
			{"shuffled, in memory", shuffled, 0},
			{"shuffled, on disk", shuffled, 20 << 10},
			{"shuffled, sorted on disk and matched in memory", shuffled, 300 << 10},
		} {
			if got := everything(t, c.text, c.memory); got != want {
				t.Errorf("%s, %s: differs: %s", name, c.what, firstDifference(got, want))
			}
		}
	}
}

// everything returns all that an audit says.
func everything(t *testing.T, text []byte, memory int) string {
	t.Helper()
	var out []byte
	r, err := Audit(context.Background(), Config{
		Name: "zone", Input: bytes.NewReader(text), Country: ccTLD, Memory: memory, Top: 100, TempDir: t.TempDir(),
		Each: func(d *Delegation) error { out = d.AppendCSV(d.AppendJSON(out)); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if memory > 0 && r.TempBytes == 0 {
		t.Error("nothing was written to disk")
	}
	r.TempBytes = 0
	report, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + string(report)
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[max(0, i-80):min(len(a), i+40)] + " / " + b[max(0, i-80):min(len(b), i+40)]
		}
	}
	return "length"
}

// TestBrokenOff cuts the compressed root zone and damages it.
func TestBrokenOff(t *testing.T) {
	packed, err := os.ReadFile(filepath.Join(zones, "root.zone.gz"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(packed)
	for i := range 1000 {
		damaged[len(damaged)/2+i] ^= 0x55
	}
	for what, input := range map[string][]byte{"ends early": packed[:len(packed)/2], "damaged": damaged} {
		_, err := Audit(context.Background(), Config{Name: "root.zone.gz", Input: bytes.NewReader(input)})
		if !Malformed(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	broken := errors.New("the disk is on fire")
	_, err = Audit(context.Background(), Config{Name: "z", Input: io.MultiReader(strings.NewReader("a. 1 NS b.\n"), brokenReader{broken})})
	if !errors.Is(err, broken) || Malformed(err) {
		t.Errorf("a failing disk: %v", err)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }
