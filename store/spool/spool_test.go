package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store/storetest/filled"
)

var testHeader = Header{Scan: uuid.MustParse("7c9e6679-7425-40de-944b-e07fc1f90ae7"), Started: time.Unix(1795000000, 0).UTC()}

// sample has something in every field.
func sample(position uint64) observation.Observation {
	return filled.Observation(testHeader.Scan, position, "x\x00\u00ff\u2028<\"")
}

func TestSegmentKeepsEveryField(t *testing.T) {
	for _, want := range []observation.Observation{sample(1 << 63), {Scan: testHeader.Scan, Target: lists.Target{Kind: lists.Custom}}} {
		_, list, damage, err := readAll(bytes.NewReader(segmentOf(t, testHeader, want)))
		if err != nil || damage != (Damage{}) || len(list) != 1 {
			t.Fatalf("%d observations of 1, damage %v, error %v", len(list), damage, err)
		}
		for _, difference := range filled.Differences(want, list[0]) {
			t.Error("came back changed: ", difference)
		}
	}
}

// A segment is lines of JSON for everybody who has zstd.
func TestOthersReadASegment(t *testing.T) {
	in, err := zstd.NewReader(bytes.NewReader(segmentBytes(t, 2)))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 3 || lines[0] != `{"spool":1,"scan":"7c9e6679-7425-40de-944b-e07fc1f90ae7","scan_started":"2026-11-18T11:06:40Z"}` || !strings.Contains(lines[2], `"position":1,`) {
		t.Errorf("zstd reads %.300q", lines)
	}
}

// What a later adopt6 wrote is kept aside, not read without what is unknown.
func TestLinesOfALaterVersion(t *testing.T) {
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	o := sample(1)
	line, err := o.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.Replace(line, []byte(`{"scan"`), []byte(`{"made_up":"ok","scan"`), 1)
	segment := p.frame(p.frame(segmentOf(t, testHeader), later), line)
	_, list, damage, err := readAll(bytes.NewReader(segment))
	if err != nil || damage != (Damage{Corrupt: 1}) || len(list) != 1 {
		t.Errorf("%d observations of 1, damage %v, error %v", len(list), damage, err)
	}
	head := p.frame(nil, []byte(`{"spool":2,"scan":"7c9e6679-7425-40de-944b-e07fc1f90ae7","scan_started":"2026-11-18T11:06:40Z"}`))
	if _, _, _, err := readAll(bytes.NewReader(head)); !errors.Is(err, ErrNoSegment) {
		t.Errorf("a segment of a later form: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	segment := segmentBytes(f, 3)
	f.Add(segment)
	f.Add(segment[:len(segment)-5])
	f.Add([]byte(frameStart))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, list, damage, err := readAll(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What was read is written and read again as the same.
		_, list2, damage2, err := readAll(bytes.NewReader(segmentOf(t, header, list...)))
		if err != nil || damage2 != (Damage{}) || !reflect.DeepEqual(list, list2) {
			t.Fatalf("damage %v: read again: error %v, damage %v\n%+v\n%+v", damage, err, damage2, list, list2)
		}
	})
}

// FuzzLine tries lines whose checksum is right.
func FuzzLine(f *testing.F) {
	o := sample(1)
	line, err := o.AppendJSON(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, data []byte) {
		var o, again observation.Observation
		if o.UnmarshalJSON(data) != nil {
			return
		}
		line, err := o.AppendJSON(nil)
		if err == nil {
			err = again.UnmarshalJSON(line)
		}
		if err != nil || !reflect.DeepEqual(o, again) {
			t.Fatalf("%+v came back as %+v, error %v", o, again, err)
		}
	})
}

// segmentOf is what a file with observations holds.
func segmentOf(t testing.TB, header Header, list ...observation.Observation) []byte {
	t.Helper()
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	segment, err := p.segmentHead(header)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		line, err := list[i].AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		segment = p.frame(segment, append(line, '\n'))
	}
	return segment
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
	first := segmentOf(t, testHeader)
	frame := len(segmentOf(t, testHeader, sample(0))) - len(first)
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
		"a flipped checksum":     {flip(len(first) + frameHead - 3), []uint64{1, 2}, Damage{Corrupt: 1}, nil},
		"a huge length":          {flip(len(first) + frameHead - 5), nil, Damage{Torn: true}, nil},
		"zeros at the end":       {append(bytes.Clone(whole), make([]byte, 16)...), []uint64{0, 1, 2}, Damage{Torn: true}, nil},
		"no header":              {first[:len(first)-1], nil, Damage{}, ErrEmpty},
		"a flipped header":       {flip(frameHead), nil, Damage{}, ErrNoSegment},
		"empty":                  {nil, nil, Damage{}, ErrEmpty},
		"half a frame's head":    {first[:4], nil, Damage{}, ErrEmpty},
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
	large.MX = []string{strings.Repeat("x", maxPayload)}
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
