package preflight

import (
	"adopt6/scanner/observation"
	"fmt"
	"os"
	"path/filepath"
)

const (
	// filesPerTarget is how many files one target has open at a time, at most
	// as a rule: the connections of a web probe to two hosts over two
	// families with their redirects. filesBeside is what else is open.
	filesPerTarget = 8
	filesBeside    = 256

	megabyte = 1_000_000
	// littleSpace is when a disk is called short, and noSpace when full.
	littleSpace, noSpace = 1000 * megabyte, 100 * megabyte
)

// machine checks the resources of the machine itself.
func (c *Config) machine() []Check {
	return []Check{c.files(), c.disk()}
}

// files compares the limit of open files with what the workers need.
func (c *Config) files() Check {
	check := Check{Name: Files, Title: "Open files",
		Effect: "Targets for which no file is left are stored as unmeasured (local_fault).",
		Fix:    "Raise the limit (ulimit -n, or LimitNOFILE of the service), or lower scan.workers."}
	limit, ok := fileLimit()
	need := uint64(filesPerTarget*c.Workers + filesBeside)
	switch {
	case !ok:
		return check.unmeasured("this system does not tell its limit")
	case limit < need:
		check.Status = observation.Partial
		check.Seen = fmt.Sprintf("%d may be open at a time, and %d workers may need %d", limit, c.Workers, need)
	default:
		check.Status = observation.OK
		check.Seen = fmt.Sprintf("%d may be open at a time; %d workers need %d at most", limit, c.Workers, need)
	}
	return check.tidy()
}

// disk checks the free space in the folders that a scan writes to.
func (c *Config) disk() Check {
	check := Check{Name: Disk, Title: "Free space",
		Effect: "The scan stops when the disk is full, and can be resumed once there is space.",
		Fix:    "Free some space, or choose another folder with --store and --state."}
	least, where, found := uint64(0), "", false
	for _, folder := range c.Folders {
		if free, ok := freeSpace(existing(folder)); ok && (!found || free < least) {
			least, where, found = free, folder, true
		}
	}
	if !found {
		return check.unmeasured("this system does not tell it")
	}
	check.Seen = fmt.Sprintf("%.1f GB for %s", float64(least)/(1000*megabyte), where)
	if least < 1000*megabyte {
		check.Seen = fmt.Sprintf("%d MB for %s", uint64(least/megabyte), where)
	}
	switch {
	case least < noSpace:
		check.Status = observation.Broken
	case least < littleSpace:
		check.Status = observation.Partial
	default:
		check.Status = observation.OK
	}
	return check.tidy()
}

// existing returns the folder or the closest one above it that exists.
func existing(folder string) string {
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}
