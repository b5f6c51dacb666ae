package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adopt6/configs"
	"adopt6/scanner/metrics"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

// TestMetricsOfJobs says what became of jobs and what comes next.
func TestMetricsOfJobs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(file, []byte("schedule:\n  jobs:\n    - {name: daily, cron: 0 3 * * *}\n    - {name: new, cron: 0 3 * * *, paused: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := configs.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := schedule.Load(settings.File)
	if err != nil {
		t.Fatal(err)
	}
	r := &Service{journal: new(schedule.Journal)}
	r.plan.Store(&Plan{Config: config})
	ended := time.Unix(1767225600, 0)
	err = r.journal.Update(func(b *schedule.Book) error {
		b.Seed(&config.Jobs[0], time.Now())
		b.Jobs["daily"].Runs = []jobrun.Run{{Outcome: jobrun.Finished, Ended: ended}, {Outcome: jobrun.Failed, Ended: ended.Add(time.Hour)}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := r.jobMetrics()
	next := config.Jobs[0].Timetable.Next(time.Now())
	want := []metrics.Job{{Name: "daily", Next: next, Success: ended, Outcome: "failed"}, {Name: "new", Paused: true}}
	if len(got) != 2 || !got[0].Next.Equal(next) || !got[0].Success.Equal(ended) || got[0].Outcome != "failed" || got[0].Paused || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestKeptSince drops only what no job keeps.
func TestKeptSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		keeps string
		want  string
	}{
		{"24m", "2024-03"}, {"24m 5y 12m", "2021-03"}, {"24m -", ""}, {"-", ""},
	} {
		var keeps []string
		for keep := range strings.FieldsSeq(test.keeps) {
			keeps = append(keeps, strings.Trim(keep, "-"))
		}
		before, err := keptSince(keeps, now)
		got := ""
		if !before.IsZero() {
			got = before.Format("2006-01")
		}
		if err != nil || got != test.want {
			t.Errorf("%s: kept since %q, want %q (%v)", test.keeps, got, test.want, err)
		}
	}
}
