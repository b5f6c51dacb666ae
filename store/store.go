// Package store keeps scans in ClickHouse.
//
// In: observations, by way of a spool on the local disk. Out: rows, query
// results in any format, and figures about the store. It never loses what it
// has accepted, never counts an observation twice, and never asks the network
// for anything but its own ClickHouse.
//
// There are two engines and one code path: the embedded engine on a folder and
// a ClickHouse server, both through clickhouse-go.
package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"adopt6/store/engine"
)

// DefaultDatabase holds the tables unless a setting says otherwise.
const DefaultDatabase = "adopt6"

// Config says where the store is. Either Path or DSN is given.
type Config struct {
	Path string // folder of an embedded store
	// DSN is a server's address: clickhouse://user@host:9000/database for the
	// native protocol, http:// or https:// for the HTTP interface.
	DSN      string
	Password string // for the server; overrides the one in DSN
	CA       string // file of certificates (PEM) that the server's is checked against; the system's when empty
	Database string // DefaultDatabase when empty; a database in DSN overrides it
	// Cluster is that of the server on which new tables are made. Where there
	// are tables, they say it themselves.
	Cluster  string
	Library  string // path of libchdb; the fetched one when empty
	CacheDir string // where the fetched engine is; the user's when empty
	// SpoolDir keeps what ClickHouse has not confirmed; a folder of the store
	// when it is embedded and SpoolDir is empty. A server needs one to write.
	SpoolDir string
	// ReadOnly opens the store as it is: nothing is created, migrated or
	// delivered, and no statement may write.
	ReadOnly bool
	// Command serves the embedded engine; see engine.Config.
	Command []string
	// Logf reports what the user should know. Nil is silence.
	Logf func(format string, args ...any)

	// later are migrations of a later adopt6, for tests.
	later []migration
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	cfg      Config
	db       driver.Conn
	engine   *engine.Engine // nil for a server
	options  *clickhouse.Options
	where    string // path or address, without the password
	spoolDir string
	version  driver.ServerVersion
	locked   bool // the account may only read, so settings cannot be sent
	lowCard  bool // LowCardinality must be switched on
	cluster  cluster
	bounds   bounds
	steps    []migration // of the schema, as far as this program knows them
}

// MissingError says that there is no store to read.
type MissingError struct{ Where string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no store in %s yet; `adopt6 scan` makes one", e.Where)
}

// Open opens a store, brings its tables up to date and delivers what an
// earlier run left in the spool.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	if cfg.Database == "" {
		cfg.Database = DefaultDatabase
	}
	if (cfg.Path == "") == (cfg.DSN == "") {
		return nil, errors.New("a store is either a folder (--store) or a server (--dsn)")
	}
	if cfg.Cluster != "" && cfg.DSN == "" {
		return nil, errors.New("a cluster (store.cluster) is one of a server's; name the server with --dsn")
	}
	s := &Store{cfg: cfg, spoolDir: cfg.SpoolDir, bounds: defaultBounds}
	var err error
	if s.steps, err = migrations(); err != nil {
		return nil, err
	}
	s.steps = append(s.steps, cfg.later...)
	if cfg.DSN != "" {
		err = s.connectServer()
	} else {
		err = s.startEngine(ctx)
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(s.explain(err), s.Close())
	}
	return s, nil
}

// prepare connects to the store's database and makes it ready for use.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.greet(ctx); err != nil {
		return err
	}
	if err := s.openDatabase(ctx); err != nil {
		return err
	}
	if err := s.findCluster(ctx); err != nil {
		return err
	}
	if s.cfg.ReadOnly {
		return untangle(ctx, func() error { return s.checkSchema(ctx) })
	}
	if err := untangle(ctx, func() error { return s.migrate(ctx) }); err != nil {
		return err
	}
	return s.deliverLeftOvers(ctx)
}

// startEngine starts the embedded engine on the store's folder.
func (s *Store) startEngine(ctx context.Context) error {
	path, err := filepath.Abs(s.cfg.Path)
	if err != nil {
		return fmt.Errorf("store folder %s: %w", s.cfg.Path, err)
	}
	s.where = path
	if s.cfg.ReadOnly {
		if there, err := isStore(path); err != nil {
			return err
		} else if !there {
			return &MissingError{Where: path}
		}
	}
	if s.spoolDir == "" {
		s.spoolDir = filepath.Join(path, "spool")
	}
	library := s.cfg.Library
	if library == "" {
		if library, err = engine.Locate(s.cfg.CacheDir); err != nil {
			return err
		}
	}
	s.engine, err = engine.Start(ctx, engine.Config{Path: path, Library: library, Command: s.cfg.Command, Logf: s.cfg.Logf})
	if err != nil {
		return err
	}
	s.options = &clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{"embedded"},
		DialContext: func(ctx context.Context, _ string) (net.Conn, error) { return s.engine.Dial(ctx) },
		Auth:        clickhouse.Auth{Database: s.cfg.Database},
		DialTimeout: time.Minute,
	}
	return nil
}

// greet asks the engine for its version and what it lets us do.
func (s *Store) greet(ctx context.Context) error {
	first, err := s.connect("")
	if err != nil {
		return err
	}
	defer first.Close()
	ctx, cancel := context.WithTimeout(ctx, s.options.DialTimeout)
	defer cancel()
	if err := first.Ping(ctx); err != nil {
		return err
	}
	version, err := first.ServerVersion()
	if err != nil {
		return err
	}
	s.version = *version
	if s.engine == nil && !atLeast(s.version.Version, 18, 16) {
		return fmt.Errorf("ClickHouse %s at %s is too old: adopt6 needs 18.16 or later", s.versionText(), s.where)
	}
	err = first.QueryRow(ctx, `SELECT countIf(name = 'readonly' AND value != '0') > 0,
		countIf(name = 'allow_experimental_low_cardinality_type') > 0 FROM system.settings`).Scan(&s.locked, &s.lowCard)
	if err != nil {
		return fmt.Errorf("ask what the account may do: %w", err)
	}
	if s.locked && !s.cfg.ReadOnly {
		return fmt.Errorf("the account may only read at %s; a scan needs one that may write", s.where)
	}
	return nil
}

// openDatabase connects to the database, which it creates if it may and must.
func (s *Store) openDatabase(ctx context.Context) error {
	name := s.options.Auth.Database
	first, err := s.connect("")
	if err != nil {
		return err
	}
	defer first.Close()
	if err := s.checkCluster(ctx, first); err != nil {
		return err
	}
	var there uint64
	if err := first.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name = ?", name).Scan(&there); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	switch {
	case there == 0 && s.cfg.ReadOnly:
		return &MissingError{Where: fmt.Sprintf("database %s at %s", name, s.where)}
	case there == 0:
		if err := first.Exec(ctx, createDatabase(name, s.cfg.Cluster)); err != nil && !tangled(err) {
			return fmt.Errorf("create database %s: %w", name, err)
		}
	}
	s.db, err = s.connect(name)
	return err
}

func createDatabase(name, onCluster string) string {
	return "CREATE DATABASE IF NOT EXISTS " + quoteName(name) + cluster{name: onCluster}.on()
}

// connect opens a pool of connections to a database.
func (s *Store) connect(database string) (driver.Conn, error) {
	options := *s.options
	options.Auth.Database = database
	options.Settings = make(clickhouse.Settings)
	if s.lowCard && !s.locked {
		// 18.16 makes columns of this type only when asked to, and versions of
		// today no more know the setting.
		options.Settings["allow_experimental_low_cardinality_type"] = 1
	}
	if s.cluster.name != "" && !s.locked {
		maps.Copy(options.Settings, s.clusterSettings())
	}
	maps.Copy(options.Settings, s.options.Settings)
	db, err := clickhouse.Open(&options)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.where, err)
	}
	return db, nil
}

// Close ends the connections and the embedded engine. Writers are closed
// before.
func (s *Store) Close() error {
	var errs []error
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) versionText() string {
	if s.engine != nil {
		return s.engine.Version()
	}
	return fmt.Sprintf("%d.%d.%d", s.version.Version.Major, s.version.Version.Minor, s.version.Version.Patch)
}
