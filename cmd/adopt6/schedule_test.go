//go:build !alone

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
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"adopt6/cmd/adopt6/pages"
	"adopt6/scanner/lab"
	"adopt6/scanner/schedule/jobrun"
)

// daemonProcess is a scheduler in a process of its own.
type daemonProcess struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	seen  []string
}

func (p *planned) serve() *daemonProcess {
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
	return &daemonProcess{t: p.t, cmd: cmd, lines: bufio.NewScanner(pipe)}
}

// until reads the log up to a line with a text.
func (s *daemonProcess) until(text string) string {
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
func (s *daemonProcess) end(signal os.Signal) error {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	for s.lines.Scan() {
		s.seen = append(s.seen, s.lines.Text())
	}
	return s.cmd.Wait()
}

func (s *daemonProcess) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// status is what `schedule status --json` says.
func (p *planned) status() pages.Schedule {
	p.t.Helper()
	var status pages.Schedule
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
	if err := second.end(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
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

// newSystemd listens instead of systemd, with a watchdog.
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
