package asn

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// table writes a table of networks with their records.
func table(t testing.TB, kind string, version int, records map[string]mmdbtype.DataType) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind, IPVersion: version, RecordSize: 24, IncludeReservedNetworks: true, DisableIPv4Aliasing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		_, prefix, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(prefix, record); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func number32(n uint32) mmdbtype.DataType {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(n), "autonomous_system_organization": mmdbtype.String("Example")}
}

func text(as string) mmdbtype.DataType {
	return mmdbtype.Map{"asn": mmdbtype.String(as), "name": mmdbtype.String("Example"), "country": mmdbtype.String("AR")}
}

func TestLookup(t *testing.T) {
	for name, records := range map[string]map[string]mmdbtype.DataType{
		"GeoLite2-ASN": {"2a01:100::/32": number32(64496), "2a01:200::/32": number32(4200000000), "185.1.0.0/16": number32(64497), "2a01:300::/32": number32(0)},
		"ipinfo_lite":  {"2a01:100::/32": text("AS64496"), "2a01:200::/32": text("as4200000000"), "185.1.0.0/16": text("64497"), "2a01:300::/32": text("")},
	} {
		got, err := parse(table(t, name, 6, records))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for addr, want := range map[string]uint32{
			"2a01:100::53": 64496, "2a01:200:ffff::1": 4200000000, "185.1.2.3": 64497, "::ffff:185.1.2.3": 64497,
			"2a01:300::1": 0, "2a01:400::1": 0, "10.0.0.1": 0,
		} {
			for range 2 { // the second time from memory
				n, as, ok := got.Lookup(netip.MustParseAddr(addr))
				if n != want || ok != (want != 0) || ok != (as == "Example") {
					t.Errorf("%s: %s lies in %d, %q, %v, want %d", name, addr, n, as, ok, want)
				}
			}
		}
	}
}

// TestNames cleans what a table calls an autonomous system: it is shown and
// stored.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Example, Inc.": "Example, Inc.", " two\n\tlines ": "two lines", "\x1b[31mred\u202e": "[31mred", "Société": "Société",
		strings.Repeat("é", 80): strings.Repeat("é", 50), "": "",
	} {
		data := table(t, "GeoLite2-ASN", 6, map[string]mmdbtype.DataType{"2a01:100::/32": mmdbtype.Map{
			"autonomous_system_number": mmdbtype.Uint32(64496), "autonomous_system_organization": mmdbtype.String(name)}})
		got, err := parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if n, as, ok := got.Lookup(netip.MustParseAddr("2a01:100::53")); n != 64496 || as != want || !ok {
			t.Errorf("%q is read as %q of AS%d", name, as, n)
		}
	}
}

// BenchmarkLookup finds addresses of 10,000 networks.
func BenchmarkLookup(b *testing.B) {
	records := make(map[string]mmdbtype.DataType)
	var addrs []netip.Addr
	for i := range 10_000 {
		addr := netip.AddrFrom16([16]byte{0x2a, 0x01, byte(i >> 8), byte(i), 15: 1})
		records[netip.PrefixFrom(addr, 32).Masked().String()] = number32(uint32(64512 + i%1000))
		addrs = append(addrs, addr)
	}
	got, err := parse(table(b, "GeoLite2-ASN", 6, records))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, _, ok := got.Lookup(addrs[i%len(addrs)]); !ok {
			b.Fatal("not found")
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := table(t, "GeoLite2-ASN", 6, map[string]mmdbtype.DataType{"2a01:100::/32": number32(64496)})
	for path, want := range map[string]string{
		filepath.Join(dir, "missing.mmdb"): "no such file",
		dir:                                "no file of at most",
		write("list.csv", []byte("2a01:100::/32,64496\n")):                                                       "not in MaxMind DB format",
		write("short.mmdb", good[:len(good)/2]):                                                                  "not in MaxMind DB format",
		write("v4.mmdb", table(t, "GeoLite2-ASN", 4, map[string]mmdbtype.DataType{"185.1.0.0/16": number32(1)})): "IPv4 addresses only",
		write("city.mmdb", table(t, "GeoLite2-City", 6, map[string]mmdbtype.DataType{
			"2a01:100::/32": mmdbtype.Map{"city": mmdbtype.String("Buenos Aires")}})): `"GeoLite2-City" is not one of autonomous systems`,
	} {
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error is %v, want it to name the file and %q", path, err, want)
		}
	}
	if _, err := Open(write("good.mmdb", good)); err != nil {
		t.Error(err)
	}
}

// FuzzTable reads tables that anybody may have written: whatever they hold, it
// ends with an error or a number.
func FuzzTable(f *testing.F) {
	f.Add(table(f, "GeoLite2-ASN", 6, map[string]mmdbtype.DataType{"2a01:100::/32": number32(64496)}))
	f.Add(table(f, "ipinfo_lite", 6, map[string]mmdbtype.DataType{"2a01:100::/32": text("AS64496")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if table, err := parse(data); err == nil {
			table.Lookup(netip.MustParseAddr("2a01:100::53"))
			table.Lookup(netip.MustParseAddr("185.1.2.3"))
		}
	})
}
