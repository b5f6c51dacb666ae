//go:build !alone

package main

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"adopt6/configs"
	"adopt6/scanner/lab"
)

// contacts counts what reaches a lab's servers, by the domain asked for.
type contacts struct {
	mu    sync.Mutex
	asked map[string]int
	after int    // how many contacts until then is called, once
	then  func() // called without the lock
}

func (c *contacts) see(contact lab.Contact) {
	name := strings.ToLower(strings.TrimSuffix(contact.Question.Name, "."))
	c.mu.Lock()
	c.asked[name]++
	c.after--
	reached := c.after == 0
	c.mu.Unlock()
	if reached && c.then != nil {
		c.then()
	}
}

// TestScanInterruptedAndResumed ends a scan in the middle, as Ctrl-C does, and
// continues with it: every target is stored once, and none that was stored is
// asked for again.
func TestScanInterruptedAndResumed(t *testing.T) {
	t.Parallel()
	const targets = 400
	var seen contacts
	seen.asked = make(map[string]int)
	_, labFile := startLab(t, scenarioOf(t, targets), lab.OnContact(func(c lab.Contact) { seen.see(c) }))
	dir := t.TempDir()
	flags := []string{"--lab", labFile, "--store", filepath.Join(dir, "store"), "--state", filepath.Join(dir, "state")}

	scan, _, errOut := program(t, append([]string{"scan", "--workers", "4"}, flags...)...)
	var interrupted bool
	seen.after, seen.then = 1500, func() {
		interrupted = true
		if err := scan.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
	}
	err := scan.Run()
	if err == nil || scan.ProcessState.ExitCode() != exitFailure || !interrupted {
		t.Fatalf("the scan was not interrupted: %v\n%s", err, errOut)
	}
	resume := regexp.MustCompile(`adopt6 scan (--resume=\S+)`).FindStringSubmatch(errOut.String())
	if resume == nil {
		t.Fatalf("no word on how to resume:\n%s", errOut)
	}
	stored := storedDomains(t, flags[2:4])
	if len(stored) == 0 || len(stored) == targets {
		t.Fatalf("%d of %d targets stored after the interrupt", len(stored), targets)
	}

	seen.mu.Lock()
	clear(seen.asked)
	seen.mu.Unlock()
	mustRun(t, append([]string{"scan", resume[1]}, flags...)...)
	seen.mu.Lock()
	for _, domain := range stored {
		if n := seen.asked[domain]; n > 0 {
			t.Errorf("%s was stored, and asked for %d times after the resume", domain, n)
		}
	}
	seen.mu.Unlock()
	if all := storedDomains(t, flags[2:4]); len(all) != targets {
		t.Errorf("%d targets stored at the end, want %d, each once", len(all), targets)
	}
	if of := mustRun(t, append([]string{"query", "--format", "TSV", "SELECT simulated, vantage != 'lab' FROM scans FINAL"}, flags[2:4]...)...); of != "1\t1\n" {
		t.Errorf("the scan of a lab does not say that it is one: %q", of)
	}
	if code, _, errOut := runMain(append([]string{"scan", "--resume"}, flags...)...); code != exitMisuse || !strings.Contains(errOut, "no scan is waiting") {
		t.Errorf("resuming a complete scan: exit %d: %s", code, errOut)
	}
}

// storedDomains asks the store, duplicates included.
func storedDomains(t *testing.T, storeFlags []string) []string {
	t.Helper()
	out := mustRun(t, append([]string{"query", "--format", "TSV", "SELECT domain FROM observations"}, storeFlags...)...)
	return strings.Fields(out)
}

// TestLabRun scans a scenario as `make demo` does and reads the figures back.
func TestLabRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "two.yaml")
	text := "about: Two.\ndomains:\n  works.gov.ar: healthy_v6\n  legacy.gov.ar: v4_only\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	storeDir := filepath.Join(dir, "store")
	out := mustRun(t, "lab", "run", file, "--store", storeDir, "--state", filepath.Join(dir, "state"))
	for _, want := range []string{"Argentina", storeDir} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	got := mustRun(t, "query", "--store", storeDir, "--format", "TSV",
		"SELECT domain, dns_v6, web_v6, web_v6_reason, mail_v6, v6_only, dnssec, readiness FROM observations ORDER BY domain")
	want := "legacy.gov.ar\tabsent\tabsent\tno_aaaa\tabsent\tabsent\tinsecure\t0\n" +
		"works.gov.ar\tok\tok\t\tok\tok\tsecure\t5\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	figures, err := csv.NewReader(strings.NewReader(mustRun(t, "countries", "--store", storeDir, "--csv"))).ReadAll()
	if err != nil || len(figures) < 5 {
		t.Errorf("countries --csv: %d rows, %v", len(figures), err)
	}
}

// TestLabRunTellsAWrongVerdict shows that the comparison with the truth can
// fail.
func TestLabRunTellsAWrongVerdict(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "wrong.yaml")
	text := "about: A false truth.\ndomains:\n  works.gov.ar:\n    like: healthy_v6\n    truth: {readiness: 2}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd, _, errOut := program(t, "lab", "run", file, "--store", filepath.Join(dir, "store"), "--state", filepath.Join(dir, "state"))
	if err := cmd.Run(); err == nil || !strings.Contains(errOut.String(), "works.gov.ar: readiness is 5, the truth is 2") {
		t.Errorf("got %v\n%s", err, errOut)
	}
}

// TestScanWithoutDuplicates scans a list that names a domain three times, with
// a byte order mark and Windows line ends.
func TestScanWithoutDuplicates(t *testing.T) {
	t.Parallel()
	_, labFile := startLab(t, scenarioOf(t, 10))
	dir := t.TempDir()
	list := filepath.Join(dir, "list.csv")
	if err := os.WriteFile(list, []byte("\ufeffgov.tg\r\n\"GOV.TG.\"\r\ngov.sn\r\ngov.tg\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	storeFlags := []string{"--store", filepath.Join(dir, "store")}
	cmd, _, errOut := program(t, append([]string{"scan", "--lab", labFile, "--list", list, "--state", filepath.Join(dir, "state")}, storeFlags...)...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errOut)
	}
	if !strings.Contains(errOut.String(), "2 duplicate targets left out") {
		t.Errorf("no word on the duplicates:\n%s", errOut)
	}
	if got := storedDomains(t, storeFlags); len(got) != 2 {
		t.Errorf("stored %v", got)
	}
}

// TestScanMeasuresFailuresAgain asks twice for what fails, and once for the
// rest.
func TestScanMeasuresFailuresAgain(t *testing.T) {
	t.Parallel()
	scenario, err := lab.Parse("fails.yaml", []byte(`about: One site that fails.
domains:
  sound.gov.tg: healthy_v6
  fails.gov.tg: {like: healthy_v6, faults: [{at: web, family: v6, do: refuse}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	_, file := startLab(t, scenario)
	for confirm, want := range map[string]string{
		"0": `"fails.gov.tg",1,"['v6_only','web_v6']"` + "\n" + `"sound.gov.tg",1,"[]"` + "\n",
		"1": `"fails.gov.tg",2,"[]"` + "\n" + `"sound.gov.tg",1,"[]"` + "\n",
	} {
		storeFlags := []string{"--store", filepath.Join(t.TempDir(), "store")}
		mustRun(t, append([]string{"scan", "--lab", file, "--confirm", confirm, "--skip-preflight", "--state", t.TempDir(), "sound.gov.tg", "fails.gov.tg"}, storeFlags...)...)
		got := mustRun(t, append([]string{"query", "SELECT domain, attempts, arraySort(flapping) AS u FROM observations FINAL ORDER BY domain", "--format", "csv"}, storeFlags...)...)
		if got != want {
			t.Errorf("--confirm %s: got\n%s\nwant\n%s", confirm, got, want)
		}
	}
}

// TestRefusedScanLeavesNothing begins a scan while another process has the
// store: what it leaves must not be what --resume takes.
func TestRefusedScanLeavesNothing(t *testing.T) {
	t.Parallel()
	_, file := startLab(t, scenarioOf(t, 4))
	folder, state := filepath.Join(t.TempDir(), "store"), t.TempDir()
	held, err := (&app{out: io.Discard, errOut: io.Discard, settings: &configs.Settings{Store: configs.Store{Path: folder, Database: "adopt6"}}}).openStore(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	code, errOut := scanAsProgram(t, "--lab", file, "--store", folder, "--state", state, "--skip-preflight")
	if code != exitFailure || strings.Contains(errOut, "--resume") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if left, _ := os.ReadDir(filepath.Join(state, "scans")); len(left) > 0 {
		t.Errorf("%d scans wait to be resumed", len(left))
	}
}

// TestLabRunKnowsItsNetworks needs the autonomous systems of the lab, which no
// table of the Internet has, to find what the scenario states.
func TestLabRunKnowsItsNetworks(t *testing.T) {
	t.Parallel()
	mustRun(t, "lab", "run", "../../testdata/scenarios/delegation.yaml", "--skip-preflight", "--store", filepath.Join(t.TempDir(), "store"), "--state", t.TempDir())
}
