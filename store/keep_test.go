package store_test

import (
	"fmt"
	"testing"
	"time"

	"adopt6/store"
)

func TestParseKeep(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"1m": "2026-10-01", "24m": "2024-11-01", "2y": "2024-11-01", "11m": "2025-12-01"} {
		if got, err := store.ParseKeep(text, now); err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("%s: %v, error %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "0m", "-1m", "24", "2 y", "12months", "9999y", "1d"} {
		if got, err := store.ParseKeep(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	if name := store.SpoolName("clickhouse://u@h.example/db", "adopt6"); name != "h.example_9000_db" || name != store.SpoolName("clickhouse://other@h.example:9000", "db") {
		t.Error(fmt.Sprint("the spool of one database has two names: ", name))
	}
}
