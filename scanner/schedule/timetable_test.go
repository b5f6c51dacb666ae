package schedule

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func timetable(t *testing.T, spec, zone string) *Timetable {
	t.Helper()
	table, err := ParseTimetable(spec, zone)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestNext walks over the days on which clocks are set. The expected times are
// those of the zone database.
func TestNext(t *testing.T) {
	for _, test := range []struct {
		name, spec, zone, after string
		want                    []string
	}{
		{"no daylight saving", "0 3 * * 1", "Africa/Lome", "2026-03-27T00:00:00Z", []string{"2026-03-30T03:00:00Z", "2026-04-06T03:00:00Z"}},
		{"the expression names the zone", "CRON_TZ=Asia/Kolkata 30 2 * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T21:00:00Z"}},
		{"a time of day that is left out comes at the leap", "30 2 * * *", "Europe/Paris", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"two that are left out come once", "0,30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"}},
		{"a time of day that comes twice counts once", "30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"between the two", "30 2 * * *", "Europe/Paris", "2026-10-25T00:45:00Z", []string{"2026-10-26T01:30:00Z"}},
		{"in the second of the two", "45 2 * * *", "Europe/Paris", "2026-10-25T01:10:00Z", []string{"2026-10-26T01:45:00Z"}},
		{"every hour follows the hours that pass, in spring", "0 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
			[]string{"2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}},
		{"every hour follows the hours that pass, in autumn", "15 * * * *", "America/New_York", "2026-11-01T05:00:00Z",
			[]string{"2026-11-01T05:15:00Z", "2026-11-01T06:15:00Z", "2026-11-01T07:15:00Z"}},
		{"a leap at midnight", "0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", []string{"2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"}},
		{"half an hour of daylight saving", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			[]string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		{"a day that was left out", "0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", []string{"2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
		{"the last of a leap year's Februaries", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		{"names of days", "0 4 * * MON-FRI", "", "2026-11-20T05:00:00Z", []string{"2026-11-23T04:00:00Z"}},
		{"7 is Sunday", "0 0 * * 7", "", "2026-11-20T05:00:00Z", []string{"2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"}},
		{"a range up to Sunday", "0 0 * * 5-7,3", "", "2026-11-20T05:00:00Z", []string{"2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-25T00:00:00Z"}},
		{"a range up to Sunday with a step", "0 0 * * 1-7/3", "", "2026-11-20T05:00:00Z", []string{"2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-26T00:00:00Z"}},
		{"a word", "@monthly", "Africa/Dakar", "2026-11-20T05:00:00Z", []string{"2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := timetable(t, test.spec, test.zone)
			now := at(t, test.after)
			for _, want := range test.want {
				now = table.Next(now)
				if !now.Equal(at(t, want)) {
					t.Fatalf("got %s (%s), want %s", now.UTC().Format(time.RFC3339), now, want)
				}
			}
		})
	}
}

func TestParseTimetableRefuses(t *testing.T) {
	for _, test := range []struct{ spec, zone, want string }{
		{"", "", "no expression"},
		{"0 3 * *", "", "found 4"},
		{"0 3 * * * *", "", "found 6"},
		{"61 3 * * *", "", "above maximum"},
		{", 3 * * *", "", "a field is empty"},
		{"0 0 30 2 *", "", "never occurs"},
		{"@every 12h", "", "names no times of day"},
		{"0 3 * * *", "Africa/Lom", `unknown time zone "Africa/Lom"`},
		{"0 3 * * *", "Local", "differs from machine to machine"},
		{"0 3 * * *", "../../etc/passwd", "unknown time zone"},
		{"CRON_TZ=Africa/Lome", "", "no expression"},
		{"CRON_TZ=Africa/Lome 0 3 * * *", "Africa/Dakar", "name it once"},
		{"TZ=UTC TZ=UTC", "", "no expression"},
		{strings.Repeat("0,", 200) + "0 3 * * *", "", "longer than 200"},
	} {
		if _, err := ParseTimetable(test.spec, test.zone); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q in %q: got %v, want an error with %q", test.spec, test.zone, err, test.want)
		}
	}
}

// FuzzParseTimetable holds that what is accepted has a next time, and that
// times only go forward.
func FuzzParseTimetable(f *testing.F) {
	for _, seed := range []string{"0 3 * * 1", "CRON_TZ=Europe/Paris 30 2 * * *", "@daily", "*/7 1-5/2 1,15 JAN-MAR MON", "0 0 29 2 *", "TZ=", "? ? ? ? ?"} {
		f.Add(seed, "Europe/Paris", int64(1774659600))
	}
	f.Fuzz(func(t *testing.T, spec, zone string, seconds int64) {
		table, err := ParseTimetable(spec, zone)
		if err != nil {
			return
		}
		now := time.Unix(seconds%4e9, 0)
		for range 3 {
			next := table.Next(now)
			if next.IsZero() {
				return // further off than the library looks
			}
			if !next.After(now) {
				t.Fatalf("%q in %q: %s follows %s", spec, zone, next, now)
			}
			now = next
		}
	})
}
