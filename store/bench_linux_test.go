//go:build !alone

package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
)

// BenchmarkWrite stores wide observations with two endpoints each, from Write
// to ClickHouse's confirmation. One operation is one observation. Beside the
// speed it tells the processor's time for a row and the highest memory, of the
// client and of the engine.
func BenchmarkWrite(b *testing.B) {
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			w, next := observing(b, s, uint64(b.N))
			b.ReportAllocs()
			before := watchUse(b)
			b.ResetTimer() // and not b.Loop, whose time ends before the delivery does
			for range b.N {
				o := next()
				if err := w.Write(b.Context(), &o); err != nil {
					b.Fatal(err)
				}
			}
			closeWriter(b, w)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			before.report(b)
		})
	}
}

// BenchmarkPaced stores 20,000 observations a second, as a very fast scan would
// find them, and tells how long Write took at most and how often more than a
// millisecond, in which a scan waits for the store.
//
//	go test -run '^$' -bench Paced -benchtime 300000x ./store
func BenchmarkPaced(b *testing.B) {
	const (
		each = 50 * time.Microsecond
		wait = time.Millisecond
	)
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			w, next := observing(b, s, uint64(b.N))
			before := watchUse(b)
			b.ResetTimer()
			var waits, behind int
			var longest time.Duration
			begun := time.Now()
			for n := range b.N {
				o := next()
				if early := time.Duration(n)*each - time.Since(begun); early > wait {
					time.Sleep(early) // the rate is what is tested
				} else if early < -time.Second {
					behind++
				}
				start := time.Now()
				if err := w.Write(b.Context(), &o); err != nil {
					b.Fatal(err)
				}
				took := time.Since(start)
				if longest = max(longest, took); took > wait {
					waits++
				}
			}
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "rows/s")
			depth := w.Depth()
			closeWriter(b, w)
			b.ReportMetric(float64(waits), "waits")
			b.ReportMetric(float64(behind), "late")
			b.ReportMetric(float64(longest.Microseconds())/1e3, "longest-ms")
			b.ReportMetric(float64(depth), "batches-left")
			before.report(b)
		})
	}
}

// observing begins a scan and returns its writer and a source of observations
// as real ones are, with two endpoints each.
func observing(b *testing.B, s *store.Store, targets uint64) (*store.Writer, func() observation.Observation) {
	b.Helper()
	scan := newScan(b, s, targets)
	list := storetest.Observations()
	for i := range list {
		list[i].Scan = scan.ID
		list[i].Endpoints = list[i].Endpoints[:min(2, len(list[i].Endpoints))]
	}
	w, err := s.Writer(b.Context(), scan.ID)
	if err != nil {
		b.Fatal(err)
	}
	position := uint64(0)
	return w, func() observation.Observation {
		o := list[position%uint64(len(list))]
		o.Position = position
		o.Target.Name = strconv.FormatUint(position, 10) + o.Target.Name // as many names as targets
		position++
		return o
	}
}

// use is what the processes have taken of the processor.
type use struct{ client, engine time.Duration }

// watchUse begins to count, and forgets the highest memory.
func watchUse(b *testing.B) use {
	b.Helper()
	runtime.GC()
	for _, pid := range append(descendants(b, os.Getpid()), os.Getpid()) {
		// "5" resets the highest memory; a process may have ended.
		os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	}
	return used(b)
}

func used(b *testing.B) (u use) {
	u.client = processorTime(os.Getpid())
	for _, pid := range descendants(b, os.Getpid()) {
		u.engine += processorTime(pid)
	}
	return u
}

// report reports what was used since u.
func (u use) report(b *testing.B) {
	b.Helper()
	now, rows := used(b), float64(b.N)
	b.ReportMetric(float64((now.client-u.client).Microseconds())/rows, "client-us/row")
	b.ReportMetric(float64((now.engine-u.engine).Microseconds())/rows, "engine-us/row")
	b.ReportMetric(highestMemory(os.Getpid()), "client-MB")
	engine := 0.
	for _, pid := range descendants(b, os.Getpid()) {
		engine = max(engine, highestMemory(pid))
	}
	b.ReportMetric(engine, "engine-MB")
}

// descendants are the processes below one.
func descendants(b *testing.B, pid int) (list []int) {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range threads {
		text, _ := os.ReadFile(name) // of a thread that has ended there are none
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				list = append(append(list, child), descendants(b, child)...)
			}
		}
	}
	return list
}

// processorTime is user and system time; 0 of a process that has ended.
func processorTime(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}

// highestMemory is the highest resident memory, in MB; 0 of a process that has
// ended.
func highestMemory(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib * 1024 / 1e6
}

// rows is how many observations BenchmarkDomain stores.
var rows = flag.Int("rows", 10_000_000, "observations in the store of BenchmarkDomain")

// BenchmarkDomain reads one domain over ten scans of a million domains each: by
// the table that is sorted by domain, and, as "observations", by what there was
// before it.
func BenchmarkDomain(b *testing.B) {
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			for month := range 10 {
				err := s.Execute(b.Context(), fmt.Sprintf(`INSERT INTO observations
					(scan, scan_started, position, domain, kind, country, started, dns_v6, web_v6, web_v6_reason, aaaa, name_servers, dnssec, readiness)
					SELECT toUUID('%s'), toDateTime('2026-%02d-01 00:00:00', 'UTC'), number, concat('d', toString(number), '.example'), 'government',
						substring('TGCIKESNGHBFNEMLBJNG', number %% 10 * 2 + 1, 2), now(),
						if(number %% 3 = 0, 'ok', 'absent'), if(number %% 4 = 0, 'ok', 'absent'), 'no_aaaa', ['2001:db8::1'], ['a.example', 'b.example'], 'secure', toUInt8(number %% 6)
					FROM system.numbers LIMIT %d`, uuid.New(), month+1, *rows/10), "", nil)
				if err != nil {
					b.Fatal(err)
				}
			}
			for name, table := range map[string]string{"domain_history": "domain_history FINAL", "observations": "observations FINAL", "observations_unmerged": "observations"} {
				b.Run(name, func(b *testing.B) {
					sql := "SELECT scan_started, readiness, dns_v6, web_v6, web_v6_reason, aaaa FROM " + table + " WHERE domain = 'd777.example' ORDER BY scan_started"
					for b.Loop() {
						if got := ask(b, s, sql); strings.Count(got, "\n") != 9 {
							b.Fatalf("%q", got)
						}
					}
				})
			}
		})
	}
}

// BenchmarkDone reads which positions of a scan are stored, as a resumed scan
// does. One operation is one position.
func BenchmarkDone(b *testing.B) {
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			scan := newScan(b, s, 100_000)
			fill(b, s, scan, 100_000)
			b.ResetTimer()
			for n := 0; n < b.N; {
				for _, err := range s.Done(b.Context(), scan.ID) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
		})
	}
}

func fill(b *testing.B, s *store.Store, scan store.ScanInfo, rows uint64) {
	b.Helper()
	w, err := s.Writer(b.Context(), scan.ID)
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		o := plainObservation(scan.ID, i)
		if err := w.Write(b.Context(), &o); err != nil {
			b.Fatal(err)
		}
	}
	closeWriter(b, w)
}
