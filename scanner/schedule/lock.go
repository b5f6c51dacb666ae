package schedule

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"adopt6/scanner/lockfile"
)

// daemonLock is the file that a folder's scheduler locks.
const daemonLock = "daemon.lock"

// lockMode lets other accounts see whether a scheduler runs.
const lockMode = 0o644

// BusyError reports that another process holds a lock.
type BusyError struct {
	What string
	*lockfile.HeldError
}

func (e *BusyError) Error() string {
	return e.What + " is in use by " + e.Holder() + "; wait for it to end"
}

// LockDaemon takes the lock of a folder's only scheduler, or returns a
// *BusyError.
func LockDaemon(dir string) (*lockfile.Lock, error) {
	return tryLock(filepath.Join(dir, daemonLock), "the schedule in "+dir)
}

// LockJob takes the lock on a job's runs, or returns a *BusyError.
func LockJob(dir, job string) (*lockfile.Lock, error) {
	return tryLock(filepath.Join(dir, "locks", job+".lock"), "job "+job)
}

func tryLock(path, what string) (*lockfile.Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for locks: %w", err)
	}
	lock, err := lockfile.Try(path, lockMode)
	if held := new(lockfile.HeldError); errors.As(err, &held) {
		return nil, &BusyError{what, held}
	}
	return lock, err
}

// DaemonPID returns the process id of the scheduler that runs on a folder; 0 when
// none does.
func DaemonPID(dir string) (int, error) {
	held, err := lockfile.Held(filepath.Join(dir, daemonLock))
	if err != nil || held == nil {
		return 0, err
	}
	return held.PID, nil
}
