package server

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// policy is what browsers may do with a page: load style, script and pictures
// from here, send the search form here, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured are the headers of every answer.
var secured = [][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"}, // for browsers that do not know frame-ancestors
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}

// hsts keeps browsers on TLS for a year.
const hsts = "max-age=31536000"

// recorder sees what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// guard stands before every route: it measures and records, sets the headers,
// and rejects requests that are too many, too long or not reads.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		started := time.Now()
		w := &recorder{ResponseWriter: plain}
		s.metrics.under.Inc()
		defer func() {
			s.metrics.under.Dec()
			fault := recover()
			if fault != nil && fault != http.ErrAbortHandler {
				s.cfg.Log.Error("a request failed", "fault", fault, "stack", string(debug.Stack()))
				if w.status == 0 {
					s.fail(w, r, errInternal)
				}
			}
			s.record(w, r, started)
			if fault == http.ErrAbortHandler {
				panic(fault) // net/http cuts the answer short, so that it is not taken for complete
			}
		}()
		for _, h := range secured {
			w.Header().Set(h[0], h[1])
		}
		if s.cfg.TLS {
			w.Header().Set("Strict-Transport-Security", hsts)
		}
		if err := s.admit(w, r, started); err != nil {
			s.fail(w, r, err)
			return
		}
		select {
		case s.under <- struct{}{}:
			defer func() { <-s.under }()
		default:
			s.fail(w, r, &BusyError{fmt.Errorf("%d requests are under way", s.cfg.Requests)})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit says why a request is not looked at any further, or nil.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, now time.Time) error {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		return &requestError{status: http.StatusMethodNotAllowed, detail: "only GET and HEAD are understood here"}
	case len(r.RequestURI) > maxAddress:
		return &requestError{status: http.StatusRequestURITooLong, detail: fmt.Sprintf("an address has at most %d bytes", maxAddress)}
	case strings.ContainsRune(r.URL.Path, 0):
		return &requestError{status: http.StatusBadRequest, detail: "the address has a NUL in it"}
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		return nil // who watches over us asks as often as it likes
	}
	if delay := s.limits.wait(s.client(r), now); delay > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(delay.Seconds())))))
		return &requestError{status: http.StatusTooManyRequests, detail: fmt.Sprintf("one client may send %d requests a second", s.cfg.Rate)}
	}
	return nil
}

// maxLogged bounds what a client writes into the log by one field, in bytes.
const maxLogged = 256

// record tells the metrics and the log of a request. Of an IPv6 client the log
// has the network.
func (s *Server) record(w *recorder, r *http.Request, started time.Time) {
	took := time.Since(started)
	route := r.Pattern
	if route == "" {
		route = "none" // turned away before its route was known
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	s.metrics.answered(route, w.status, took)
	s.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("client", s.client(r).String()), slog.String("method", cut(r.Method)), slog.String("path", cut(r.URL.EscapedPath())),
		slog.String("query", cut(r.URL.RawQuery)), slog.Int("status", w.status), slog.Int64("bytes", w.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("agent", cut(r.UserAgent())))
}

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxLogged)], "") }
