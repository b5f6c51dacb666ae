package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"adopt6/report"
)

// ask sends one request. Headers are in pairs.
func ask(s http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost/", nil)
	r.RequestURI = target
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func get(t *testing.T, s http.Handler, target string, status int) string {
	t.Helper()
	w := ask(s, "GET", target)
	if w.Code != status {
		t.Fatalf("%s: status %d, want %d: %.300s", target, w.Code, status, w.Body)
	}
	return w.Body.String()
}

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	cfg.Site.Reasons = map[string]map[string]report.ReasonText{"en": {"no_aaaa": {Text: "No AAAA.", Fix: "Publish one."}, "no_ds": {Text: "Not signed."}},
		"fr": {"no_aaaa": {Text: "Pas d’AAAA.", Fix: "Publiez-en un."}}}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
