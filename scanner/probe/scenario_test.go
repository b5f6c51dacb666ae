package probe_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// bulk scenarios are for loads; they hold no fault that the others lack.
var bulk = map[string]bool{"bulk": true, "far": true, "thousand": true}

// TestMain lets eight tests run for each processor: what the servers of the
// scenarios withhold makes them wait far more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	log.SetOutput(io.Discard) // net/http logs what hostile servers say unasked
	if err := flag.Set("test.parallel", strconv.Itoa(8*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// TestScenarios runs every scenario and compares every verdict with the truth
// that the scenario states. Together they must show every reason there is.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var seen reasonsSeen
	var wanted, ran int
	all := t.Run("all", func(t *testing.T) {
		for _, name := range append(files, lab.BuiltinNames()...) {
			short := strings.TrimSuffix(filepath.Base(name), ".yaml")
			if bulk[short] {
				continue
			}
			wanted++
			t.Run(short, func(t *testing.T) {
				ran++ // before Parallel, so one after the other
				t.Parallel()
				scenario, err := lab.Open(name)
				if err != nil {
					t.Fatal(err)
				}
				runScenario(t, scenario, seen.add)
			})
		}
	})
	if all && ran == wanted { // not when -run chose some of them
		seen.check(t)
	}
}

// TestGeneratedBelowNoZone measures domains generated below a name that is no
// zone of its own: an empty non-terminal in the zone of the ccTLD.
func TestGeneratedBelowNoZone(t *testing.T) {
	scenario, err := lab.Parse("below.yaml", []byte("about: Below.\ngenerate:\n  - count: 20\n    under: [gov.fj, mil.gov.ar]\n    profiles: [healthy_v6, v4_only]\n"))
	if err != nil {
		t.Fatal(err)
	}
	runScenario(t, scenario, nil)
}

// runScenario measures a scenario's targets, of many a sample, and compares.
func runScenario(t *testing.T, scenario *lab.Scenario, watch func(*observation.Observation)) {
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	prober := newProber(t, l)
	if scenario.Name == "port_rejected" { // what only a look at several targets shows
		prober.Routes = preflightRoutes(t, l, prober)
	}
	var mu sync.Mutex
	stated := 0
	pool := scanner.Pool{Workers: 64, Timeout: 2 * time.Minute, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			if watch != nil {
				watch(o)
			}
			truth, ok := l.Truth(o.Target.Name)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				stated++
			}
			for _, line := range truth.Differences(o) {
				t.Error(line)
			}
			return nil
		}}
	err = pool.Run(t.Context(), sample(labTargets(l)))
	if err != nil {
		t.Fatal(err)
	}
	if stated == 0 {
		t.Error("the scenario states the truth of no target")
	}
}

// preflightRoutes returns what the preflight says that the vantage can send.
func preflightRoutes(t *testing.T, l *lab.Lab, p *probe.Prober) probe.Routes {
	t.Helper()
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		t.Fatal(err)
	}
	config := preflight.Config{Dialer: p.Dialer, Roots: roots, Resolver: p.Resolver, DatedSerial: true, Now: l.Now}
	for target := range l.Targets() {
		config.Domains = append(config.Domains, target.Name)
	}
	result, err := preflight.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return probe.RoutesOf(result.Capabilities)
}

// labTargets yields the targets of a lab, numbered.
func labTargets(l *lab.Lab) iter.Seq2[scanner.Pending, error] {
	return func(yield func(scanner.Pending, error) bool) {
		position := uint64(0)
		for target := range l.Targets() {
			if !yield(scanner.Pending{Position: position, Target: target}, nil) {
				return
			}
			position++
		}
	}
}

// maxSample is about how many targets of one scenario are measured.
const maxSample = 250

// sample yields all of some targets, and of many every nth.
func sample(targets iter.Seq2[scanner.Pending, error]) iter.Seq2[scanner.Pending, error] {
	n := 0
	for range targets {
		n++
	}
	step := uint64(n/maxSample + 1)
	return func(yield func(scanner.Pending, error) bool) {
		for target, err := range targets {
			if target.Position%step == 0 && !yield(target, err) {
				return
			}
		}
	}
}

// newProber measures inside the lab. Time limits are short: in a lab only a
// fault makes anybody wait.
func newProber(t testing.TB, l *lab.Lab) *probe.Prober { return newProberWith(t, l, nil) }

func newProberWith(t testing.TB, l *lab.Lab, limiter resolve.Limiter) *probe.Prober {
	t.Helper()
	return proberOver(t, l, &netaddr.Dialer{Lab: l}, limiter, time.Second)
}

// newProberOver measures with a dialer of the test's own.
func newProberOver(t testing.TB, l *lab.Lab, dialer *netaddr.Dialer) *probe.Prober {
	t.Helper()
	return proberOver(t, l, dialer, nil, time.Second)
}

func proberOver(t testing.TB, l *lab.Lab, dialer *netaddr.Dialer, limiter resolve.Limiter, timeout time.Duration) *probe.Prober {
	t.Helper()
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		t.Fatal(err)
	}
	anchors, err := dnssec.ParseAnchors(bytes.NewReader(l.TrustAnchor()), "trust anchor of the lab")
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := resolve.New(resolve.Config{Dialer: dialer, Roots: roots, Anchors: anchors, Limiter: limiter,
		Timeout: timeout, Retries: 2, Now: l.Now, At: l.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resolver.Close() })
	var addrs []netip.Addr
	for _, r := range roots {
		addrs = append(addrs, r.Addrs...)
	}
	prober := newProberOn(l, resolver, dialer, limiter)
	prober.Routes = probe.FindRoutes(t.Context(), dialer, addrs)
	return prober
}

func newProberOn(l *lab.Lab, resolver probe.Resolver, dialer *netaddr.Dialer, limiter resolve.Limiter) *probe.Prober {
	return &probe.Prober{Vantage: "lab", Resolver: resolver, Dialer: dialer, Limiter: limiter, Routes: probe.Routes{V4: true, V6: true},
		ConnectTimeout: time.Second, StepTimeout: 2 * time.Second, Authorities: l.CertPool(), Now: l.Now,
		Agent: "adopt6 test", HELO: "scanner.example.net", ASN: lab.ASN, Country: lists.CountryByCode}
}

func startLab(t testing.TB, scenario string) *lab.Lab {
	t.Helper()
	s, err := lab.Parse("test.yaml", []byte(scenario))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
