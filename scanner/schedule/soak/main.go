// Command soak rehearses a week of the scheduler in about twenty minutes: seven
// daily scans of 5,000 simulated targets, with a store that dies, a full disk, a
// vantage that loses IPv6 and a clock that is set back. It ends with an error
// when a scan is not accounted for or something grows.
//
//	make build && go run ./scanner/schedule/soak -adopt6 bin/adopt6
//
// It needs root for a small disk of its own (tmpfs). The idle hours of each day
// are skipped: the scheduler's clock is set to shortly before the next run.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"adopt6/scanner/schedule"
	"adopt6/scanner/schedule/jobrun"
)

const (
	days       = 7
	dayTimeout = 10 * time.Minute
	diskSize   = 1 << 30 // of the disk that state and store lie on
)

func main() {
	adopt6 := flag.String("adopt6", "bin/adopt6", "the program")
	targets := flag.Int("targets", 5000, "targets of each scan")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program, err := filepath.Abs(*adopt6)
	if err == nil {
		err = rehearse(ctx, program, *targets)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// week is a rehearsal under way.
type week struct {
	program, dir, metrics string
	daemon                *exec.Cmd
	begin                 time.Time // midnight of its first day
	samples               []sample
}

// sample is what the daemon held at the end of a day.
type sample struct {
	resident, goroutines, files float64
}

// fault happens on one day, while its scan runs; undo ends it.
type fault struct {
	name string
	do   func(w *week) (undo func() error, err error)
	last time.Duration // how long until undo
}

func rehearse(ctx context.Context, program string, targets int) (err error) {
	dir, err := os.MkdirTemp("", "adopt6-soak-")
	if err != nil {
		return err
	}
	w := &week{program: program, dir: dir, begin: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)}
	defer func() {
		if err == nil {
			err = os.RemoveAll(dir)
		} else {
			fmt.Fprintln(os.Stderr, "what happened lies in", dir)
		}
	}()
	disk := w.path("disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		return fmt.Errorf("make a small disk: %w", err)
	}
	defer func() { err = errors.Join(err, syscall.Unmount(disk, syscall.MNT_DETACH)) }()
	for name, vantage := range map[string]string{"whole": "", "blind": "vantage: {ipv6: false}\n"} {
		stop, err := w.startLab(ctx, name, fmt.Sprintf(scenario, targets)+vantage)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := w.use("whole"); err != nil {
		return err
	}
	if err := w.startDaemon(ctx); err != nil {
		return err
	}
	defer func() { _ = w.daemon.Process.Kill() }()
	for day := range days {
		if err := w.runDay(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", day+1, err)
		}
	}
	if err := w.daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := w.daemon.Wait(); err != nil {
		return fmt.Errorf("the scheduler did not end well: %w", err)
	}
	return errors.Join(w.account(ctx, targets), w.grown())
}

const scenario = `about: A week's targets.
seed: 7
mixes:
  near: {healthy_v6: 30, healthy_insecure: 25, v4_only: 15, dns_v6_only: 10, mail_v4: 5, one_ns_v6: 3, no_mail: 2, ns_v6_dead: 1}
generate:
  - count: %d
    words: [agency, board, court, ministry, office]
    profiles: near
    under: [ar, at, br, ch, ci, co, de, fr, gov.gh, ke, ma, no, pe, sn, tg, tn, tz, ug, za, zm]
`

// settings are those of the scheduler: a job a day, which tries again soon.
const settings = `scan:
  vantage: lome
  contact: https://ipv6.example.org
  confirm: 0
  rate: 0
  rate_per_server: 0
schedule:
  time_zone: UTC
  jobs:
    - {name: daily, cron: "0 6 * * *", retries: 8, retry_after: 10s, catch_up: once}
`

func (w *week) path(name string) string { return filepath.Join(w.dir, name) }

func (w *week) startLab(ctx context.Context, name, text string) (stop func(), err error) {
	if err := os.WriteFile(w.path(name+".yaml"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.program, "lab", "up", w.path(name+".yaml"), "--file", w.path(name+".json"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	err = until(ctx, time.Minute, func() bool { _, err := os.Stat(w.path(name + ".json")); return err == nil })
	if err != nil {
		return nil, fmt.Errorf("lab %s: %w", name, err)
	}
	return func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }, nil
}

// use makes a lab the Internet of the next scans.
func (w *week) use(lab string) error {
	text, err := os.ReadFile(w.path(lab + ".json"))
	if err == nil {
		err = os.WriteFile(w.path("lab.new"), text, 0o600)
	}
	if err == nil {
		err = os.Rename(w.path("lab.new"), w.path("lab.json"))
	}
	return err
}

func (w *week) startDaemon(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.metrics = l.Addr().String()
	l.Close()
	if err := os.WriteFile(w.path("adopt6.yaml"), []byte(settings), 0o600); err != nil {
		return err
	}
	if err := w.setClock(w.begin); err != nil {
		return err
	}
	log, err := os.Create(w.path("log"))
	if err != nil {
		return err
	}
	w.daemon = exec.CommandContext(ctx, w.program, "schedule", "--config", w.path("adopt6.yaml"), "--lab", w.path("lab.json"), "--clock-file", w.path("clock"),
		"--store", w.path("disk/store"), "--state", w.path("disk/state"), "--metrics", w.metrics)
	w.daemon.Stderr = log
	if err := w.daemon.Start(); err != nil {
		return err
	}
	return until(ctx, time.Minute, func() bool { _, err := w.metric(ctx, "go_goroutines"); return err == nil })
}

// setClock sets the scheduler's clock and wakes it.
func (w *week) setClock(to time.Time) error {
	err := os.WriteFile(w.path("clock"), []byte(time.Until(to).String()), 0o600)
	if err == nil && w.daemon != nil {
		err = w.daemon.Process.Signal(syscall.SIGHUP)
	}
	return err
}

// faults are what happens on which day, from 0.
var faults = map[int]fault{
	1: {"the store dies twice", killStore, 20 * time.Second},
	2: {"the disk is full for a while", fillDisk, 40 * time.Second},
	3: {"the vantage has no IPv6", nil, 0},
	4: {"the clock is set back by two hours", stepBack, 0},
}

func (w *week) runDay(ctx context.Context, day int) error {
	began := time.Now()
	planned := w.begin.AddDate(0, 0, day).Add(6 * time.Hour)
	lab := "whole"
	if day == 3 {
		lab = "blind"
	}
	if err := errors.Join(w.use(lab), w.setClock(planned.Add(-3*time.Second))); err != nil {
		return err
	}
	f := faults[day]
	var undo func() error
	var since time.Time
	err := until(ctx, dayTimeout, func() bool {
		if f.do != nil && since.IsZero() {
			if done, err := w.metric(ctx, `adopt6_scan_targets_done{job="daily"}`); err == nil && done > 500 {
				since = time.Now()
				undo, err = f.do(w)
				if err != nil {
					fmt.Fprintln(os.Stderr, "soak: fault:", err)
				}
			}
		}
		if undo != nil && time.Since(since) > f.last {
			if err := undo(); err != nil {
				fmt.Fprintln(os.Stderr, "soak: end of the fault:", err)
			}
			undo = nil
		}
		run, ok := w.run(planned)
		return ok && undo == nil && (run.Outcome == jobrun.Finished || run.Outcome == jobrun.Failed)
	})
	if err != nil {
		return err
	}
	run, _ := w.run(planned)
	s, err := w.settled(ctx)
	if err != nil {
		return err
	}
	w.samples = append(w.samples, s)
	note := f.name
	if note != "" {
		note = "; " + note
	}
	fmt.Printf("day %d: %s after %d tries, %s; %.0f MB, %.0f goroutines, %.0f files%s\n", day+1, run.Outcome, run.Tries,
		time.Since(began).Round(time.Second), s.resident/1e6, s.goroutines, s.files, note)
	return nil
}

func (w *week) run(planned time.Time) (jobrun.Run, bool) {
	book, err := schedule.ReadJournal(w.path("disk/state/schedule"))
	if err != nil {
		return jobrun.Run{}, false
	}
	for _, r := range book.Entry("daily").Runs {
		if r.Planned.Equal(planned) {
			return r, true
		}
	}
	return jobrun.Run{}, false
}

// restAfter is how long the daemon may take to let go of what a scan used.
const restAfter = 15 * time.Second

// settled looks at what the daemon holds at rest: the least that it held in a
// while.
func (w *week) settled(ctx context.Context) (least sample, err error) {
	for end := time.Now().Add(restAfter); time.Now().Before(end) && err == nil; {
		var s sample
		for name, into := range map[string]*float64{"process_resident_memory_bytes": &s.resident, "go_goroutines": &s.goroutines, "process_open_fds": &s.files} {
			if err == nil {
				*into, err = w.metric(ctx, name)
			}
		}
		if least == (sample{}) {
			least = s
		}
		least = sample{min(least.resident, s.resident), min(least.goroutines, s.goroutines), min(least.files, s.files)}
		select {
		case <-ctx.Done():
			return least, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return least, err
}

// metric reads one metric of the daemon.
func (w *week) metric(ctx context.Context, name string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.metrics+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

// until asks every half second until it is true or the time is up.
func until(ctx context.Context, limit time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nothing after %s: %w", limit, ctx.Err())
		}
	}
	return nil
}

// killStore ends the engine's process, now and, if the scan still runs then,
// once more.
func killStore(w *week) (func() error, error) {
	kill := func() error {
		return exec.Command("pkill", "-KILL", "-P", strconv.Itoa(w.daemon.Process.Pid)).Run()
	}
	return func() error { _ = kill(); return nil }, kill()
}

// fillDisk leaves no room for what the scan keeps, nor for the store.
func fillDisk(w *week) (func() error, error) {
	name := w.path("disk/filler")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	for err = nil; err == nil; {
		_, err = f.Write(block[:512])
	}
	return func() error { return os.Remove(name) }, f.Close()
}

func stepBack(w *week) (func() error, error) {
	text, err := os.ReadFile(w.path("clock"))
	if err != nil {
		return nil, err
	}
	ahead, err := time.ParseDuration(string(text))
	if err != nil {
		return nil, err
	}
	return nil, w.setClock(time.Now().Add(ahead - 2*time.Hour))
}

// account asks the store whether every scan is there, whole and once.
func (w *week) account(ctx context.Context, targets int) error {
	var faults []error
	for _, check := range []struct{ what, sql, want string }{
		{"runs", "SELECT countIf(outcome = 'finished'), count() FROM runs FINAL WHERE trigger != 'hand'", fmt.Sprintf("%d\t%d", days, days)},
		{"scans", "SELECT countIf(toUInt32(finished) > 0), count(), min(targets), max(targets) FROM scans FINAL", fmt.Sprintf("%d\t%d\t%d\t%d", days, days, targets, targets)},
		{"rows", "SELECT count(), countIf(n = 1), min(scans), max(scans) FROM (SELECT scan, position, count() AS n, 1 AS scans FROM observations FINAL GROUP BY scan, position)",
			fmt.Sprintf("%d\t%d\t1\t1", days*targets, days*targets)},
		{"scans without IPv6 that hold it against somebody", "SELECT countIf(ipv6 = 'absent'), (SELECT count() FROM observations FINAL WHERE web_v6 = 'broken' AND scan IN (SELECT scan FROM scans FINAL WHERE ipv6 = 'absent')) FROM scans FINAL", "1\t0"},
	} {
		out, err := exec.CommandContext(ctx, w.program, "query", check.sql, "--format", "TabSeparated", "--store", w.path("disk/store")).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != check.want {
			faults = append(faults, fmt.Errorf("%s: got %q, want %q (%v)", check.what, got, check.want, err))
		} else {
			fmt.Printf("%s: as they should be (%s)\n", check.what, strings.ReplaceAll(check.want, "\t", " "))
		}
	}
	return errors.Join(faults...)
}

// grown compares the last day with the second, after which all is warm.
func (w *week) grown() error {
	first, last := w.samples[1], w.samples[len(w.samples)-1]
	var faults []error
	if last.resident > first.resident*1.25+32e6 {
		faults = append(faults, fmt.Errorf("memory grew from %.0f to %.0f MB", first.resident/1e6, last.resident/1e6))
	}
	if last.goroutines > first.goroutines+2 {
		faults = append(faults, fmt.Errorf("goroutines grew from %.0f to %.0f", first.goroutines, last.goroutines))
	}
	if last.files > first.files+4 {
		faults = append(faults, fmt.Errorf("open files grew from %.0f to %.0f", first.files, last.files))
	}
	if len(faults) == 0 {
		fmt.Println("nothing grew between day 2 and the last")
	}
	return errors.Join(faults...)
}
