//go:build !alone

package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/report/words"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestServer asks one server everything, on the sample in an embedded store: three
// scans of three countries, the last with a name that a spreadsheet computes.
func TestServer(t *testing.T) {
	st := storetest.Open(t, storetest.Embedded(t))
	storetest.Sample(t, st)
	s := newServer(t, Config{Lend: Always(st)})
	if err := s.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Server, *store.Store)
	}{
		{"pages", testPages}, {"coding", testCoding}, {"hostile", testHostile}, {"search", testSearch}, {"api", testAPI}, {"paging", testPaging},
		{"limits", testLimits}, {"away", testAway}, {"crowd", testCrowd}, {"health", testHealth}, {"new scan", testNewScan},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s, st) })
	}
}

// testPages opens every page in every language and follows every link on it: no
// page has anything that its policy forbids, and none leads nowhere.
func testPages(t *testing.T, s *Server, _ *store.Store) {
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:|https?://[^"]*\.(css|js)`)
	unfilled := regexp.MustCompile(`%!|&lt;no value|%s|%\[`)
	link := regexp.MustCompile(`(?:href|src)="([^"#]+)`)
	followed := make(map[string]bool)
	for _, lang := range words.Languages {
		pages := append(s.world.Load().site.Pages(), "search?q=gov", "search?q=a", "search?q=nowhere", "domain?name=finance.gov.tg", "domain?name=tg")
		for _, page := range pages {
			if !strings.Contains(page, "?") {
				page += ".html"
			}
			w := ask(s, "GET", "/"+lang+"/"+page)
			text := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(text, `<html lang="`+lang+`"`) || w.Header().Get("Content-Type") != html {
				t.Fatalf("%s/%s: status %d", lang, page, w.Code)
			}
			if found := inline.FindString(text); found != "" {
				t.Errorf("%s/%s has %q, which its policy forbids", lang, page, found)
			}
			if found := unfilled.FindString(text); found != "" {
				t.Errorf("%s/%s has %q, a text that was not filled in", lang, page, found)
			}
			if !strings.Contains(text, `action="search"`) {
				t.Errorf("%s/%s has no search", lang, page)
			}
			for _, to := range link.FindAllStringSubmatch(text, -1) {
				if lang == "en" && !strings.HasPrefix(to[1], "http") {
					followed[strings.TrimPrefix("/en/"+to[1], "/en/../")] = true
				}
			}
		}
	}
	for to := range followed {
		get(t, s, "/"+strings.TrimPrefix(strings.ReplaceAll(to, "&amp;", "&"), "/"), http.StatusOK)
	}
	if len(followed) < 60 {
		t.Errorf("only %d links", len(followed))
	}
	w := ask(s, "GET", "/en/tg.html")
	for _, h := range secured {
		if w.Header().Get(h[0]) != h[1] {
			t.Errorf("%s is %q", h[0], w.Header().Get(h[0]))
		}
	}
	if strings.Contains(policy, "unsafe") || w.Header().Get("Set-Cookie") != "" {
		t.Error("the policy allows too much, or there is a cookie")
	}
}

// testCoding takes a page with and without gzip, again when it is known, and its
// head alone.
func testCoding(t *testing.T, s *Server, _ *store.Store) {
	plain, packed := ask(s, "GET", "/fr/tg.html"), ask(s, "GET", "/fr/tg.html", "Accept-Encoding", "br, gzip;q=0.5")
	if packed.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v and %v", plain.Header(), packed.Header())
	}
	zip, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(zip); err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) {
		t.Errorf("packed and plain differ, error %v", err)
	}
	tags := []string{plain.Header().Get("ETag"), packed.Header().Get("ETag")}
	if tags[0] == tags[1] || strings.HasPrefix(tags[0], "W/") {
		t.Errorf("tags %v", tags)
	}
	for _, test := range []struct {
		header, coding string
		want           int
	}{
		{tags[0], "", 304}, {tags[1], "gzip", 304}, {`"other", W/` + tags[0], "", 304}, {"*", "", 304}, {tags[1], "", 200}, {`"other"`, "gzip", 200},
	} {
		w := ask(s, "GET", "/fr/tg.html", "If-None-Match", test.header, "Accept-Encoding", test.coding)
		if w.Code != test.want || test.want == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "") {
			t.Errorf("If-None-Match %s, %s: status %d, %d bytes", test.header, test.coding, w.Code, w.Body.Len())
		}
	}
	// What comes from the store as it goes is the same either way too.
	plain, packed = ask(s, "GET", "/data/ke-failures.csv"), ask(s, "GET", "/data/ke-failures.csv", "Accept-Encoding", "gzip")
	if zip, err := gzip.NewReader(packed.Body); err != nil {
		t.Error(err)
	} else if unpacked, err := io.ReadAll(zip); err != nil || !bytes.Equal(unpacked, plain.Body.Bytes()) || plain.Body.Len() < 100 {
		t.Errorf("a download of %d bytes differs packed, error %v", plain.Body.Len(), err)
	}
	if w := ask(s, "GET", "/data/ke-failures.csv", "If-None-Match", plain.Header().Get("ETag")); w.Code != 304 || w.Body.Len() > 0 {
		t.Errorf("a download that is known: status %d", w.Code)
	}
	plain = ask(s, "GET", "/fr/tg.html")
	head := ask(s, "HEAD", "/fr/tg.html")
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != fmt.Sprint(plain.Body.Len()) {
		t.Errorf("HEAD: status %d, %d bytes, headers %v", head.Code, head.Body.Len(), head.Header())
	}
	for header, want := range map[string]bool{"": false, "gzip": true, "gzip;q=0": false, "*": true, "*, gzip;q=0": false, "identity": false, "GZIP ; q=1": true} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", header)
		if takesGzip(r) != want {
			t.Errorf("Accept-Encoding %q: gzip %v", header, !want)
		}
	}
}

// testHostile sends hostile requests. None of them causes an internal error, and
// none gets what lies elsewhere.
func testHostile(t *testing.T, s *Server, _ *store.Store) {
	for target, want := range map[string]int{
		"/en/../../../etc/passwd":                      0,
		"/assets/..%2f..%2fgo.mod":                     404,
		"/assets/../site.go":                           0,
		"/data/..%2fserver.go":                         404,
		"/data/%2e%2e/world.csv":                       404,
		"/en/tg.html%00":                               404,
		"/en/TG.html":                                  404,
		"/en/.html":                                    404,
		"/xx/index.html":                               404,
		"/en/domain?name=%00":                          404,
		"/en/domain?name='%20OR%201=1--":               404,
		"/en/domain?name=a&name=b":                     400,
		"/en/search?q=" + strings.Repeat("a", 500):     400,
		"/en/search?q=%ff%fe%fd%fc":                    200,
		"/en/search?evil=1":                            400,
		"/en/search?q='%29%20OR%20sleep%281%29--%20":   200,
		"/en/search?q=%25%25%25%25":                    200,
		"/" + strings.Repeat("a", 3000):                414,
		"/api/v1/domains?limit=0":                      400,
		"/api/v1/domains?limit=99999999999999999999":   400,
		"/api/v1/domains?limit=-1":                     400,
		"/api/v1/domains?cursor=%00":                   400,
		"/api/v1/domains?cursor=eyJzIjoiIn0":           400,
		"/api/v1/domains?q=%27%29%3B+DROP+TABLE+scans": 200,
		"/api/v1/domains?country=%27":                  400,
		"/api/v1/domains?scan=latest%27":               400,
		"/api/v1/domains?scan=" + uuid.NewString():     404,
		"/api/v1/domains/a%27b":                        400,
		"/api/v1/reasons/..%2f":                        404,
		"/api/v1/nothing":                              404,
		"/api/v1/openapi.json?x=1":                     400,
		"/api/v1/countries/TG?%zz":                     400,
		"//evil.example/":                              0,
		"/en//evil.example":                            0,
		"/%3Cscript%3Ealert(1)%3C/script%3E/":          404,
	} {
		w := ask(s, "GET", target)
		switch {
		case want == 0 && w.Code/100 == 3: // to the same address, tidied
			if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s leads to %s", target, to)
			}
		case want == 0 && w.Code == 404:
		case w.Code != want:
			t.Errorf("%s: status %d, want %d: %.200s", target, w.Code, want, w.Body)
		}
		if strings.Contains(w.Body.String(), "<script>alert") || strings.Contains(w.Body.String(), "root:") {
			t.Errorf("%s: %s", target, w.Body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"} {
		if w := ask(s, method, "/en/index.html"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d", method, w.Code)
		}
	}
	for lang, want := range map[string]string{"fr": "Page introuvable", "ar": "الصفحة غير موجودة", "de": "Page not found", "zh-TW,de;q=0.5": "找不到页面", strings.Repeat("x,", 500): "Page not found"} {
		w := ask(s, "GET", "/nowhere", "Accept-Language", lang)
		if w.Code != 404 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("404 in %s: %d, without %q", lang, w.Code, want)
		}
	}
	if w := ask(s, "GET", "/api/v1/nothing"); w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("an error of the API is %s", w.Header().Get("Content-Type"))
	}
}

// testSearch looks for domains as people write them.
func testSearch(t *testing.T, s *Server, _ *store.Store) {
	for _, query := range []string{"finance.gov.tg", "https://www.finance.gov.tg/a?b=c", "FINANCE.gov.tg.", "%20finance.gov.tg"} {
		w := ask(s, "GET", "/fr/search?q="+strings.NewReplacer(":", "%3A", "/", "%2F", "?", "%3F").Replace(query))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/fr/domain?name=finance.gov.tg" {
			t.Errorf("%s: status %d to %s", query, w.Code, w.Header().Get("Location"))
		}
	}
	page := get(t, s, "/fr/domain?name=health.gov.tg", 200)
	for _, want := range []string{"Pas d’AAAA.", "Publiez-en un.", "novembre 2026", "septembre 2026", "juin 2026", "Togo", "oldhost.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a domain has no %q", want)
		}
	}
	found := get(t, s, "/en/search?q=finance", 200)
	for _, want := range []string{"finance.gov.tg", "finance-portal.gov.ke", `<a href="ke.html">Kenya</a>`} {
		if !strings.Contains(found, want) {
			t.Errorf("a search has not found %q", want)
		}
	}
	if none := get(t, s, "/en/search?q=%3Cb%3Enowhere", 200); !strings.Contains(none, "No domain of this scan") || strings.Contains(none, "<b>nowhere") {
		t.Error("a search without a result says so wrongly")
	}
	if short := get(t, s, "/en/search?q=a", 200); !strings.Contains(short, "at least 3") {
		t.Error("a search for one letter does not say why it finds nothing")
	}
}

// testAway takes the store away: what is kept is shown, the rest says so.
func testAway(t *testing.T, full *Server, st *store.Store) {
	away := false
	s := newServer(t, Config{Lend: func(ctx context.Context, use func(*store.Store) error) error {
		if away {
			return &BusyError{errors.New("a scan has it")}
		}
		return use(st)
	}})
	w := ask(s, "GET", "/fr/tg.html")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Pas encore de mesure") {
		t.Errorf("before the first scan: status %d", w.Code)
	}
	s.world.Store(full.world.Load())
	get(t, s, "/fr/tg.html", 200)
	away = true
	get(t, s, "/fr/tg.html", 200)
	get(t, s, "/fr/index.html", 200)
	get(t, s, "/fr/ke.html", 503)
	if w := ask(s, "GET", "/data/tg-failures.csv", "Accept-Encoding", "gzip"); w.Code != 503 || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("a download without a store: %d, headers %v", w.Code, w.Header())
	}
	if w := ask(s, "GET", "/api/v1/domains"); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"status":503`) {
		t.Errorf("the API without a store: %d %s", w.Code, w.Body)
	}
	get(t, s, "/healthz", 200)
	get(t, s, "/readyz", 503)
	away = false
	get(t, s, "/fr/ke.html", 200)
}

// testHealth reads what watches over a server read.
func testHealth(t *testing.T, s *Server, _ *store.Store) {
	get(t, s, "/healthz", 200)
	get(t, s, "/readyz", 200)
	text := get(t, s, "/metrics", 200)
	for _, want := range []string{
		`adopt6_http_requests_total{code="200",route="/{lang}/{page}"}`, `adopt6_http_request_duration_seconds_bucket{route="/healthz"`,
		`adopt6_http_requests_in_flight 1`, `adopt6_store_query_duration_seconds_count{query="country"}`,
		`adopt6_cache_requests_total{cache="pages",result="hit"}`, `adopt6_scan_started_timestamp_seconds 1.7`, `go_goroutines`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no metric %s", want)
		}
	}
	if strings.Contains(text, "finance") {
		t.Error("a label holds what a client sent")
	}
}

// testNewScan ends a scan while the server runs.
func testNewScan(t *testing.T, s *Server, st *store.Store) {
	before := ask(s, "GET", "/en/tg.html")
	following, _, _ := strings.Cut(strings.TrimPrefix(ask(s, "GET", "/api/v1/scans?limit=1").Header().Get("Link"), "<"), ">")
	second := get(t, s, following, 200)
	info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC), Vantage: "lab", Targets: 1}
	if err := st.NewScan(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	look := func() {
		t.Helper()
		if err := s.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if same := ask(s, "GET", "/en/tg.html"); same.Header().Get("ETag") != before.Header().Get("ETag") {
		t.Error("a scan under way changes the pages")
	}
	if !strings.Contains(get(t, s, "/api/v1/scans?limit=1", 200), `"finished":null`) {
		t.Error("a scan under way is not listed")
	}
	get(t, s, "/api/v1/values?scan="+info.ID.String(), 404)
	if get(t, s, following, 200) != second {
		t.Error("a scan that begins moves the list of scans")
	}
	w, err := st.Writer(t.Context(), info.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range storetest.Observations() {
		o.Scan = info.ID
		if err := w.Write(t.Context(), &o); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(t.Context()), st.FinishScan(t.Context(), info.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := indicator.Compute(t.Context(), st, info.ID); err != nil {
		t.Fatal(err)
	}
	look()
	after := get(t, s, "/en/tg.html", 200)
	if !strings.Contains(after, "1 December 2026") || !strings.Contains(after, info.ID.String()) {
		t.Error("the new scan does not show")
	}
}
