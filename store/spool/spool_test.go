package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store/storetest/filled"
)

var testHeader = Header{Scan: uuid.MustParse("7c9e6679-7425-40de-944b-e07fc1f90ae7"), Started: time.Unix(1795000000, 0).UTC()}

// sample has something in every field.
func sample(position uint64) observation.Observation {
	return filled.Observation(testHeader.Scan, position, "x\x00\xff")
}

// encoded is the record of an observation.
func encoded(t testing.TB, o observation.Observation) []byte {
	t.Helper()
	record, err := encode(nil, &o)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestRecordKeepsEveryField(t *testing.T) {
	for _, want := range []observation.Observation{sample(1 << 63), {Scan: testHeader.Scan}} {
		got, err := decode(encoded(t, want))
		if err != nil {
			t.Fatal(err)
		}
		for _, difference := range filled.Differences(want, got) {
			t.Error("came back changed: ", difference)
		}
	}
}

// A spool outlives the program that wrote it: this segment was written by the
// program whose records had version 1.
func TestRecordsOfVersion1AreRead(t *testing.T) {
	text, err := os.ReadFile("testdata/version1.segment")
	if err != nil {
		t.Fatal(err)
	}
	header, list, damage, err := readAll(bytes.NewReader(text))
	if err != nil || header != testHeader || damage != (Damage{}) || len(list) != 2 {
		t.Fatalf("%d observations of 2, header %v, damage %v, error %v", len(list), header, damage, err)
	}
	unseen := observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
	want := observation.Observation{
		Scan: testHeader.Scan, Position: 0, Passes: 1,
		Target: lists.Target{Name: "a.tg", Unicode: "ä.tg", Kind: lists.Government, Level: "central", Country: "TG", Source: "s", Date: "2026-01-02"},
		Country: lists.Country{Alpha2: "TG", Alpha3: "TGO", M49: "768", Names: lists.Names{En: "Togo"}, Region: "Africa",
			MemberState: true, LDC: true, SIDS: true, AsOf: "2025-12"},
		Vantage: "lome", Started: time.UnixMicro(1795000000123456).UTC(), Took: 1234567891 * time.Nanosecond,
		DNS:    observation.Verdict{Status: observation.OK},
		Web:    observation.Verdict{Status: observation.Broken, Reason: "timeout"},
		Mail:   observation.Verdict{Status: observation.Absent, Reason: "no_mx"},
		V6Only: observation.Verdict{Status: observation.Partial, Reason: "x\x00\xff"},
		DNSSEC: observation.Bogus, DNSSECReason: "rrsig_expired", Readiness: 3,
		NameServers: []string{"ns1.tg", ""}, NameServersV6: 2, NameServersV6OK: 1,
		A: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, AAAA: []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:192.0.2.1")},
		WWWA: []netip.Addr{{}}, MX: []string{"mx.tg"}, DS: 1, DNSKEY: 2, Queries: 77,
		Endpoints: []observation.Endpoint{
			{Probe: "web", Host: "a.tg", Addr: netip.MustParseAddr("2001:db8::1"), Port: 443, Transport: "tls",
				Verdict: observation.Verdict{Status: observation.OK}, RTT: 31 * time.Millisecond, Detail: "HTTP/2 200"},
			{Probe: "mail"},
		},
		DNSV4: unseen, WebV4: unseen, MailV4: unseen, Delegation: unseen, Address: unseen, WebApex: unseen, WebWWW: unseen,
		SameContent: unseen, SameSerial: unseen, StartTLS: unseen, SMTPUTF8: unseen, V6OnlyRecords: unseen,
	}
	for _, difference := range filled.Differences(want, list[0]) {
		t.Error("came back changed: ", difference)
	}
}

// This segment was written by the program whose records had version 2. The
// second contact says that the first was read to its end.
func TestRecordsOfVersion2AreRead(t *testing.T) {
	text, err := os.ReadFile("testdata/version2.segment")
	if err != nil {
		t.Fatal(err)
	}
	_, list, damage, err := readAll(bytes.NewReader(text))
	if err != nil || damage != (Damage{}) || len(list) != 2 {
		t.Fatalf("%d observations of 2, damage %v, error %v", len(list), damage, err)
	}
	for i, got := range list {
		want := version2()
		want.Position = uint64(i)
		for _, difference := range filled.Differences(want, got) {
			t.Error("came back changed: ", difference)
		}
	}
}

// version2 is what the program wrote whose records had version 2.
func version2() observation.Observation {
	return observation.Observation{
		Scan: testHeader.Scan, Passes: 1, Target: lists.Target{Name: "a.tg", Kind: lists.Government, Country: "TG"},
		Started: time.UnixMicro(1795000000123456).UTC(), DNS: observation.Verdict{Status: observation.OK},
		DNSV4: observation.Verdict{Status: observation.OK}, Operators: []string{"nic.tg"}, DNSSECMX: observation.Secure,
		Practice:       observation.DNSSECPractice{Algorithms: []uint8{8, 13}, Expires: time.Unix(1796000000, 0).UTC(), CDS: true},
		Probes:         []observation.ProbeTime{{Probe: "web", Took: time.Second}},
		WWWSameAddress: true,
		Endpoints: []observation.Endpoint{
			{Probe: "web", Host: "a.tg", Addr: netip.MustParseAddr("2001:db8::1"), Port: 443, TLS: &observation.TLSFacts{Version: "1.3"},
				HTTP: &observation.HTTPFacts{Status: 200, Title: "A"}},
			{Probe: "mail", SMTP: &observation.SMTPFacts{Code: 220, UTF8: true}},
		},
	}
}

// A record of a later program is kept aside, not misread.
func TestRecordOfALaterVersion(t *testing.T) {
	record := encoded(t, sample(1))
	record[0] = recordVersion + 1
	if _, err := decode(record); err == nil || !strings.Contains(err.Error(), "this adopt6 knows versions up to 3") {
		t.Errorf("error %v", err)
	}
}

func TestDecodeRefusesEveryCutRecord(t *testing.T) {
	record := encoded(t, sample(7))
	for n := range len(record) {
		if _, err := decode(record[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a record", n, len(record))
		}
	}
	if _, err := decode(append(record, 0)); err == nil {
		t.Error("a byte too many was not noticed")
	}
}

func FuzzRead(f *testing.F) {
	segment := segmentBytes(f, 3)
	f.Add(segment)
	f.Add(segment[:len(segment)-5])
	f.Add([]byte(magic))
	old, err := os.ReadFile("testdata/version1.segment")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old)
	f.Fuzz(func(t *testing.T, data []byte) {
		header, list, damage, err := readAll(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What was read is written and read again as the same.
		again := segmentHead(header)
		for i := range list {
			again = append(again, frameOf(t, list[i])...)
		}
		_, list2, damage2, err := readAll(bytes.NewReader(again))
		if err != nil || damage2 != (Damage{}) || !reflect.DeepEqual(list, list2) {
			t.Fatalf("damage %v: read again: error %v, damage %v\n%+v\n%+v", damage, err, damage2, list, list2)
		}
	})
}

// FuzzDecode tries records whose checksum is right.
func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, sample(1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := decode(data)
		if err != nil {
			return
		}
		again, err := decode(encoded(t, o))
		if err != nil || !reflect.DeepEqual(o, again) {
			t.Fatalf("%+v came back as %+v, error %v", o, again, err)
		}
	})
}

func frameOf(t testing.TB, o observation.Observation) []byte {
	return endFrame(append(beginFrame(nil), encoded(t, o)...), 0)
}

func segmentBytes(t testing.TB, rows int) []byte {
	t.Helper()
	folder, err := Create(t.TempDir(), testHeader)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		o := sample(uint64(i))
		if err := folder.Append(&o); err != nil {
			t.Fatal(err)
		}
	}
	sealed, ok, err := folder.Seal()
	if err != nil || !ok || sealed.Rows != rows {
		t.Fatalf("sealed %+v, %v, error %v", sealed, ok, err)
	}
	text, err := os.ReadFile(sealed.Path)
	if err != nil || int64(len(text)) != sealed.Bytes {
		t.Fatalf("%d bytes of %d, error %v", len(text), sealed.Bytes, err)
	}
	return text
}

// readAll returns everything that a segment holds.
func readAll(r io.Reader) (header Header, list []observation.Observation, damage Damage, err error) {
	damage, err = Read(r, func(h Header) { header = h }, func(o *observation.Observation) { list = append(list, *o) })
	return header, list, damage, err
}

func positions(list []observation.Observation) (p []uint64) {
	for _, o := range list {
		p = append(p, o.Position)
	}
	return p
}

func TestReadOfDamagedSegments(t *testing.T) {
	whole := segmentBytes(t, 3)
	first := segmentHead(testHeader)
	frame := len(frameOf(t, sample(0)))
	flip := func(at int) []byte {
		text := bytes.Clone(whole)
		text[at] ^= 0x40
		return text
	}
	tests := map[string]struct {
		text   []byte
		want   []uint64
		damage Damage
		err    error
	}{
		"whole":                  {whole, []uint64{0, 1, 2}, Damage{}, nil},
		"torn amid a record":     {whole[:len(whole)-7], []uint64{0, 1}, Damage{Torn: true}, nil},
		"torn amid a frame head": {whole[:len(first)+frame+3], []uint64{0}, Damage{Torn: true}, nil},
		"torn between records":   {whole[:len(first)+frame], []uint64{0}, Damage{}, nil},
		"a flipped bit":          {flip(len(first) + frame + frameHead + 20), []uint64{0, 2}, Damage{Corrupt: 1}, nil},
		"a flipped checksum":     {flip(len(first) + 5), []uint64{1, 2}, Damage{Corrupt: 1}, nil},
		"a huge length":          {flip(len(first) + 3), nil, Damage{Torn: true}, nil},
		"zeros at the end":       {append(bytes.Clone(whole), make([]byte, 16)...), []uint64{0, 1, 2}, Damage{Corrupt: 2}, nil},
		"no header":              {[]byte(magic), nil, Damage{}, ErrEmpty},
		"a flipped header":       {flip(len(magic) + frameHead), nil, Damage{}, ErrNoSegment},
		"empty":                  {nil, nil, Damage{}, ErrEmpty},
		"half a magic line":      {[]byte(magic[:4]), nil, Damage{}, ErrEmpty},
		"another file":           {[]byte("scan,position\n1,2\n"), nil, Damage{}, ErrNoSegment},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			header, list, damage, err := readAll(bytes.NewReader(test.text))
			if !errors.Is(err, test.err) || damage != test.damage || !reflect.DeepEqual(positions(list), test.want) {
				t.Errorf("positions %v, damage %+v, error %v; want %v, %+v, %v", positions(list), damage, err, test.want, test.damage, test.err)
			}
			if test.err == nil && header != testHeader {
				t.Errorf("header %+v, want %+v", header, testHeader)
			}
		})
	}
}

func TestLeftOver(t *testing.T) {
	root := t.TempDir()
	living, err := Create(root, testHeader)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := Create(root, testHeader)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []*Folder{living, dead} {
		o := sample(4)
		if err := folder.Append(&o); err != nil {
			t.Fatal(err)
		}
	}
	dead.lock.Unlock() // as the end of its process would
	left, err := LeftOver(root)
	if err != nil || len(left) != 1 || left[0].Dir() != dead.Dir() {
		t.Fatalf("left over are %v, error %v; want only %s", left, err, dead.Dir())
	}
	segments, err := left[0].Segments()
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments %v, error %v", segments, err)
	}
	var (
		header Header
		list   []observation.Observation
	)
	damage, err := segments[0].Load(func(h Header) { header = h }, func(o *observation.Observation) { list = append(list, *o) })
	if err != nil || header != testHeader || len(list) != 1 || damage != (Damage{}) {
		t.Fatalf("loaded %v %v %v, error %v", header, list, damage, err)
	}
	depth, err := Measure(root)
	if err != nil || depth.Segments != 2 || depth.Rows != 2 {
		t.Errorf("depth %+v, error %v", depth, err)
	}
	if err := segments[0].Remove(); err != nil {
		t.Fatal(err)
	}
	if err := left[0].Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the emptied folder is still there: %v", err)
	}
	if left, err := LeftOver(filepath.Join(root, "none")); err != nil || left != nil {
		t.Errorf("without a spool: %v, error %v", left, err)
	}
}

func TestAppendRefusesWhatCannotBeRead(t *testing.T) {
	folder, err := Create(t.TempDir(), testHeader)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	bad := sample(0)
	bad.Web.Status = 9
	if err := folder.Append(&bad); err == nil {
		t.Error("a status that does not exist was kept")
	}
	other := sample(0)
	other.Scan = uuid.New()
	if err := folder.Append(&other); err == nil {
		t.Error("an observation of another scan was kept")
	}
	large := sample(0)
	large.MX = []string{string(make([]byte, maxPayload))}
	if err := folder.Append(&large); err == nil {
		t.Error("an observation that no reader takes was kept")
	}
}

func BenchmarkAppend(b *testing.B) {
	folder, err := Create(b.TempDir(), testHeader)
	if err != nil {
		b.Fatal(err)
	}
	defer folder.Close()
	o := sample(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		o.Position = uint64(i)
		if err := folder.Append(&o); err != nil {
			b.Fatal(err)
		}
		if i%10_000 == 9_999 {
			sealed, _, err := folder.Seal()
			if err != nil {
				b.Fatal(err)
			}
			if err := sealed.Remove(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	segment := segmentBytes(b, 1000)
	b.SetBytes(int64(len(segment)))
	for b.Loop() {
		_, list, _, err := readAll(bytes.NewReader(segment))
		if err != nil || len(list) != 1000 {
			b.Fatal(fmt.Sprint(len(list), err))
		}
	}
}
