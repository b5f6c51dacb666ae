//go:build !alone

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"adopt6/configs"
	"adopt6/scanner/campaign"
	"adopt6/scanner/metrics"
	"adopt6/scanner/observation"
)

// TestMetricsOfAScan watches a scan of the lab from begin to end.
func TestMetricsOfAScan(t *testing.T) {
	t.Parallel()
	_, file := startLab(t, scenarioOf(t, 20))
	settings, err := configs.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.Store.Path, settings.Scan.State = filepath.Join(t.TempDir(), "store"), t.TempDir()
	a := &app{errOut: io.Discard, out: io.Discard, settings: settings, live: new(metrics.Set)}
	a.live.ShowJobs(func() []metrics.Job {
		return []metrics.Job{{Name: "planned", Next: time.Now(), Success: time.Now(), Outcome: "finished"}}
	})
	net, err := a.openNetwork(file)
	if err != nil {
		t.Fatal(err)
	}
	targets := targetFlags{builtin: net.Targets}
	worklist, _, err := a.worklist(&targets, new(shardFlags), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var during string
	s, err := a.openStore(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = a.runCampaign(t.Context(), s, campaign.Plan{Network: net, Worklist: worklist, SkipPreflight: true, Job: "weekly",
		Watch: func(o *observation.Observation) {
			if during == "" {
				during = metricsPage(t, a.live)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`adopt6_scan_targets{job="weekly"} 20`, `adopt6_dns_queries_total{family="ipv6",outcome="noerror",transport="udp"}`, `adopt6_store_batches_total{job="weekly"} 0`} {
		if !strings.Contains(during, want) {
			t.Errorf("no %s during the scan:\n%s", want, during)
		}
	}
	after := metricsPage(t, a.live)
	if !strings.Contains(after, "adopt6_targets_measured_total 20\n") || strings.Contains(after, `job="weekly"`) || !strings.Contains(after, "adopt6_dns_queries_total{") {
		t.Errorf("after the scan:\n%s", after)
	}
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	dashboard, err := os.ReadFile("../../configs/grafana/prometheus/scanner.json")
	if err != nil {
		t.Fatal(err)
	}
	if shown, told := namesOf(during), namesOf(string(page)); !slices.Equal(shown, told) {
		t.Errorf("docs/metrics.md explains %v, and there are %v", told, shown)
	}
	for _, name := range namesOf(string(dashboard)) {
		if !strings.Contains(during, name) {
			t.Errorf("the dashboard asks for %s, which is not there", name)
		}
	}
}

// TestStructuredMessages reads every line of a scan's messages as JSON.
func TestStructuredMessages(t *testing.T) {
	t.Parallel()
	_, file := startLab(t, scenarioOf(t, 4))
	code, errOut := scanAsProgram(t, "--lab", file, "--store", filepath.Join(t.TempDir(), "store"), "--state", t.TempDir(), "--skip-preflight", "--log-format", "json")
	lines := bufio.NewScanner(strings.NewReader(errOut))
	n := 0
	for ; lines.Scan(); n++ {
		var record struct {
			Time time.Time
			Msg  string
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil || record.Time.IsZero() || record.Msg == "" {
			t.Errorf("%q: %v", lines.Text(), err)
		}
	}
	if code != 0 || n < 2 {
		t.Errorf("exit %d, %d lines: %s", code, n, errOut)
	}
}
