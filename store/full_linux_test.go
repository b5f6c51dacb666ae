package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

// insideVariable names the small disk of a test that runs in a mount namespace
// of its own.
const insideVariable = "ADOPT6_TEST_SMALL_DISK"

// A full disk stops a scan with an error that says so, and loses nothing: when
// there is room again, all that was accepted is there.
func TestFullDisk(t *testing.T) {
	if disk := os.Getenv(insideVariable); disk != "" {
		fillDisk(t, disk)
		return
	}
	inside := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
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
	if err := syscall.Mount("adopt6", disk, "tmpfs", 0, "size=160m"); err != nil {
		t.Fatal(err)
	}
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
	accepted := uint64(0)
	for ; ; accepted++ {
		o := plainObservation(scan.ID, accepted)
		o.Endpoints[0].Detail = strings.Repeat(fmt.Sprint(accepted), 2000) // fills the disk sooner
		if err = w.Write(t.Context(), &o); err != nil {
			break
		}
	}
	if !strings.Contains(err.Error(), "is full; free space") {
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
