//go:build !alone

package indicator_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

var rows = flag.Int("rows", 10_000_000, "observations in the store of BenchmarkCountryTable")

// BenchmarkCountryTable reads the country table of one of ten scans, as
// `adopt6 countries` does: the figures that were stored at the end of the scan,
// and, as "counted", the same counted again from the observations.
func BenchmarkCountryTable(b *testing.B) {
	for name, fresh := range storetest.Engines {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, fresh(b))
			const scans = 10
			var last uuid.UUID
			for range scans {
				last = uuid.New()
				info := store.ScanInfo{ID: last, Started: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Targets: uint64(*rows / scans)}
				if err := s.NewScan(b.Context(), info); err != nil {
					b.Fatal(err)
				}
				err := s.Execute(b.Context(), fmt.Sprintf(`INSERT INTO observations
					(scan, scan_started, position, domain, kind, country, country_name, region, started, dns_v6, web_v6, web_v6_reason, aaaa, dnssec, readiness)
					SELECT toUUID('%s'), toDateTime('2026-11-01 00:00:00', 'UTC'), number, concat('d', toString(number), '.example'), 'government',
						substring('TGCIKESNGHBFNEMLBJNG', number %% 10 * 2 + 1, 2), toString(number %% 10), 'Africa', now(),
						if(number %% 3 = 0, 'ok', 'absent'), if(number %% 4 = 0, 'ok', 'absent'), 'no_aaaa', ['2001:db8::1'], 'secure', toUInt8(number %% 6)
					FROM system.numbers LIMIT %d`, last, *rows/scans), "", nil)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.FinishScan(b.Context(), last); err != nil {
					b.Fatal(err)
				}
				if _, err := indicator.Compute(b.Context(), s, last); err != nil {
					b.Fatal(err)
				}
			}
			b.Run("stored", func(b *testing.B) {
				for b.Loop() {
					if list, err := indicator.Load(b.Context(), s, last); err != nil || len(list) == 0 {
						b.Fatalf("%d rows, error %v", len(list), err)
					}
				}
			})
			b.Run("counted", func(b *testing.B) {
				for b.Loop() {
					if _, err := indicator.Compute(b.Context(), s, last); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
