package zonefile

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"adopt6/scanner/netaddr"
)

// TestSynthetic audits a made-up zone whose figures follow from how it is made,
// in both orders and with little memory and plenty.
func TestSynthetic(t *testing.T) {
	const n, hosters = 12_000, 1000
	want := Totals{
		Delegations: n,
		IPv6One:     3 * n / 4, IPv6Unknown: n / 4,
		GlueNeeded: n / 4, WithDS: n / 3, DS: n / 3,
		Servers: Servers{
			All: 2 * n, InDomain: n / 2, Sibling: n, Outside: n / 2,
			IPv6: 3 * n / 4, IPv4Only: 3 * n / 4, Unknown: n / 2,
		},
	}
	for _, scattered := range []bool{false, true} {
		for _, memory := range []int{0, 100 << 10, 10 << 10} {
			var zone strings.Builder
			records, err := synthetic{n, scattered, hosters}.write(&zone)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Audit(context.Background(), Config{Name: "z", Input: strings.NewReader(zone.String()), Memory: memory, TempDir: t.TempDir(), Top: 1})
			if err != nil {
				t.Fatal(err)
			}
			if r.Records != uint64(records) || r.Delegations != want {
				t.Errorf("scattered %v, memory %d: %d records, want %d;\n%+v, want\n%+v", scattered, memory, r.Records, records, r.Delegations, want)
			}
			if got := r.Servers.Entries[0].Delegations; got != n/hosters || !r.Servers.Exact {
				t.Errorf("most delegations of a server: %d", got)
			}
		}
	}
}

// TestMemoryIsFlat audits a zone and one ten times as large: the heap must not
// grow with it.
func TestMemoryIsFlat(t *testing.T) {
	small, large := peakHeap(t, 20_000), peakHeap(t, 200_000)
	t.Logf("peak heap %d KiB with 20,000 delegations, %d KiB with 200,000", small>>10, large>>10)
	if large > small+small/2+(2<<20) {
		t.Errorf("the heap grew from %d to %d bytes", small, large)
	}
}

// peakHeap is the largest heap seen, in bytes, when a zone of that many
// delegations is audited with 3 MiB of memory.
func peakHeap(t *testing.T, delegations int) (peak uint64) {
	t.Helper()
	file := writeSynthetic(t, synthetic{delegations, true, 1000})
	defer file.Close()
	var m runtime.MemStats
	look := func() {
		runtime.GC()
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	watched := &watchedReader{r: file, every: 4 << 20, look: look}
	seen := 0
	_, err := Audit(context.Background(), Config{Name: "z", Input: watched, Memory: 3 << 20, TempDir: t.TempDir(), Each: func(*Delegation) error {
		if seen++; seen%20_000 == 0 {
			look()
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return peak
}

// watchedReader calls look every so many bytes.
type watchedReader struct {
	r           io.Reader
	read, every int
	look        func()
}

// Read implements io.Reader.
func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if w.read += n; w.read > w.every {
		w.read = 0
		w.look()
	}
	return n, err
}

func writeSynthetic(t testing.TB, z synthetic) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "zone"))
	if err == nil {
		_, err = z.write(file)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCancel cancels audits of input without end, and of input that never
// comes.
func TestCancel(t *testing.T) {
	never, _ := io.Pipe()
	for name, input := range map[string]io.Reader{
		"records":     repeat("a. NS b.\n"),
		"blank lines": repeat("\n"),
		"nothing":     never,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			_, err := Audit(ctx, Config{Name: "z", Input: input, TempDir: t.TempDir()})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestEachEndsAudit asserts that the caller's error ends the audit.
func TestEachEndsAudit(t *testing.T) {
	full := errors.New("full")
	_, err := Audit(context.Background(), Config{Name: "z", Input: strings.NewReader("a. SOA b. c. 1 2 3 4 5\nx.a. NS b.\n"), Each: func(*Delegation) error { return full }})
	if !errors.Is(err, full) || Malformed(err) {
		t.Errorf("got %v", err)
	}
}

// TestTooMuchOfOneName asserts that a name with more records than any response
// could carry is refused, not kept.
func TestTooMuchOfOneName(t *testing.T) {
	soa := "a. SOA b. c. 1 2 3 4 5\n"
	for want, line := range map[string]string{
		"the NS and DS records of x.a. take more than 1 MiB": "x.a. NS b.\n",
		"the addresses of x.a. take more than 1 MiB":         "x.a. A 192.0.2.1\n",
	} {
		zone := io.MultiReader(strings.NewReader(soa), io.LimitReader(repeat(line), int64(len(line))*600_000))
		_, err := Audit(context.Background(), Config{Name: "z", Input: zone, TempDir: t.TempDir()})
		if !Malformed(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct{ origin, zone, want string }{
		{"example", "@ SOA a b 1 2 3 4 5\nx NS y\n", ""},
		{"example.", "x NS y\n", ""},
		{"example.", "x.example. NS y.\n", ""},
		{"other.", "example. SOA a. b. 1 2 3 4 5\n", "the SOA record is of example., but --origin says other."},
		{"other.", "x.example. NS y.\n", "nothing in it belongs to the zone other.: the first name is x.example."},
	} {
		origin, err := ParseName(c.origin)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Audit(context.Background(), Config{Name: "z", Input: strings.NewReader(c.zone), Origin: origin})
		switch {
		case c.want == "" && (err != nil || r.Delegations.Delegations != 1):
			t.Errorf("%q: %v", c.zone, err)
		case c.want != "" && (!Malformed(err) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: got %v, want %q", c.zone, err, c.want)
		}
	}
}

var (
	benchDelegations = flag.Int("delegations", 700_000, "delegations in the zone that BenchmarkAudit makes")
	benchHosters     = flag.Int("hosters", 1000, "hosters that they share, an even number")
	benchMemory      = flag.Int("memory", 0, "memory of the audit in MiB; 0 is the default")
	benchScattered   = flag.Bool("scattered", true, "write that zone in the worst order, instead of name by name")
)

// BenchmarkAudit audits a generated zone in a temporary file. See docs/audit.md
// for how to run it with tens of millions of records.
func BenchmarkAudit(b *testing.B) {
	debug.SetMemoryLimit(160 << 20) // as adopt6 audit does
	file := writeSynthetic(b, synthetic{*benchDelegations, *benchScattered, *benchHosters})
	defer file.Close()
	debug.FreeOSMemory()
	var r *Report
	start := processorTime(b)
	b.ResetTimer()
	for range b.N {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		var err error
		if r, err = Audit(context.Background(), Config{Name: "z", Input: file, TempDir: b.TempDir(), Top: 10, Memory: *benchMemory << 20}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	records := float64(r.Records) * float64(b.N)
	b.ReportMetric(float64(r.Records), "records")
	b.ReportMetric(records/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(records/(processorTime(b)-start).Seconds(), "records/cpu-s")
	b.ReportMetric(float64(r.TempBytes>>20), "MiB-on-disk")
	b.ReportMetric(float64(peakRSS(b)>>10), "MiB-peak-RSS")
}

// processorTime is what the process has used so far, in user and system mode.
func processorTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// peakRSS is the largest resident set of the process so far, in KiB, and 0
// where the system does not tell.
func peakRSS(b *testing.B) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkReader reads records in memory.
func BenchmarkReader(b *testing.B) {
	var zone strings.Builder
	records, err := synthetic{100_000, false, 1000}.write(&zone)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(zone.Len()))
	for b.Loop() {
		z, err := NewReader("z", strings.NewReader(zone.String()), Options{})
		if err != nil {
			b.Fatal(err)
		}
		rec := new(Record)
		for err == nil {
			err = z.Next(rec)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// TestUnicast holds the short cut against the registry at the edges of every
// block.
func TestUnicast(t *testing.T) {
	u := newUnicast()
	check := func(addr netip.Addr) {
		if addr.IsValid() && u.usable(addr.As16()) != netaddr.Classify(addr).Usable {
			t.Errorf("%s is judged otherwise than by the registry", addr)
		}
	}
	for _, class := range netaddr.Registry() {
		if !class.Block.Addr().Is6() {
			continue
		}
		first := class.Block.Addr()
		octets := first.As16()
		for bit := class.Block.Bits(); bit < 128; bit++ {
			octets[bit/8] |= 0x80 >> (bit % 8)
		}
		last := netip.AddrFrom16(octets)
		for _, addr := range []netip.Addr{first, first.Prev(), first.Next(), last, last.Prev(), last.Next()} {
			check(addr)
		}
	}
	for n := range 1 << 16 {
		check(netip.AddrFrom16([16]byte{byte(n >> 8), byte(n), 1}))
		check(netip.AddrFrom16([16]byte{byte(n >> 8), byte(n), 15: 1}))
	}
}

// TestUnicodeTLD asserts that a ccTLD counts for its country when a root zone
// has it in UTF-8, and that the report says so.
func TestUnicodeTLD(t *testing.T) {
	t.Parallel()
	zone := ". 86400 IN SOA a. b. 1 1 1 1 1\n. 1 IN NS a.\nрф. 1 IN NS a.\ntg. 1 IN NS a.\n"
	report, err := Audit(context.Background(), Config{Name: "root", Input: strings.NewReader(zone), Country: ccTLD, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Countries) != 2 || report.Countries[0].Code != "RU" || report.Countries[0].TLDs[0].Name != "xn--p1ai." {
		t.Errorf("countries: %+v", report.Countries)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "xn--p1ai.") {
		t.Errorf("warnings: %q", report.Warnings)
	}
}
