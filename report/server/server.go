// Package server shows the pages of a report live and answers a JSON API.
//
// In: a store that is only read, and requests from anybody. Out: the pages of
// the latest finished scan, data as CSV and JSON, search, health and metrics. It
// never writes to the store, sets no cookie, loads nothing from elsewhere, and
// takes nothing in a request for more than a value to look up.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"adopt6/report"
	"adopt6/store"
)

// Config says what is served and within which bounds. Zero values of the bounds
// take the defaults that are named.
type Config struct {
	// Lend lends the store to one use. It may fail with a *BusyError.
	Lend Lend
	// Changed says whether there may be a new scan; nil is always.
	Changed func() bool
	// Site is what pages say beside the data.
	Site report.SiteOptions

	Rate    int            // requests a second of one client; 0 means no limit
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
	TLS     bool           // requests come over TLS, so browsers may insist on it

	CacheBytes int64         // pages kept ready, in bytes; 128 MiB
	Queries    int           // at the store at the same time; 4
	Requests   int           // under way at the same time; 1024
	Timeout    time.Duration // for what one request asks of the store; 15 s
	Refresh    time.Duration // between two looks for a new scan; 10 s

	Log *slog.Logger // of requests and faults; none when nil
}

// Lend calls use with an open store, which use does not keep.
type Lend func(ctx context.Context, use func(*store.Store) error) error

// Always lends a store that is open all the time.
func Always(s *store.Store) Lend {
	return func(_ context.Context, use func(*store.Store) error) error { return use(s) }
}

// BusyError says that the store cannot be read at the moment.
type BusyError struct{ Err error }

func (e *BusyError) Error() string { return "the store cannot be read at the moment: " + e.Err.Error() }
func (e *BusyError) Unwrap() error { return e.Err }

// Defaults of the bounds of Config.
const (
	defaultCache    = 128 << 20
	defaultQueries  = 4
	defaultRequests = 1024
	defaultTimeout  = 15 * time.Second
	defaultRefresh  = 10 * time.Second
)

// Bounds of what a client may send and how slowly; a response that is longer
// than a page extends the last one as it goes.
const (
	maxAddress        = 2 << 10 // bytes of the address of a request
	maxHeader         = 16 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 60 * time.Second
	stopTimeout       = 10 * time.Second
)

// Server answers requests. It is an http.Handler.
type Server struct {
	cfg     Config
	handler http.Handler
	metrics *metrics
	limits  *limiter
	slots   chan struct{} // at the store
	streams chan struct{} // downloads that read from the store as they go
	under   chan struct{} // requests under way

	world     atomic.Pointer[world]
	empty     *report.Site // says why there are no pages
	pages     *cache[*body]
	answers   *cache[*body]
	countries *cache[*report.Country]
	figures   *cache[*figures]
	loads     sync.WaitGroup // of the caches
}

// New makes a server.
func New(cfg Config) (*Server, error) {
	defaultTo(&cfg.CacheBytes, defaultCache)
	defaultTo(&cfg.Queries, defaultQueries)
	defaultTo(&cfg.Requests, defaultRequests)
	defaultTo(&cfg.Timeout, defaultTimeout)
	defaultTo(&cfg.Refresh, defaultRefresh)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Site.Live, cfg.Site.Languages = true, nil
	s := &Server{cfg: cfg, metrics: newMetrics(), slots: make(chan struct{}, cfg.Queries),
		streams: make(chan struct{}, max(1, cfg.Queries/2)), under: make(chan struct{}, cfg.Requests)}
	var err error
	if s.limits, err = newLimiter(cfg.Rate); err != nil {
		return nil, err
	}
	if s.empty, err = report.NewSite(&report.Data{}, cfg.Site); err != nil {
		return nil, err
	}
	load := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(ctx), cfg.Timeout)
	}
	s.pages = newCache("pages", cfg.CacheBytes, (*body).size, load, &s.loads, s.metrics)
	s.answers = newCache("answers", cfg.CacheBytes/8, (*body).size, load, &s.loads, s.metrics)
	s.countries = newCache("countries", cfg.CacheBytes/8, countrySize, load, &s.loads, s.metrics)
	s.figures = newCache("figures", cfg.CacheBytes/4, (*figures).size, load, &s.loads, s.metrics)
	s.handler = s.guard(s.routes())
	return s, nil
}

func defaultTo[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run serves a listener until the context ends, then lets the requests under way
// finish. It looks for new scans meanwhile; the listener may be one of TLS.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watched sync.WaitGroup
	watched.Go(func() { s.watch(watching) })
	server := &http.Server{Handler: s, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := server.Shutdown(patience); err != nil {
			s.cfg.Log.Warn("requests were cut off", "error", err)
			server.Close()
		}
		err = <-served
	}
	stop()
	watched.Wait()
	s.loads.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", listener.Addr(), err)
}

// query lends the store to one use, within the time and the number of uses that
// are allowed. What names the use in the metrics.
func (s *Server) query(ctx context.Context, what string, use func(context.Context, *store.Store) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return &BusyError{fmt.Errorf("wait for the store: %w", ctx.Err())}
	}
	started := time.Now()
	err := s.cfg.Lend(ctx, func(st *store.Store) error { return use(ctx, st) })
	s.metrics.query(what, time.Since(started), err)
	if err != nil && ctx.Err() != nil {
		return &BusyError{err}
	}
	return err
}
