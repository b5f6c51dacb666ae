//go:build !alone

// Package storetest gives tests both engines of the store: the embedded one on
// a folder of the test's, and Debian's clickhouse-server on a loopback port.
//
// A test package that uses it calls [Main] in its TestMain. A program missing on
// the machine fails the test: a suite that skips an engine proves nothing.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"adopt6/store"
	"adopt6/store/engine"
)

// Main runs the tests of a package, or the embedded engine when the test
// binary was started as its child.
func Main(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == engine.ChildCommand {
		if err := engine.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// Embedded returns the configuration of a fresh embedded store.
func Embedded(t testing.TB) store.Config {
	t.Helper()
	library := os.Getenv("ADOPT6_STORE_LIBRARY")
	if library == "" {
		var err error
		if library, err = engine.Locate(""); err != nil {
			t.Fatal(err)
		}
	}
	return store.Config{Path: filepath.Join(t.TempDir(), "store"), Library: library, Logf: t.Logf}
}

var shared struct {
	sync.Mutex
	server  *Server
	sampled map[string]*store.Store
	folder  string // of the embedded store among sampled
}

// EachSampled runs a test on a store of each engine that holds [Sample]. The
// tests of a package share them, and only read.
func EachSampled(t *testing.T, test func(t *testing.T, s *store.Store)) {
	for name, fresh := range Engines {
		t.Run(name, func(t *testing.T) { test(t, sampled(t, name, fresh)) })
	}
}

func sampled(t *testing.T, name string, fresh func(testing.TB) store.Config) *store.Store {
	t.Helper()
	cfg := fresh(t)
	shared.Lock()
	defer shared.Unlock()
	if s := shared.sampled[name]; s != nil {
		return s
	}
	cfg.Logf = nil // the test that opens the store ends before it
	var err error
	if cfg.Path != "" {
		if shared.folder, err = os.MkdirTemp("", "adopt6-sampled-"); err != nil {
			t.Fatal(err)
		}
		cfg.Path = filepath.Join(shared.folder, "store")
	}
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	Sample(t, s)
	if shared.sampled == nil {
		shared.sampled = make(map[string]*store.Store)
	}
	shared.sampled[name] = s
	return s
}

// OnServer returns the configuration of a fresh database on a server that the
// tests of a package share.
func OnServer(t testing.TB) store.Config {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		dir, err := os.MkdirTemp("", "adopt6-clickhouse-")
		if err != nil {
			t.Fatal(err)
		}
		shared.server = newServer(t, dir)
	}
	return shared.server.Config(t)
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	var errs []error
	for _, s := range shared.sampled {
		errs = append(errs, s.Close())
	}
	if shared.folder != "" {
		errs = append(errs, os.RemoveAll(shared.folder))
	}
	if shared.server != nil {
		shared.server.Kill()
		errs = append(errs, os.RemoveAll(shared.server.dir))
	}
	return errors.Join(errs...)
}

// Config returns the configuration of a fresh database on the server.
func (s *Server) Config(t testing.TB) store.Config {
	return store.Config{
		DSN:      s.DSN("default"),
		Database: "t" + strings.ReplaceAll(uuid.NewString(), "-", ""),
		SpoolDir: filepath.Join(t.TempDir(), "spool"),
		Logf:     t.Logf,
	}
}

// Engines are the fresh stores that a test of the store runs on.
var Engines = map[string]func(t testing.TB) store.Config{"embedded": Embedded, "server": OnServer}

// Each runs a test on a fresh store of each engine.
func Each(t *testing.T, test func(t *testing.T, cfg store.Config)) {
	for name, fresh := range Engines {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// Open opens a store and closes it at the end of the test.
func Open(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
