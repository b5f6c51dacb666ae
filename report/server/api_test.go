//go:build !alone

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"adopt6/store"
	"adopt6/store/storetest"
)

// openAPI is the part of the description that the test reads.
type openAPI struct {
	Paths      map[string]struct{ Get operation }
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
	}
}

type operation struct {
	OperationID string
	Parameters  []parameter
	Responses   map[string]response
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
	Example  any
	Schema   struct {
		Type             string
		Enum             []string
		Minimum, Maximum *int
		Pattern          string
	}
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]any
	Headers map[string]any
}

// agreement holds answers against the description.
type agreement struct {
	doc     openAPI
	schemas *jsonschema.Compiler
	seen    map[string]bool // operation and status
}

func newAgreement(t *testing.T) *agreement {
	t.Helper()
	a := &agreement{schemas: jsonschema.NewCompiler(), seen: make(map[string]bool)}
	if err := json.Unmarshal(description, &a.doc); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(description))
	if err != nil {
		t.Fatal(err)
	}
	a.schemas.AssertFormat()
	if err := a.schemas.AddResource("urn:openapi", document); err != nil {
		t.Fatal(err)
	}
	return a
}

// check sends a request that must have a status, and holds the answer against
// what is said of that status.
func (a *agreement) check(t *testing.T, s http.Handler, path, target string, status int, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := ask(s, "GET", target, headers...)
	if w.Code != status {
		t.Errorf("%s: status %d, want %d: %.200s", target, w.Code, status, w.Body)
		return w
	}
	op := a.doc.Paths[path].Get
	code := strconv.Itoa(status)
	a.seen[op.OperationID+" "+code] = true
	said, known := op.Responses[code]
	at := "/paths/" + strings.ReplaceAll(path, "/", "~1") + "/get/responses/" + code
	if name, isRef := strings.CutPrefix(said.Ref, "#/components/responses/"); isRef {
		said, at = a.doc.Components.Responses[name], "/components/responses/"+name
	}
	if !known {
		t.Errorf("%s: status %d is not in the description", target, status)
		return w
	}
	for name := range said.Headers {
		if name != "Link" && w.Header().Get(name) == "" { // Link is there until the last page
			t.Errorf("%s: status %d without %s", target, status, name)
		}
	}
	mime, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if _, known := said.Content[mime]; !known && len(said.Content) > 0 {
		t.Errorf("%s: status %d is %q, which the description does not know", target, status, mime)
		return w
	}
	if !strings.HasSuffix(mime, "json") {
		return w
	}
	schema, err := a.schemas.Compile("urn:openapi#" + at + "/content/" + strings.ReplaceAll(mime, "/", "~1") + "/schema")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(w.Body)
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s: status %d: %v", target, status, err)
	}
	return w
}

// wrongValues are what a parameter must not be.
func wrongValues(p parameter) []string {
	switch {
	case p.Schema.Type == "integer":
		return []string{strconv.Itoa(*p.Schema.Minimum - 1), strconv.Itoa(*p.Schema.Maximum + 1), "x", ""}
	case p.Name == "q":
		return []string{"ab", strings.Repeat("a", 254)}
	}
	return []string{"no such", "'"}
}

// testAPI holds the description and the handlers together: every path,
// parameter, status and schema.
func testAPI(t *testing.T, s *Server, st *store.Store) {
	a := newAgreement(t)
	served := map[string][]string{"/data/{file}": nil}
	for _, route := range apiRoutes {
		served[apiBase+route.pattern] = route.parameters
	}
	if len(served) != len(a.doc.Paths) {
		t.Errorf("%d paths are served and %d described", len(served), len(a.doc.Paths))
	}
	waiting := newServer(t, Config{Lend: Always(st)})
	missing := map[string]string{"country": "FR", "domain": "nowhere.gov.tg", "scan": uuid.NewString()}
	for path, item := range a.doc.Paths {
		if _, known := served[path]; !known {
			t.Errorf("%s is described and not served", path)
			continue
		}
		target, absent := path, path
		var inQuery []parameter
		for _, p := range item.Get.Parameters {
			if name, isRef := strings.CutPrefix(p.Ref, "#/components/parameters/"); isRef {
				p = a.doc.Components.Parameters[name]
			}
			if p.In == "query" {
				inQuery = append(inQuery, p)
				continue
			}
			nowhere := missing[p.Name]
			if nowhere == "" {
				nowhere = "nowhere"
			}
			target, absent = strings.ReplaceAll(target, "{"+p.Name+"}", p.Example.(string)), strings.ReplaceAll(absent, "{"+p.Name+"}", nowhere)
		}
		var names []string
		for _, p := range inQuery {
			names = append(names, p.Name)
			if p.Example != nil {
				a.check(t, s, path, target+"?"+p.Name+"="+url.QueryEscape(fmt.Sprint(p.Example)), 200)
			}
			for _, value := range p.Schema.Enum {
				a.check(t, s, path, target+"?"+p.Name+"="+value, 200)
			}
			for _, value := range wrongValues(p) {
				a.check(t, s, path, target+"?"+p.Name+"="+url.QueryEscape(value), 400)
			}
		}
		if !slices.Equal(names, served[path]) {
			t.Errorf("%s: parameters %v are described and %v served", path, names, served[path])
		}
		tag := a.check(t, s, path, target, 200).Header().Get("ETag")
		a.check(t, s, path, target, 304, "If-None-Match", tag)
		if strings.HasPrefix(path, "/api/") {
			a.check(t, s, path, target+"?no=such", 400)
		}
		if absent != target {
			a.check(t, s, path, absent, 404)
		} else if slices.Contains(names, "cursor") {
			a.check(t, s, path, target+"?cursor="+cursor{uuid.New(), 1}.String(), 404)
		}
		if path != apiBase+"/openapi.json" {
			a.check(t, waiting, path, target, 503)
		}
		busy := newServer(t, Config{Lend: Always(st), Rate: 1})
		for range burst {
			ask(busy, "GET", "/")
		}
		a.check(t, busy, path, target, 429)
		for code := range item.Get.Responses {
			if !a.seen[item.Get.OperationID+" "+code] {
				t.Errorf("%s: nothing here has the status %s that is described", path, code)
			}
		}
	}
	for _, name := range []string{"world.csv", "world.json", "ke-domains.csv", "ke.json"} {
		a.check(t, s, "/data/{file}", "/data/"+name, 200)
	}
}

// page is an answer with items, whatever they are.
type page struct {
	Items []json.RawMessage
	Next  *string
}

// testPaging reads lists in small parts, and holds them against the whole.
func testPaging(t *testing.T, s *Server, st *store.Store) {
	read := func(target string) (p page, link string) {
		t.Helper()
		w := ask(s, "GET", target)
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
			t.Fatalf("%s: status %d, error %v", target, w.Code, err)
		}
		return p, w.Header().Get("Link")
	}
	for target, want := range map[string]int{
		"/api/v1/domains?": 51, "/api/v1/domains?country=tg&kind=government&": 16, "/api/v1/domains?web_v6=absent&": -1,
		"/api/v1/values?": -1, "/api/v1/countries?": 3, "/api/v1/scans?": 3, "/api/v1/indicators?": -1, "/api/v1/groups?": -1, "/api/v1/reasons?lang=fr&": 2,
	} {
		whole, link := read(target + "limit=1000")
		if want >= 0 && len(whole.Items) != want || len(whole.Items) == 0 || whole.Next != nil || link != "" {
			t.Errorf("%s: %d items, want %d", target, len(whole.Items), want)
		}
		var parts []json.RawMessage
		for next := target + "limit=7"; next != ""; {
			p, link := read(next)
			if len(p.Items) > 7 {
				t.Fatalf("%s: %d items", next, len(p.Items))
			}
			parts = append(parts, p.Items...)
			next, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
		}
		if !slices.EqualFunc(parts, whole.Items, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Errorf("%s: %d items in parts, %d in one", target, len(parts), len(whole.Items))
		}
	}
	// A cursor stays with its scan.
	old := storetest.SampleScans[0].ID.String()
	p, _ := read("/api/v1/domains?limit=5&scan=" + old)
	p, _ = read("/api/v1/domains?limit=5&cursor=" + *p.Next)
	if !strings.Contains(string(p.Items[0]), old) {
		t.Errorf("a cursor has left its scan: %s", p.Items[0])
	}
	if w := ask(s, "GET", "/api/v1/domains?scan=latest&cursor="+*p.Next); w.Code != 400 {
		t.Errorf("a cursor of another scan: status %d", w.Code)
	}
	checkFigures(t, s, st)
}

// checkFigures counts in SQL what the API says of a country.
func checkFigures(t *testing.T, s *Server, st *store.Store) {
	t.Helper()
	var answer struct {
		Kinds []struct {
			Kind       string
			Indicators []struct {
				Indicator              string
				Numerator, Denominator uint64
				Change                 *struct{ Gained, Lost uint64 }
			}
			Blockers []struct{ Domains uint64 }
			History  []any
		}
	}
	if err := json.Unmarshal([]byte(get(t, s, "/api/v1/countries/KE", 200)), &answer); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := st.Query(t.Context(), "SELECT countIf(web_v6 = 'ok'), count() FROM observations FINAL WHERE scan = toUUID('"+
		storetest.SampleScans[2].ID.String()+"') AND country = 'KE' AND kind = 'government'", "TSV", &out)
	if err != nil {
		t.Fatal(err)
	}
	kind := answer.Kinds[0]
	for _, i := range kind.Indicators {
		if said := fmt.Sprintf("%d\t%d\n", i.Numerator, i.Denominator); i.Indicator == "web_v6" && (said != out.String() || i.Change == nil) {
			t.Errorf("web over IPv6: the API says %q, SQL %q", said, out.String())
		}
	}
	if kind.Kind != "government" || len(kind.Blockers) == 0 || len(kind.History) != 3 {
		t.Errorf("%s: %d reasons, %d points", kind.Kind, len(kind.Blockers), len(kind.History))
	}
}

// testCrowd asks for one page that is not there from many sides at once: the
// store is asked once. More than may wait are turned away.
func testCrowd(t *testing.T, full *Server, st *store.Store) {
	var mu sync.Mutex
	uses := 0
	waiting, start := make(chan struct{}, 100), make(chan struct{})
	s := newServer(t, Config{Requests: 20, Lend: func(_ context.Context, use func(*store.Store) error) error {
		mu.Lock()
		uses++
		mu.Unlock()
		waiting <- struct{}{}
		<-start
		return use(st)
	}})
	s.world.Store(full.world.Load())
	codes := make(chan int, 50)
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() { codes <- ask(s, "GET", "/en/tg.html").Code })
	}
	<-waiting
	for range 30 { // those for whom there is no room have their answer already
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Errorf("status %d in a crowd", code)
		}
	}
	close(start)
	crowd.Wait()
	for range 20 {
		if code := <-codes; code != 200 {
			t.Errorf("status %d for those who wait", code)
		}
	}
	if uses != 1 {
		t.Errorf("the store was asked %d times for one page", uses)
	}
}

// TestCacheIsBounded fills a cache with more than it holds.
func TestCacheIsBounded(t *testing.T) {
	var running sync.WaitGroup
	c := newCache("test", 1000, func(b []byte) int64 { return int64(len(b)) },
		func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		}, &running, newMetrics())
	for i := range 100 {
		made, err := c.get(t.Context(), strconv.Itoa(i), func(context.Context) ([]byte, error) { return make([]byte, 100+i%3), nil })
		if err != nil || len(made) != 100+i%3 {
			t.Fatal(len(made), err)
		}
		if c.used > 1000 {
			t.Fatalf("%d bytes in a cache of 1000", c.used)
		}
	}
	if _, found := c.peek("99"); !found {
		t.Error("the last is not kept")
	}
	if _, found := c.peek("1"); found {
		t.Error("the first is still kept")
	}
	if _, err := c.get(t.Context(), "large", func(context.Context) ([]byte, error) { return make([]byte, 900), nil }); err != nil {
		t.Fatal(err)
	}
	if _, found := c.peek("99"); !found {
		t.Error("what is too large pushes the rest out")
	}
	if _, err := c.get(t.Context(), "fault", func(context.Context) ([]byte, error) { panic("a fault") }); err == nil || !strings.Contains(err.Error(), "a fault") {
		t.Errorf("a panic while something is made: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	_, err := c.get(cancelled, "slow", func(ctx context.Context) ([]byte, error) { <-release; return []byte("x"), nil })
	if err == nil {
		t.Error("a client that has gone waits")
	}
	close(release)
	running.Wait()
}
