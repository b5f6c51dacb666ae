//go:build !alone

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"adopt6/scanner/observation"
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

// A migration that was cut short is applied anew.
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

// Data of every earlier version is there after the migrations, with the new
// columns unmeasured, and is read and written as if it had always been so.
func TestMigrationKeepsData(t *testing.T) {
	t.Parallel()
	for version := 1; version < int(store.LastVersion()); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, cfg store.Config) {
				s, err := store.Open(t.Context(), store.AtVersion(cfg, version))
				if err != nil {
					t.Fatal(err)
				}
				scan := uuid.New()
				for _, statement := range []string{
					"INSERT INTO scans (scan, started, list, vantage, targets, revision) SELECT toUUID('" + scan.String() + "'), toDateTime('2026-11-30 23:59:58', 'UTC'), 'old', 'lab', 2, 1",
					"INSERT INTO observations (scan, scan_started, position, domain, kind, web_v6, web_v6_reason, aaaa) SELECT toUUID('" + scan.String() +
						"'), toDateTime('2026-11-30 23:59:58', 'UTC'), number, 'old.example', 'government', 'broken', 'timeout', ['2001:db8::1'] FROM numbers(2)",
					"INSERT INTO endpoints (scan, scan_started, position, host, reason) SELECT toUUID('" + scan.String() + "'), toDateTime('2026-11-30 23:59:58', 'UTC'), 1, 'h', 'timeout'",
				} {
					if err := s.Execute(t.Context(), strings.ReplaceAll(statement, "numbers(2)", "(SELECT number FROM system.numbers LIMIT 2)"), "", nil); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if version == 1 || cfg.Path == "" { // the engine starts anew each time, the refusal is the same code
					readOnly := cfg
					readOnly.ReadOnly = true
					if _, err := store.Open(t.Context(), readOnly); err == nil || !strings.Contains(err.Error(), "brings it up to date") {
						t.Errorf("a store of version %d opened for reading: %v", version, err)
					}
				}
				s = storetest.Open(t, cfg)
				if old, err := s.Scan(t.Context(), scan); err != nil || !old.Simulated {
					t.Errorf("the old scan of a lab is read as %+v, error %v", old, err)
				}
				n := 0
				for o, err := range s.Observations(t.Context(), scan) {
					if err != nil {
						t.Fatal(err)
					}
					n++
					unseen := observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
					if o.Web != (observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}) || o.WebV4 != unseen || o.SameContent != unseen || len(o.AAAA) != 1 || !o.Practice.Expires.IsZero() || o.Hosting != nil {
						t.Errorf("an old row is read as %+v", o)
					}
				}
				for e, err := range s.Endpoints(t.Context(), scan) {
					if err != nil || e.DNS != nil || e.TLS != nil || e.AS != (observation.AS{}) || e.Verdict.Reason != observation.Timeout {
						t.Errorf("an old contact is read as %+v, error %v", e, err)
					}
					n++
				}
				w := writer(t, s, scan)
				write(t, w, full(scan, 2))
				closeWriter(t, w)
				if got := ask(t, s, "SELECT count(), countIf(http_title != '') FROM endpoints FINAL"); n != 3 || got != "4\t2" {
					t.Errorf("%d old rows of 3; contacts %s", n, got)
				}
				const history = "SELECT countIf(domain = 'old.example' AND web_v6_reason = 'timeout'), count() FROM domain_history FINAL"
				before := ask(t, s, history)
				if err := s.MigrateAgain(t.Context()); err != nil {
					t.Errorf("the migrations do not bear being run again: %v", err)
				}
				if after := ask(t, s, history); before != after || after != "2\t3" {
					t.Errorf("the table of domains over time has %s before and %s after; want 2 and 3 rows", before, after)
				}
			})
		})
	}
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
