package pages

import (
	"strings"
	"testing"

	"adopt6/scanner/schedule/jobrun"
)

// TestScheduleFault tells a program that watches what is wrong.
func TestScheduleFault(t *testing.T) {
	t.Parallel()
	job := func(outcome jobrun.Outcome, reason string, paused bool) JobStatus {
		return JobStatus{Job: "a", Paused: paused, Runs: []jobrun.Run{{Outcome: jobrun.Failed}, {Outcome: outcome, Reason: reason, Message: "why"}}}
	}
	for _, test := range []struct {
		name string
		pid  int
		job  JobStatus
		want string
	}{
		{"all well", 7, job(jobrun.Finished, "", false), ""},
		{"a new job", 7, JobStatus{Job: "a"}, ""},
		{"another machine's", 7, job(jobrun.Skipped, jobrun.ReasonElsewhere, false), ""},
		{"paused", 7, job(jobrun.Failed, jobrun.ReasonError, true), ""},
		{"failed", 7, job(jobrun.Failed, jobrun.ReasonTooLong, false), "failed, too_long: why"},
		{"missed", 7, job(jobrun.Skipped, jobrun.ReasonMissed, false), "skipped, missed: why"},
		{"nobody runs", 0, job(jobrun.Finished, "", false), "no scheduler runs"},
	} {
		err := Schedule{PID: test.pid, Jobs: []JobStatus{test.job}}.Fault()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
