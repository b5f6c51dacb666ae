package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LockFile lies in the store folder and names the process that has it.
const LockFile = "adopt6.lock"

// lockPatience is how long a folder may stay locked after the process that
// locked it has died: its engine needs a moment to end.
const lockPatience = 10 * time.Second

// LockedError says that another process has the store folder.
type LockedError struct {
	Path  string
	PID   int // 0 when the holder could not be read
	Since time.Time
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("adopt6 with pid %d, since %s", e.PID, e.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	return fmt.Sprintf("store folder %s is in use by %s; wait for it to end, or name another folder with --store", e.Path, holder)
}

// lockFolder takes the folder's lock. The child inherits the file, so that the
// folder stays locked until both processes have ended.
func lockFolder(ctx context.Context, path string) (*os.File, error) {
	name := filepath.Join(path, LockFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock store folder %s: %w", path, err)
	}
	if err := flock(ctx, path, f); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, lockedBy(path, f)
		}
		return nil, fmt.Errorf("lock store folder %s: %w", path, err)
	}
	holder := fmt.Sprintf("%d %d\n", os.Getpid(), time.Now().Unix())
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(holder), 0)
		if err == nil {
			return f, nil
		}
	}
	// The disk is full. The lock holds all the same; only its holder has no
	// name, and whatever needs the room will say so better.
	return f, nil
}

// flock takes the lock. It waits for the engine of a dead process, at most for
// lockPatience, and not for a process that lives.
func flock(ctx context.Context, path string, f *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if holder := lockedBy(path, f); holder.PID > 0 && syscall.Kill(holder.PID, 0) == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// lockedBy reads who has the lock.
func lockedBy(path string, f *os.File) *LockedError {
	locked := &LockedError{Path: path}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 64))
	if err != nil {
		return locked
	}
	pid, since, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	seconds, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return locked
	}
	locked.PID, _ = strconv.Atoi(pid)
	locked.Since = time.Unix(seconds, 0)
	return locked
}

// unlockFolder gives the lock back. The file stays: removing it could remove
// the lock of a process that has just taken it.
func unlockFolder(f *os.File) error {
	if f == nil {
		return nil
	}
	if err := f.Truncate(0); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
