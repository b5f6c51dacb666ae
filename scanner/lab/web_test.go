package lab_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"time"

	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
)

// browse fetches a URL from a simulated address, without following redirects.
func browse(t testing.TB, l *lab.Lab, server, url string) (*http.Response, string, error) {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(address)
			return (&netaddr.Dialer{Lab: l}).DialContext(ctx, "tcp", netip.MustParseAddrPort(net.JoinHostPort(server, port)))
		},
		TLSClientConfig:    &tls.Config{RootCAs: l.CertPool()},
		ForceAttemptHTTP2:  true,
		DisableKeepAlives:  true,
		DisableCompression: false,
	}
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(url)
	if err != nil {
		return nil, "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	return r, string(body), err
}

const (
	web4, web6 = "200.9.9.80", "2a0f::80"
	mail6      = "2a0f::25"
)

const webScenario = `
about: test
domains:
  example.gov.ar:
    like: infrastructure
    web:
      apex: [200.9.9.80, "2a0f::80"]
      pages:
        - {host: www, path: /old, redirect: "https://elsewhere.net/"}
        - {family: v6, scheme: https, path: /v6, status: 503, body: only here}
        - {path: /titled, title: "A <title>", headers: {X-Test: "1"}}
    mail: {mx: {mail: ["2a0f::25"]}, smtputf8: false}
`

// faulty runs a domain for each fault: f0.gov.ar has its web site at
// 200.9.8.0 and 2a0f:80::0, its mail exchanger at 2a0f:25::0, and so on.
func faulty(t *testing.T, at string, faults []string) *lab.Lab {
	t.Helper()
	var scenario strings.Builder
	scenario.WriteString("about: test\ndomains:\n")
	for i, fault := range faults {
		fmt.Fprintf(&scenario, "  f%d.gov.ar: {like: infrastructure, web: [200.9.8.%d, \"2a0f:80::%x\"], mail: [\"2a0f:25::%x\"], faults: [{%s, do: %s}]}\n",
			i, i, i, i, at, fault)
	}
	return start(t, scenario.String())
}

func TestWeb(t *testing.T) {
	l := start(t, webScenario)
	for _, c := range []struct {
		server, url, want string
	}{
		{web4, "http://example.gov.ar/x?y=1", "301 https://example.gov.ar/x?y=1"},
		{web6, "http://www.example.gov.ar/", "301 https://www.example.gov.ar/"},
		{web6, "https://www.example.gov.ar/old", "301 https://elsewhere.net/"},
		{web6, "https://example.gov.ar/v6", "503 only here"},
		{web4, "https://example.gov.ar/v6", "200 <title>example.gov.ar</title>"},
		{web4, "https://example.gov.ar/titled", "200 <title>A &lt;title&gt;</title>"},
	} {
		r, body, err := browse(t, l, c.server, c.url)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		got := fmt.Sprint(r.StatusCode, " ", r.Header.Get("Location"), body)
		if !strings.HasPrefix(strings.ReplaceAll(got, "<!DOCTYPE html>\n<html lang=\"en\"><head>", ""), c.want) {
			t.Errorf("%s at %s: %q, want %q", c.url, c.server, got, c.want)
		}
		if strings.HasPrefix(c.url, "https") && r.ProtoMajor != 2 {
			t.Errorf("%s: %s, want HTTP/2", c.url, r.Proto)
		}
	}
}

func TestWebFaults(t *testing.T) {
	wants := map[string]string{
		"tls_expired": "expired", "tls_not_yet_valid": "not yet valid", "tls_wrong_name": "not f",
		"tls_self_signed": "unknown authority", "tls_hang": "deadline exceeded", "tls_old": "protocol version",
		"tls_none": "HTTP response to HTTPS client", "reset": "reset", "close": "EOF", "hang": "deadline exceeded",
		"tls_hostile_name": "certificate", "http_cut_short": "unexpected EOF", "http_garbage": "malformed",
		"http_endless_headers": "exceeded", "http_slow": "exceeded", "drop": "deadline exceeded", "refuse": "refused",
	}
	faults := slices.Sorted(maps.Keys(wants))
	l := faulty(t, "at: web, family: v6", faults)
	for i, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			scheme := "https"
			if strings.HasPrefix(fault, "http_") {
				scheme = "http" // HTTP/2 can do less harm
			}
			url := fmt.Sprintf("%s://f%d.gov.ar/", scheme, i)
			_, _, err := browse(t, l, fmt.Sprintf("2a0f:80::%x", i), url)
			if err == nil || !strings.Contains(err.Error(), wants[fault]) {
				t.Errorf("over IPv6: %v, want %q", err, wants[fault])
			}
			if _, _, err := browse(t, l, fmt.Sprintf("200.9.8.%d", i), url); err != nil {
				t.Errorf("over IPv4: %v", err)
			}
		})
	}
}

// TestWebFlood: bodies that are large beyond reason, and a loop.
func TestWebFlood(t *testing.T) {
	l := faulty(t, "at: web", []string{"http_endless_body, bytes: 5000000", "http_bomb, bytes: 5000000", "http_loop", "http_chain"})
	for i := range 2 {
		_, body, err := browse(t, l, fmt.Sprintf("2a0f:80::%x", i), fmt.Sprintf("https://f%d.gov.ar/", i))
		if err != nil || len(body) < 5000000 {
			t.Errorf("%d: %d octets, %v", i, len(body), err)
		}
	}
	if r, _, err := browse(t, l, "2a0f:80::2", "https://f2.gov.ar/here"); err != nil || r.Header.Get("Location") != "/here" {
		t.Errorf("loop: %v, %v", r, err)
	}
	if r, _, err := browse(t, l, "2a0f:80::3", "https://f3.gov.ar/here"); err != nil || r.Header.Get("Location") != "/herex" {
		t.Errorf("chain: %v, %v", r, err)
	}
}

// dialMail opens a connection to the mail server.
func dialMail(t testing.TB, l *lab.Lab, server string) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	conn, err := (&netaddr.Dialer{Lab: l}).DialContext(ctx, "tcp", netip.AddrPortFrom(netip.MustParseAddr(server), 25))
	if err == nil {
		t.Cleanup(func() { conn.Close() })
		err = conn.SetDeadline(time.Now().Add(2 * time.Second))
	}
	return conn, err
}

func TestMail(t *testing.T) {
	l := start(t, webScenario)
	conn, err := dialMail(t, l, mail6)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClient(conn, "mail.example.gov.ar")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := c.Extension("SMTPUTF8"); ok {
		t.Error("SMTPUTF8 is offered")
	}
	if ok, _ := c.Extension("STARTTLS"); !ok {
		t.Error("STARTTLS is not offered")
	}
	if err := c.StartTLS(&tls.Config{RootCAs: l.CertPool(), ServerName: "mail.example.gov.ar"}); err != nil {
		t.Error(err)
	}
	if err := c.Mail("a@example.net"); err == nil {
		t.Error("the laboratory takes mail")
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
}

func TestMailFaults(t *testing.T) {
	wants := map[string]string{
		"smtp_reject": "554", "smtp_no_service": "521", "smtp_defer": "421", "smtp_garbage": "SSH", "smtp_endless, bytes: 100000": "250-X-ENDLESS",
		"smtp_escape": "\x1b[2J", "smtp_long_banner, bytes: 100000": "220 banner banner",
		"smtp_slow, delay: 1ms": "220 mail", "hang": "timeout", "close": "EOF", "reset": "reset",
	}
	faults := slices.Sorted(maps.Keys(wants))
	l := faulty(t, "at: mail", faults)
	for i, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			conn, err := dialMail(t, l, fmt.Sprintf("2a0f:25::%x", i))
			line := ""
			if strings.HasPrefix(fault, "smtp_endless") {
				_, err = io.WriteString(conn, "EHLO test.example\r\n")
			}
			if err == nil { // a reset may be there before the connection is reported
				reader := bufio.NewReader(conn)
				line, err = reader.ReadString('\n')
				if strings.HasPrefix(fault, "smtp_endless") {
					line, err = reader.ReadString('\n')
				}
			}
			if got := fmt.Sprint(line, err); !strings.Contains(got, wants[fault]) {
				t.Errorf("got %.60q, want %q", got, wants[fault])
			}
		})
	}
}
