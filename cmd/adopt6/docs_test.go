package main

import (
	"os"
	"path/filepath"
	"testing"
)

const commandFolder = "../../docs/commands"

// TestCommandReferenceIsCurrent compares docs/commands with the commands;
// `make docs` writes it anew.
func TestCommandReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, errOut := runMain("docs", "--out", dir); code != 0 {
		t.Fatal(errOut)
	}
	fresh, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(fresh) < 15 {
		t.Fatalf("%d pages written, %v", len(fresh), err)
	}
	kept, err := filepath.Glob(filepath.Join(commandFolder, "*.md"))
	if err != nil || len(kept) != len(fresh) {
		t.Errorf("docs/commands has %d pages, the commands make %d: run make docs", len(kept), len(fresh))
	}
	for _, file := range fresh {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(commandFolder, filepath.Base(file)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not current (%v): run make docs", filepath.Base(file), err)
		}
	}
}

func TestManPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, errOut := runMain("docs", "--format", "man", "--out", dir); code != 0 {
		t.Fatal(errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, "adopt6-scan.1")); err != nil {
		t.Error(err)
	}
}
