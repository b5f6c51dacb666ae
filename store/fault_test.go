//go:build !alone

package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/engine"
	"adopt6/store/spool"
	"adopt6/store/storetest"
)

// exactly fails unless every position below n is stored, and counts once.
func exactly(t *testing.T, s *store.Store, scan uuid.UUID, n uint64) {
	t.Helper()
	var next uint64
	for position, err := range s.Done(t.Context(), scan) {
		if err != nil {
			t.Fatal(err)
		}
		if position != next {
			t.Fatalf("position %d is missing", next)
		}
		next++
	}
	got := ask(t, s, "SELECT (SELECT count() FROM observations FINAL), (SELECT count() FROM endpoints FINAL), (SELECT count() FROM domain_history FINAL)")
	if want := fmt.Sprintf("%d\t%d\t%d", n, n, n); next != n || got != want {
		t.Fatalf("%d positions, rows %s; want %d of each", next, got, n)
	}
}

func TestEngineKilledWhileWriting(t *testing.T) {
	t.Parallel()
	const targets = 6_000
	cfg := storetest.Embedded(t)
	logs := capture(&cfg)
	s := storetest.Open(t, cfg)
	scan := newScan(t, s, targets)
	s.SetBounds(500, time.Second, 1<<30)
	w := writer(t, s, scan.ID)
	for i := range uint64(targets) {
		if i == targets/2 {
			syscall.Kill(s.EnginePID(), syscall.SIGKILL)
		}
		write(t, w, plainObservation(scan.ID, i))
	}
	closeWriter(t, w)
	exactly(t, s, scan.ID, targets)
	if text := logs.String(); !strings.Contains(text, "ended unexpectedly") || !strings.Contains(text, "runs again") {
		t.Errorf("the log does not tell of the engine's death: %s", text)
	}
}

// A server that dies ten times during a scan costs nothing: every row has every
// value that it has after a scan without faults.
func TestServerKilledTenTimes(t *testing.T) {
	t.Parallel()
	const targets = 3_600
	server := storetest.NewServer(t)
	cfg := server.Config(t)
	cfg.Logf = func(string, ...any) {} // ten times the same
	s := storetest.Open(t, cfg)
	scan := newScan(t, s, targets)
	s.SetBounds(300, time.Second, 1<<30)
	w := writer(t, s, scan.ID)
	random := rand.New(rand.NewPCG(10, 10))
	next, kills := uint64(random.IntN(300)), 0
	for i := range uint64(targets) {
		if i == next && kills < 10 {
			server.Kill()
			kills++
			next += 100 + uint64(random.IntN(300))
			server.Start(t)
		}
		write(t, w, faultless(scan.ID, i))
	}
	closeWriter(t, w)
	if kills != 10 {
		t.Fatalf("the server died %d times", kills)
	}
	exactly(t, s, scan.ID, targets)
	equalToFaultless(t, s, scan, targets)
}

// faultless is the observation of a position, the same whenever it is made.
func faultless(scan uuid.UUID, position uint64) observation.Observation {
	o := plainObservation(scan, position)
	o.Started = o.Started.Add(time.Duration(position) * time.Second)
	o.Endpoints[0].TLS = &observation.TLSFacts{Version: "1.3", Issuer: fmt.Sprint(position % 7)}
	return o
}

// equalToFaultless compares a scan with one that was written without faults.
func equalToFaultless(t *testing.T, s *store.Store, scan store.ScanInfo, targets uint64) {
	t.Helper()
	calm := storetest.Open(t, storetest.Embedded(t))
	if err := calm.NewScan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
	w := writer(t, calm, scan.ID)
	for i := range targets {
		write(t, w, faultless(scan.ID, i))
	}
	closeWriter(t, w)
	same(t, contents(t, s), contents(t, calm))
}

// Connections are cut at any moment, also between a batch and its
// confirmation. What was sent twice must count once.
func TestConnectionsCutWhileWriting(t *testing.T) {
	t.Parallel()
	const targets = 2_000
	cfg := storetest.OnServer(t)
	proxy := newProxy(t, strings.TrimPrefix(cfg.DSN, "clickhouse://default@"))
	cfg.DSN = "clickhouse://default@" + proxy.address()
	s := storetest.Open(t, cfg)
	scan := newScan(t, s, targets)
	s.SetBounds(200, time.Second, 1<<30)
	w := writer(t, s, scan.ID)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range uint64(targets) {
		if random.IntN(200) == 0 {
			proxy.cut()
		}
		write(t, w, plainObservation(scan.ID, i))
	}
	closeWriter(t, w)
	exactly(t, s, scan.ID, targets)
}

// proxy passes TCP connections on until they are cut.
type proxy struct {
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, from, back)
			p.mu.Unlock()
			all.Go(func() { io.Copy(back, from); back.Close() })
			all.Go(func() { io.Copy(from, back); from.Close() })
		}
	})
	t.Cleanup(func() { listener.Close(); p.cut(); all.Wait() })
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// A scan that is killed at any moment keeps what it had written, and when it
// is resumed the store is as if nothing had happened.
func TestScannerKilledAndResumed(t *testing.T) {
	t.Parallel()
	const targets = 3_200 // more than three processes write
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		if cfg.SpoolDir == "" {
			cfg.SpoolDir = filepath.Join(cfg.Path, "spool")
		}
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		scan := newScan(t, s, targets)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for round := range 3 {
			victim := exec.Command(os.Args[0], "write-until-killed", cfg.Path, cfg.Library, cfg.DSN, cfg.Database, cfg.SpoolDir, scan.ID.String())
			victim.Stderr = os.Stderr
			out, err := victim.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			var written uint64
			for written < uint64(250+350*round) { // it says so after every row
				if _, err := fmt.Fscan(out, &written); err != nil {
					t.Fatal(err)
				}
			}
			victim.Process.Kill()
			victim.Wait()
		}
		s = storetest.Open(t, cfg)
		done := make(map[uint64]bool)
		for position, err := range s.Done(t.Context(), scan.ID) {
			if err != nil {
				t.Fatal(err)
			}
			done[position] = true
		}
		if len(done) < 950 {
			t.Errorf("only %d rows survived three kills, although 950 were written", len(done))
		}
		w := writer(t, s, scan.ID)
		for i := range uint64(targets) {
			if !done[i] {
				write(t, w, faultless(scan.ID, i))
			}
		}
		closeWriter(t, w)
		exactly(t, s, scan.ID, targets)
		equalToFaultless(t, s, scan, targets)
	})
}

// writeUntilKilled is the process of TestScannerKilledAndResumed: it resumes
// the scan and says how many rows it has written.
func writeUntilKilled(args []string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{Path: args[0], Library: args[1], DSN: args[2], Database: args[3], SpoolDir: args[4]})
	if err != nil {
		return err
	}
	scan := uuid.MustParse(args[5])
	done := make(map[uint64]bool)
	for position, err := range s.Done(ctx, scan) {
		if err != nil {
			return err
		}
		done[position] = true
	}
	s.SetBounds(100, time.Second, 1<<30)
	w, err := s.Writer(ctx, scan)
	if err != nil {
		return err
	}
	written := 0
	for i := uint64(0); written < 1_000; i++ {
		if done[i] {
			continue
		}
		o := faultless(scan, i)
		if err := w.Write(ctx, &o); err != nil {
			return err
		}
		written++
		fmt.Println(written)
	}
	select {}
}

func TestDamagedSpoolIsDeliveredAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		cfg.SpoolDir = filepath.Join(t.TempDir(), "spool")
		logs := capture(&cfg)
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		scan := newScan(t, s, 100)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		folder, err := spool.Create(cfg.SpoolDir, spool.Header{Scan: scan.ID, Started: scan.Started})
		if err != nil {
			t.Fatal(err)
		}
		var files []spool.Segment
		for i := range uint64(20) {
			o := plainObservation(scan.ID, i)
			if err := folder.Append(&o); err != nil {
				t.Fatal(err)
			}
			if i%5 == 4 {
				sealed, _, err := folder.Seal()
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, sealed)
			}
		}
		if err := folder.Close(); err != nil {
			t.Fatal(err)
		}
		truncate(t, files[1].Path, files[1].Bytes-3)  // loses position 9
		corrupt(t, files[2].Path, files[2].Bytes-100) // loses position 14
		corrupt(t, files[3].Path, 30)                 // loses all
		s = storetest.Open(t, cfg)
		got := ask(t, s, "SELECT arrayStringConcat(groupArray(toString(position)), ' ') FROM (SELECT position FROM observations FINAL ORDER BY position)")
		if want := "0 1 2 3 4 5 6 7 8 10 11 12 13"; got != want {
			t.Errorf("delivered %s, want %s", got, want)
		}
		info, err := s.Info(t.Context())
		if err != nil || info.Spool.Segments != 0 || info.Spool.Damaged != 3 {
			t.Errorf("the spool holds %+v, error %v; want 3 damaged files kept", info.Spool, err)
		}
		for _, part := range []string{"torn", "corrupt", "header cannot be read", ".damaged"} {
			if !strings.Contains(logs.String(), part) {
				t.Errorf("the log does not tell of %q: %s", part, logs.String())
			}
		}
	})
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func corrupt(t *testing.T, path string, at int64) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b := make([]byte, 1)
	if _, err := file.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := file.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// While ClickHouse hangs the spool takes everything; at its bound Write waits,
// and what is left at the end is kept for the next time.
func TestHangingEngine(t *testing.T) {
	t.Parallel()
	cfg := storetest.Embedded(t)
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	scan := newScan(t, s, 3000)
	s.SetBounds(100, time.Hour, 1_000_000)
	w, err := s.Writer(t.Context(), scan.ID)
	if err != nil {
		t.Fatal(err)
	}
	pid := s.EnginePID()
	syscall.Kill(pid, syscall.SIGSTOP)
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	accepted := uint64(0)
	for ; ; accepted++ {
		o := plainObservation(scan.ID, accepted)
		if err = w.Write(short(), &o); err != nil { // the context counts only while Write waits
			break
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) || accepted < 500 {
		t.Fatalf("Write ended with %v after %d rows", err, accepted)
	}
	var left *store.UndeliveredError
	if err := w.Close(short()); !errors.As(err, &left) || left.Segments < 5 || !strings.Contains(err.Error(), left.Folder) {
		t.Fatalf("Close with a hanging engine: %v", err)
	}
	syscall.Kill(pid, syscall.SIGCONT)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.Open(t, cfg)
	exactly(t, s, scan.ID, accepted)
}

func TestLockedStore(t *testing.T) {
	t.Parallel()
	cfg := storetest.Embedded(t)
	storetest.Open(t, cfg)
	_, err := store.Open(t.Context(), cfg)
	var locked *engine.LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("a second process on the folder: %v", err)
	}
}

// logText collects what a store logs.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func capture(cfg *store.Config) *logText {
	logs := new(logText)
	cfg.Logf = func(format string, args ...any) {
		logs.mu.Lock()
		defer logs.mu.Unlock()
		fmt.Fprintf(&logs.text, format+"\n", args...)
	}
	return logs
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A clock that jumps, back or beyond what the columns hold, loses no row and
// doubles none.
func TestClockJump(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := newScan(t, s, 4)
		for _, round := range []time.Duration{0, -time.Hour} { // the second time the clock is back
			w := writer(t, s, scan.ID)
			for i, year := range []int{1950, 2026, 2100, 2300} {
				o := plainObservation(scan.ID, uint64(i))
				o.Started = time.Date(year, 11, 23, 0, 0, 0, 0, time.UTC).Add(round)
				o.Took = round
				write(t, w, o)
			}
			closeWriter(t, w)
		}
		exactly(t, s, scan.ID, 4)
		if got := ask(t, s, "SELECT arrayStringConcat(groupArray(toString(toUInt32(started))), ' ') FROM (SELECT started FROM observations FINAL ORDER BY position)"); got != "0 1795392000 4130611200 4294967295" {
			t.Errorf("stored as %s", got)
		}
		row := store.IndicatorRow{Scan: scan.ID, ScanStarted: scan.Started, Kind: lists.Government, Country: "TG", Indicator: "web_v6"}
		for i, computed := range []time.Time{scanStart, scanStart.Add(-time.Hour)} {
			row.Computed, row.Numerator = computed, uint64(i)
			if err := s.PutIndicators(t.Context(), []store.IndicatorRow{row}); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, s, "SELECT numerator FROM indicators FINAL"); got != "1" {
			t.Errorf("figures that were computed after the clock went back are not those that count: %s", got)
		}
	})
}

// A server of another age says so before anything is sent to it.
func TestServerTooOld(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
			conn.Read(make([]byte, 1<<10))                      // the client's hello
			conn.Write([]byte("\x00\x01C\x01\x01\x80\xa6\x03")) // version 1.1, revision 54016
			conn.Close()
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	cfg := store.Config{DSN: "clickhouse://" + listener.Addr().String(), SpoolDir: t.TempDir()}
	if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "the ClickHouse server at clickhouse://"+listener.Addr().String()+" is too old: adopt6 needs 18.16 or later") {
		t.Errorf("error %v", err)
	}
}
