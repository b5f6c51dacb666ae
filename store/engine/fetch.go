package engine

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"adopt6/scanner/lockfile"
)

// Progress is the progress of a fetch.
type Progress struct {
	Step        string // "download", "verify" or "unpack"
	Done, Total int64  // bytes; Total may be an estimate
}

// FetchConfig sets where to keep the engine and how to fetch it.
type FetchConfig struct {
	CacheDir string // the user's cache folder when empty
	// NPM is the program that fetches packages; "npm" when empty. It is run as
	// `npm pack PACKAGE@VERSION`, so the user's npm settings decide from where.
	NPM      string
	Progress func(Progress) // may be nil
}

// MissingError reports that the engine's library is not on this machine.
type MissingError struct{ Path string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("the embedded ClickHouse engine is not there (%s); fetch it with `adopt6 store fetch-engine`, or use a server with --dsn", e.Path)
}

// Locate returns the path of the fetched library, or a *MissingError.
func Locate(cacheDir string) (string, error) {
	b, err := thisBuild()
	if err != nil {
		return "", err
	}
	return locate(cacheDir, b)
}

func locate(cacheDir string, b build) (string, error) {
	dir, err := releaseDir(cacheDir, b)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, b.library)
	if _, err := os.Stat(path); err != nil {
		return "", &MissingError{Path: path}
	}
	return path, nil
}

// releaseDir is the folder of this release's files. The hash is part of its
// name, so that another build is another folder.
func releaseDir(cacheDir string, b build) (string, error) {
	if cacheDir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the user's cache folder: %w", err)
		}
		cacheDir = filepath.Join(user, "adopt6")
	}
	hash, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(b.integrity, "sha512-"))
	if err != nil {
		return "", fmt.Errorf("integrity of %s: %w", b.pkg, err)
	}
	return filepath.Join(cacheDir, "engine", fmt.Sprintf("%s-%x", Release, hash[:4])), nil
}

// Fetch downloads the engine into the cache folder unless it is there, and
// returns the library's path. When several processes fetch at once, one does the
// work. An incomplete file is never visible.
func Fetch(ctx context.Context, cfg FetchConfig) (string, error) {
	b, err := thisBuild()
	if err != nil {
		return "", err
	}
	return fetch(ctx, cfg, b)
}

func fetch(ctx context.Context, cfg FetchConfig, b build) (string, error) {
	if cfg.NPM == "" {
		cfg.NPM = "npm"
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	if path, err := locate(cfg.CacheDir, b); err == nil || !errors.As(err, new(*MissingError)) {
		return path, err
	}
	dir, err := releaseDir(cfg.CacheDir, b)
	if err != nil {
		return "", err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	lock, err := lockfile.Wait(ctx, filepath.Join(parent, "fetch.lock"), 0o600, nil)
	if err != nil {
		return "", fmt.Errorf("wait for another process that fetches the engine: %w", err)
	}
	defer lock.Unlock()
	if path, err := locate(cfg.CacheDir, b); err == nil { // fetched while we waited
		return path, nil
	}
	if err := fetchInto(ctx, cfg, b, parent, dir); err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			return "", fmt.Errorf("fetch the engine: the disk that holds %s is full; it needs 1 GB: %w", parent, err)
		}
		return "", fmt.Errorf("fetch the engine: %w", err)
	}
	return filepath.Join(dir, b.library), nil
}

// fetchInto downloads, verifies and unpacks beside dir and then renames.
func fetchInto(ctx context.Context, cfg FetchConfig, b build, parent, dir string) error {
	temp, err := os.MkdirTemp(parent, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	tarball, err := pack(ctx, cfg, b, temp)
	if err != nil {
		return err
	}
	if err := verify(tarball, b.integrity, cfg.Progress); err != nil {
		return err
	}
	unpacked := filepath.Join(temp, "unpacked")
	if err := unpack(ctx, tarball, unpacked, b, cfg.Progress); err != nil {
		return err
	}
	return os.Rename(unpacked, dir)
}

// pack runs `npm pack` in dir and returns the tarball that it left there.
func pack(ctx context.Context, cfg FetchConfig, b build, dir string) (string, error) {
	npm, err := exec.LookPath(cfg.NPM)
	if err != nil {
		return "", fmt.Errorf("npm is needed once to fetch it and is not installed (on Debian: apt install npm): %w", err)
	}
	// npm packs to the current folder and caches in its own; a cache inside
	// the temporary folder leaves no files and shows the progress.
	cache := filepath.Join(dir, "npm-cache")
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--cache", cache, b.pkg+"@"+Release)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("run npm: %w", err)
	}
	stop := watchDownload(cfg.Progress, dir, b.size)
	err = cmd.Wait()
	stop()
	if err != nil {
		return "", fmt.Errorf("npm pack %s@%s: %w: %s", b.pkg, Release, err, lastWords(output.String()))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s@%s left no tarball", b.pkg, Release)
	}
	return found[0], nil
}

// watchDownload reports the size of the files in dir, until the returned func is
// called.
func watchDownload(progress func(Progress), dir string, total int64) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			progress(Progress{"download", min(folderSize(dir), total), total})
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(done); <-ended }
}

func folderSize(dir string) (total int64) {
	filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil // files come and go; this is only for the progress
	})
	return total
}

// verify compares the tarball with the pinned hash.
func verify(tarball, integrity string, progress func(Progress)) error {
	file, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	hash := sha512.New()
	meter := &meter{r: file, report: func(n int64) { progress(Progress{"verify", n, info.Size()}) }}
	if _, err := io.Copy(hash, meter); err != nil {
		return fmt.Errorf("read %s: %w", tarball, err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil))
	if got != integrity {
		return fmt.Errorf("what came is not the engine that adopt6 was tested with: its hash is %s, expected %s; it was thrown away", got, integrity)
	}
	return nil
}

// meter reports how much was read, at most every 4 MiB.
type meter struct {
	r        io.Reader
	n, shown int64
	report   func(int64)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if m.n-m.shown >= 4<<20 || err != nil {
		m.shown = m.n
		m.report(m.n)
	}
	return n, err
}

// lastWords returns the end of a program's output, on one line.
func lastWords(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = "..." + s[len(s)-300:]
	}
	return s
}
