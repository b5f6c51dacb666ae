//go:build linux

// Package netns builds a small Internet of servers that we did not write, for
// tests: NSD, Knot DNS, BIND and Unbound, nginx and Postfix inside a network
// namespace of the test's own.
//
// In: zones, how each is signed and by whose tool, and which server holds it;
// what web and mail servers show at which address. Out: running servers on
// ordinary global addresses, with root hints and trust anchors to match. No
// packet leaves the namespace, and every process ends with the test.
package netns

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inside marks the process that runs in the namespace.
const inside = "ADOPT6_TEST_NETNS"

// Enter moves a top-level test into a network namespace of its own: it runs the test
// binary again, inside, for this test only. Inside it returns true, with the
// loopback interface up. Outside it returns false when that run has ended and
// its outcome been reported to t; the caller then returns.
//
// The namespace takes its processes along: when the test ends, or is killed,
// the kernel ends every server that it started. An ordinary user needs a
// kernel that permits user namespaces.
func Enter(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		if err := loopbackUp(); err != nil {
			t.Fatal(err)
		}
		return true
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", arguments(t)...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	exit := new(exec.ExitError)
	switch {
	case errors.As(err, &exit):
		t.Errorf("in the namespace: %v\n%s", err, out)
	case err != nil:
		t.Errorf("start the test in a network namespace: %v", err)
	case testing.Verbose():
		t.Logf("in the namespace:\n%s", out)
	}
	return false
}

// arguments returns the flags for the run inside: this test, and of its
// subtests those that were asked for.
func arguments(t *testing.T) []string {
	run := "^" + t.Name() + "$"
	if _, subtests, ok := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); ok {
		run += "/" + subtests
	}
	args := []string{"-test.run=" + run, "-test.count=1"}
	if deadline, ok := t.Deadline(); ok {
		args = append(args, fmt.Sprintf("-test.timeout=%s", time.Until(deadline).Round(time.Second)))
	}
	for _, name := range []string{"test.v", "test.short", "test.failfast"} {
		args = append(args, fmt.Sprintf("-%s=%s", name, flag.Lookup(name).Value))
	}
	return args
}
