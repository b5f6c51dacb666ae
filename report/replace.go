package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// place renames a complete site to its folder. Where the system can
// exchange two names in one step there is a site under that name at any moment;
// elsewhere the old one steps aside first, and restore repairs a crash between.
func place(made, dir string) error {
	err := os.Rename(made, dir) // there is nothing yet, or an empty folder
	if err == nil {
		return nil
	}
	if err := exchange(made, dir); err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return wrapPlace(err)
	}
	return wrapPlace(stepAside(made, dir))
}

func wrapPlace(err error) error {
	if err != nil {
		return fmt.Errorf("replace the report: %w", err)
	}
	return nil
}

// stepAside replaces a site by two renames.
func stepAside(made, dir string) error {
	old := aside(dir)
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// aside is where a site is kept while another replaces it.
func aside(dir string) string { return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".old") }

// restore puts a site back that a crash in stepAside left without its name, and
// removes one that a crash after it left behind.
func restore(dir string) error {
	old := aside(dir)
	if ours, err := isSite(old); err != nil || !ours {
		return nil
	}
	_, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.Rename(old, dir)
	case err == nil:
		err = os.RemoveAll(old)
	}
	if err != nil {
		return fmt.Errorf("restore the report after a crash: %w", err)
	}
	return nil
}
