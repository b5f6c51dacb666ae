//go:build !alone

package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
	"adopt6/store/storetest/filled"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 8 && os.Args[1] == "write-until-killed" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(os.Args[2:]))
		os.Exit(1)
	}
	storetest.Main(m)
}

var scanStart = time.Date(2026, 11, 30, 23, 59, 58, 0, time.UTC)

func newScan(t testing.TB, s *store.Store, targets uint64) store.ScanInfo {
	t.Helper()
	info := store.ScanInfo{ID: uuid.New(), Started: scanStart, List: "a 'list'", Vantage: "Lomé\n", Targets: targets, Program: "v1",
		Capabilities: observation.Capabilities{IPv4: observation.OK, IPv6: observation.Absent, UDP53V4: observation.Broken, UDP53V6: observation.Partial,
			TCP53V4: observation.OK, TCP53V6: observation.Absent, SMTPV4: observation.Broken, SMTPV6: observation.OK, Hijacked: true, ClockOff: true}}
	if err := s.NewScan(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	return info
}

func writer(t testing.TB, s *store.Store, scan uuid.UUID) *store.Writer {
	t.Helper()
	w, err := s.Writer(t.Context(), scan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeWriter(t, w) })
	return w
}

func closeWriter(t testing.TB, w *store.Writer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Error(err)
	}
}

func write(t testing.TB, w *store.Writer, list ...observation.Observation) {
	t.Helper()
	for i := range list {
		if err := w.Write(t.Context(), &list[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func ask(t testing.TB, s *store.Store, sql string) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Query(t.Context(), sql, "TSV", &out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// hostile is every byte value, and what SQL, TSV, JSON and terminals trip over.
var hostile = func() string {
	var every [256]byte
	for i := range every {
		every[i] = byte(i)
	}
	return "'; DROP TABLE observations; --\"`\\\n\r\t\x00\x1b[31m\xff\xfe{x:String}?$1@a" + string(every[:])
}()

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// full returns an observation with something in every field, hostile texts
// included.
func full(scan uuid.UUID, position uint64) observation.Observation {
	o := filled.Observation(scan, position, strings.ToValidUTF8(hostile, "\uFFFD")) // as what is not UTF-8 is kept
	o.Started = scanStart.Add(3*time.Second + 123456*time.Microsecond)
	o.AAAA = addrs("2001:db8::1", "::ffff:192.0.2.1")
	o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "mail", Addr: netip.MustParseAddr("192.0.2.25")})
	return o
}

// A field of the observation that the store does not keep fails here.
func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := newScan(t, s, 2)
		empty := observation.Observation{Scan: scan.ID, Position: 1<<63 + 7, Target: lists.Target{Name: "x.example", Unicode: "x.example", Kind: lists.Custom}}
		want := []observation.Observation{full(scan.ID, 0), empty}
		w := writer(t, s, scan.ID)
		write(t, w, want...)
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []observation.Observation
		for o, err := range s.Observations(t.Context(), scan.ID) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o)
		}
		for e, err := range s.Endpoints(t.Context(), scan.ID) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Position != 0 {
				t.Fatalf("an endpoint of position %d", e.Position)
			}
			got[0].Endpoints = append(got[0].Endpoints, e.Endpoint)
		}
		if len(got) != 2 {
			t.Fatalf("%d observations of 2", len(got))
		}
		for i := range want {
			for _, difference := range filled.Differences(want[i], got[i]) {
				t.Errorf("observation %d came back changed: %s", i, difference)
			}
		}
	})
}

func TestScans(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		info := newScan(t, s, 3)
		if err := s.NewScan(t.Context(), info); err != nil { // resumed
			t.Fatal(err)
		}
		got, err := s.Scan(t.Context(), info.ID)
		if err != nil || got != info {
			t.Errorf("the scan came back as %+v, error %v, want %+v", got, err, info)
		}
		begun := time.Now().Truncate(time.Second)
		if err := s.FinishScan(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
		n := 0
		for got, err = range s.Scans(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 1 || got.Finished.Before(begun) {
			t.Errorf("%d scans, the last %+v", n, got)
		}
		// A run that saw a lab marks the scan for good.
		for _, info.Simulated = range []bool{true, false} {
			if err := s.NewScan(t.Context(), info); err != nil {
				t.Fatal(err)
			}
		}
		if got, err = s.Scan(t.Context(), info.ID); err != nil || !got.Simulated {
			t.Errorf("the scan of a lab came back as %+v, error %v", got, err)
		}
		var unknown *store.UnknownScanError
		if err := s.FinishScan(t.Context(), uuid.New()); !errors.As(err, &unknown) {
			t.Errorf("an unknown scan was finished: %v", err)
		}
		if _, err := s.Writer(t.Context(), uuid.New()); !errors.As(err, &unknown) {
			t.Errorf("a writer for an unknown scan: %v", err)
		}
	})
}

// plainObservation is a small one, for tests that count.
func plainObservation(scan uuid.UUID, position uint64) observation.Observation {
	return observation.Observation{Scan: scan, Position: position,
		Target:  lists.Target{Name: fmt.Sprintf("d%d.example", position), Unicode: "d.example", Kind: lists.Government, Country: "TG"},
		Country: lists.Country{Alpha2: "TG", Alpha3: "TGO", Names: lists.Names{En: "Togo"}},
		Started: scanStart, Web: observation.Verdict{Status: observation.Absent, Reason: "no_aaaa"},
		NameServers: []string{"ns1.example", "ns2.example"}, A: addrs("192.0.2.1"),
		Endpoints: []observation.Endpoint{{Probe: "web", Host: "d.example", Addr: netip.MustParseAddr("192.0.2.1"), Port: 443, Transport: "tls"}},
	}
}

func TestTargetsInAreRowsOut(t *testing.T) {
	t.Parallel()
	const targets = 15_000
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := newScan(t, s, targets)
		s.SetBounds(targets/3, time.Minute, 1<<30)
		w := writer(t, s, scan.ID)
		for i := range uint64(targets) {
			write(t, w, plainObservation(scan.ID, i))
		}
		closeWriter(t, w)
		got := ask(t, s, "SELECT count(), uniqExact(position), min(position), max(position) FROM observations")
		if want := fmt.Sprintf("%d\t%d\t0\t%d", targets, targets, targets-1); got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
		if got := ask(t, s, "SELECT count() FROM endpoints"); got != fmt.Sprint(targets) {
			t.Errorf("%s endpoints, want %d", got, targets)
		}
		next := uint64(0)
		for position, err := range s.Done(t.Context(), scan.ID) {
			if err != nil || position != next {
				t.Fatalf("position %d, error %v, want %d", position, err, next)
			}
			next++
		}
		if next != targets {
			t.Errorf("%d positions done, want %d", next, targets)
		}
		info, err := s.Info(t.Context())
		if err != nil || info.Spool.Segments != 0 {
			t.Errorf("the spool has %+v after everything was delivered, error %v", info.Spool, err)
		}
	})
}

// A batch that is sent again must count once for every reader that follows the
// rule, and once for all when ClickHouse has merged.
func TestBatchSentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := newScan(t, s, 100)
		for range 2 {
			w := writer(t, s, scan.ID)
			for i := range uint64(100) {
				write(t, w, plainObservation(scan.ID, i))
			}
			closeWriter(t, w)
		}
		if got := ask(t, s, "SELECT (SELECT count() FROM observations FINAL), (SELECT count() FROM endpoints FINAL)"); got != "100\t100" {
			t.Errorf("rows counted once are %s, want 100 each", got)
		}
		n := 0
		for _, err := range s.Done(t.Context(), scan.ID) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 100 {
			t.Errorf("%d positions are done, want 100", n)
		}
	})
}
