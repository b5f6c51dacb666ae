//go:build !alone

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/store"
	"adopt6/store/storetest"
)

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Execute(t.Context(), "INSERT INTO schema_migrations (version, name, applied) SELECT toUInt32(99), 'later', now()", "", nil)
		if err = errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		for _, cfg.ReadOnly = range []bool{true, false} {
			_, err := store.Open(t.Context(), cfg)
			var newer *store.NewerSchemaError
			if !errors.As(err, &newer) || newer.Store != 99 || newer.Known != store.LastVersion() || !strings.Contains(err.Error(), "version 99") {
				t.Errorf("read-only %v: %v", cfg.ReadOnly, err)
			}
		}
	})
}

// A migration that was interrupted is applied again.
func TestMigrationCutShort(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		scan := newScan(t, s, 1)
		for _, statement := range []string{"DROP TABLE schema_migrations", "DROP TABLE indicators"} {
			if err := s.Execute(t.Context(), statement, "", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = storetest.Open(t, cfg)
		if got := ask(t, s, "SELECT (SELECT max(version) FROM schema_migrations), (SELECT count() FROM indicators), (SELECT count() FROM scans)"); got != fmt.Sprintf("%d\t0\t1", store.LastVersion()) {
			t.Errorf("after the second migration: %s", got)
		}
		if _, err := s.Scan(t.Context(), scan.ID); err != nil {
			t.Error(err)
		}
	})
}

// Data of an earlier version is there after a migration, with the new column
// empty, and is read and written as if it had always been so. The migration is
// made up: nothing has been released yet.
func TestMigrationKeepsData(t *testing.T) {
	t.Parallel()
	const later = `-- Adds a column to a table, and one to what is filled from it.
ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS made_up Enum8('unmeasured' = 0, 'ok' = 1) COMMENT 'an icon over IPv6' AFTER web_v6_reason,
    ADD COLUMN IF NOT EXISTS made_up_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why made_up is not ok' AFTER made_up;

ALTER TABLE endpoints COMMENT COLUMN detail 'short evidence';
`
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		scan := newScan(t, s, 3)
		w, err := s.Writer(t.Context(), scan.ID)
		if err != nil {
			t.Fatal(err)
		}
		write(t, w, full(scan.ID, 0), full(scan.ID, 1))
		closeWriter(t, w)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		readOnly := store.Later(cfg, later)
		readOnly.ReadOnly = true
		if _, err := store.Open(t.Context(), readOnly); err == nil || !strings.Contains(err.Error(), "brings it up to date") {
			t.Errorf("a store of an earlier version opened for reading: %v", err)
		}
		s = storetest.Open(t, store.Later(cfg, later))
		old := full(scan.ID, 0)
		for o, err := range s.Observations(t.Context(), scan.ID) {
			if err != nil || o.Web != old.Web || len(o.AAAA) != 2 {
				t.Errorf("an old row is read as %+v, error %v", o, err)
			}
		}
		w = writer(t, s, scan.ID)
		write(t, w, full(scan.ID, 2))
		closeWriter(t, w)
		for sql, want := range map[string]string{
			"SELECT count(), countIf(made_up = 'unmeasured' AND made_up_reason = 'not_probed') FROM observations FINAL": "3\t3",
			"SELECT count() FROM endpoints FINAL":      fmt.Sprint(3 * len(old.Endpoints)),
			"SELECT count() FROM domain_history FINAL": "3",
			"SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = 'latest_observations' AND name = 'made_up'":      "1",
			"SELECT groupArray(comment) FROM system.columns WHERE database = currentDatabase() AND table = 'observations' AND name = 'made_up'": "['an icon over IPv6']",
		} {
			if got := ask(t, s, sql); got != want {
				t.Errorf("%s: %s, want %s", sql, got, want)
			}
		}
		if err := s.MigrateAgain(t.Context()); err != nil {
			t.Errorf("the migrations do not bear being run again: %v", err)
		}
		if got := ask(t, s, "SELECT count() FROM domain_history FINAL"); got != "3" {
			t.Errorf("after the migrations were run again: %s rows over time", got)
		}
	})
}

// Machines that start together on a new database all begin, and so do those that
// bring a store up to date together.
func TestMigrationsBesideEachOther(t *testing.T) {
	t.Parallel()
	const machines, rounds = 8, 10
	const later = "ALTER TABLE observations\n    ADD COLUMN IF NOT EXISTS made_up UInt8 COMMENT 'made up' AFTER web_v6_reason;\n"
	together := func(cfg store.Config) {
		var all sync.WaitGroup
		for range machines {
			own := cfg
			own.SpoolDir = t.TempDir()
			all.Go(func() {
				s, err := store.Open(t.Context(), own)
				if err != nil {
					t.Errorf("beside others: %v", err)
					return
				}
				for _, view := range []string{"latest_observations", "changes"} { // the views are there for each
					if err := s.Query(t.Context(), "SELECT count() FROM "+view, "TSV", io.Discard); err != nil {
						t.Errorf("%s beside others: %v", view, err)
					}
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	for range rounds {
		cfg := storetest.OnServer(t)
		together(cfg)
		together(store.Later(cfg, later))
		s := storetest.Open(t, store.Later(cfg, later))
		if got := ask(t, s, "SELECT count() FROM system.tables WHERE database = currentDatabase()"); got != "16" {
			t.Errorf("%s tables and views of 16", got)
		}
	}
}

// A server that dies while its schema is made lets the next adopt6 finish it.
func TestServerDiesWhileMigrating(t *testing.T) {
	t.Parallel()
	server := storetest.NewServer(t)
	random := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		cfg := server.Config(t)
		cfg.Logf = func(string, ...any) {} // says that it was not finished
		var cut sync.WaitGroup
		cut.Go(func() {
			if s, err := store.Open(t.Context(), cfg); err == nil { // it was faster than the death
				s.Close()
			}
		})
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond) // where it dies is what is tested
		server.Kill()
		cut.Wait()
		server.Start(t)
		s := storetest.Open(t, cfg)
		if got := ask(t, s, "SELECT count() FROM system.tables WHERE database = currentDatabase()"); got != "16" {
			t.Errorf("%s tables and views of 16", got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The columns of a table are the tagged fields of its rows, and no others.
func TestColumnsAreTheFieldsOfRows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		for table, fields := range store.Columns() {
			slices.Sort(fields)
			columns := ask(t, s, "SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM system.columns WHERE database = currentDatabase() AND table = '"+table+"'")
			if want := strings.Join(fields, " "); columns != want {
				t.Errorf("table %s has the columns\n%s, its rows the fields\n%s", table, columns, want)
			}
		}
	})
}

func TestReadOnlyNeedsAStore(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		cfg.ReadOnly = true
		var missing *store.MissingError
		if _, err := store.Open(t.Context(), cfg); !errors.As(err, &missing) {
			t.Errorf("without a store: %v", err)
		}
		if _, err := os.Stat(cfg.Path); cfg.Path != "" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("reading made a folder: %v", err)
		}
	})
}

func TestReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s, err := store.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		scan := newScan(t, s, 1)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		cfg.ReadOnly = true
		accounts := []string{cfg.DSN}
		if cfg.DSN != "" { // the account of an analyst
			accounts = append(accounts, strings.Replace(cfg.DSN, "default@", "reader@", 1))
		}
		for _, cfg.DSN = range accounts {
			s := storetest.Open(t, cfg)
			if got := ask(t, s, "SELECT count() FROM scans"); got != "1" {
				t.Errorf("%s scans of 1", got)
			}
			if _, err := s.Writer(t.Context(), scan.ID); err == nil {
				t.Error("a writer was given")
			}
			if err := s.Query(t.Context(), "DROP TABLE scans", "", nil); !errors.Is(err, store.ErrWrites) {
				t.Errorf("DROP: %v", err)
			}
			if err := s.Execute(t.Context(), "DROP TABLE scans", "", nil); err == nil {
				t.Error("a store opened for reading dropped a table")
			}
			// A word that reads in front of one that writes.
			for _, statement := range []string{"SELECT 1; DROP TABLE scans", "SELECT 1 SETTINGS readonly = 0; DROP TABLE scans"} {
				if err := s.Query(t.Context(), statement, "TSV", new(bytes.Buffer)); err == nil {
					t.Errorf("%s: no error", statement)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestReadingAccountCannotScan(t *testing.T) {
	t.Parallel()
	cfg := storetest.OnServer(t)
	cfg.DSN = strings.Replace(cfg.DSN, "default@", "reader@", 1)
	if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "may only read") {
		t.Errorf("error %v", err)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	cfg := storetest.OnServer(t)
	logs := capture(&cfg)
	host := strings.TrimPrefix(cfg.DSN, "clickhouse://default@")
	escaped := url.UserPassword("scanner", storetest.Password).String()
	secrets := []string{storetest.Password, url.QueryEscape(storetest.Password), strings.TrimPrefix(escaped, "scanner:"), "hunter2"}
	tests := map[string]struct {
		dsn, password string
		want          string // in the error; empty for none
	}{
		"right, apart":          {"clickhouse://scanner@" + host, storetest.Password, ""},
		"right, in the address": {"clickhouse://" + escaped + "@" + host, "", ""},
		"wrong":                 {"clickhouse://scanner:hunter2@" + host, "", "refuses the user or the password"},
		"wrong, apart":          {"clickhouse://scanner@" + host, "hunter2", "refuses the user or the password"},
		"none":                  {"clickhouse://scanner@" + host, "", "refuses the user or the password"},
		"no such user":          {"clickhouse://nobody:hunter2@" + host, "", "refuses the user or the password"},
		"nobody there":          {"clickhouse://scanner:hunter2@127.0.0.1:1", "", "cannot reach the ClickHouse server at clickhouse://scanner@127.0.0.1:1"},
		"no such host":          {"clickhouse://scanner:hunter2@no-such-host.invalid", "", "cannot reach the ClickHouse server at clickhouse://scanner@no-such-host.invalid"},
		"HTTP, nobody there":    {"http://scanner:hunter2@127.0.0.1:1", "", "cannot reach"},
		"another scheme":        {"mysql://scanner:hunter2@" + host, "", "begins with clickhouse://"},
		"no scheme":             {"scanner:hunter2@" + host, "", "server's address"},
		"no URL":                {"clickhouse://scanner:hunter2@[::1", "", "not a URL"},
		"no host":               {"clickhouse:///adopt6?password=hunter2", "", "names no host"},
		"a bad parameter":       {"clickhouse://scanner:hunter2@" + host + "?dial_timeout=soon", "", "dial timeout"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg.DSN, cfg.Password = test.dsn, test.password
			s, err := store.Open(t.Context(), cfg)
			if err == nil {
				info, infoErr := s.Info(t.Context())
				if infoErr != nil {
					t.Error(infoErr)
				}
				noSecret(t, secrets, "store info", fmt.Sprint(info))
				defer s.Close()
			}
			if test.want == "" && err != nil {
				t.Fatal(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("error %v, want one with %q", err, test.want)
			}
			if err != nil {
				noSecret(t, secrets, "the error", err.Error())
			}
		})
	}
	noSecret(t, secrets, "the log", logs.String())
}

func noSecret(t *testing.T, secrets []string, where, text string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds a password: %s", where, text)
		}
	}
}

func TestOldHTTPInterface(t *testing.T) {
	t.Parallel()
	server := storetest.NewServer(t)
	cfg := server.Config(t)
	cfg.DSN = server.HTTP()
	if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "use its native port with clickhouse://") {
		t.Errorf("error %v", err)
	}
}
