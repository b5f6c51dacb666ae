package schedule

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"adopt6/configs/section"
)

func parseText(path, text string) (*Config, error) {
	file, err := section.Parse(path, []byte(text))
	if err != nil {
		return nil, err
	}
	return Load(file)
}

func TestParse(t *testing.T) {
	config, err := parseText("/etc/adopt6/adopt6.yaml", (`
scan: {rate: 5}
schedule:
  time_zone: Africa/Lome
  parallel: 2
  profiles:
    gentle: {rate: 50, workers: 20}
  jobs:
    - name: one
      cron: 0 3 * * 1
      lists: [ministries.csv, builtin, /srv/towns.csv]
      countries: tg, SN
      profile: gentle
      rate: 70
      jitter: 1h
      resume_within: 2d
    - name: two
      cron: CRON_TZ=Asia/Kolkata @daily
`))
	if err != nil {
		t.Fatal(err)
	}
	one, two := config.Jobs[0], config.Jobs[1]
	if config.Parallel != 2 || one.Timetable.Zone().String() != "Africa/Lome" || two.Timetable.Zone().String() != "Asia/Kolkata" {
		t.Errorf("parallel %d, zones %s and %s", config.Parallel, one.Timetable.Zone(), two.Timetable.Zone())
	}
	if !slices.Equal(one.Lists, []string{"/etc/adopt6/ministries.csv", "builtin", "/srv/towns.csv"}) || !slices.Equal(one.Countries, []string{"TG", "SN"}) {
		t.Errorf("lists %v, countries %v", one.Lists, one.Countries)
	}
	if *one.Rates.Rate != 70 || *one.Rates.Workers != 20 || one.Rates.RatePerServer != nil || two.Rates.Rate != nil {
		t.Errorf("rates %+v and %+v", one.Rates, two.Rates)
	}
	if one.ResumeWithin != 48*time.Hour || two.CatchUp != CatchUpOnce || two.Retries != 2 {
		t.Errorf("%+v", two)
	}
	planned := at(t, "2026-03-02T03:00:00Z")
	if d := one.Begin(planned).Sub(planned); d <= 0 || d >= time.Hour {
		t.Errorf("the jitter is %s", d)
	}
}

func TestParseRefuses(t *testing.T) {
	const head = "schedule:\n  jobs:\n"
	for _, test := range []struct{ name, text, want string }{
		{"no section", "scan: {rate: 5}\n", `no section "schedule"`},
		{"no YAML", "schedule: [\n", "adopt6.yaml"},
		{"no jobs", "schedule:\n  parallel: 1\n", "adopt6.yaml:2: schedule has no jobs"},
		{"an empty list", "schedule:\n  jobs: []\n", "adopt6.yaml:2: jobs: expected a list"},
		{"a job that is text", head + "    - daily\n", "adopt6.yaml:3: job 1: expected settings"},
		{"a typo", head + "    - name: a\n      corn: x\n", `adopt6.yaml:4: job 1: unknown setting "corn"; did you mean "cron"?`},
		{"set twice", head + "    - name: a\n      cron: 0 3 * * *\n      cron: 0 4 * * *\n", "adopt6.yaml:5: job 1: cron is set twice, first in line 4"},
		{"a name for a path", head + "    - name: ../a\n      cron: 0 3 * * *\n", `adopt6.yaml:3: name: "../a" is not a name of a job`},
		{"no cron", head + "    - name: a\n", "adopt6.yaml:3: cron: no expression"},
		{"two of one name", head + "    - {name: a, cron: 0 3 * * *}\n    - {name: a, cron: 0 4 * * *}\n", `adopt6.yaml:4: name: there are two jobs "a"`},
		{"two zones", head + "    - {name: a, cron: CRON_TZ=UTC 0 3 * * *, time_zone: Africa/Lome}\n", "name it once"},
		{"a profile", "schedule:\n  profiles: {slow: {rate: 1}}\n  jobs:\n    - {name: a, cron: 0 3 * * *, profile: fast}\n", `there is no profile "fast"; there are slow`},
		{"a fault in a profile", "schedule:\n  profiles:\n    slow: {rates: 1}\n  jobs:\n    - {name: a, cron: 0 3 * * *}\n", `adopt6.yaml:3: profile slow: unknown setting "rates"; did you mean "rate"?`},
		{"a span without a unit", head + "    - {name: a, cron: 0 3 * * *, jitter: 20}\n", `jitter: expected a time with its unit, such as 90s, 15m, 20h or 2d, 0s to 7d`},
		{"a negative span", head + "    - {name: a, cron: 0 3 * * *, retry_after: -5m}\n", `retry_after: expected a time`},
		{"a number out of range", head + "    - {name: a, cron: 0 3 * * *, retries: 99}\n", `retries: expected a whole number, 0 to 20`},
		{"a policy", head + "    - {name: a, cron: 0 3 * * *, catch_up: always}\n", `catch_up: "always" is none of skip, once and all`},
		{"a country", head + "    - {name: a, cron: 0 3 * * *, countries: [XY]}\n", `countries: unknown country code "XY"`},
		{"a kind", head + "    - {name: a, cron: 0 3 * * *, kinds: [military]}\n", `kinds: "military"`},
		{"a level", head + "    - {name: a, cron: 0 3 * * *, levels: [village]}\n", `levels: "village"`},
		{"a truth", head + "    - {name: a, cron: 0 3 * * *, paused: perhaps}\n", `paused: "perhaps" is neither true nor false`},
		{"a zone of all", "schedule:\n  time_zone: Mars\n  jobs:\n    - {name: a, cron: 0 3 * * *}\n", `adopt6.yaml:2: time_zone: unknown time zone "Mars"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseText("adopt6.yaml", test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestLoadBeside finds the jobs in a file of their own.
func TestLoadBeside(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	main, err := section.Read(write("adopt6.yaml", "scan: {rate: 5}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(main); !errors.As(err, new(*NoJobsError)) {
		t.Errorf("without jobs: %v", err)
	}
	const jobs = "schedule:\n  jobs:\n    - {name: a, cron: 0 3 * * *}\n"
	write(SectionFile, jobs)
	if config, err := Load(main); err != nil || len(config.Jobs) != 1 {
		t.Errorf("beside: %v, %v", config, err)
	}
	write(SectionFile, jobs+"store: {dsn: x}\n")
	if _, err := Load(main); err == nil || !strings.Contains(err.Error(), `schedule.yaml:4: only the section "schedule" is read`) {
		t.Errorf("with other settings: %v", err)
	}
}

// FuzzParse holds that no text makes the reader of configurations fail other
// than with an error.
func FuzzParse(f *testing.F) {
	f.Add("schedule:\n  jobs:\n    - {name: a, cron: 0 3 * * *, jitter: 2d}\n")
	f.Add("schedule: &a\n  profiles: *a\n  jobs: [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		config, err := parseText("adopt6.yaml", text)
		if err == nil && len(config.Jobs) == 0 {
			t.Error("no jobs and no fault")
		}
	})
}
