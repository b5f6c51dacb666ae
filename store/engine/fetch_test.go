package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakePackage makes a tarball like npm's and a program that "fetches" it.
func fakePackage(t *testing.T, member string) (build, string) {
	t.Helper()
	var tarball bytes.Buffer
	zipped := gzip.NewWriter(&tarball)
	archive := tar.NewWriter(zipped)
	content := []byte("the library")
	err := errors.Join(
		archive.WriteHeader(&tar.Header{Name: member, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}),
		func() error { _, err := archive.Write(content); return err }(),
		archive.Close(), zipped.Close())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "made.tgz")
	if err := os.WriteFile(file, tarball.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	hash := sha512.Sum512(tarball.Bytes())
	b := build{pkg: "@test/engine", library: "libchdb.so", size: int64(tarball.Len()),
		integrity: "sha512-" + base64.StdEncoding.EncodeToString(hash[:])}
	return b, script(t, fmt.Sprintf("echo run >> %s/runs\ncp %s test-engine.tgz", dir, file))
}

func script(t *testing.T, body string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "npm")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFetch(t *testing.T) {
	t.Parallel()
	b, npm := fakePackage(t, "package/libchdb.so")
	cache := t.TempDir()
	steps := make(map[string]bool)
	var mu sync.Mutex
	cfg := FetchConfig{CacheDir: cache, NPM: npm, Progress: func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		steps[p.Step] = true
	}}
	if _, err := locate(cache, b); !errors.As(err, new(*MissingError)) {
		t.Fatalf("before the fetch: %v", err)
	}
	var all sync.WaitGroup
	for range 4 { // several processes at once: one of them does the work
		all.Go(func() {
			path, err := fetch(t.Context(), cfg, b)
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != "the library" {
				t.Errorf("%s holds %q, error %v", path, text, err)
			}
		})
	}
	all.Wait()
	if !steps["download"] || !steps["verify"] || !steps["unpack"] {
		t.Errorf("progress told of %v", steps)
	}
	left, err := filepath.Glob(filepath.Join(cache, "engine", "fetch-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary folders are left: %v %v", left, err)
	}
	cfg.NPM = script(t, "exit 1")
	if _, err := fetch(t.Context(), cfg, b); err != nil {
		t.Errorf("a second fetch asked npm: %v", err)
	}
}

func TestFetchFailures(t *testing.T) {
	t.Parallel()
	good, _ := fakePackage(t, "package/libchdb.so")
	_, other := fakePackage(t, "package/other.so")
	noLibrary, noLibraryNPM := fakePackage(t, "package/readme")
	tests := map[string]struct {
		b    build
		npm  string
		want string
	}{
		"no npm":           {good, filepath.Join(t.TempDir(), "npm"), "apt install npm"},
		"npm fails":        {good, script(t, "echo no such package >&2; exit 1"), "no such package"},
		"npm does nothing": {good, script(t, "exit 0"), "left no tarball"},
		"another hash":     {good, other, "its hash is sha512-"},
		"no library":       {noLibrary, noLibraryNPM, "there is no libchdb.so"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			_, err := fetch(t.Context(), FetchConfig{CacheDir: cache, NPM: test.npm}, test.b)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if _, err := locate(cache, test.b); !errors.As(err, new(*MissingError)) {
				t.Errorf("after a failure the library is there: %v", err)
			}
		})
	}
}
