package store_test

import (
	"strconv"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

// BenchmarkWrite stores wide observations with two endpoints each, from Write
// to ClickHouse's confirmation. One operation is one observation.
func BenchmarkWrite(b *testing.B) {
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			scan := newScan(b, s, uint64(b.N))
			list := storetest.Observations()
			for i := range list {
				list[i].Scan = scan.ID
				list[i].Endpoints = list[i].Endpoints[:min(2, len(list[i].Endpoints))]
			}
			w, err := s.Writer(b.Context(), scan.ID)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer() // and not b.Loop, whose time ends before the delivery does
			for n := range b.N {
				o := list[n%len(list)]
				o.Position = uint64(n)
				o.Target.Name = strconv.Itoa(n) + o.Target.Name // as many names as targets
				if err := w.Write(b.Context(), &o); err != nil {
					b.Fatal(err)
				}
			}
			closeWriter(b, w)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
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
