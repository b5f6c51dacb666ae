//go:build !alone

package store_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"adopt6/store"
	"adopt6/store/storetest"
)

// insideVariable names the small disk of a test that runs in a mount namespace
// of its own.
const insideVariable = "ADOPT6_TEST_SMALL_DISK"

// A full disk stops a scan with an error that says so, and loses nothing: when
// there is room again, all that was accepted is there.
func TestFullDisk(t *testing.T) { withSmallDisk(t, fillDisk) }

// A server whose disk is full is waited for.
func TestFullDiskOfTheServer(t *testing.T) { withSmallDisk(t, fillServerDisk) }

// A folder that cannot be written to is named in the error.
func TestReadOnlyFolder(t *testing.T) { withSmallDisk(t, readOnlyFolder) }

// withSmallDisk runs a test in a mount namespace of its own, with a disk of 160
// MiB.
func withSmallDisk(t *testing.T, test func(t *testing.T, disk string)) {
	if disk := os.Getenv(insideVariable); disk != "" {
		if err := syscall.Mount("adopt6", disk, "tmpfs", 0, "size=160m"); err != nil {
			t.Fatal(err)
		}
		test(t, disk)
		return
	}
	inside := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	inside.Env = append(os.Environ(), insideVariable+"="+t.TempDir())
	inside.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if text, err := inside.CombinedOutput(); err != nil {
		t.Errorf("in a mount namespace: %v\n%s", err, text)
	}
}

func fillDisk(t *testing.T, disk string) {
	cfg := storetest.Embedded(t)
	cfg.Path = filepath.Join(disk, "store")
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	scan := newScan(t, s, 1)
	w, err := s.Writer(t.Context(), scan.ID)
	if err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 130<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	random, noise := rand.NewChaCha8([32]byte{}), make([]byte, 5_000)
	accepted := uint64(0)
	for ; ; accepted++ {
		o := plainObservation(scan.ID, accepted)
		random.Read(noise)
		o.Endpoints[0].Detail = hex.EncodeToString(noise) // fills the disk sooner
		if err = w.Write(t.Context(), &o); err != nil {
			break
		}
	}
	if !strings.Contains(err.Error(), "the disk of this machine that holds "+filepath.Join(disk, "store")) || !strings.Contains(err.Error(), "is full; free space") {
		t.Errorf("Write on a full disk: %v", err)
	}
	t.Logf("%d rows were accepted: %v", accepted, err)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	exactly(t, storetest.Open(t, cfg), scan.ID, accepted)
}

func fillServerDisk(t *testing.T, disk string) {
	server := storetest.NewServerIn(t, filepath.Join(disk, "server"))
	cfg := server.Config(t)
	logs := capture(&cfg)
	s := storetest.Open(t, cfg)
	const targets = 3_000
	scan := newScan(t, s, targets)
	s.SetBounds(1_000, time.Second, 1<<30)
	w := writer(t, s, scan.ID)
	ballast := filepath.Join(disk, "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(file, neverEnding{}) // until the disk is full
	file.Close()
	for i := range uint64(targets) {
		write(t, w, plainObservation(scan.ID, i))
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var left *store.UndeliveredError
	if err := w.Flush(short); !errors.As(err, &left) {
		t.Errorf("a full disk took everything: %v", err)
	}
	if !strings.Contains(logs.String(), "the disk of the ClickHouse server at "+server.DSN("default")) || !strings.Contains(logs.String(), "is full; free space") {
		t.Errorf("the log does not tell of the full disk: %s", logs.String())
	}
	s.SetPatience(time.Second) // a scan that has nothing left to do does not wait without end
	hasty, err := s.Writer(t.Context(), scan.ID)
	if err != nil {
		t.Fatal(err)
	}
	write(t, hasty, plainObservation(scan.ID, 0))
	if err := hasty.Close(t.Context()); !errors.As(err, &left) || !strings.Contains(err.Error(), "waited 1s for room") {
		t.Errorf("the end of a scan on a full disk: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	exactly(t, s, scan.ID, targets)
}

// neverEnding is a reader of zeros.
type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func readOnlyFolder(t *testing.T, disk string) {
	folder := filepath.Join(disk, "store")
	cfg := storetest.Embedded(t)
	cfg.Path = folder
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	scan := newScan(t, s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("adopt6", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=160m"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, filepath.Join(disk, "new")} {
		cfg.Path = path
		if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "read-only file system") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	onServer := storetest.OnServer(t)
	onServer.SpoolDir = filepath.Join(disk, "spool")
	s = storetest.Open(t, onServer)
	if err := s.NewScan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer(t.Context(), scan.ID); err == nil || !strings.Contains(err.Error(), "read-only file system") || !strings.Contains(err.Error(), onServer.SpoolDir) {
		t.Errorf("a spool that cannot be written: %v", err)
	}
}
