package server

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"adopt6/store"
)

const apiBase = "/api/v1"

// description is the OpenAPI 3.1 description of the API; a test holds it and the
// handlers together.
//
//go:embed openapi.json
var description []byte

// apiRoute is one address of the API. Its parameters are all that it takes.
type apiRoute struct {
	pattern    string
	parameters []string
	answer     func(s *Server, q *query) (any, error)
}

// apiRoutes is the table of the API.
var apiRoutes = []apiRoute{
	{"/openapi.json", nil, func(*Server, *query) (any, error) { return json.RawMessage(description), nil }},
	{"/scans", []string{"limit", "cursor"}, (*Server).listScans},
	{"/scans/{scan}", nil, (*Server).oneScan},
	{"/indicators", []string{"limit", "cursor"}, (*Server).listIndicators},
	{"/indicators/{indicator}", nil, (*Server).oneIndicator},
	{"/values", []string{"scan", "country", "kind", "indicator", "limit", "cursor"}, (*Server).listValues},
	{"/countries", []string{"scan", "region", "group", "limit", "cursor"}, (*Server).listCountries},
	{"/countries/{country}", nil, (*Server).oneCountry},
	{"/groups", []string{"limit", "cursor"}, (*Server).listGroups},
	{"/groups/{group}", []string{"scan"}, (*Server).oneGroup},
	{"/domains", []string{"scan", "country", "kind", "reason", "q", "dns_v6", "web_v6", "mail_v6", "v6_only", "dnssec", "readiness", "limit", "cursor"}, (*Server).listDomains},
	{"/domains/{domain}", nil, (*Server).oneDomain},
	{"/reasons", []string{"lang", "limit", "cursor"}, (*Server).listReasons},
	{"/reasons/{reason}", []string{"lang"}, (*Server).oneReason},
}

// query is one request to the API.
type query struct {
	*http.Request
	values map[string]string // of the parameters that were given
	world  *world
}

// api answers requests to one address of the API.
func (s *Server) api(route apiRoute) answer {
	return func(w http.ResponseWriter, r *http.Request) error {
		values, err := parameters(r, route.parameters...)
		if err != nil {
			return err
		}
		q := &query{r, values, s.world.Load()}
		if q.world == nil && route.pattern != "/openapi.json" {
			return errNoScan
		}
		result, err := route.answer(s, q)
		if err != nil {
			return err
		}
		if page, paged := result.(interface{ nextCursor() string }); paged && page.nextCursor() != "" {
			next := r.URL.Query()
			next.Set("cursor", page.nextCursor())
			w.Header().Set("Link", "<"+r.URL.EscapedPath()+"?"+next.Encode()+`>; rel="next"`) // RFC 8288
		}
		b, err := newBody("application/json", func(w io.Writer) error { return json.NewEncoder(w).Encode(result) })
		if err != nil {
			return err
		}
		b.send(w, r, http.StatusOK)
		return nil
	}
}

// parameters reads the parameters of a request, each at most once and none but
// those that are known.
func parameters(r *http.Request, known ...string) (map[string]string, error) {
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &requestError{status: http.StatusBadRequest, detail: "the parameters cannot be read"}
	}
	values := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		fault := ""
		switch {
		case !slices.Contains(known, name):
			fault = "there is no such parameter here"
			if len(known) > 0 {
				fault += "; there are " + strings.Join(known, ", ")
			}
		case len(given[name]) > 1:
			fault = "it is given more than once"
		}
		if fault != "" {
			return nil, &requestError{status: http.StatusBadRequest, detail: fault, parameter: cut(name)}
		}
		values[name] = strings.ToValidUTF8(given[name][0], "\uFFFD")
	}
	return values, nil
}

// wrong says what is wrong with a parameter.
func wrong(parameter, format string, args ...any) error {
	return &requestError{status: http.StatusBadRequest, detail: fmt.Sprintf(format, args...), parameter: parameter}
}

// oneOf returns a parameter that has one of some values, or nothing.
func (q *query) oneOf(parameter string, allowed ...string) (string, error) {
	value, given := q.values[parameter]
	if given && !slices.Contains(allowed, value) {
		return "", wrong(parameter, "it is one of %s", strings.Join(allowed, ", "))
	}
	return value, nil
}

// scan returns the finished scan that is asked for, the latest without one.
func (q *query) scan() (store.ScanInfo, error) {
	value, given := q.values["scan"]
	if !given || value == "latest" {
		return q.world.data.Scan, nil
	}
	id, err := uuid.Parse(value)
	if err != nil || id.String() != strings.ToLower(value) {
		return store.ScanInfo{}, wrong("scan", "it is the id of a scan, or latest")
	}
	scan := q.world.scanByID(id)
	if scan == nil || scan.Finished.IsZero() {
		return store.ScanInfo{}, &requestError{status: http.StatusNotFound, detail: "there is no finished scan of this id", parameter: "scan"}
	}
	return *scan, nil
}

// Bounds of the items of one answer.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

func (q *query) limit() (int, error) {
	value, given := q.values["limit"]
	if !given {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > maxLimit {
		return 0, wrong("limit", "it is a whole number from 1 to %d", maxLimit)
	}
	return limit, nil
}

// cursor says where an answer continues: at a position in one scan, so that a scan
// that ends meanwhile moves nothing.
type cursor struct {
	Scan     uuid.UUID `json:"s"`
	Position uint64    `json:"p"`
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// cursor returns where to continue in a scan: at its beginning, or at a cursor that
// an answer about the same scan gave. Without a scan in the request the cursor
// says which it is.
func (q *query) cursor() (c cursor, given bool, err error) {
	text, given := q.values["cursor"]
	if !given {
		return c, false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Position > 1<<62 {
		return c, true, wrong("cursor", "it is none that an answer gave")
	}
	return c, true, nil
}

// position returns the scan that an answer is about, the position in it from which
// it continues, and how many items it may have.
func (q *query) position() (scan store.ScanInfo, from uint64, limit int, err error) {
	if limit, err = q.limit(); err != nil {
		return scan, 0, 0, err
	}
	at, continued, err := q.cursor()
	if err != nil {
		return scan, 0, 0, err
	}
	if _, chosen := q.values["scan"]; continued && !chosen {
		q.values["scan"] = at.Scan.String()
	}
	if scan, err = q.scan(); err != nil {
		return scan, 0, 0, err
	}
	if continued && scan.ID != at.Scan {
		return scan, 0, 0, wrong("cursor", "it is of another scan")
	}
	return scan, at.Position, limit, nil
}

// listing is a page of items. Next continues after it; null at the end.
type listing[T any] struct {
	Scan  uuid.UUID `json:"scan"`
	Items []T       `json:"items"`
	Next  *string   `json:"next"`
}

func (l *listing[T]) nextCursor() string {
	if l.Next == nil {
		return ""
	}
	return *l.Next
}

func newListing[T any](scan store.ScanInfo, items []T, next uint64) *listing[T] {
	l := &listing[T]{Scan: scan.ID, Items: items}
	if items == nil {
		l.Items = []T{}
	}
	if next > 0 {
		text := cursor{scan.ID, next}.String()
		l.Next = &text
	}
	return l
}

// listed is a page of items that are all here.
func listed[T any](q *query, of func(store.ScanInfo) ([]T, error)) (any, error) {
	scan, from, limit, err := q.position()
	if err != nil {
		return nil, err
	}
	all, err := of(scan)
	if err != nil {
		return nil, err
	}
	first := min(from, uint64(len(all)))
	last := min(first+uint64(limit), uint64(len(all)))
	next := last
	if last == uint64(len(all)) {
		next = 0
	}
	return newListing(scan, all[first:last], next), nil
}
