package main

import (
	"strings"
	"testing"
)

func TestClusterNeedsServer(t *testing.T) {
	t.Parallel()
	code, _, errOut := runMain("store", "info", "--cluster", "stats", "--store", t.TempDir())
	if code != exitMisuse || !strings.Contains(errOut, "name the server too, with --dsn") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
