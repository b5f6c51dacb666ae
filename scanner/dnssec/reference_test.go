package dnssec

import (
	"adopt6/scanner/observation"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// unboundLab is Unbound validating over a lab's server.
type unboundLab struct {
	addr   string
	client *dns.Client
}

// startUnbound starts Unbound on 127.0.0.1, with the lab's
// server for every zone. It stops with the test.
func startUnbound(l *lab) *unboundLab {
	l.Helper()
	l.write("anchor.ds", l.anchor)
	l.write("unbound.conf", fmt.Sprintf(`
server:
 interface: 127.0.0.1
 port: %d
 do-ip6: no
 do-daemonize: no
 username: ""
 chroot: ""
 directory: %q
 pidfile: %q
 logfile: %q
 use-syslog: no
 do-not-query-localhost: no
 do-not-query-address: 192.0.2.0/24
 trust-anchor-file: %q
 module-config: "validator iterator"
 aggressive-nsec: no
 qname-minimisation: no
 harden-below-nxdomain: no
 local-zone: "test." nodefault
 val-max-restart: 0
 val-bogus-ttl: 0
 edns-buffer-size: 4096
 num-threads: 1
remote-control:
 control-enable: no
forward-zone:
 name: "."
 forward-addr: 127.0.0.1@%d
`, unboundPort, l.dir, l.path("unbound.pid"), l.path("unbound.log"), l.path("anchor.ds"), nsdPort))
	cmd := exec.Command("unbound", "-d", "-c", l.path("unbound.conf"))
	if err := cmd.Start(); err != nil {
		l.Fatalf("start unbound: %v", err)
	}
	l.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	u := &unboundLab{addr: fmt.Sprintf("127.0.0.1:%d", unboundPort), client: &dns.Client{Timeout: 200 * time.Millisecond, UDPSize: 4096}}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if _, _, err := u.client.Exchange(new(dns.Msg).SetQuestion(".", dns.TypeSOA), u.addr); err == nil {
			u.client.Timeout = 20 * time.Second
			return u
		}
	}
	log, _ := os.ReadFile(l.path("unbound.log"))
	l.Fatalf("unbound does not answer\n%s", log)
	return nil
}

// state returns Unbound's state and response code.
func (u *unboundLab) state(t testing.TB, q labQuestion) (observation.State, int) {
	t.Helper()
	m := new(dns.Msg).SetQuestion(q.name, q.qtype)
	m.SetEdns0(4096, true)
	r, _, err := u.client.Exchange(m, u.addr)
	if err != nil {
		t.Fatalf("ask Unbound %s %s: %v", q.name, dns.TypeToString[q.qtype], err)
	}
	switch {
	case r.Rcode == dns.RcodeServerFailure:
		return observation.Bogus, r.Rcode
	case r.AuthenticatedData:
		return observation.Secure, r.Rcode
	}
	return observation.Insecure, r.Rcode
}

// delvState returns the state that delv prints.
func delvState(l *lab, q labQuestion) observation.State {
	l.Helper()
	file := filepath.Join(l.dir, "anchor.bind")
	if _, err := os.Stat(file); err != nil {
		var anchors strings.Builder
		for _, line := range strings.Split(strings.TrimSpace(l.anchor), "\n") {
			f := strings.Fields(line) // . TTL IN DS tag algorithm digest-type digest
			fmt.Fprintf(&anchors, "%s static-ds %s %s %s %q;\n", f[0], f[4], f[5], f[6], strings.Join(f[7:], ""))
		}
		l.write("anchor.bind", "trust-anchors {\n"+anchors.String()+"};\n")
	}
	out, _ := exec.CommandContext(l.context(), "delv", "@127.0.0.1", "-p", fmt.Sprint(nsdPort), "-a", file,
		"+root=.", "-t", dns.TypeToString[q.qtype], "-q", q.name).CombinedOutput()
	text := string(out)
	switch {
	case strings.Contains(text, "resolution failed") && !strings.Contains(text, "resolution failed: ncache"):
		return observation.Bogus
	case strings.Contains(text, "unsigned answer"):
		return observation.Insecure
	case strings.Contains(text, "fully validated"):
		return observation.Secure
	}
	l.Errorf("delv %s %s: %s", q.name, dns.TypeToString[q.qtype], text)
	return observation.Indeterminate
}
