//go:build !alone

package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
	"adopt6/store/storetest"
)

func plannedRun(machine string, planned time.Time) jobrun.Run {
	return jobrun.Run{ID: uuid.New(), Job: "weekly", Vantage: "lome", Machine: machine, Trigger: jobrun.ByPlan, Planned: planned, Outcome: jobrun.Running}
}

// A run is stored again at each change, and the last change is what is read.
func TestRunsOfJobs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		r := plannedRun("one", time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC))
		r.Revision, r.Scan, r.Tries, r.Started = 1, uuid.New(), 1, r.Planned.Add(time.Minute)
		if err := s.PutRuns(t.Context(), []jobrun.Run{r}); err != nil {
			t.Fatal(err)
		}
		over := r
		over.Revision, over.Outcome, over.Ended = 2, jobrun.Finished, r.Planned.Add(time.Hour)
		skipped := plannedRun("one", r.Planned.AddDate(0, 0, 7))
		skipped.Outcome, skipped.Reason, skipped.Message, skipped.Revision = jobrun.Skipped, jobrun.ReasonMissed, "not on", 1
		// The first once more, as after an answer that was lost.
		if err := s.PutRuns(t.Context(), []jobrun.Run{over, skipped, r}); err != nil {
			t.Fatal(err)
		}
		var got []jobrun.Run
		for run, err := range s.Runs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, run)
		}
		if len(got) != 2 || got[0] != over || got[1] != skipped {
			t.Errorf("got %+v\nwant %+v", got, []jobrun.Run{over, skipped})
		}
		for _, zone := range []string{"UTC", "Africa/Lome"} {
			if err := s.PutJobs(t.Context(), []store.JobRow{{Job: "weekly", Vantage: "lome", Machine: "one", Cron: "0 3 * * 1", TimeZone: zone}}); err != nil {
				t.Fatal(err)
			}
		}
		var zones []string
		for job, err := range s.Jobs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			zones = append(zones, job.TimeZone)
		}
		if strings.Join(zones, " ") != "Africa/Lome" {
			t.Errorf("the jobs have the zones %v, want the last alone", zones)
		}
	})
}

// Of machines that claim a run at the same time one gets it; who comes later
// does not, until the claim has expired or the run was given up.
func TestClaims(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.OnServer(t))
	planned := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	at := func() error { return nil }

	machines := []string{"one", "two", "three", "four"}
	var all sync.WaitGroup // every claim is made before one is judged
	all.Add(len(machines))
	claims := make(chan *store.Claim, len(machines))
	var judged sync.WaitGroup
	for _, machine := range machines {
		judged.Go(func() {
			c, err := store.ClaimAfter(t.Context(), s, plannedRun(machine, planned), func() error { all.Done(); all.Wait(); return nil })
			if elsewhere := new(jobrun.ElsewhereError); err != nil && !errors.As(err, &elsewhere) {
				t.Error(err)
			}
			claims <- c
		})
	}
	judged.Wait()
	var held *store.Claim
	for range machines {
		if c := <-claims; c != nil {
			if held != nil {
				t.Fatal("two machines have the run")
			}
			held = c
		}
	}
	if held == nil {
		t.Fatal("no machine has the run")
	}

	later := planned.AddDate(0, 0, 7)
	age := func(c *store.Claim, left time.Duration) {
		t.Helper()
		if err := store.Age(t.Context(), c, left); err != nil {
			t.Fatal(err)
		}
	}
	age(held, time.Minute)
	refused := func(what string, r jobrun.Run) {
		t.Helper()
		_, err := store.ClaimAfter(t.Context(), s, r, at)
		if elsewhere := new(jobrun.ElsewhereError); !errors.As(err, &elsewhere) {
			t.Errorf("%s was claimed: %v", what, err)
		}
	}
	refused("a run that another machine has", plannedRun("five", planned))
	refused("the next run while another machine makes one", plannedRun("five", later))
	if err := held.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused("the next run after a renewal", plannedRun("five", later))
	if err := held.Done(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	refused("a run that another machine has made", plannedRun("five", planned))
	next, err := store.ClaimAfter(t.Context(), s, plannedRun("five", later), at)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Done(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	crashed := plannedRun("six", later)
	first, err := store.ClaimAfter(t.Context(), s, crashed, at)
	if err != nil {
		t.Fatal("a run that was given up: ", err)
	}
	if _, err := store.ClaimAfter(t.Context(), s, crashed, at); err != nil {
		t.Error("the same run after a restart: ", err)
	}
	age(first, -time.Second)
	last, err := store.ClaimAfter(t.Context(), s, plannedRun("seven", later), at)
	if err != nil {
		t.Fatal("a run whose machine is gone: ", err)
	}
	age(last, time.Minute)
	refused("a run that was lost meanwhile", crashed)
}
