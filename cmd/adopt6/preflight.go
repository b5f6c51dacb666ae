package main

import (
	"path/filepath"
)

// writtenFolders are those that a scan fills.
func (a *app) writtenFolders() ([]string, error) {
	state, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	config, err := a.storeConfig()
	if err != nil || config.Path == "" {
		return []string{state}, err
	}
	return []string{filepath.Clean(config.Path), state}, nil
}
