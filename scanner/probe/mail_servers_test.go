package probe

import (
	"testing"
	"time"

	"adopt6/scanner/observation"
)

// TestMailServersAreRemembered: a success is believed for long, a failure for a
// minute, and what a target had no time for not at all.
func TestMailServersAreRemembered(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[observation.Verdict]time.Duration{
		works:                                 10 * time.Minute,
		broken(observation.Timeout):           time.Minute,
		unmeasured(observation.TargetTimeout): 0,
		unmeasured(observation.LocalFault):    0,
		unmeasured(observation.NoRoute):       0,
		unmeasured(observation.OptedOut):      0,
		unmeasured(observation.BackedOff):     0,
	} {
		if got := life(verdict); got != want {
			t.Errorf("%v is kept for %s, want %s", verdict, got, want)
		}
	}
}
