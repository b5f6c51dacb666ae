package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"adopt6/scanner/lockfile"
)

// LockFile is the file in the store folder that names the process holding the
// lock.
const LockFile = "adopt6.lock"

// lockPatience is how long a folder may stay locked after the process that
// locked it has died: its engine needs a moment to end.
const lockPatience = 10 * time.Second

// LockedError reports that another process has locked the store folder.
type LockedError struct {
	Folder string
	*lockfile.HeldError
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("store folder %s is in use by %s; wait for it to end, or name another folder with --store", e.Folder, e.Holder())
}

// lockFolder takes the folder's lock. The child inherits the file, so that the
// folder stays locked until both processes have ended. It waits for the engine of
// a process that has ended, but not for a running process.
func lockFolder(ctx context.Context, path string) (*lockfile.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock, err := lockfile.Wait(ctx, filepath.Join(path, LockFile), 0o600, func(held *lockfile.HeldError) bool { return !held.Alive() })
	if held := new(lockfile.HeldError); errors.As(err, &held) {
		return nil, &LockedError{path, held}
	}
	if err != nil {
		return nil, fmt.Errorf("lock store folder %s: %w", path, err)
	}
	return lock, nil
}
