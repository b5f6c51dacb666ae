//go:build !alone

package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adopt6/store"
	"adopt6/store/engine"
	"adopt6/store/storetest"
)

// TestFolderLockIsReleased lets a server and a scan use one folder alternately.
func TestFolderLockIsReleased(t *testing.T) {
	cfg := storetest.Embedded(t)
	scan := storetest.Open(t, cfg)
	readOnly := cfg
	readOnly.ReadOnly = true
	onDemand := store.NewOnDemand(filepath.Join(cfg.Path, engine.LockFile), 0, func(ctx context.Context) (*store.Store, error) {
		return store.Open(ctx, readOnly)
	})
	lend := OnDemand(onDemand)
	count := func(s *store.Store) error {
		for _, err := range s.Scans(t.Context()) {
			return err
		}
		return nil
	}
	busy := new(BusyError)
	if err := lend(t.Context(), count); !errors.As(err, &busy) {
		t.Errorf("while a scan has the folder: %v", err)
	}
	if err := scan.Close(); err != nil {
		t.Fatal(err)
	}
	if err := lend(t.Context(), count); err != nil {
		t.Fatal(err)
	}
	if onDemand.Changed() {
		t.Error("our own use is taken for a change")
	}
	again, err := store.Open(t.Context(), cfg) // while it is not in use, the folder is free
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if !onDemand.Changed() {
		t.Error("a scan has had the folder, and it is not looked at again")
	}
	if err := errors.Join(lend(t.Context(), count), onDemand.Close()); err != nil {
		t.Error(err)
	}
}

// TestStop ends a server while a request is under way: the request is answered,
// and afterwards nothing listens.
func TestStop(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	s := newServer(t, Config{Refresh: time.Hour, Lend: func(ctx context.Context, _ func(*store.Store) error) error {
		if ctx.Value(http.ServerContextKey) == nil {
			return nil // the look for scans at the beginning
		}
		close(asked)
		<-release
		return nil
	}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served, answered := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.Run(ctx, listener) }()
	address := "http://" + listener.Addr().String() + "/readyz"
	go func() {
		answer, err := http.Get(address)
		if err == nil && answer.StatusCode != 200 {
			err = errors.New(answer.Status)
		}
		answered <- err
	}()
	<-asked
	stop()
	select {
	case err := <-served:
		t.Fatalf("it ended before it had answered: %v", err)
	default:
	}
	close(release)
	if err := errors.Join(<-answered, <-served); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(address); err == nil {
		t.Error("it still listens")
	}
}

// TestHeaderIsBounded sends a header that is longer than anybody needs.
func TestHeaderIsBounded(t *testing.T) {
	s := newServer(t, Config{Refresh: time.Hour, Lend: func(context.Context, func(*store.Store) error) error { return nil }})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx, listener) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", strings.Repeat("a", 2*maxHeader))
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of %d bytes: %v, error %v", 2*maxHeader, answer, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestCertificateIsRenewed changes the files of a certificate under a server.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	c := NewCertificates(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err := c.Load(); err == nil || !strings.Contains(err.Error(), "serve.tls_cert") {
		t.Errorf("no certificate: %v", err)
	}
	write := func(changed time.Time) {
		t.Helper()
		certificate, key := selfSigned(t)
		if err := errors.Join(os.WriteFile(c.certificate, certificate, 0o600), os.WriteFile(c.key, key, 0o600), os.Chtimes(c.certificate, changed, changed)); err != nil {
			t.Fatal(err)
		}
	}
	write(time.Unix(1000, 0))
	if err := c.Load(); err != nil {
		t.Fatal(err)
	}
	first, _ := c.Get(nil)
	write(time.Unix(2000, 0))
	if same, _ := c.Get(nil); same != first {
		t.Error("files are read for every connection")
	}
	c.looked = time.Time{}
	second, _ := c.Get(nil)
	if second == first {
		t.Error("a renewed certificate is not read")
	}
	if err := os.WriteFile(c.certificate, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.looked = time.Time{}
	if kept, err := c.Get(nil); kept != second || err != nil {
		t.Errorf("a damaged certificate replaced a good one: %v", err)
	}
}
