//go:build linux && !alone

// Command bench compares adopt6's resolver with massdns and zdns.
//
// In: the programs to compare and the sizes. Out: a table in Markdown of
// lookups a second and CPU time per lookup, medians of interleaved rounds. It
// works inside a network namespace of its own, where NSD plays the servers,
// and sends nothing beyond it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// settings are the command line.
type settings struct {
	adopt6, massdns, zdns string
	names, domains        int
	rounds                int
	dir                   string
	only                  string
	algorithm             string
}

func main() {
	var s settings
	flag.StringVar(&s.adopt6, "adopt6", "adopt6", "adopt6 binary")
	flag.StringVar(&s.massdns, "massdns", "massdns", "massdns binary; left out when there is none")
	flag.StringVar(&s.zdns, "zdns", "zdns", "zdns binary; left out when there is none")
	flag.IntVar(&s.names, "names", 200_000, "names asked of one server")
	flag.IntVar(&s.domains, "domains", 20_000, "signed domains resolved from the root")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds; the medians count")
	flag.StringVar(&s.dir, "dir", "", "folder to work in (default: a temporary one)")
	flag.StringVar(&s.only, "only", "", "stub or iterative: run this part only")
	flag.StringVar(&s.algorithm, "algorithm", "ECDSAP256SHA256", "DNSSEC algorithm of the zones: also ED25519 or RSASHA256")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, &s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// inside marks the process that runs in the namespace.
const inside = "RESOLVE_BENCH_NETNS"

// start runs the comparison, by way of a process in a network namespace.
func start(ctx context.Context, s *settings) error {
	if os.Getenv(inside) == "" {
		return enter(ctx)
	}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "adopt6-bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.dir = dir
	}
	if err := command(ctx, "ip", "link", "set", "lo", "up"); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context, *settings) error
	}{{"stub", stub}, {"iterative", iterative}} {
		if s.only != "" && s.only != part.name {
			continue
		}
		if err := part.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// enter runs this program again in a network namespace. The namespace ends with
// it, and so do the servers, which run in it.
func enter(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	err := cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		os.Exit(exit.ExitCode()) // it has said why
	}
	return err
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// found says whether a program can be run.
func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func (s *settings) file(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}
