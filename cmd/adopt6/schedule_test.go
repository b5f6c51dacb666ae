package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"adopt6/configs"
	"adopt6/scanner/lab"
	"adopt6/scanner/metrics"
	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
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

// service is a scheduler in a process of its own.
type service struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	seen  []string
}

func (p *planned) serve() *service {
	p.t.Helper()
	cmd, _, _ := program(p.t, append([]string{"schedule"}, p.lab...)...)
	cmd.Stdout, cmd.Stderr = nil, nil
	pipe, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return &service{t: p.t, cmd: cmd, lines: bufio.NewScanner(pipe)}
}

// until reads the log up to a line with a text.
func (s *service) until(text string) string {
	s.t.Helper()
	for s.lines.Scan() {
		s.seen = append(s.seen, s.lines.Text())
		if strings.Contains(s.lines.Text(), text) {
			return s.lines.Text()
		}
	}
	s.t.Fatalf("the log ended without %q:\n%s", text, strings.Join(s.seen, "\n"))
	return ""
}

// end sends a signal and waits for the end.
func (s *service) end(signal os.Signal) error {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	for s.lines.Scan() {
		s.seen = append(s.seen, s.lines.Text())
	}
	return s.cmd.Wait()
}

func (s *service) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// status is what `schedule status --json` says.
func (p *planned) status() scheduleStatus {
	p.t.Helper()
	var status scheduleStatus
	if err := json.Unmarshal([]byte(mustRun(p.t, append([]string{"schedule", "status", "--json"}, p.flags...)...)), &status); err != nil {
		p.t.Fatal(err)
	}
	return status
}

func (p *planned) query(sql string) string {
	p.t.Helper()
	return mustRun(p.t, append([]string{"query", "--format", "TSV", sql}, p.store...)...)
}

// TestScheduleSurvivesKill kills a scheduler with SIGKILL in the middle of a
// scan, stops the next one with SIGTERM, and lets the third finish: one scan,
// every target once, and the store has the run's story.
func TestScheduleSurvivesKill(t *testing.T) {
	t.Parallel()
	const targets = 60
	var contacts countdown
	_, labFile := startLab(t, scenarioOf(t, targets), lab.OnContact(contacts.see))
	p := newPlan(t, labFile, "    - {name: yearly, cron: 0 0 1 1 *, catch_up: once}\n", time.Now().AddDate(-1, 0, -1))

	reached := contacts.set(250)
	first := p.serve()
	<-reached
	if status := p.status(); status.PID != first.cmd.Process.Pid || status.Jobs[0].Runs[len(status.Jobs[0].Runs)-1].Outcome != jobrun.Running {
		t.Errorf("status while a scan runs: %+v", status)
	}
	if code, _, errOut := runMain(append([]string{"query", "SELECT 1"}, p.store...)...); code == 0 || !strings.Contains(errOut, fmt.Sprintf("is in use by adopt6 with pid %d", first.cmd.Process.Pid)) {
		t.Errorf("a query while the scheduler has the store: exit %d, %s", code, errOut)
	}
	if code, _, errOut := runMain(append([]string{"schedule"}, p.lab...)...); code != exitFailure || !strings.Contains(errOut, "is in use by adopt6 with pid") {
		t.Errorf("a second scheduler: exit %d, %s", code, errOut)
	}
	if code, _, errOut := runMain(append([]string{"schedule", "run", "yearly"}, p.lab...)...); code != exitFailure || !strings.Contains(errOut, "job yearly is in use by adopt6 with pid") {
		t.Errorf("the same job by hand: exit %d, %s", code, errOut)
	}
	if err := first.end(syscall.SIGKILL); err == nil {
		t.Fatal("the scheduler was not killed")
	}
	if status := p.status(); status.PID != 0 {
		t.Errorf("a killed scheduler still runs: %+v", status)
	}

	reached = contacts.set(250)
	second := p.serve()
	<-reached
	asked := time.Now()
	if err := second.end(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if took := time.Since(asked); took > 10*time.Second {
		t.Errorf("SIGTERM took %s", took)
	}
	last := p.status().Jobs[0].Runs
	if run := last[len(last)-1]; run.Outcome != jobrun.Interrupted || run.Tries != 2 {
		t.Errorf("after SIGTERM the run is %+v", run)
	}

	third := p.serve()
	third.until(`msg="run finished"`)
	if err := third.end(syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(third.seen, "\n"))
	}
	if got := p.query("SELECT count(), uniqExact(domain), uniqExact(scan) FROM observations"); got != fmt.Sprintf("%d\t%d\t1\n", targets, targets) {
		t.Errorf("observations, domains, scans: %s", got)
	}
	got := p.query("SELECT outcome, trigger, tries, scan IN (SELECT scan FROM scans FINAL WHERE toUInt32(finished) > 0), toUInt32(finished) > 0 FROM runs FINAL WHERE outcome != 'skipped'")
	if got != "finished\tcatch_up\t3\t1\t1\n" {
		t.Errorf("the run in the store: %q", got)
	}
	if left, err := os.ReadDir(filepath.Join(filepath.Dir(p.config), "state", "schedule", "scans")); err != nil || len(left) != 0 {
		t.Errorf("folders of scans that are left: %v, %v", left, err)
	}
}

// systemd listens to what services tell it.
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
}

// newSystemd listens in the place of systemd, with a watchdog.
func newSystemd(t *testing.T) systemd {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "400000")
	return systemd{t, conn}
}

// until waits for a message with a text.
func (s systemd) until(text string) {
	s.t.Helper()
	buffer := make([]byte, 4096)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			s.t.Fatal(err)
		}
		n, err := s.conn.Read(buffer)
		if err != nil {
			s.t.Fatalf("systemd never hears %s: %v", text, err)
		}
		if strings.Contains(string(buffer[:n]), text) {
			return
		}
	}
}

// TestScheduleReload gives a running scheduler a bad configuration, which it
// refuses, and a good one, which it takes. systemd hears of all.
func TestScheduleReload(t *testing.T) {
	p := newPlan(t, "", "    - {name: daily, cron: 0 3 * * *}\n", time.Now())
	p.lab = p.flags
	watcher := newSystemd(t)
	s := p.serve()
	s.until("the scheduler begins")
	watcher.until("READY=1")
	watcher.until("WATCHDOG=1") // and again, though nothing is due
	p.replace("0 3 * * *", "0 3 * *")
	s.signal(syscall.SIGHUP)
	if line := s.until("is refused, and the old one stays"); !strings.Contains(line, "adopt6.yaml:8") || !strings.Contains(line, "found 4") {
		t.Errorf("the refusal lacks where and why: %s", line)
	}
	p.replace("name: daily, cron: 0 3 * *", "name: weekly, cron: 0 3 * * 1")
	s.signal(syscall.SIGHUP)
	watcher.until("RELOADING=1\nMONOTONIC_USEC=")
	s.until("the new configuration is in force")
	watcher.until("READY=1")
	if err := s.end(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	watcher.until("STOPPING=1")
	if got := p.query("SELECT job, cron, paused FROM jobs FINAL WHERE job = 'weekly'"); got != "weekly\t0 3 * * 1\t0\n" {
		t.Errorf("jobs in the store: %q", got)
	}
}

// TestScheduleRunByHand runs a job now, from two lists, one of which is gone
// afterwards.
func TestScheduleRunByHand(t *testing.T) {
	t.Parallel()
	scenario := scenarioOf(t, 12)
	l, labFile := startLab(t, scenario)
	p := newPlan(t, labFile, "    - {name: two, cron: 0 3 * * *, lists: [a.csv, b.csv], vantage: lome, keep: 24m}\n", time.Now())
	dir := filepath.Dir(p.config)
	var names []string
	for target := range l.Targets() {
		names = append(names, target.Name)
	}
	for file, part := range map[string][]string{"a.csv": names[:3], "b.csv": names[2:5]} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Join(part, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := append([]string{"schedule", "run", "two"}, p.lab...)
	mustRun(t, run...)
	if got := p.query("SELECT count(), uniqExact(domain), any(vantage) FROM observations"); got != "5\t5\tlome\n" {
		t.Errorf("observations: %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "b.csv")); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := runMain(run...); code != exitMisuse || !strings.Contains(errOut, "adopt6.yaml:8: lists: open list") {
		t.Errorf("without a list: exit %d, %s", code, errOut)
	}
	out := mustRun(t, append([]string{"schedule", "status", "two"}, p.flags...)...)
	if !strings.Contains(out, "finished") {
		t.Errorf("status: %s", out)
	}
	if got := p.query("SELECT job, vantage, trigger, outcome, tries FROM runs FINAL"); got != "two\tlome\thand\tfinished\t1\n" {
		t.Errorf("runs: %q", got)
	}
}

func TestScheduleCheckRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, jobs, want string }{
		{"a list that is missing", "    - name: a\n      cron: 0 3 * * *\n      lists: none.csv\n", "adopt6.yaml:10: lists: open list"},
		{"a line of a list", "    - name: a\n      cron: 0 3 * * *\n      lists: [bad.csv]\n", "bad.csv:2:"},
		{"nothing to scan", "    - {name: a, cron: 0 3 * * *, kinds: [cctld], countries: [AQ], levels: [local], lists: [good.csv]}\n", "no targets"},
		{"a span", "    - {name: a, cron: 0 3 * * *, keep: 3 weeks}\n", `adopt6.yaml:8: keep: "3 weeks" is no span`},
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

// TestScheduleStatusFails tells a program that watches what is wrong.
func TestScheduleStatusFails(t *testing.T) {
	t.Parallel()
	job := func(outcome jobrun.Outcome, reason string, paused bool) jobStatus {
		return jobStatus{Job: "a", Paused: paused, Runs: []jobrun.Run{{Outcome: jobrun.Failed}, {Outcome: outcome, Reason: reason, Message: "why"}}}
	}
	for _, test := range []struct {
		name string
		pid  int
		job  jobStatus
		want string
	}{
		{"all well", 7, job(jobrun.Finished, "", false), ""},
		{"a new job", 7, jobStatus{Job: "a"}, ""},
		{"another machine's", 7, job(jobrun.Skipped, jobrun.ReasonElsewhere, false), ""},
		{"paused", 7, job(jobrun.Failed, jobrun.ReasonError, true), ""},
		{"failed", 7, job(jobrun.Failed, jobrun.ReasonTooLong, false), "failed, too_long: why"},
		{"missed", 7, job(jobrun.Skipped, jobrun.ReasonMissed, false), "skipped, missed: why"},
		{"nobody runs", 0, job(jobrun.Finished, "", false), "no scheduler runs"},
	} {
		err := scheduleStatus{PID: test.pid, Jobs: []jobStatus{test.job}}.fault()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
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

// TestMetricsOfJobs shows Prometheus what became of jobs and what comes next.
func TestMetricsOfJobs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(file, []byte("schedule:\n  jobs:\n    - {name: daily, cron: 0 3 * * *}\n    - {name: new, cron: 0 3 * * *, paused: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := jobsOf(t, file)
	r := &runner{journal: new(schedule.Journal)}
	r.plan.Store(&plan{config: config})
	ended := time.Unix(1767225600, 0)
	err := r.journal.Update(func(b *schedule.Book) error {
		b.Seed(&config.Jobs[0], time.Now())
		b.Jobs["daily"].Runs = []jobrun.Run{{Outcome: jobrun.Finished, Ended: ended}, {Outcome: jobrun.Failed, Ended: ended.Add(time.Hour)}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	live := new(metrics.Set)
	live.ShowJobs(r.jobMetrics)
	page := metricsPage(t, live)
	for _, want := range []string{
		`adopt6_job_last_outcome{job="daily",outcome="failed"} 1`, `adopt6_job_last_success_timestamp_seconds{job="daily"} 1.7672256e+09`,
		fmt.Sprintf(`adopt6_job_next_run_timestamp_seconds{job="daily"} %v`, float64(config.Jobs[0].Timetable.Next(time.Now()).Unix())),
		`adopt6_job_paused{job="daily"} 0`, `adopt6_job_paused{job="new"} 1`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, `next_run_timestamp_seconds{job="new"}`) {
		t.Error("a paused job has a next run")
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

// TestOtherKeeps holds that the retention of one machine's jobs does not drop
// what another's keep in the same store.
func TestOtherKeeps(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "store")})
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

// exposure is what systemd-analyze says at the end.
var exposure = regexp.MustCompile(`Overall exposure level for \S+: (\d+\.\d+)`)

// TestUnitIsHardened holds the unit to what its page promises.
func TestUnitIsHardened(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--no-pager", "../../configs/systemd/adopt6-schedule.service").CombinedOutput()
	m := exposure.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level >= 3 {
		t.Errorf("the unit's exposure is %s, want less than 3\n%s", m[1], out)
	}
}
