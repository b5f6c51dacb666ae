package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"adopt6/report"
	"adopt6/report/words"
)

// requestError is a fault of the request.
type requestError struct {
	status    int
	detail    string
	parameter string // that is at fault; empty for none
}

func (e *requestError) Error() string { return e.detail }

var (
	errInternal = errors.New("something went wrong here; the fault is recorded")
	errNotFound = &requestError{status: http.StatusNotFound, detail: "there is nothing at this address"}
)

// retryAfter is when to try again while the store cannot be read, in seconds.
const retryAfter = "30"

// problem is the answer of the API to what cannot be answered (RFC 9457).
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Parameter string `json:"parameter,omitempty"`
}

// fail answers a request with why it is not answered: programs get a problem,
// people a page in their language. Internal errors are logged and not shown.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p, why := s.judge(w, r, err)
	mime, write := "application/problem+json", func(w io.Writer) error { return json.NewEncoder(w).Encode(p) }
	if !forPrograms(r.URL.Path) {
		lang := pageLanguage(r)
		mime, write = "text/html; charset=utf-8", func(w io.Writer) error { return s.site().FailurePage(w, lang, why) }
	}
	b, err := newBody(mime, write)
	if err != nil {
		s.cfg.Log.Error("cannot say what is wrong", "error", err)
		http.Error(w, p.Title, p.Status)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	b.send(w, r, p.Status)
}

// judge says what an error means to the client.
func (s *Server) judge(w http.ResponseWriter, r *http.Request, err error) (problem, report.Failure) {
	status, detail, why := http.StatusInternalServerError, errInternal.Error(), report.Internal
	var (
		request *requestError
		unknown *report.UnknownPageError
		busy    *BusyError
	)
	parameter := ""
	switch {
	case errors.As(err, &request):
		status, detail, parameter = request.status, request.detail, request.parameter
		why = map[int]report.Failure{http.StatusNotFound: report.NotFound, http.StatusMethodNotAllowed: report.NotAllowed,
			http.StatusTooManyRequests: report.TooMany}[status]
		if why == "" {
			why = report.BadRequest
		}
	case errors.As(err, &unknown):
		status, detail, why = http.StatusNotFound, errNotFound.detail, report.NotFound
	case errors.Is(err, errNoScan):
		status, detail, why = http.StatusServiceUnavailable, errNoScan.Error(), report.NoScan
		w.Header().Set("Retry-After", retryAfter)
	case errors.As(err, &busy):
		status, detail, why = http.StatusServiceUnavailable, "the data cannot be read at the moment", report.Unavailable
		w.Header().Set("Retry-After", retryAfter)
		s.cfg.Log.Warn("cannot answer now", "path", cut(r.URL.EscapedPath()), "error", err)
	case r.Context().Err() == nil:
		s.cfg.Log.Error("a request failed", "path", cut(r.URL.EscapedPath()), "error", err)
	}
	return problem{"about:blank", http.StatusText(status), status, detail, parameter}, why
}

// forPrograms says whether errors at a path are read by programs.
func forPrograms(path string) bool {
	for _, prefix := range []string{"/api/", "/data/", "/healthz", "/readyz", "/metrics"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// pageLanguage is that of the address, or what the reader's browser asks for.
func pageLanguage(r *http.Request) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for _, lang := range words.Languages {
		if lang == first {
			return lang
		}
	}
	return report.Language(r.Header.Get("Accept-Language"))
}

// site is the one that is shown, or an empty one for pages without data.
func (s *Server) site() *report.Site {
	if w := s.world.Load(); w != nil {
		return w.site
	}
	return s.empty
}
