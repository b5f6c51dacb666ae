package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// site makes a folder that is recognised as a site, with a text in it.
func site(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "assets"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{marker: markerText, "index.html": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// A reader who opens a site while it is replaced again and again always finds
// one, the old or the new.
func TestSiteIsReplacedInOneStep(t *testing.T) {
	parent := t.TempDir()
	dir, made := filepath.Join(parent, "site"), filepath.Join(parent, "made")
	site(t, dir, "old")
	if err := exchange(dir, filepath.Join(parent, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("this system cannot exchange folders, or says nothing of a missing one: %v", err)
	}
	stop, missed := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				missed <- n
				return
			default:
			}
			if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
				n++
			}
		}
	}()
	for range 300 {
		site(t, made, "new")
		if err := place(made, dir); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if n := <-missed; n > 0 {
		t.Errorf("a reader found no site %d times", n)
	}
}

// A crash between the two renames leaves no site under its name. The next run
// puts the old one back before it begins, and so keeps it if it fails.
func TestSiteIsRestoredAfterACrash(t *testing.T) {
	parent := t.TempDir()
	dir, made := filepath.Join(parent, "site"), filepath.Join(parent, "made")
	site(t, dir, "old")
	site(t, made, "new")
	if err := stepAside(made, dir); err != nil || read(dir) != "new" {
		t.Fatalf("the site says %q, error %v", read(dir), err)
	}
	if entries, _ := os.ReadDir(parent); len(entries) != 1 {
		t.Errorf("%d folders are left, want the site alone", len(entries))
	}

	if err := os.Rename(dir, aside(dir)); err != nil { // the first of the two, and the crash
		t.Fatal(err)
	}
	if err := restore(dir); err != nil || read(dir) != "new" {
		t.Errorf("after a crash between the renames the site says %q, error %v", read(dir), err)
	}
	site(t, aside(dir), "old") // a crash after the second
	if err := restore(dir); err != nil || read(dir) != "new" {
		t.Errorf("after a crash behind the renames the site says %q, error %v", read(dir), err)
	}
	if _, err := os.Stat(aside(dir)); err == nil {
		t.Error("the replaced site is still there")
	}

	foreign := filepath.Join(parent, "notes")
	if err := os.MkdirAll(aside(foreign), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := restore(foreign); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(foreign); err == nil {
		t.Error("a folder that is not a site was taken for one")
	}
}

// TestForeignFolderIsRefused checks that a folder of another project is never
// replaced, though it has the folders of a site and a file of the marker's name.
func TestForeignFolderIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "project")
	site(t, dir, "theirs")
	if err := mayReplace(dir); err != nil {
		t.Fatalf("a site: %v", err)
	}
	for _, change := range []func(name string) error{
		func(name string) error { return os.WriteFile(name, []byte("something else"), 0o644) },
		os.Remove,
	} {
		if err := change(filepath.Join(dir, marker)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "assets", "site.css"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := mayReplace(dir); !errors.Is(err, ErrForeign) {
			t.Errorf("a folder that is not a site: %v", err)
		}
	}
}
