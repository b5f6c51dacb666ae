//go:build linux

package netns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// Program is an authoritative server.
type Program string

// The authoritative servers.
const (
	NSD  Program = "nsd"
	Knot Program = "knotd"
	BIND Program = "named"
)

// ZoneFile is a zone that a server holds.
type ZoneFile struct{ Name, File string }

// StartAuthoritative starts an authoritative server for zones on the given
// addresses, with its files in dir, and returns when it answers.
func StartAuthoritative(ctx context.Context, dir string, program Program, addrs []netip.Addr, zones []ZoneFile) (*Process, error) {
	if len(zones) == 0 {
		return nil, fmt.Errorf("start %s: no zones", program)
	}
	configs := map[Program]func(string, []netip.Addr, []ZoneFile) string{NSD: nsdConfig, Knot: knotConfig, BIND: namedConfig}
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, []byte(configs[program](dir, addrs, zones)), 0o644); err != nil {
		return nil, err
	}
	args := map[Program][]string{
		NSD:  {"-d", "-c", conf},
		Knot: {"-c", conf},
		BIND: {"-f", "-n", "1", "-L", filepath.Join(dir, "log"), "-c", conf},
	}
	return start(ctx, dir, addrs, zones[0].Name, "/usr/sbin/"+string(program), args[program]...)
}

// nsdConfig turns off what would need a system user or a control key, and the
// rate limit that Debian's build comes with.
func nsdConfig(dir string, addrs []netip.Addr, zones []ZoneFile) string {
	var b strings.Builder
	fmt.Fprintf(&b, `server:
  username: ""
  chroot: ""
  database: ""
  zonesdir: %[1]q
  xfrdir: %[1]q
  xfrdfile: %[2]q
  zonelistfile: %[3]q
  pidfile: %[4]q
  logfile: %[5]q
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
`, dir, filepath.Join(dir, "xfrd"), filepath.Join(dir, "zonelist"), filepath.Join(dir, "pid"), filepath.Join(dir, "log"))
	for _, a := range addrs {
		fmt.Fprintf(&b, "  ip-address: %s\n", a)
	}
	b.WriteString("remote-control:\n  control-enable: no\n")
	for _, z := range zones {
		fmt.Fprintf(&b, "zone:\n  name: %q\n  zonefile: %q\n", z.Name, z.File)
	}
	return b.String()
}

func knotConfig(dir string, addrs []netip.Addr, zones []ZoneFile) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server:\n  rundir: %q\n  udp-workers: 1\n  tcp-workers: 2\n  background-workers: 1\n", dir)
	for _, a := range addrs {
		fmt.Fprintf(&b, "  listen: %s@53\n", a)
	}
	fmt.Fprintf(&b, "database:\n  storage: %q\nlog:\n  - target: stderr\n    any: warning\n", dir)
	b.WriteString("template:\n  - id: default\n    journal-content: none\n    zonefile-load: whole\n    zonefile-sync: -1\n    semantic-checks: off\nzone:\n")
	for _, z := range zones {
		fmt.Fprintf(&b, "  - domain: %q\n    file: %q\n", z.Name, z.File)
	}
	return b.String()
}

func namedConfig(dir string, addrs []netip.Addr, zones []ZoneFile) string {
	var b strings.Builder
	var v4, v6 string
	for _, a := range addrs {
		if a.Is4() {
			v4 += a.String() + "; "
		} else {
			v6 += a.String() + "; "
		}
	}
	fmt.Fprintf(&b, `options {
  directory %q;
  listen-on { %s};
  listen-on-v6 { %s};
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  empty-zones-enable no;
  notify no;
  check-names primary ignore;
  check-integrity no;
};
controls { };
`, dir, v4, v6)
	for _, z := range zones {
		fmt.Fprintf(&b, "zone %q { type primary; file %q; };\n", z.Name, z.File)
	}
	return b.String()
}
