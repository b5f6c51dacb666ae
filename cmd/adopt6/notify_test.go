//go:build !alone

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestNotifyCommands tries the channels, sends the digest of a scan while a
// receiver is down, looks at what waits, and delivers it once it is up.
func TestNotifyCommands(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	var got atomic.Pointer[string]
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		text := r.Header.Get("Webhook-Signature") + "\n" + string(body)
		got.Store(&text)
	}))
	defer receiver.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "adopt6.yaml")
	settings := fmt.Sprintf(`scan:
  state: %s/state
notify:
  - name: noc
    webhook: %s/hook
    secret_file: secret
    language: fr
  - name: archive
    file: changes.jsonl
    confirm_scans: 2
`, dir, receiver.URL)
	for file, text := range map[string]string{config: settings, filepath.Join(dir, "secret"): "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notify := func(args ...string) (int, string, string) {
		return runMain(append([]string{"notify"}, append(args, "--config", config)...)...)
	}
	if code, out, errOut := notify("test", "noc"); code != 0 || !strings.Contains(out, "delivered  noc to 127.0.0.1:") || !strings.Contains(*got.Load(), `"test":true`) || !strings.HasPrefix(*got.Load(), "v1,") {
		t.Errorf("test: exit %d, %s%s", code, out, errOut)
	}

	folder := twoScans(t)
	if code, out, _ := notify("send", "--store", folder, "--dry-run"); code != 0 || !strings.Contains(out, "Web : absent → fonctionne. Auparavant\u00a0:") && !strings.Contains(out, "fonctionne") || strings.Contains(out, "flap.gouv.tg") || strings.Contains(out, "\x1b") {
		t.Errorf("send --dry-run: exit %d\n%q", code, out)
	}
	down.Store(true)
	code, out, errOut := notify("send", "--store", folder)
	if code != exitFailure || !strings.Contains(out, "waiting    noc to ") || !strings.Contains(out, "503") || !strings.Contains(out, "delivered  archive to ") || !strings.Contains(errOut, "1 of 2 messages were not delivered") {
		t.Errorf("send: exit %d, %s%s", code, out, errOut)
	}
	archive, err := os.ReadFile(filepath.Join(dir, "changes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var event struct {
		Data struct {
			Counts  map[string]int
			Held    int
			Changes []struct{ Domain string }
		}
	}
	// The archive wants two scans to agree on a loss, and has only seen one.
	if err := json.Unmarshal(archive, &event); err != nil || event.Data.Counts["gained"] != 1 || event.Data.Counts["lost"] != 0 || event.Data.Held != 1 || len(event.Data.Changes) != 1 {
		t.Errorf("the archive has %s: %v", archive, err)
	}
	var list pendingList
	if _, out, _ := notify("pending", "--json"); json.Unmarshal([]byte(out), &list) != nil || len(list.Waiting) != 1 || list.Waiting[0].Tries != 1 || !strings.Contains(list.Waiting[0].Error, "503") {
		t.Errorf("pending: %s", out)
	}
	if code, out, _ := notify("send", "--store", folder); code != 0 || strings.Count(out, "was queued before") != 2 {
		t.Errorf("the same again: exit %d, %s", code, out)
	}
	down.Store(false)
	if code, out, errOut := notify("flush", "--due"); code != 0 || !strings.Contains(errOut, "Nothing was due.") {
		t.Errorf("flush --due: exit %d, %s%s", code, out, errOut)
	}
	if code, out, _ := notify("flush", "--json"); code != 0 || !strings.Contains(out, `"state":"delivered"`) || !strings.Contains(*got.Load(), `"domain":"finance.gouv.tg"`) {
		t.Errorf("flush: exit %d, %s", code, out)
	}
	if code, out, _ := notify("pending"); code != 0 || out != "No message waits.\n" {
		t.Errorf("pending: exit %d, %s", code, out)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "changes.jsonl")); err != nil || string(again) != string(archive) {
		t.Errorf("the archive has changed: %s", again)
	}
}

// TestNotifyAfterRun runs a job twice: the first run has nothing to be compared
// with, and the second is told to the channels that hear of the job.
func TestNotifyAfterRun(t *testing.T) {
	t.Parallel()
	_, labFile := startLab(t, scenarioOf(t, 12))
	p := newPlan(t, labFile, "    - {name: weekly, cron: 0 3 * * *, vantage: lome}\n", time.Now())
	p.replace("schedule:\n", "notify:\n  - {name: archive, file: changes.jsonl, always: true, jobs: weekly}\n  - {name: quiet, file: quiet.jsonl}\n  - {name: other, file: other.jsonl, always: true, jobs: monthly}\nschedule:\n")
	if code, _, errOut := runMain(append([]string{"schedule", "check"}, p.flags...)...); code != exitMisuse || !strings.Contains(errOut, `adopt6.yaml:9: jobs: there is no job "monthly"; the configuration has weekly`) {
		t.Errorf("a job that is not there: exit %d, %s", code, errOut)
	}
	run := append([]string{"schedule", "run", "weekly"}, p.lab...)
	mustRun(t, run...)
	file := filepath.Join(filepath.Dir(p.config), "changes.jsonl")
	if _, err := os.Stat(file); err == nil {
		t.Error("the first run was told")
	}
	code, _, errOut := runMain(run...)
	if code != 0 || !strings.Contains(errOut, "delivered  archive to "+file) {
		t.Fatalf("exit %d, %s", code, errOut)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"job":"weekly"`) || !strings.Contains(string(text), `"simulated":true`) || !strings.Contains(string(text), `"common":12`) {
		t.Errorf("the digest is %s: %v", text, err)
	}
	for _, other := range []string{"quiet.jsonl", "other.jsonl"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p.config), other)); err == nil {
			t.Errorf("%s was written", other)
		}
	}
}
