package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"adopt6/store"
	"adopt6/store/engine"
)

func TestOpenWants(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]store.Config{
		"neither":  {},
		"both":     {Path: t.TempDir(), DSN: "clickhouse://h"},
		"no spool": {DSN: "clickhouse://h"},
	} {
		if _, err := store.Open(t.Context(), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var missing *engine.MissingError
	if _, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "s"), CacheDir: t.TempDir()}); !errors.As(err, &missing) {
		t.Errorf("without the engine: %v", err)
	}
}
