//go:build linux && !alone

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// nsd serves the zones in a folder, a file for each zone, at two addresses.
// stop ends it.
func nsd(ctx context.Context, dir string, zones []string, addrs ...netip.Addr) (stop func(), err error) {
	conf := &strings.Builder{}
	fmt.Fprintf(conf, "server:\n  server-count: 1\n  username: \"\"\n  database: \"\"\n  zonesdir: %q\n", dir)
	for _, name := range []string{"pidfile", "xfrdfile", "zonelistfile", "logfile"} {
		fmt.Fprintf(conf, "  %s: %q\n", name, filepath.Join(dir, "nsd."+name))
	}
	fmt.Fprintf(conf, "  xfrdir: %q\n  rrl-ratelimit: 0\n  verbosity: 0\n", dir)
	for _, a := range addrs {
		fmt.Fprintf(conf, "  ip-address: %s\n", a)
		if err := command(ctx, "ip", "address", "add", netip.PrefixFrom(a, a.BitLen()).String(), "dev", "lo", "nodad"); err != nil && a.Is6() {
			return nil, err
		} else if err != nil {
			if err := command(ctx, "ip", "address", "add", netip.PrefixFrom(a, a.BitLen()).String(), "dev", "lo"); err != nil {
				return nil, err
			}
		}
	}
	conf.WriteString("remote-control:\n  control-enable: no\n")
	for _, zone := range zones {
		fmt.Fprintf(conf, "zone:\n  name: %q\n  zonefile: %q\n", zone, zoneFile(zone))
	}
	file := filepath.Join(dir, "nsd.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command("nsd", "-d", "-c", file)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nsd: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		<-ended
	}
	for _, a := range addrs {
		if err := ready(ctx, a, zones[len(zones)-1]); err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

func zoneFile(zone string) string {
	if zone == "." {
		return "root.zone"
	}
	return strings.TrimSuffix(zone, ".") + ".zone"
}

// ready waits until a server answers for a zone.
func ready(ctx context.Context, a netip.Addr, zone string) error {
	client := &dns.Client{Timeout: 200 * time.Millisecond}
	q := new(dns.Msg)
	q.SetQuestion(zone, dns.TypeSOA)
	deadline := time.Now().Add(time.Minute)
	for {
		m, _, err := client.ExchangeContext(ctx, q, net.JoinHostPort(a.String(), "53"))
		if err == nil && m.Rcode == dns.RcodeSuccess && len(m.Answer) > 0 {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("nsd at %s does not answer for %s: %v", a, zone, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// writeLines writes a file line by line.
func writeLines(file string, write func(line func(format string, args ...any))) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	write(func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) })
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
