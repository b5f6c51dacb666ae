package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/words"
	"adopt6/store"
	"adopt6/store/indicator"
)

// world is everything that is shown of the latest finished scan but its domains.
type world struct {
	data  *report.Data
	site  *report.Site
	scans []store.ScanInfo // all, the latest first
	key   string           // changes when anything of it does
}

// finished are the scans whose results are whole, the latest first.
func (w *world) finished() []store.ScanInfo {
	return slices.DeleteFunc(slices.Clone(w.scans), func(s store.ScanInfo) bool { return s.Finished.IsZero() })
}

// loadTimeout is how long reading a new scan may take. What compares it with the
// one before joins all their domains.
const loadTimeout = 10 * time.Minute

// watch looks for finished scans until the context ends.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Refresh)
	defer tick.Stop()
	failed := ""
	for first := true; ; first = false {
		if first || failed != "" || s.cfg.Changed == nil || s.cfg.Changed() {
			failed = s.look(ctx, failed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look looks for new scans. It says once what keeps it from it, and returns that.
func (s *Server) look(ctx context.Context, failed string) string {
	err := s.Look(ctx)
	if err == nil || ctx.Err() != nil {
		return ""
	}
	if err.Error() != failed {
		s.cfg.Log.Warn("cannot look for new scans", "error", err)
	}
	return err.Error()
}

// Look reads which scans there are, and the latest if it is not shown yet. It
// returns when the pages of its countries are kept ready. Those of the scan
// before are shown until then, but not longer than warmTime.
func (s *Server) Look(ctx context.Context) error {
	loading, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	next := &world{}
	now, started := s.world.Load(), time.Now()
	err := s.cfg.Lend(loading, func(st *store.Store) error { return s.read(loading, st, now, next) })
	if err != nil || next.data == nil {
		return err
	}
	ready := now != nil && (now.key == next.key || s.warm(ctx, next, warmTime))
	s.world.Store(next)
	if now != nil && now.key == next.key {
		return nil
	}
	scan := next.data.Scan
	s.metrics.shows(scan.Started)
	s.cfg.Log.Info("showing a scan", "scan", scan.ID.String(), "started", scan.Started, "targets", scan.Targets,
		"loaded_ms", time.Since(started).Milliseconds())
	if !ready {
		s.warm(ctx, next, loadTimeout)
	}
	return nil
}

// read fills a world with what the store has now: nothing without a finished
// scan, and what is shown already where that is the latest.
func (s *Server) read(ctx context.Context, st *store.Store, now, next *world) error {
	started := time.Now()
	for scan, err := range st.Scans(ctx) {
		if err != nil {
			return err
		}
		next.scans = append(next.scans, scan)
	}
	s.metrics.query("scans", time.Since(started), nil)
	slices.Reverse(next.scans)
	finished := next.finished()
	if len(finished) == 0 {
		return nil
	}
	next.key = finished[0].ID.String() + finished[0].Finished.Format("@20060102150405")
	if now != nil && now.key == next.key {
		next.data, next.site = now.data, now.site
		return nil
	}
	err := s.load(ctx, st, next, finished[0])
	s.metrics.query("world", time.Since(started), err)
	return err
}

// warm makes the pages of all countries, one after the other, as far as they
// may be kept: after a scan many readers come at once, and to many pages. It
// says whether it got through in time.
func (s *Server) warm(ctx context.Context, w *world, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	before := s.pages.held()
	for _, c := range w.data.Countries {
		if c.Alpha2 == "" {
			continue
		}
		for _, lang := range words.Languages {
			if _, err := s.countryPage(ctx, w, lang, c.Alpha2); err != nil {
				s.cfg.Log.Debug("pages are not made ready any further", "error", err)
				return ctx.Err() == nil
			}
			if s.pages.held()-before > s.cfg.CacheBytes*warmPart/100 {
				return true
			}
		}
	}
	return true
}

// Bounds of what is made ready before it is asked for.
const (
	warmTime = 2 * time.Minute
	warmPart = 75 // per cent of the cache, so that something of the scan before stays
)

func (s *Server) load(ctx context.Context, st *store.Store, w *world, latest store.ScanInfo) error {
	earlier, err := report.Previous(ctx, st, latest)
	if err != nil {
		return err
	}
	if w.data, err = report.Load(ctx, st, report.Options{Scan: latest, Compare: earlier.ID}); err != nil {
		return err
	}
	w.site, err = report.NewSite(w.data, s.cfg.Site)
	return err
}

// errNoScan says that no scan is finished yet.
var errNoScan = errors.New("no scan is finished yet")

// country returns a country of the world with its domains.
func (s *Server) country(ctx context.Context, w *world, code string) (*report.Country, error) {
	return s.countries.get(ctx, w.key+code, func(ctx context.Context) (c *report.Country, err error) {
		err = s.query(ctx, "country", func(ctx context.Context, st *store.Store) error {
			c, err = w.data.LoadCountry(ctx, st, code)
			return err
		})
		return c, err
	})
}

// countrySize is about what a country takes in memory, in bytes.
func countrySize(c *report.Country) int64 {
	const ofStrings = 160 // of a domain: its names, operators and reasons
	size := int64(0)
	for _, section := range c.Sections {
		size += int64(len(section.Domains)) * int64(unsafe.Sizeof(report.Domain{})+ofStrings)
		size += int64(len(section.Operators)) * int64(unsafe.Sizeof(report.Operator{})+ofStrings/4)
		size += int64(len(section.Failures)) * int64(unsafe.Sizeof(report.FailedServer{})+2*ofStrings)
		size += int64(len(section.Rows)) * int64(unsafe.Sizeof(store.IndicatorRow{}))
	}
	return size
}

// figures are the indicators of one scan.
type figures struct {
	scan   store.ScanInfo
	rows   []store.IndicatorRow
	groups []report.Group
}

func (f *figures) size() int64 {
	return int64(len(f.rows)) * int64(unsafe.Sizeof(store.IndicatorRow{})+64)
}

// figuresOf returns the indicators of a finished scan.
func (s *Server) figuresOf(ctx context.Context, scan store.ScanInfo) (*figures, error) {
	return s.figures.get(ctx, scan.ID.String()+scan.Finished.String(), func(ctx context.Context) (*figures, error) {
		f := &figures{scan: scan}
		var ascii []store.IndicatorRow
		err := s.query(ctx, "indicators", func(ctx context.Context, st *store.Store) (err error) {
			if f.rows, err = indicator.Load(ctx, st, scan.ID); err != nil {
				return err
			}
			ascii, err = indicator.LoadASCII(ctx, st, scan)
			return err
		})
		f.rows = slices.DeleteFunc(f.rows, func(r store.IndicatorRow) bool { _, known := indicator.ByID(r.Indicator); return !known })
		order := make(map[string]int)
		for i, ind := range indicator.All() {
			order[ind.ID] = i
		}
		slices.SortStableFunc(f.rows, func(a, b store.IndicatorRow) int { return byPosition(a, b, order) })
		for _, g := range indicator.Groups(scan.Started) {
			f.groups = append(f.groups, report.Group{Group: g, Summaries: indicator.Summarise(g, f.rows, ascii, indicator.RulesOf(scan))})
		}
		return f, err
	})
}

// byPlace orders rows by country, kind and indicator, those of no country last.
func byPosition(a, b store.IndicatorRow, order map[string]int) int {
	if (a.Country == "") != (b.Country == "") {
		return strings.Compare(b.Country, a.Country)
	}
	return cmp.Or(strings.Compare(a.Country, b.Country), kindOrder(a.Kind)-kindOrder(b.Kind), order[a.Indicator]-order[b.Indicator])
}

func kindOrder(kind lists.Kind) int {
	return slices.Index([]lists.Kind{lists.Government, lists.Custom, lists.CCTLD}, kind)
}

// scanByID returns a scan of a world, or nil.
func (w *world) scanByID(id uuid.UUID) *store.ScanInfo {
	i := slices.IndexFunc(w.scans, func(s store.ScanInfo) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &w.scans[i]
}
