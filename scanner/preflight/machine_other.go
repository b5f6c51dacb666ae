//go:build !linux

package preflight

func fileLimit() (uint64, bool) { return 0, false }

func freeSpace(string) (uint64, bool) { return 0, false }
