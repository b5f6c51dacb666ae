package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotifyRefuses ends with the exit code of misuse where a channel is wrong
// or there is none.
func TestNotifyRefuses(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(config, []byte("notify:\n  - {name: a, file: x, language: tlh}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := runMain("notify", "test", "--config", config); code != exitMisuse || !strings.Contains(errOut, `adopt6.yaml:2: language: "tlh" is none of ar, zh`) {
		t.Errorf("a language that does not exist: exit %d, %s", code, errOut)
	}
	if code, _, errOut := runMain("notify", "flush"); code != exitMisuse || !strings.Contains(errOut, `add a list "notify:"`) {
		t.Errorf("without channels: exit %d, %s", code, errOut)
	}
}
