package lockfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	if held, err := Held(path); held != nil || err != nil {
		t.Errorf("a file that is not there: %v, %v", held, err)
	}
	begun := time.Now().Truncate(time.Second)
	first, err := Try(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	held := new(HeldError)
	if _, err := Try(path, 0o600); !errors.As(err, &held) || held.PID != os.Getpid() || !held.Alive() || held.Since.Before(begun) {
		t.Errorf("locked twice: %v", err)
	}
	if held, err := Held(path); err != nil || held == nil || held.PID != os.Getpid() {
		t.Errorf("held by %v, %v", held, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Wait(ctx, path, 0o600, nil); !errors.Is(err, context.Canceled) || !errors.As(err, &held) {
		t.Errorf("waited beyond the context: %v", err)
	}
	next := make(chan error)
	go func() {
		second, err := Wait(t.Context(), path, 0o600, nil)
		next <- errors.Join(err, second.Unlock())
	}()
	if err := first.Unlock(); err != nil {
		t.Error(err)
	}
	if err := <-next; err != nil {
		t.Errorf("a lock that was released: %v", err)
	}
	if held, err := Held(path); held != nil || err != nil {
		t.Errorf("after all: %v, %v", held, err)
	}
	if err := new(Lock).Unlock(); err != nil {
		t.Errorf("the zero lock: %v", err)
	}
}

// TestContent shows that what is in a file survives its lock.
func TestContent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte("line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Content(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if held, err := Held(path); err != nil || held == nil || held.PID != 0 || held.Alive() {
		t.Errorf("held by %v, %v", held, err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "line\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
