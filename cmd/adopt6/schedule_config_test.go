package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"adopt6/configs"
	"adopt6/scanner/schedule"
)

// planned is a folder with a configuration and a journal, and the flags of the
// commands that use them.
type planned struct {
	t      *testing.T
	config string
	flags  []string // for every command
	store  []string // for those that read the store
	lab    []string // for those that scan
}

// plan writes a configuration. Its jobs were last planned at the given time.
func newPlan(t *testing.T, labFile, jobs string, since time.Time) *planned {
	t.Helper()
	dir := t.TempDir()
	p := &planned{t: t, config: filepath.Join(dir, "adopt6.yaml")}
	p.write(fmt.Sprintf("scan:\n  state: %[1]s/state\n  workers: 4\nstore:\n  path: %[1]s/store\nschedule:\n  jobs:\n%[2]s", dir, jobs))
	p.flags = []string{"--config", p.config}
	p.store = []string{"--store", filepath.Join(dir, "store")}
	p.lab = append(slices.Clone(p.flags), "--skip-preflight", "--lab", labFile)
	config := jobsOf(t, p.config)
	journal, err := schedule.OpenJournal(filepath.Join(dir, "state", "schedule"))
	if err == nil {
		err = journal.Update(func(b *schedule.Book) error {
			for _, j := range config.Jobs {
				b.Jobs[j.Name] = &schedule.Entry{Terms: j.Timetable.String(), Handled: since}
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestScheduleCheckRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, jobs, want string }{
		{"a list that is missing", "    - name: a\n      cron: 0 3 * * *\n      lists: none.csv\n", "adopt6.yaml:10: lists: open list"},
		{"a line of a list", "    - name: a\n      cron: 0 3 * * *\n      lists: [bad.csv]\n", "bad.csv:2:"},
		{"nothing to scan", "    - {name: a, cron: 0 3 * * *, kinds: [cctld], countries: [AQ], levels: [local], lists: [good.csv]}\n", "no targets"},
		{"a span", "    - {name: a, cron: 0 3 * * *, keep: 3 weeks}\n", `adopt6.yaml:8: keep: "3 weeks" is`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &planned{t: t, config: filepath.Join(t.TempDir(), "adopt6.yaml")}
			p.write("scan:\n  workers: 4\nstore:\n  path: x\n\nschedule:\n  jobs:\n" + test.jobs)
			for file, text := range map[string]string{"bad.csv": "gouv.tg\nhttps://x/\n", "good.csv": "gouv.tg\n"} {
				if err := os.WriteFile(filepath.Join(filepath.Dir(p.config), file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, _, errOut := runMain("schedule", "check", "--config", p.config)
			if code != exitMisuse || !strings.Contains(errOut, test.want) {
				t.Errorf("exit %d with %s, want %d with %q", code, errOut, exitMisuse, test.want)
			}
		})
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"schedule", "stauts"}, `did you mean "status"?`},
		{[]string{"schedule", "check"}, "no configuration file"},
		{[]string{"schedule", "run", "nothing", "--config", "../../configs/schedule.yaml"}, `there is no job "nothing"; the configuration has monthly`},
		{[]string{"schedule", "next", "--count", "0", "--config", "../../configs/schedule.yaml"}, `"--count" flag: must be 1 to 1000`},
	} {
		if code, _, errOut := runMain(test.args...); code != exitMisuse || !strings.Contains(errOut, test.want) {
			t.Errorf("%v: exit %d with %s, want %d with %q", test.args, code, errOut, exitMisuse, test.want)
		}
	}
}

// TestScheduleExample holds the example file to what it says, and the tables to
// 80 columns.
func TestScheduleExample(t *testing.T) {
	flags := []string{"--config", "../../configs/schedule.yaml"}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for _, args := range [][]string{{"schedule", "check"}, {"schedule", "next", "--count", "5"}, {"schedule", "status"}} {
		code, out, errOut := runMain(append(args, flags...)...)
		if code != 0 || !strings.Contains(out, "monthly") {
			t.Fatalf("%v: exit %d, %s%s", args, code, out, errOut)
		}
		for line := range strings.Lines(out) {
			if len([]rune(strings.TrimRight(line, "\n"))) > helpWidth {
				t.Errorf("%v: a line of more than 80 columns: %s", args, line)
			}
		}
	}
}

func (p *planned) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// replace changes the configuration.
func (p *planned) replace(old, with string) {
	p.t.Helper()
	text, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(strings.ReplaceAll(string(text), old, with))
}

// jobsOf reads the jobs of a configuration file.
func jobsOf(t *testing.T, path string) *schedule.Config {
	t.Helper()
	settings, err := configs.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := schedule.Load(settings.File)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
