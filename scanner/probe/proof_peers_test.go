//go:build linux && !alone

package probe_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/smtp"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// peerTimeout returns how many seconds the other programs wait. They take the
// probes' word for a silence sooner than for an answer: the machine may be busy.
func peerTimeout(e observation.Endpoint) int {
	if e.Verdict.Reason == observation.Timeout {
		return 1
	}
	return 10
}

// check holds a contact against what other programs see at the same address.
func (p *proof) check(t *testing.T, e observation.Endpoint) {
	if !netaddr.Classify(e.Addr).Usable {
		if e.RTT != 0 || e.Verdict.Reason != observation.SpecialPurposeAddress {
			t.Errorf("%s %s: %v, and it must not be contacted", e.Host, e.Addr, e.Verdict)
		}
		return
	}
	switch e.Probe {
	case "nameserver":
		p.checkName(t, e)
	case "web":
		p.checkWeb(t, e)
	case "mail":
		p.checkMail(t, e)
	}
}

// checkName asks dig whether a name server answers.
func (p *proof) checkName(t *testing.T, e observation.Endpoint) {
	out, err := exec.Command("/usr/bin/dig", "+norecurse", fmt.Sprintf("+time=%d", peerTimeout(e)), "+tries=1", "+short", "@"+e.Addr.String(), proofTLD, "SOA").CombinedOutput()
	if answers := err == nil; answers != (e.Verdict.Status == observation.OK) {
		t.Errorf("name server %s %s: %v, and dig says %v, %s", e.Host, e.Addr, e.Verdict, err, out)
	}
}

// curlSays is what curl found out.
type curlSays struct {
	exit, status int
	text         string
}

// Exit codes of curl.
const (
	curlCannotResolve = 6
	curlCannotConnect = 7
	curlTimeout       = 28
	curlCertificate   = 60
)

func (p *proof) curl(e observation.Endpoint) curlSays {
	family, host, scheme := "-4", e.Addr.String(), "http"
	if e.Addr.Is6() {
		family, host = "-6", "["+host+"]"
	}
	if e.Port == 443 {
		scheme = "https"
	}
	cmd := exec.Command("/usr/bin/curl", family, "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*",
		"--connect-timeout", fmt.Sprint(peerTimeout(e)), "--max-time", "20", "--cacert", p.ca,
		"--resolve", fmt.Sprintf("%s:80:%s", e.Host, host), "--resolve", fmt.Sprintf("%s:443:%s", e.Host, host),
		"--resolve", fmt.Sprintf("%s:443:%s", proofV4Only, p.v4Only), "--location", "--max-redirs", "5",
		fmt.Sprintf("%s://%s/", scheme, e.Host))
	out, err := cmd.Output()
	says := curlSays{text: string(out)}
	if err != nil {
		says.exit = cmd.ProcessState.ExitCode()
		says.text += " " + err.Error()
	}
	says.status, _ = strconv.Atoi(string(out))
	return says
}

// checkWeb asks curl whether the port takes connections, what it thinks of the
// certificate and where redirects end, and openssl for its own opinion of the
// certificate.
func (p *proof) checkWeb(t *testing.T, e observation.Endpoint) {
	where := fmt.Sprintf("%s %s port %d", e.Host, e.Addr, e.Port)
	says := p.curl(e)
	wants := map[observation.Reason]int{observation.Timeout: curlTimeout, observation.TCPRefused: curlCannotConnect, observation.Unreachable: curlCannotConnect}
	if connected := e.RTT > 0; connected != (says.exit != curlCannotConnect && says.exit != curlTimeout) {
		t.Errorf("%s: %v, and curl says %+v", where, e.Verdict, says)
	} else if !connected && wants[e.Verdict.Reason] != says.exit {
		t.Errorf("%s: %v, and curl says %+v", where, e.Verdict, says)
	}
	if e.Port == 443 && e.RTT > 0 {
		p.checkCertificate(t, where, e.TLS, says.exit, e.Addr, e.Host)
	}
	if says.exit == 0 && (e.HTTP == nil || e.HTTP.Status != says.status) {
		t.Errorf("%s: %+v, and curl says %+v", where, e.HTTP, says)
	}
	if toV4Only := e.Verdict.Reason == observation.RedirectToV4Only; toV4Only != (says.exit == curlCannotResolve) {
		t.Errorf("%s: %v, and curl says %+v", where, e.Verdict, says)
	}
}

func (p *proof) checkCertificate(t *testing.T, where string, facts *observation.TLSFacts, exit int, addr netip.Addr, host string) {
	verdict, connected := p.openssl(netip.AddrPortFrom(addr, 443), host)
	switch {
	case facts == nil || !connected:
		t.Errorf("%s: %+v, openssl says %q", where, facts, verdict)
	case facts.Certificate != verdict, (verdict != "") != (exit == curlCertificate):
		t.Errorf("%s: the certificate is %q, openssl says %q and curl %d", where, facts.Certificate, verdict, exit)
	}
}

// openssl returns what openssl thinks of the certificate shown at an address.
func (p *proof) openssl(to netip.AddrPort, host string, more ...string) (verdict observation.Reason, connected bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	args := append([]string{"s_client", "-connect", to.String(), "-servername", host, "-verify_hostname", host, "-CAfile", p.ca, "-brief"}, more...)
	out, err := exec.CommandContext(ctx, "/usr/bin/openssl", args...).CombinedOutput() // its input is empty
	text := string(out)
	for said, reason := range map[string]observation.Reason{
		"Verification: OK": "", "certificate has expired": observation.TLSExpired, "hostname mismatch": observation.TLSWrongName,
		"self-signed certificate": observation.TLSUntrusted, "unable to get local issuer": observation.TLSUntrusted,
	} {
		if strings.Contains(text, said) {
			return reason, err == nil
		}
	}
	return observation.Reason(text), false
}

// checkMail asks Go's own SMTP client whether the server greets, what it
// offers, and openssl for the handshake.
func (p *proof) checkMail(t *testing.T, e observation.Endpoint) {
	where := fmt.Sprintf("%s %s", e.Host, e.Addr)
	to := netip.AddrPortFrom(e.Addr, e.Port)
	conn, err := net.DialTimeout("tcp", to.String(), time.Duration(peerTimeout(e))*time.Second)
	if (err == nil) != (e.RTT > 0) {
		t.Errorf("%s: %v, and the other client says %v", where, e.Verdict, err)
	}
	if err != nil {
		return
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	client, err := smtp.NewClient(conn, e.Host)
	if err == nil {
		err = client.Hello("peer.example.net")
	}
	if greets := err == nil; greets != (e.Verdict.Status == observation.OK || e.Verdict.Status == observation.Partial) {
		t.Errorf("%s: %v, and the other client says %v", where, e.Verdict, err)
	}
	if err != nil {
		return
	}
	startTLS, _ := client.Extension("STARTTLS")
	utf8, _ := client.Extension("SMTPUTF8")
	if e.SMTP == nil || e.SMTP.StartTLS != startTLS || e.SMTP.UTF8 != utf8 {
		t.Errorf("%s: %+v, and the other client sees STARTTLS %v and SMTPUTF8 %v", where, e.SMTP, startTLS, utf8)
	}
	_ = client.Quit()
	if startTLS != (e.TLS != nil) {
		t.Errorf("%s: STARTTLS is offered: %v, and the handshake showed %+v", where, startTLS, e.TLS)
		return
	}
	if startTLS {
		if verdict, connected := p.openssl(to, e.Host, "-starttls", "smtp"); !connected || verdict != e.TLS.Certificate {
			t.Errorf("%s: the certificate is %q, and openssl says %q", where, e.TLS.Certificate, verdict)
		}
	}
}
