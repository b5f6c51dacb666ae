package probe_test

import (
	"context"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/observation"
)

// TestTargetTimeout measures a domain whose servers are silent, with less time
// than that takes: what was not measured says so, and so does what was cut
// short, soon after the time is up.
func TestTargetTimeout(t *testing.T) {
	l := startLab(t, `about: Silence.
domains:
  silent.gov.ar: {like: infrastructure, dnssec: unsigned, web: both, mail: both, faults: [{do: drop}]}
`)
	prober := newProber(t, l)
	var seen reasonsSeen
	var took time.Duration
	pool := scanner.Pool{Workers: 1, Timeout: 300 * time.Millisecond, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			seen.add(o)
			took = o.Took
			for _, v := range verdicts(o) {
				if v.Status != observation.Unmeasured {
					t.Errorf("a verdict is %v", v)
				}
			}
			return nil
		}}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	if seen.seen[observation.TargetTimeout] == "" {
		t.Errorf("the reasons are %v", seen.seen)
	}
	if took > 3*time.Second {
		t.Errorf("took %s", took)
	}
}
