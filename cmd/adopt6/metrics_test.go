package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"adopt6/configs"
	"adopt6/scanner/metrics"
)

// metricName is a metric of adopt6 in a page of them, or in the docs.
var metricName = regexp.MustCompile(`adopt6_[a-z_]+`)

func namesOf(text string) []string {
	names := metricName.FindAllString(text, -1)
	slices.Sort(names)
	return slices.Compact(names)
}

func metricsPage(t *testing.T, live *metrics.Set) string {
	t.Helper()
	w := httptest.NewRecorder()
	metricsHandler(live).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestWatch(t *testing.T) {
	t.Parallel()
	settings, err := configs.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.Metrics.Pprof = "0.0.0.0:0"
	if _, err := (&app{errOut: io.Discard, settings: settings}).watch(); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("profiles for everybody: %v", err)
	}
	w := httptest.NewRecorder()
	profiles().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/pprof/goroutine?debug=1", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "goroutine profile") {
		t.Errorf("status %d: %.100s", w.Code, w.Body)
	}
}
