package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/words"
	"adopt6/store"
)

const html = "text/html; charset=utf-8"

// answer handles one route; its error is sent to the client.
type answer func(w http.ResponseWriter, r *http.Request) error

// routes are all addresses.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do answer) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	handle("/{$}", s.front)
	handle("/assets/{name}", s.asset)
	handle("/data/{name}", s.file)
	handle("/{lang}/{page}", s.page)
	handle("/", s.nothing)
	handle("/healthz", func(w http.ResponseWriter, _ *http.Request) error { return say(w, "ok") })
	handle("/readyz", s.ready)
	mux.Handle("/metrics", s.metrics.handler())
	for _, route := range apiRoutes {
		handle(apiBase+route.pattern, s.api(route))
	}
	return mux
}

func say(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, text+"\n")
	return nil
}

// ready says whether the store answers.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
	defer cancel()
	err := s.query(ctx, "ready", func(ctx context.Context, st *store.Store) error {
		for _, err := range st.Scans(ctx) {
			return err
		}
		return nil
	})
	if err != nil {
		return &BusyError{err}
	}
	return say(w, "ok")
}

// front is the page on which a reader chooses the language.
func (s *Server) front(w http.ResponseWriter, r *http.Request) error {
	return s.kept(w, r, "front", html, func(_ context.Context, w io.Writer) error { return s.empty.Front(w) })
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	mime := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}[name[strings.LastIndexByte(name, '.')+1:]]
	if mime == "" {
		return errNotFound
	}
	if err := report.Asset(io.Discard, name); err != nil {
		return err
	}
	return s.kept(w, r, "assets/"+name, mime, func(_ context.Context, w io.Writer) error { return report.Asset(w, name) })
}

// nothing is at every address that no other route has; but a language alone
// leads to its first page.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) error {
	lang := strings.Trim(r.URL.Path, "/")
	if !slices.Contains(words.Languages, lang) {
		return errNotFound
	}
	http.Redirect(w, r, "/"+lang+"/index.html", http.StatusFound)
	return nil
}

// kept answers with what write writes, which is kept under a key.
func (s *Server) kept(w http.ResponseWriter, r *http.Request, key, mime string, write func(context.Context, io.Writer) error) error {
	b, err := s.made(r.Context(), key, mime, write)
	if err == nil {
		b.send(w, r, http.StatusOK)
	}
	return err
}

// made returns what is kept under a key, or what write writes.
func (s *Server) made(ctx context.Context, key, mime string, write func(context.Context, io.Writer) error) (*body, error) {
	return s.pages.get(ctx, key, func(ctx context.Context) (*body, error) {
		return newBody(mime, func(w io.Writer) error { return write(ctx, w) })
	})
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	lang := r.PathValue("lang")
	if !slices.Contains(words.Languages, lang) {
		return errNotFound
	}
	now := s.world.Load()
	if now == nil {
		return errNoScan
	}
	switch r.PathValue("page") {
	case "search":
		return s.search(w, r, now, lang)
	case "domain":
		return s.domain(w, r, now, lang)
	}
	file := r.PathValue("page")
	key := now.key + "/" + lang + "/" + file
	if code, ending, isMemo := now.site.SplitMemo(file); isMemo {
		return s.memo(w, r, now, key, lang, code, ending)
	}
	name, isPage := strings.CutSuffix(file, ".html")
	if isPage && slices.Contains(now.site.WorldPages(), name) {
		return s.kept(w, r, key, html, func(_ context.Context, w io.Writer) error { return now.site.Page(w, lang, name) })
	}
	code := now.site.CountryOf(name)
	if !isPage || code == "" {
		return errNotFound
	}
	b, err := s.countryPage(r.Context(), now, lang, code)
	if err == nil {
		b.send(w, r, http.StatusOK)
	}
	return err
}

// countryPage returns the page of a country.
func (s *Server) countryPage(ctx context.Context, now *world, lang, code string) (*body, error) {
	return s.pages.get(ctx, now.key+"/"+lang+"/"+code, func(ctx context.Context) (*body, error) {
		c, err := s.country(ctx, now, code)
		if err != nil {
			return nil, err
		}
		return s.render(now, lang, c)
	})
}

func (s *Server) render(now *world, lang string, c *report.Country) (*body, error) {
	return newBody(html, func(w io.Writer) error { return now.site.CountryPage(w, lang, c) })
}

// memo sends a country's page for a memo, to be saved and opened elsewhere.
func (s *Server) memo(w http.ResponseWriter, r *http.Request, now *world, key, lang, code, ending string) error {
	mime := html
	if strings.HasSuffix(ending, ".md") {
		mime = "text/markdown; charset=utf-8" // RFC 7763
	}
	b, err := s.made(r.Context(), key, mime, func(ctx context.Context, w io.Writer) error {
		c, err := s.country(ctx, now, code)
		if err != nil {
			return err
		}
		return now.site.CountryMemo(w, lang, c, ending)
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ToLower(code)+ending+`"`)
	b.send(w, r, http.StatusOK)
	return nil
}

// maxFound is how many domains a search shows.
const maxFound = 50

// search shows the domains with a text in their name, or leads to the one whose
// name it is.
func (s *Server) search(w http.ResponseWriter, r *http.Request, now *world, lang string) error {
	values, err := parameters(r, "q")
	if err != nil {
		return err
	}
	query := report.CleanName(values["q"])
	if len(query) > report.MaxSearch {
		return &requestError{status: http.StatusBadRequest, detail: "no name of a domain is as long as that"}
	}
	if name, _, err := lists.Normalize(strings.TrimPrefix(query, "www.")); err == nil {
		if history, err := s.history(r.Context(), now, name); err != nil {
			return err
		} else if len(history) > 0 {
			http.Redirect(w, r, "domain?name="+name, http.StatusSeeOther)
			return nil
		}
	}
	var found []report.Entry
	if len(query) >= report.MinSearch {
		if found, err = s.find(r.Context(), now, query); err != nil {
			return err
		}
	}
	more := len(found) > maxFound
	b, err := newBody(html, func(w io.Writer) error {
		return now.site.SearchPage(w, lang, query, found[:min(len(found), maxFound)], more)
	})
	if err != nil {
		return err
	}
	b.send(w, r, http.StatusOK)
	return nil
}

func (s *Server) find(ctx context.Context, now *world, text string) (found []report.Entry, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	err = s.query(ctx, "search", func(ctx context.Context, st *store.Store) error {
		found, err = report.Search(ctx, st, text, now.data.Scan, maxFound+1)
		return err
	})
	return found, err
}

func (s *Server) history(ctx context.Context, now *world, name string) (history []report.Entry, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	err = s.query(ctx, "history", func(ctx context.Context, st *store.Store) error {
		history, err = report.History(ctx, st, name, now.finished())
		return err
	})
	return history, err
}

func (s *Server) domain(w http.ResponseWriter, r *http.Request, now *world, lang string) error {
	values, err := parameters(r, "name")
	if err != nil {
		return err
	}
	name, _, err := lists.Normalize(values["name"])
	if err != nil {
		return errNotFound
	}
	b, err := s.answers.get(r.Context(), now.key+"/"+lang+"/domain/"+name, func(ctx context.Context) (*body, error) {
		history, err := s.history(ctx, now, name)
		if err != nil {
			return nil, err
		}
		return newBody(html, func(w io.Writer) error { return now.site.DomainPage(w, lang, history, now.scans) })
	})
	if err != nil {
		return err
	}
	b.send(w, r, http.StatusOK)
	return nil
}

// file sends a data file. Those of a country come from the store as they go, so
// few are sent at a time, each in its own time.
func (s *Server) file(w http.ResponseWriter, r *http.Request) error {
	now := s.world.Load()
	if now == nil {
		return errNoScan
	}
	name := r.PathValue("name")
	mime := "text/csv; charset=utf-8"
	if strings.HasSuffix(name, ".json") {
		mime = "application/json"
	}
	if slices.Contains(report.WorldFiles, name) {
		return s.kept(w, r, now.key+"/data/"+name, mime, func(_ context.Context, w io.Writer) error { return now.site.File(w, name) })
	}
	code, ending, known := now.site.SplitFile(name)
	if !known {
		return errNotFound
	}
	c, err := s.country(r.Context(), now, code)
	if err != nil {
		return err
	}
	if !report.NeedsStore(c, ending) {
		return s.kept(w, r, now.key+"/data/"+name, mime, func(ctx context.Context, w io.Writer) error {
			return now.site.CountryFile(ctx, nil, w, c, ending)
		})
	}
	return s.stream(w, r, now, c, name, ending, mime)
}

// streamTimeout is how long one download may take.
const streamTimeout = 10 * time.Minute

func (s *Server) stream(w http.ResponseWriter, r *http.Request, now *world, c *report.Country, name, ending, mime string) error {
	zipped := takesGzip(r)
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`) // one of ours
	if describe(w, r, entityTag(now.key+"/"+name, zipped)) || r.Method == http.MethodHead {
		return nil
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Del("ETag")
		w.Header().Del("Content-Disposition")
		return &BusyError{errors.New("as many downloads as may be are under way")}
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamTimeout)
	defer cancel()
	var (
		sent            = &patient{w: w, control: http.NewResponseController(w)}
		out   io.Writer = sent
		close           = func() error { return nil }
	)
	if zipped {
		zip, err := gzip.NewWriterLevel(out, packing)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Encoding", "gzip")
		out, close = zip, zip.Close
	}
	err := s.cfg.Lend(ctx, func(st *store.Store) error { return now.site.CountryFile(ctx, st, out, c, ending) })
	if err == nil {
		err = close()
	}
	switch {
	case err != nil && sent.bytes == 0:
		for _, of := range []string{"ETag", "Content-Disposition", "Content-Encoding"} {
			w.Header().Del(of)
		}
		return err
	case err != nil:
		s.cfg.Log.Warn("a download broke off", "name", name, "error", err)
		panic(http.ErrAbortHandler) // the client must not take it for whole
	}
	return nil
}

// patient gives a client time for every part of a long answer.
type patient struct {
	bytes   int64 // written
	w       io.Writer
	control *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.w.Write(b)
	p.bytes += int64(n)
	return n, err
}
