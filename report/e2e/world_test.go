//go:build !alone

package e2e_test

import (
	"bufio"
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report/e2e"
	_ "adopt6/report/server" // so that go test runs again once the pages change
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is a report on a scan of testdata/world.yaml, and a browser to read it.
type world struct {
	site    string // folder of the report
	base    string // address of the pages
	figures map[place]figures
	browser *e2e.Browser

	program, store string // adopt6, and the folder of the store
}

// place is where figures are from.
type place struct{ country, kind string }

// figures are counted in the store, past all code of the indicators.
type figures struct {
	targets, ready, dns, v6Only, secure, blocked uint64
}

// newWorld runs adopt6 as a user would: a scan of a lab, and a report on it. It
// gives the scan earlier ones, so that there is a history.
func newWorld(t *testing.T, scenario string, earlier int) *world {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "adopt6")
	run(t, "go", "build", "-o", program, "adopt6/cmd/adopt6")
	storeFolder := filepath.Join(dir, "store")
	run(t, program, "lab", "run", scenario, "--store", storeFolder, "--state", filepath.Join(dir, "state"))

	w := &world{site: filepath.Join(dir, "report"), program: program, store: storeFolder}
	w.base = (&url.URL{Scheme: "file", Path: w.site + "/"}).String()
	w.readAndAge(t, storeFolder, earlier)
	run(t, program, "report", "--store", storeFolder, "--out", w.site)

	return w.with(t, e2e.Noto)
}

// with returns the same world in a browser with other fonts.
func (w *world) with(t *testing.T, fonts e2e.Fonts) *world {
	t.Helper()
	browser, err := e2e.Start(t.Context(), fonts)
	must(t, err)
	t.Cleanup(browser.Close)
	other := *w
	other.browser = browser
	return &other
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, said)
	}
}

// page is the address of a page: "en/tg.html".
func (w *world) page(name string) string { return w.base + name }

// served returns the same world as adopt6 serve shows it.
func (w *world) served(t *testing.T) *world {
	t.Helper()
	serve := exec.Command(w.program, "serve", "--store", w.store, "--listen", "127.0.0.1:0", "--log", "text")
	out, err := serve.StdoutPipe()
	must(t, err)
	log, err := serve.StderrPipe()
	must(t, err)
	must(t, serve.Start())
	logged := bufio.NewScanner(log)
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	for logged.Scan() && !strings.Contains(logged.Text(), "showing a scan") {
	}
	read := make(chan struct{})
	go func() { // so that its log never stops it
		defer close(read)
		for logged.Scan() {
		}
	}()
	t.Cleanup(func() {
		must(t, serve.Process.Signal(syscall.SIGTERM))
		<-read
		if err := serve.Wait(); err != nil {
			t.Errorf("adopt6 serve: %v", err)
		}
	})
	live := *w
	live.base = strings.TrimSpace(address)
	return &live
}

// open opens a tab that may read the site and nothing else.
func (w *world) open(t *testing.T) *e2e.Tab {
	t.Helper()
	tab, err := w.browser.Open(w.page(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	t.Cleanup(func() {
		for _, complaint := range tab.Complaints() {
			t.Error(complaint)
		}
	})
	return tab
}

const countQuery = `SELECT toString(country), toString(kind), count(), countIf(readiness >= 4), countIf(dns_v6 = 'ok'),
	countIf(v6_only = 'ok'), countIf(dnssec = 'secure'), countIf(web_v6_reason = 'no_aaaa')
FROM observations FINAL GROUP BY country, kind`

// readAndAge counts what the scan found, and stores a number of earlier scans, a
// month apart, over which the domains that are ready now became so.
func (w *world) readAndAge(t *testing.T, folder string, earlier int) {
	t.Helper()
	cfg := storetest.Embedded(t)
	cfg.Path = folder
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	w.figures = make(map[place]figures)
	each(t, s, countQuery, func(scan func(...any) error) error {
		var p place
		var f figures
		err := scan(&p.country, &p.kind, &f.targets, &f.ready, &f.dns, &f.v6Only, &f.secure, &f.blocked)
		w.figures[p] = f
		return err
	})
	var domains []domain
	each(t, s, `SELECT domain, toString(kind), toString(country), readiness FROM observations FINAL ORDER BY domain`, func(scan func(...any) error) error {
		var d domain
		err := scan(&d.name, &d.kind, &d.country, &d.readiness)
		domains = append(domains, d)
		return err
	})
	var last store.ScanInfo
	for scan, err := range s.Scans(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		last = scan
	}
	for i := range earlier {
		info := last
		info.ID, info.Started, info.Finished = uuid.New(), last.Started.AddDate(0, i-earlier, 0), time.Time{}
		if err := storeEarlier(t.Context(), s, info, domains, func(n int) bool { return n%(earlier+1) <= i }); err != nil {
			t.Fatal(err)
		}
	}
}

type domain struct {
	name, kind, country string
	readiness           uint8
}

// storeEarlier stores a scan in which only some of the ready domains are.
func storeEarlier(ctx context.Context, s *store.Store, info store.ScanInfo, domains []domain, was func(int) bool) error {
	if err := s.NewScan(ctx, info); err != nil {
		return err
	}
	w, err := s.Writer(ctx, info.ID)
	if err != nil {
		return err
	}
	ok, no := observation.Verdict{Status: observation.OK}, observation.Verdict{Status: observation.Absent, Reason: observation.NoAAAA}
	for i, d := range domains {
		o := &observation.Observation{Scan: info.ID, Started: info.Started, Position: uint64(i), DNSSEC: observation.Insecure, Vantage: "lab",
			Target: lists.Target{Name: d.name, Kind: lists.Kind(d.kind), Country: d.country}, DNS: no, Web: no, Mail: no, V6Only: no}
		o.Country, _ = lists.CountryByCode(d.country)
		if d.readiness >= 4 && was(i) {
			o.DNS, o.Web, o.Mail, o.V6Only, o.Readiness = ok, ok, ok, ok, 5
		}
		if err := w.Write(ctx, o); err != nil {
			return err
		}
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	if _, err := indicator.Compute(ctx, s, info.ID); err != nil {
		return err
	}
	return s.FinishScan(ctx, info.ID)
}

// each runs a query and hands its rows over one by one.
func each(t *testing.T, s *store.Store, query string, row func(scan func(...any) error) error) {
	t.Helper()
	rows, err := s.Select(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
