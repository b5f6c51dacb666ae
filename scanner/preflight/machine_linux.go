package preflight

import "golang.org/x/sys/unix"

// fileLimit returns how many files the process may have open. The Go runtime
// has raised it as far as the system allows.
func fileLimit() (uint64, bool) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur, err == nil
}

// freeSpace returns the bytes that may be written to the folder's disk.
func freeSpace(folder string) (uint64, bool) {
	var fs unix.Statfs_t
	err := unix.Statfs(folder, &fs)
	return fs.Bavail * uint64(fs.Bsize), err == nil
}
