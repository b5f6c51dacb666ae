package zonefile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

func netipAddr(ip net.IP) (netip.Addr, bool) {
	return netip.AddrFromSlice(ip.To16())
}

// FuzzReader holds the reader against package dns: a file that both accept has
// the same records, owner by owner.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(zones, "*.zone"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("a. NS b.\n\tNS c.\na. DS 1 2 3 (ab\n cd) ; x\n"))
	f.Add([]byte("$ORIGIN a.\n$GENERATE 0-5 h${1,2,x} AAAA ::${0,0,x}\n@ A 1.2.3.4\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 || slices.ContainsFunc(differences, func(r *regexp.Regexp) bool { return r.Match(text) }) {
			return
		}
		ours, err := readOurs(text)
		if err != nil {
			return
		}
		theirs, err := readTheirs(text)
		if err != nil {
			return
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		if !slices.Equal(ours, theirs) {
			t.Errorf("%q:\nours   %q\ntheirs %q", text, ours, theirs)
		}
	})
}

// differences are where package dns is known to read a file otherwise, or is
// not asked to.
var differences = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\$INCLUDE`),
	regexp.MustCompile(`(?is)\$GENERATE.*\\`),       // it loses escapes
	regexp.MustCompile(`\r([^\n]|$)`),               // it drops carriage returns wherever they are
	regexp.MustCompile("^\xef\xbb\xbf"),             // it takes a byte order mark for a part of the name
	regexp.MustCompile(`[^ \t\n][()]|[()][^ \t\n]`), // it loses a token that touches a parenthesis
}

var errTooMany = errors.New("too many records for a test")

func readOurs(text []byte) (records []string, err error) {
	z, err := NewReader("fuzz", bytes.NewReader(text), Options{Origin: Name("example\x00")})
	if err != nil {
		return nil, err
	}
	for rec := new(Record); ; {
		if err := z.Next(rec); err == io.EOF {
			return records, nil
		} else if err != nil {
			return nil, err
		}
		if len(records) > 10_000 {
			return nil, errTooMany
		}
		data := ""
		switch rec.Type {
		case dns.TypeNS:
			data = rec.Target.String()
		case dns.TypeA, dns.TypeAAAA:
			data = rec.Addr.String()
		case dns.TypeDS:
			data = fmt.Sprintf("%d %d %d %x", rec.DS.KeyTag, rec.DS.Algorithm, rec.DS.DigestType, rec.DS.Digest)
		case dns.TypeDNSKEY:
			data = fmt.Sprintf("%d %d", rec.Key.Flags, rec.Key.Algorithm)
		case dns.TypeSOA:
			data = fmt.Sprint(rec.Serial)
		}
		records = append(records, fmt.Sprintf("%s %s %s", rec.Owner, typeName(rec.Type), data))
	}
}

func readTheirs(text []byte) (records []string, err error) {
	z := dns.NewZoneParser(bytes.NewReader(text), "example.", "")
	z.SetDefaultTTL(3600)
	for rr, ok := z.Next(); ok; rr, ok = z.Next() {
		if len(records) > 10_000 {
			return nil, errTooMany
		}
		data := ""
		switch rr := rr.(type) {
		case *dns.NS:
			if data, err = canonical(rr.Ns); err != nil {
				return nil, err
			}
		case *dns.A:
			addr, _ := netip.AddrFromSlice(rr.A.To4())
			data = addr.String()
		case *dns.AAAA:
			addr, _ := netipAddr(rr.AAAA)
			data = addr.String()
		case *dns.DS:
			data = fmt.Sprintf("%d %d %d %s", rr.KeyTag, rr.Algorithm, rr.DigestType, bytes.ToLower([]byte(rr.Digest)))
		case *dns.DNSKEY:
			data = fmt.Sprintf("%d %d", rr.Flags, rr.Algorithm)
		case *dns.SOA:
			data = fmt.Sprint(rr.Serial)
		}
		owner, err := canonical(rr.Header().Name)
		if err != nil {
			return nil, err
		}
		records = append(records, fmt.Sprintf("%s %s %s", owner, typeName(rr.Header().Rrtype), data))
	}
	return records, z.Err()
}

// canonical is a name of package dns as a Name shows it.
func canonical(name string) (string, error) {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		return "", err
	}
	key, err := nameFromWire(nil, wire[:n])
	return key.String(), err
}

// FuzzAudit audits anything, in memory and on disk: both must say the same.
func FuzzAudit(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(zones, "*.zone"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 || bytes.Contains(bytes.ToUpper(text), []byte("$GENERATE")) {
			return
		}
		dir := t.TempDir()
		inMemory, onDisk := whatever(text, 0, dir), whatever(text, 1, dir)
		if inMemory != onDisk {
			t.Errorf("in memory and on disk differ: %s", firstDifference(inMemory, onDisk))
		}
	})
}

// whatever is what an audit says, be it an error.
func whatever(text []byte, memory int, dir string) string {
	var out []byte
	r, err := Audit(context.Background(), Config{
		Name: "fuzz", Input: bytes.NewReader(text), Origin: Name("example\x00"), Memory: memory, TempDir: dir, Top: 5, Country: ccTLD,
		Each: func(d *Delegation) error { out = d.AppendCSV(d.AppendJSON(out)); return nil },
	})
	if err != nil {
		return err.Error()
	}
	r.TempBytes = 0
	report, err := json.Marshal(r)
	return fmt.Sprint(string(out), string(report), err)
}

func FuzzIPv6(f *testing.F) {
	for _, s := range []string{"::", "1::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "1::2::3", "fe80::1%eth0", "12345::", ":1", "1:"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := netip.ParseAddr(string(text))
		wantOK := err == nil && want.Is6() && want.Zone() == "" && !bytes.Contains(text, []byte("%"))
		got, ok := parseIPv6(text)
		if ok != wantOK || ok && got != want {
			t.Errorf("%q: %v %v, want %v %v", text, got, ok, want, err)
		}
	})
}

func FuzzIPv4(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1..2.3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := netip.ParseAddr(string(text))
		wantOK := err == nil && want.Is4()
		got, ok := parseIPv4(text)
		if ok != wantOK || ok && got != want {
			t.Errorf("%q: %v %v, want %v %v", text, got, ok, want, err)
		}
	})
}
