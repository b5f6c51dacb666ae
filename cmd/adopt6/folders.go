package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// userFolder returns adopt6/ below the folder that the XDG Base Directory
// Specification gives: in a variable, or else at a place below the home folder.
func userFolder(variable, below string) (string, error) {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "adopt6"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder, for adopt6's files: %w (set %s)", err, variable)
	}
	return filepath.Join(home, below, "adopt6"), nil
}

// stateFolder is where scans keep what they need to resume.
func (a *app) stateFolder() (string, error) {
	if a.settings.Scan.State != "" {
		return a.settings.Scan.State, nil
	}
	return userFolder("XDG_STATE_HOME", ".local/state")
}
