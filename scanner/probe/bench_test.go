package probe_test

import (
	"context"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
)

// BenchmarkMeasure measures generated domains of the bulk scenario, all probes
// with validation. The lab's servers run in the same process, so the figures
// hold both sides.
func BenchmarkMeasure(b *testing.B) {
	scenario, err := lab.Builtin("bulk")
	if err != nil {
		b.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	prober := newProber(b, l)
	queries := 0
	pool := scanner.Pool{Workers: 100, Timeout: time.Minute, Measure: prober.Measure,
		Sink: func(_ context.Context, o *scanner.Observation) error { queries += int(o.Queries); return nil }}
	b.ResetTimer()
	err = pool.Run(b.Context(), func(yield func(scanner.Pending, error) bool) {
		position := 0
		for target := range l.Targets() {
			if position == b.N || !yield(scanner.Pending{Position: uint64(position), Target: target}, nil) {
				return
			}
			position++
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(queries)/float64(b.N), "queries/op")
}
