//go:build !alone

package main

import (
	"bufio"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServe serves a scan of the lab from its folder as a process of its own,
// until it is told to stop.
func TestServe(t *testing.T) {
	t.Parallel()
	_, labFile := startLab(t, scenarioOf(t, 30))
	dir := t.TempDir()
	folder := filepath.Join(dir, "store")
	mustRun(t, "scan", "--lab", labFile, "--store", folder, "--state", filepath.Join(dir, "state"))
	cmd, _, errOut := program(t, "serve", "--store", folder, "--listen", "127.0.0.1:0", "--log", "json")
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v\n%s", err, errOut)
	}
	address = strings.TrimSpace(address)
	fetch := func(path string) (int, string) {
		t.Helper()
		answer, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	waited := time.NewTimer(30 * time.Second)
	defer waited.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for code := 0; code != http.StatusOK; { // until the scan is loaded
		select {
		case <-poll.C:
			code, _ = fetch("en/tg.html")
		case <-waited.C:
			t.Fatalf("no page of Togo: status %d", code)
		}
	}
	if code, text := fetch("api/v1/domains?country=TG&limit=1"); code != 200 || !strings.Contains(text, ".gov.tg") {
		t.Errorf("the API: %d %s", code, text)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	for _, want := range []string{`"msg":"showing a scan"`, `"path":"/api/v1/domains"`, `"status":200`, `"client":"127.0.0.1/32"`} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("the log has no %s:\n%.2000s", want, errOut)
		}
	}
	// The folder is free again.
	mustRun(t, "store", "info", "--store", folder)
}
