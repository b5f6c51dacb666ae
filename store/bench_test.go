package store_test

import (
	"fmt"
	"testing"

	"adopt6/scanner"
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
			list := make([]scanner.Observation, 1000)
			for i := range list {
				o := full(scan.ID, uint64(i))
				o.Target.Unicode, o.Mail.Reason = o.Target.Name, "no_mx"
				o.NameServers, o.MX = []string{"ns1.gouv.tg", fmt.Sprintf("ns%d.gouv.tg", i%97)}, []string{"mx.tg"}
				o.Endpoints = o.Endpoints[:2]
				o.Endpoints[0].Host, o.Endpoints[0].Detail = o.Target.Name, "HTTP/1.1 200"
				list[i] = o
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
