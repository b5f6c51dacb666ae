//go:build !alone

package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/store"
	"adopt6/store/storetest"
)

// contents is everything that a store holds, each row once.
func contents(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, r := range must2(s.Schema(t.Context())) {
		if r.View || r.Name == "schema_migrations" {
			continue
		}
		all[r.Name] = ask(t, s, "SELECT * FROM "+r.Name+" FINAL ORDER BY "+r.Key)
	}
	return all
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for table, rows := range want {
		if got[table] != rows {
			gotLines, wantLines := strings.Split(got[table], "\n"), strings.Split(rows, "\n")
			for i := range min(len(gotLines), len(wantLines)) {
				if gotLines[i] != wantLines[i] {
					t.Errorf("%s, row %d is\n%.2000s\nwant\n%.2000s", table, i, gotLines[i], wantLines[i])
					break
				}
			}
			t.Errorf("%s: %d rows, want the %d of the other store", table, len(gotLines), len(wantLines))
		}
	}
}

// A copy has every value of every row, in both directions between the engines,
// and copying again changes nothing.
func TestCopy(t *testing.T) {
	t.Parallel()
	embedded, server := storetest.Open(t, storetest.Embedded(t)), storetest.Open(t, storetest.OnServer(t))
	back := storetest.Open(t, storetest.Embedded(t))
	storetest.Sample(t, embedded)
	unfinished := newScan(t, embedded, 1)
	w := writer(t, embedded, unfinished.ID)
	write(t, w, full(unfinished.ID, 7))
	closeWriter(t, w)
	want := contents(t, embedded)
	for _, way := range [][2]*store.Store{{embedded, server}, {server, back}} {
		for round, skipped := range []int{0, 3} {
			var last store.Copied
			done, err := store.Copy(t.Context(), way[0], way[1], nil, func(now store.Copied) {
				if now.Rows < last.Rows || now.Rows > now.Total {
					t.Errorf("progress went from %d to %d of %d", last.Rows, now.Rows, now.Total)
				}
				last = now
			})
			if err != nil || done.Scans != 4 || done.Skipped != skipped || done.Rows != done.Total {
				t.Errorf("round %d: %+v, error %v", round, done, err)
			}
			same(t, contents(t, way[1]), want)
		}
	}
	var unknown *store.UnknownScanError
	if _, err := store.Copy(t.Context(), embedded, back, []uuid.UUID{uuid.New()}, func(store.Copied) {}); !errors.As(err, &unknown) {
		t.Errorf("a scan that does not exist: %v", err)
	}
}

// A copy that breaks off lists no scan that is not whole, and continues when it
// is run again.
func TestCopyBrokenOff(t *testing.T) {
	t.Parallel()
	from := storetest.Open(t, storetest.Embedded(t))
	storetest.Sample(t, from)
	server := storetest.NewServer(t)
	to := storetest.Open(t, server.Config(t))
	killed := false
	_, err := store.Copy(t.Context(), from, to, nil, func(now store.Copied) {
		if now.Scans == 1 && !killed {
			killed = true
			server.Kill()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "run the copy again") {
		t.Errorf("the server died: %v", err)
	}
	server.Start(t)
	for range 2 { // connections to the dead server are found out by the first use
		if _, err = store.Copy(t.Context(), from, to, nil, func(store.Copied) {}); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, contents(t, to), contents(t, from))
}

func TestPrune(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		storetest.Sample(t, s) // June, September and November
		before := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
		list, err := s.Partitions(t.Context(), store.RawTables, before)
		if err != nil || len(list) != 6 || list[1].Table != "endpoints" || list[0].Month.Month() != time.June || list[3].Rows != 51 {
			t.Fatalf("partitions %+v, error %v", list, err)
		}
		if err := s.Drop(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		counts := "SELECT (SELECT count() FROM observations), (SELECT count() FROM domain_history), (SELECT uniqExact(scan) FROM endpoints), (SELECT count() FROM scans FINAL), (SELECT uniqExact(scan) FROM indicators)"
		if got := ask(t, s, counts); got != "51\t51\t1\t3\t3" {
			t.Errorf("after the months to September were dropped: %s", got)
		}
		// However old it is, the newest month remains.
		if list, err = s.Partitions(t.Context(), store.AllTables, before.AddDate(5, 0, 0)); err != nil || len(list) != 4 {
			t.Errorf("partitions %+v, error %v", list, err)
		}
		if err := s.Drop(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s, counts); got != "51\t51\t1\t1\t1" {
			t.Errorf("after all but the newest month was dropped: %s", got)
		}
	})
}
