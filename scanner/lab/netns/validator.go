//go:build linux

package netns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"
)

// Recursive says how a recursive resolver is set up.
type Recursive struct {
	Addr     netip.Addr // where it listens
	Hints    string     // a file of root hints
	Anchor   string     // a file with the trust anchor; empty: it does not validate
	IPv4Only bool       // it asks over one family only
	IPv6Only bool
}

// StartUnbound starts an Unbound with its files in dir, and returns when it
// answers. It invents nothing from what it has cached (RFC 8020 and 8198), has
// no tolerance for clocks that are wrong, and applies the limit of RFC 9276
// section 3.2 to NSEC3 iterations.
func StartUnbound(ctx context.Context, dir string, r Recursive) (*Process, error) {
	modules, anchor := "iterator", ""
	if r.Anchor != "" {
		modules, anchor = "validator iterator", fmt.Sprintf("  trust-anchor-file: %q\n", r.Anchor)
	}
	yes := map[bool]string{true: "yes", false: "no"}
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf(`server:
  username: ""
  chroot: ""
  pidfile: ""
  directory: %q
  use-syslog: no
  logfile: ""
  val-log-level: 2
  ede: yes
  interface: %s
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  num-threads: 1
  do-ip4: %s
  do-ip6: %s
  root-hints: %q
  module-config: %q
%s  aggressive-nsec: no
  harden-below-nxdomain: no
  minimal-responses: no
  val-sig-skew-min: 0
  val-sig-skew-max: 0
  val-nsec3-keysize-iterations: "1024 150 2048 150 4096 150"
remote-control:
  control-enable: no
`, dir, r.Addr, yes[!r.IPv6Only], yes[!r.IPv4Only], r.Hints, modules, anchor)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return start(ctx, dir, []netip.Addr{r.Addr}, ".", "/usr/sbin/unbound", "-d", "-c", conf)
}

// StartNamed starts a BIND as a validating resolver with its files in dir, and
// returns when it answers. Anchor is a file in the form of [Root].BIND. It
// invents nothing from what it has cached (RFC 8198), and remembers no failure.
func StartNamed(ctx context.Context, dir string, r Recursive) (*Process, error) {
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf(`options {
  directory %q;
  listen-on { none; };
  listen-on-v6 { %s; };
  pid-file none;
  session-keyfile none;
  recursion yes;
  allow-query { any; };
  allow-recursion { any; };
  dnssec-validation yes;
  empty-zones-enable no;
  synth-from-dnssec no;
  servfail-ttl 0;
  minimal-responses no;
  max-recursion-queries 200;
};
controls { };
zone "." { type hint; file %q; };
include %q;
`, dir, r.Addr, r.Hints, r.Anchor)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	args := []string{"-f", "-n", "1", "-L", filepath.Join(dir, "log"), "-c", conf}
	if r.IPv6Only {
		args = append(args, "-6")
	}
	return start(ctx, dir, []netip.Addr{r.Addr}, ".", "/usr/sbin/named", args...)
}

// Delv has BIND's delv look a name up through a resolver that does not
// validate, and validate the answer itself. anchors is a file in the form that
// [Anchors] writes. It returns what delv prints.
func Delv(ctx context.Context, anchors string, resolver netip.Addr, name string, qtype uint16) (string, error) {
	cmd := exec.CommandContext(ctx, "/usr/bin/delv", "-a", anchors, "+root=.", "+nomultiline", "+nosplit",
		"@"+resolver.String(), name, dns.TypeToString[qtype])
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("delv %s: %w\n%s", name, err, out)
	}
	return string(out), nil
}

// bindAnchors returns trust anchors in the form of BIND's configuration.
func bindAnchors(keys []*dns.DNSKEY) string {
	var b strings.Builder
	b.WriteString("trust-anchors {\n")
	for _, k := range keys {
		fmt.Fprintf(&b, "  %q static-key %d %d %d %q;\n", k.Hdr.Name, k.Flags, k.Protocol, k.Algorithm, k.PublicKey)
	}
	b.WriteString("};\n")
	return b.String()
}
