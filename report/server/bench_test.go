//go:build !alone

package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

var (
	rows   = flag.Int("rows", 1_000_000, "observations in the store of BenchmarkCountryPages")
	load   = flag.Int("load", 500, "requests a second of BenchmarkCountryPages")
	folder = flag.String("folder", "", "store that BenchmarkCountryPages fills once and keeps; a new one when empty")
)

// BenchmarkCountryPages asks a server on loopback for pages of random countries
// in random languages at a steady rate, whether or not it keeps up, over a store
// of a million observations. An iteration is a second of load. Run it as
//
//	go test ./report/server -run '^$' -bench CountryPages -benchtime 60x
func BenchmarkCountryPages(b *testing.B) {
	cfg := storetest.Embedded(b)
	if *folder != "" {
		cfg.Path = *folder
	}
	st := storetest.Open(b, cfg)
	fill(b, st, *rows)
	s := newServer(b, Config{Lend: Always(st)})
	if err := s.Look(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.warm(b.Context(), s.world.Load(), loadTimeout)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx, listener) }()
	var pages []string
	for _, c := range s.world.Load().data.Countries {
		for _, lang := range words.Languages {
			pages = append(pages, fmt.Sprintf("http://%s/%s/%s.html", listener.Addr(), lang, strings.ToLower(c.Alpha2)))
		}
	}
	l := &steadyLoad{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}, pages: pages}
	b.ResetTimer()
	for b.Loop() {
		l.second(b.Context(), *load)
	}
	b.StopTimer()
	l.wait.Wait()
	stop()
	if err := <-served; err != nil {
		b.Error(err)
	}
	if l.failed > 0 {
		b.Errorf("%d of %d requests failed: %v", l.failed, len(l.took)+l.failed, l.fault)
	}
	slices.Sort(l.took)
	for _, p := range []float64{50, 99, 99.9} {
		b.ReportMetric(l.took[int(float64(len(l.took)-1)*p/100)].Seconds()*1000, fmt.Sprintf("p%g-ms", p))
	}
	b.ReportMetric(float64(len(l.took))/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(s.pages.held())/(1<<20), "MiB-pages")
}

// BenchmarkCountryPage makes one page of a country with more domains than it
// shows, from the store to the packed bytes.
func BenchmarkCountryPage(b *testing.B) {
	cfg := storetest.Embedded(b)
	if *folder != "" {
		cfg.Path = *folder
	}
	st := storetest.Open(b, cfg)
	fill(b, st, *rows)
	s := newServer(b, Config{Lend: Always(st)})
	if err := s.Look(b.Context()); err != nil {
		b.Fatal(err)
	}
	now := s.world.Load()
	c, err := now.data.LoadCountry(b.Context(), st, "TG")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := now.data.LoadCountry(b.Context(), st, "TG"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.render(now, "fr", c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// steadyLoad sends requests at times that do not depend on the answers.
type steadyLoad struct {
	client *http.Client
	pages  []string
	wait   sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration
	failed int
	fault  error
}

func (l *steadyLoad) second(ctx context.Context, n int) {
	begin := time.Now()
	for i := range n {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(n))
		time.Sleep(time.Until(due))
		l.wait.Go(func() {
			err := l.get(ctx)
			took := time.Since(due)
			l.mu.Lock()
			defer l.mu.Unlock()
			if err != nil {
				l.failed, l.fault = l.failed+1, err
				return
			}
			l.took = append(l.took, took)
		})
	}
}

func (l *steadyLoad) get(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.pages[rand.IntN(len(l.pages))], nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := l.client.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s: %s", r.URL, answer.Status))
	}
	return errors.Join(err, answer.Body.Close())
}

// fill stores a scan of n invented domains of all countries, the larger part of
// them in few, unless the store has a scan.
func fill(b *testing.B, st *store.Store, n int) {
	b.Helper()
	for range st.Scans(b.Context()) {
		return
	}
	var codes, names, regions []string
	for _, c := range lists.Countries() {
		codes, names, regions = append(codes, c.Alpha2), append(names, strings.ReplaceAll(c.Names.En, "'", "")), append(regions, c.Region)
	}
	info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), List: "invented", Vantage: "lab", Targets: uint64(n)}
	if err := st.NewScan(b.Context(), info); err != nil {
		b.Fatal(err)
	}
	array := func(of []string) string { return "['" + strings.Join(of, "','") + "']" }
	// The share of the places before a country is the square root of its place, so
	// that the last has many times the domains of the first.
	err := st.Execute(b.Context(), fmt.Sprintf(`INSERT INTO observations
		(scan, scan_started, position, domain, domain_unicode, kind, level, country, country_name, region, started, vantage, zone,
		dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason, dnssec, dnssec_reason, readiness, operators, freed_by, aaaa)
		SELECT toUUID('%s'), toDateTime('2026-11-01 00:00:00', 'UTC'), number AS n, concat('office', toString(n), '.gov.example') AS name, name, 'government', 'central',
			%s[(toUInt32(%d * pow(n / %d, 2)) AS place) + 1], %s[place + 1], %s[place + 1], now(), 'lab', name,
			if(n %% 3 = 0, 'ok', 'absent'), if(n %% 3 = 0, '', 'no_ns_aaaa'), if(n %% 4 = 0, 'ok', if(n %% 4 = 1, 'broken', 'absent')), if(n %% 4 = 0, '', if(n %% 4 = 1, 'timeout', 'no_aaaa')),
			if(n %% 5 = 0, 'ok', 'absent'), if(n %% 5 = 0, '', 'no_mx_aaaa'), if(n %% 12 = 0, 'ok', 'broken'), if(n %% 12 = 0, '', 'no_ns_aaaa'),
			if(n %% 2 = 0, 'secure', 'insecure'), if(n %% 2 = 0, '', 'no_ds'), toUInt8(n %% 6),
			[concat('host', toString(cityHash64(n) %% 400), '.example')], if(n %% 3 = 0, [], [concat('host', toString(cityHash64(n) %% 400), '.example')]), if(n %% 4 = 0, ['2001:db8::1'], [])
		FROM system.numbers LIMIT %d`, info.ID, array(codes), len(codes), n, array(names), array(regions), n), "", nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := st.FinishScan(b.Context(), info.ID); err != nil {
		b.Fatal(err)
	}
	if _, err := indicator.Compute(b.Context(), st, info.ID); err != nil {
		b.Fatal(err)
	}
}
