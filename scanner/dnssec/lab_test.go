package dnssec

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The ports are the lab's because it has a network namespace of its own.
const (
	nsdPort     = 53
	unboundPort = 5353
)

// lab is zones signed with real tools and served by NSD on loopback: one
// server for all of them, from the root down.
type lab struct {
	testing.TB
	dir    string
	anchor string // DS form
}

// startLab signs the zones, children first, and starts the server. It stops
// with the test, which is in a network namespace of its own. Needs nsd, ldnsutils, bind9-utils, bind9-dnsutils and
// knot-dnssecutils.
func startLab(t testing.TB, zones []*labZone) *lab {
	t.Helper()
	l := &lab{TB: t, dir: t.TempDir()}
	text := map[string]*strings.Builder{}
	for _, z := range zones {
		text[z.name] = &strings.Builder{}
		fmt.Fprintf(text[z.name], "$ORIGIN %s%s", z.name, labText)
	}
	var conf strings.Builder
	for _, z := range zones {
		var rrs []dns.RR
		if z.tool == nil {
			rrs = l.parse(z, text[z.name].String())
		} else {
			rrs = z.tool(l, z, text[z.name].String())
		}
		whole := rrs
		if z.damage != nil {
			rrs = z.damage(t, rrs)
		}
		l.write(z.file()+".served", lines(rrs))
		l.write("unsigned."+z.file(), fmt.Sprintf("$ORIGIN unsigned.%s", strings.TrimPrefix(z.name, "."))+unsignedText)
		fmt.Fprintf(&conf, "zone:\n name: %q\n zonefile: %q\n", z.name, z.file()+".served")
		fmt.Fprintf(&conf, "zone:\n name: %q\n zonefile: %q\n", "unsigned."+strings.TrimPrefix(z.name, "."), "unsigned."+z.file())
		var ds []dns.RR
		if z.tool != nil {
			makeDS := z.ds
			if makeDS == nil {
				makeDS = digests(dns.SHA256, nil)
			}
			ds = makeDS(t, whole)
		}
		if z.name == "." {
			l.anchor = lines(ds)
			continue
		}
		parent := text[name(mustName(t, z.name)).parent().String()]
		fmt.Fprintf(parent, "%s 300 IN NS ns1.%s\nns1.%s 300 IN A 192.0.2.53\n%s", z.name, z.name, z.name, lines(ds))
	}
	l.serve(conf.String())
	return l
}

func mustName(t testing.TB, s string) name {
	t.Helper()
	n, err := parseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// file is the name of the zone's file in the lab's directory.
func (z *labZone) file() string {
	if z.name == "." {
		return "root.zone"
	}
	return strings.TrimSuffix(z.name, ".") + ".zone"
}

func lines(rrs []dns.RR) string {
	var b strings.Builder
	for _, rr := range rrs {
		b.WriteString(rr.String() + "\n")
	}
	return b.String()
}

func (l *lab) write(file, text string) {
	l.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, file), []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
}

// run runs a tool in the lab's directory and returns what it prints.
func (l *lab) run(tool string, args ...string) string {
	l.Helper()
	cmd := exec.CommandContext(l.context(), tool, args...)
	cmd.Dir = l.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		l.Fatalf("%s %s: %v\n%s%s", tool, strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func (l *lab) context() context.Context {
	return l.TB.(interface{ Context() context.Context }).Context()
}

func (l *lab) parse(z *labZone, text string) []dns.RR {
	l.Helper()
	var rrs []dns.RR
	p := dns.NewZoneParser(strings.NewReader(text), z.name, z.file())
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rrs = append(rrs, rr)
	}
	if err := p.Err(); err != nil {
		l.Fatal(err)
	}
	return rrs
}

func (l *lab) read(z *labZone, file string) []dns.RR {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, file))
	if err != nil {
		l.Fatal(err)
	}
	return l.parse(z, string(text))
}

// stamp is a time in the form that signers take.
func stamp(from time.Duration) string { return time.Now().Add(from).UTC().Format("20060102150405") }

// bindSign signs with BIND's dnssec-signzone.
func bindSign(l *lab, z *labZone, text string) []dns.RR {
	l.Helper()
	keys := []string{l.bindKey(z), l.bindKey(z, "-f", "KSK")}
	return l.bindSignWith(z, text, keys)
}

func (l *lab) bindKey(z *labZone, flags ...string) string {
	l.Helper()
	args := append([]string{"-q", "-a", z.algorithm}, flags...)
	if z.bits > 0 {
		args = append(args, "-b", fmt.Sprint(z.bits))
	}
	return l.run("dnssec-keygen", append(args, z.name)...)
}

func (l *lab) bindSignWith(z *labZone, text string, keys []string) []dns.RR {
	l.Helper()
	for _, k := range keys {
		text += fmt.Sprintf("$INCLUDE %q\n", filepath.Join(l.dir, k+".key"))
	}
	l.write(z.file(), text)
	args := []string{"-q", "-o", z.name, "-f", z.file() + ".signed", "-s", stamp(z.inception), "-e", stamp(z.expiration), "-O", "full", "-P"}
	if z.nsec3 {
		salt := z.salt
		if salt == "" {
			salt = "-"
		}
		args = append(args, "-3", salt, "-H", fmt.Sprint(z.iterations))
	}
	if z.optOut {
		args = append(args, "-A")
	}
	l.run("dnssec-signzone", append(append(args, z.file()), keys...)...)
	return l.read(z, z.file()+".signed")
}

// bindRevoked signs with a key-signing key that is revoked.
func bindRevoked(l *lab, z *labZone, text string) []dns.RR {
	l.Helper()
	zsk, ksk := l.bindKey(z), l.bindKey(z, "-f", "KSK")
	revoked := l.run("dnssec-revoke", "-r", ksk)
	return l.bindSignWith(z, text, []string{zsk, filepath.Base(strings.TrimSuffix(revoked, ".key"))})
}

// ldnsSign signs with ldns-signzone.
func ldnsSign(l *lab, z *labZone, text string) []dns.RR {
	l.Helper()
	l.write(z.file(), text)
	keygen := []string{"-a", z.algorithm}
	if z.bits > 0 {
		keygen = append(keygen, "-b", fmt.Sprint(z.bits))
	}
	zsk := l.run("ldns-keygen", append(keygen, z.name)...)
	ksk := l.run("ldns-keygen", append(append(keygen, "-k"), z.name)...)
	args := []string{"-o", z.name, "-f", z.file() + ".signed", "-i", stamp(z.inception), "-e", stamp(z.expiration)}
	if z.nsec3 {
		args = append(args, "-n", "-t", fmt.Sprint(z.iterations))
		if z.salt != "" {
			args = append(args, "-s", z.salt)
		}
	}
	if z.optOut {
		args = append(args, "-p")
	}
	l.run("ldns-signzone", append(args, z.file(), zsk, ksk)...)
	return l.read(z, z.file()+".signed")
}

// knotSign signs with Knot's kzonesign.
func knotSign(l *lab, z *labZone, text string) []dns.RR {
	l.Helper()
	l.write(z.file(), text)
	l.write("knot.conf", fmt.Sprintf(`
database:
    storage: %[1]s
policy:
  - id: lab
    algorithm: %[2]s
    nsec3: %[3]t
    nsec3-iterations: %[4]d
    nsec3-salt-length: 0
zone:
  - domain: %[5]s
    storage: %[1]s
    file: %[6]s
    dnssec-signing: on
    dnssec-policy: lab
`, l.dir, z.algorithm, z.nsec3, z.iterations, z.name, z.file()))
	l.run("kzonesign", "-c", "knot.conf", "-o", filepath.Join(l.dir, "out"), z.name)
	return l.read(z, filepath.Join("out", z.file()))
}

// serve starts NSD on 127.0.0.1 and waits until it answers.
func (l *lab) serve(zones string) {
	l.Helper()
	l.write("nsd.conf", fmt.Sprintf(`
server:
 ip-address: 127.0.0.1@%d
 port: %d
 server-count: 1
 username: ""
 chroot: ""
 database: ""
 zonesdir: %q
 pidfile: %q
 xfrdfile: %q
 zonelistfile: %q
 logfile: %q
 rrl-ratelimit: 0
 ipv4-edns-size: 4096
remote-control:
 control-enable: no
%s`, nsdPort, nsdPort, l.dir, l.path("nsd.pid"), l.path("xfrd.state"), l.path("zone.list"), l.path("nsd.log"), zones))
	cmd := exec.Command("nsd", "-d", "-c", l.path("nsd.conf"))
	if err := cmd.Start(); err != nil {
		l.Fatalf("start nsd: %v", err)
	}
	l.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	client := &dns.Client{Timeout: 100 * time.Millisecond}
	m := new(dns.Msg).SetQuestion(".", dns.TypeSOA)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if _, _, err := client.Exchange(m, l.addr()); err == nil {
			return
		}
	}
	log, _ := os.ReadFile(l.path("nsd.log"))
	l.Fatalf("nsd does not answer\n%s", log)
}

func (l *lab) path(file string) string { return filepath.Join(l.dir, file) }
func (l *lab) addr() string            { return fmt.Sprintf("127.0.0.1:%d", nsdPort) }

// ask puts a question to the lab's server.
func (l *lab) ask(q labQuestion) Response {
	l.Helper()
	m := new(dns.Msg).SetQuestion(q.name, q.qtype)
	m.RecursionDesired = false
	m.SetEdns0(4096, true)
	client := &dns.Client{Timeout: 5 * time.Second, UDPSize: 4096}
	r, _, err := client.Exchange(m, l.addr())
	if err == nil && r.Truncated {
		client.Net = "tcp"
		r, _, err = client.Exchange(m, l.addr())
	}
	if err != nil {
		l.Fatalf("ask %s %s: %v", q.name, dns.TypeToString[q.qtype], err)
	}
	return FromMsg(r)
}

// summary is the verdict in one line.
func (v *Verdict) summary() string {
	s := v.State.String() + " " + v.Kind.String()
	if v.Reason != "" {
		s += fmt.Sprintf(" %s in %s", v.Reason, v.Zone)
	}
	if v.Name != "" {
		s += fmt.Sprintf(" at %s %s", v.Name, dns.TypeToString[v.Type])
	}
	return s
}

func compareLines(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(w):
			t.Errorf("line %d: %q is new", i+1, g[i])
		case i >= len(g):
			t.Errorf("line %d: %q is gone", i+1, w[i])
		case w[i] != g[i]:
			t.Errorf("line %d:\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
}
