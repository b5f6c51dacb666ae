package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"adopt6/scanner/resolve"
)

// runBatch resolves the names on standard input.
func (f *resolveFlags) runBatch(ctx context.Context, a *app, r *resolve.Resolver, mode resolve.Mode, kind uint16) error {
	collectLate()
	names := &nameReader{in: a.in}
	started := time.Now()
	var stats resolve.BatchStats
	var err error
	if f.server != "" {
		server, parseErr := parseServer(f.server)
		if parseErr != nil {
			return parseErr
		}
		stub := resolve.Stub{Server: server, Type: kind, RD: f.recursion, Window: f.window}
		stats, err = r.Stub(ctx, stub, names.all(), a.out)
	} else {
		stats, err = r.ResolveAll(ctx, mode, kind, f.window, names.all(), a.out)
	}
	if err == nil {
		err = names.err
	}
	took := time.Since(started)
	fmt.Fprintf(a.errOut, "%d names, %d answered, %d failed, %d queries, %.1f s, %.0f names a second\n",
		stats.Asked, stats.Answered, stats.Failed, stats.Queries, took.Seconds(), float64(stats.Asked)/took.Seconds())
	return err
}

// batchMemory is the heap at which a batch begins to spend time on keeping
// memory small: the caches are full at 256 MiB.
const batchMemory = 768 << 20

// collectLate trades memory for time: most of what a batch keeps is its cache,
// and looking through that for garbage over and over is a tenth of its work.
// Who sets GOGC or GOMEMLIMIT has decided otherwise.
func collectLate() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(batchMemory)
	}
}

// parseServer reads an address with or without a port.
func parseServer(text string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return netip.AddrPortFrom(addr, 53), nil
	}
	server, err := netip.ParseAddrPort(text)
	if err != nil {
		return server, misusef("--server %q: want an address such as 192.0.2.1, 2001:db8::1 or [2001:db8::1]:5353", text)
	}
	return server, nil
}

// nameReader yields the names of a stream, one a line; the rest of a line
// after white space is left out.
type nameReader struct {
	in  io.Reader
	err error
}

func (n *nameReader) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		lines := bufio.NewScanner(n.in)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) > 0 && !yield(fields[0]) {
				return
			}
		}
		if lines.Err() != nil {
			n.err = fmt.Errorf("read names: %w", lines.Err())
		}
	}
}
