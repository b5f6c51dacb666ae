package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// isDiskFull says whether an error is a full disk, here or at the engine.
func isDiskFull(err error) bool {
	if isDiskFullHere(err) {
		return true
	}
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && (exception.Code == codeNotEnoughSpace || noSpace.MatchString(exception.Message))
}

func isDiskFullHere(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// noSpace is how the engine words ENOSPC.
var noSpace = regexp.MustCompile(`(?i)no space left on device|errno: 28\b`)

// fullDisk says which disk is full, and of what.
func (s *Store) fullDisk(err error) string {
	var file *fs.PathError
	switch {
	case isDiskFullHere(err) && errors.As(err, &file):
		folder := filepath.Dir(file.Path)
		if lacksInodes(folder) {
			return fmt.Sprintf("the disk of this machine that holds %s has space, but room for no more files: its table of inodes is full", folder)
		}
		return fmt.Sprintf("the disk of this machine that holds %s is full", folder)
	case isDiskFullHere(err):
		return "a disk of this machine is full"
	case s.engine != nil:
		return fmt.Sprintf("the disk that holds the store in %s is full", s.where)
	}
	return fmt.Sprintf("the disk of the ClickHouse server at %s is full", s.where)
}

// lacksInodes says whether a file system has blocks left and no inodes. Those
// that make inodes as they need them have none to count.
func lacksInodes(folder string) bool {
	var stat syscall.Statfs_t
	return syscall.Statfs(folder, &stat) == nil && stat.Bavail > 0 && stat.Files > 0 && stat.Ffree == 0
}
