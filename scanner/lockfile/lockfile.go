// Package lockfile locks files among processes.
//
// The operating system releases a lock when the process that has it ends, however
// it ends. The file stays: removing it could remove the lock of a process that has
// just taken it. While locked it names its holder, for people; on a full disk the
// lock holds without a name.
package lockfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// HeldError says that another process has a lock.
type HeldError struct {
	Path  string
	PID   int       // 0 when it could not be read
	Since time.Time // zero when it could not be read
}

func (e *HeldError) Error() string {
	return e.Path + " is locked by " + e.Holder()
}

// Holder names the process that has the lock.
func (e *HeldError) Holder() string {
	if e.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("adopt6 with pid %d, since %s", e.PID, e.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// Alive says whether the holder is known and runs.
func (e *HeldError) Alive() bool { return e.PID > 0 && syscall.Kill(e.PID, 0) == nil }

// Lock is a lock that this process has. The zero lock locks nothing.
type Lock struct{ file *os.File }

const (
	// poll is how often a lock that another has is tried.
	poll = 10 * time.Millisecond
	// glance is how long one who only looks whether a file is locked may have it.
	glance = 5 * poll
)

// Try locks a file, which it makes with the permissions where there is none, or
// returns a *HeldError.
func Try(path string, permissions os.FileMode) (*Lock, error) {
	begun := time.Now()
	return Wait(context.Background(), path, permissions, func(*HeldError) bool { return time.Since(begun) < glance })
}

// Wait is as [Try], and waits for another process while ctx lasts and patient
// says so; nil always does.
func Wait(ctx context.Context, path string, permissions os.FileMode, patient func(*HeldError) bool) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, permissions)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := lock(ctx, f, patient); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "%d %d\n", os.Getpid(), time.Now().Unix())
	}
	return &Lock{f}, nil
}

// Content waits for the lock of an open file, whose content it leaves alone, while
// ctx lasts. Closing the file unlocks it.
func Content(ctx context.Context, f *os.File) error { return lock(ctx, f, nil) }

func lock(ctx context.Context, f *os.File, patient func(*HeldError) bool) error {
	var tick *time.Ticker
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		held := heldBy(f)
		if patient != nil && !patient(held) {
			return held
		}
		if tick == nil {
			tick = time.NewTicker(poll)
			defer tick.Stop()
		}
		select {
		case <-ctx.Done():
			return errors.Join(held, ctx.Err())
		case <-tick.C:
		}
	}
}

// Held returns the holder of the lock on a file; nil when it is free.
func Held(path string) (*HeldError, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return heldBy(f), nil
}

// heldBy reads who has a lock.
func heldBy(f *os.File) *HeldError {
	held := &HeldError{Path: f.Name()}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 64))
	if err != nil {
		return held
	}
	pid, since, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	seconds, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return held
	}
	held.PID, _ = strconv.Atoi(pid)
	held.Since = time.Unix(seconds, 0)
	return held
}

// File is the locked file. A child process that inherits it has the lock too,
// until both have ended.
func (l *Lock) File() *os.File { return l.file }

// Unlock releases the lock.
func (l *Lock) Unlock() error {
	if l == nil || l.file == nil {
		return nil
	}
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
