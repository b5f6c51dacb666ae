//go:build !alone

package service

import (
	"slices"
	"testing"
	"time"

	"adopt6/store"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestOtherKeeps holds that the retention of one machine's jobs does not drop
// what another's keep in the same store.
func TestOtherKeeps(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.Embedded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.PutJobs(t.Context(), []store.JobRow{
		{Job: "monthly", Vantage: "lome", Machine: "here", Settings: `{"keep": "1y"}`, Changed: time.Now()},
		{Job: "monthly", Vantage: "dakar", Machine: "there", Settings: `{"keep": "5y"}`, Changed: time.Now()},
		{Job: "weekly", Vantage: "dakar", Machine: "there", Paused: true, Settings: `{"keep": ""}`, Changed: time.Now()},
	})
	if err != nil {
		t.Fatal(err)
	}
	keeps, err := otherKeeps(t.Context(), s, "here")
	if err != nil || !slices.Equal(keeps, []string{"5y", ""}) {
		t.Errorf("got %q, error %v", keeps, err)
	}
	if before, err := keptSince(append(keeps, "1y"), time.Now()); err != nil || !before.IsZero() {
		t.Errorf("dropped before %s, error %v", before, err)
	}
}
