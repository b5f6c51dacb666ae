package schedule

import (
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

// Lock is a lock on a file. The operating system gives it back when the process
// that has it ends, however it ends.
type Lock struct{ file *os.File }

// daemonLock is the file that the scheduler of a folder locks.
const daemonLock = "daemon.lock"

// BusyError says that another process has a lock.
type BusyError struct {
	What string
	PID  int // 0 when it could not be read
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return e.What + " is in use by another process; wait for it to end"
	}
	return fmt.Sprintf("%s is in use by adopt6 with pid %d; wait for it to end", e.What, e.PID)
}

// LockDaemon takes the lock of the one scheduler of a folder, or returns a
// *BusyError.
func LockDaemon(dir string) (*Lock, error) {
	return tryLock(filepath.Join(dir, daemonLock), "the schedule in "+dir)
}

// LockJob takes the lock of a job's runs, or returns a *BusyError.
func LockJob(dir, job string) (*Lock, error) {
	return tryLock(filepath.Join(dir, "locks", job+".lock"), "job "+job)
}

func tryLock(path, what string) (*Lock, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := patiently(f); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, &BusyError{What: what, PID: holder(f)}
	}
	// Whose it is only helps people; on a full disk the lock holds without it.
	if f.Truncate(0) == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return &Lock{f}, nil
}

// patiently takes a lock. Who only looks whether one is taken has it for a
// moment, which this waits out.
func patiently(f *os.File) (err error) {
	for range 5 {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

func openLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for locks: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return f, nil
}

// Unlock gives the lock back. The file stays: removing it could remove the lock
// of a process that has just taken it. The zero lock locks nothing.
func (l *Lock) Unlock() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// DaemonPID returns the process of the scheduler that runs on a folder; 0 when
// none does.
func DaemonPID(dir string) (int, error) {
	f, err := os.Open(filepath.Join(dir, daemonLock))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("see whether a scheduler runs: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, nil
	}
	return holder(f), nil
}

// holder reads who has a lock; 0 when that cannot be read.
func holder(f *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
