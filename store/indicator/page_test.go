package indicator_test

import (
	"bytes"
	"os"
	"testing"

	"adopt6/store/indicator"
)

// TestPage compares docs/indicators.md with the declarations; `make docs` writes
// it again.
func TestPage(t *testing.T) {
	t.Parallel()
	var fresh bytes.Buffer
	if err := indicator.WritePage(&fresh); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/indicators.md")
	if err != nil || !bytes.Equal(kept, fresh.Bytes()) {
		t.Errorf("docs/indicators.md is not what the declarations say (%v): run make docs", err)
	}
}
