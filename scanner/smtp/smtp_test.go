package smtp

import (
	"adopt6/scanner/observation"
	"context"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestConversations holds conversations in the clear with servers of every
// temper.
func TestConversations(t *testing.T) {
	const plain = "250-mx.example.net\r\n250-SIZE 1000\r\n250 HELP"
	for _, test := range []struct {
		name     string
		greeting string
		answers  map[string]string
		want     Session // without Detail
		detail   string  // part of it
		heard    string
	}{
		{"no extension", "220 mx.example.net ESMTP", map[string]string{"EHLO": "250 mx.example.net"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "mx.example.net ESMTP"}, StartTLS: observation.NoStartTLS}, "",
			"EHLO scan.example.org,QUIT"},
		{"SMTPUTF8 in small letters, with a parameter", "220 hi", map[string]string{"EHLO": "250-hi\r\n250-size 5\r\n250 smtputf8 x"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi", UTF8: true}, StartTLS: observation.NoStartTLS}, "",
			"EHLO scan.example.org,QUIT"},
		{"an extension's name in the first line is the server's name", "220 hi", map[string]string{"EHLO": "250-STARTTLS\r\n250 XSMTPUTF8"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, StartTLS: observation.NoStartTLS}, "",
			"EHLO scan.example.org,QUIT"},
		{"a greeting of several lines", "220-mx.example.net\r\n220-no spam\r\n220 please", map[string]string{"EHLO": plain},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "mx.example.net no spam please"}, StartTLS: observation.NoStartTLS}, "",
			"EHLO scan.example.org,QUIT"},
		{"lines that end in LF, and a bare code", "220-hi\n220", map[string]string{"EHLO": "250-hi\n250-SMTPUTF8\n250"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi ", UTF8: true}, StartTLS: observation.NoStartTLS}, "", ""},
		{"control characters are data", "220 \x1b[2J\x1b]0;owned\x07mx\x00\xff", map[string]string{"EHLO": plain},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "\x1b[2J\x1b]0;owned\x07mx\x00\xff"}, StartTLS: observation.NoStartTLS}, "", ""},
		{"EHLO is not known", "220 hi", map[string]string{"EHLO": "502 what?", "HELO": "250 hi"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, StartTLS: observation.NoStartTLS},
			"HELO accepted, EHLO refused: 502 what?", "EHLO scan.example.org,HELO scan.example.org,QUIT"},
		{"neither EHLO nor HELO is taken", "220 hi", map[string]string{"EHLO": "550 go away", "HELO": "550 I said go"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, Reason: observation.SMTPRejected}, "HELO: 550 I said go",
			"EHLO scan.example.org,HELO scan.example.org,QUIT"},
		{"EHLO is put off", "220 hi", map[string]string{"EHLO": "421 too busy"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, Reason: observation.SMTPDeferred}, "EHLO: 421 too busy",
			"EHLO scan.example.org,QUIT"},
		{"no service here", "554 no SMTP service here", nil,
			Session{Facts: observation.SMTPFacts{Code: 554, Banner: "no SMTP service here"}, Reason: observation.SMTPRejected}, "", "QUIT"},
		{"takes no mail", "521 mx.example.net does not accept mail", nil,
			Session{Facts: observation.SMTPFacts{Code: 521, Banner: "mx.example.net does not accept mail"}, Reason: observation.SMTPRejected}, "", "QUIT"},
		{"busy", "421 mx.example.net try later", nil,
			Session{Facts: observation.SMTPFacts{Code: 421, Banner: "mx.example.net try later"}, Reason: observation.SMTPDeferred}, "", "QUIT"},
		{"a question instead of a greeting", "354 continue", nil,
			Session{Facts: observation.SMTPFacts{Code: 354, Banner: "continue"}, Reason: observation.SMTPMalformed}, "", "QUIT"},
		{"another protocol", "SSH-2.0-OpenSSH_9.2", nil, Session{Reason: observation.SMTPMalformed}, "greeting: no SMTP reply", ""},
		{"something before the greeting", "welcome\r\n220 hi", nil, Session{Reason: observation.SMTPMalformed}, "greeting: no SMTP reply", ""},
		{"codes that change", "220-hi\r\n554 no", nil, Session{Reason: observation.SMTPMalformed}, "greeting: no SMTP reply", ""},
		{"EHLO answered with a page", "220 hi", map[string]string{"EHLO": "<html>"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, Reason: observation.SMTPMalformed}, "EHLO: no SMTP reply", ""},
		{"hangs up on EHLO", "220 hi", nil,
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, Reason: observation.TCPReset}, "EHLO: the connection was closed", ""},
		{"hangs up on HELO", "220 hi", map[string]string{"EHLO": "500 no"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi"}, Reason: observation.TCPReset}, "HELO: the connection was closed", ""},
		{"STARTTLS is offered and refused", "220 hi", map[string]string{"EHLO": "250-hi\r\n250 starttls", "STARTTLS": "454 no certificate"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi", StartTLS: true}, StartTLS: observation.StartTLSFailed},
			"STARTTLS: 454 no certificate", "EHLO scan.example.org,STARTTLS,QUIT"},
		{"clear text where TLS is due", "220 hi", map[string]string{"EHLO": "250-hi\r\n250 STARTTLS", "STARTTLS": "220 go ahead\r\n250-injected\r\n250 SMTPUTF8"},
			Session{Facts: observation.SMTPFacts{Code: 220, Banner: "hi", StartTLS: true}, StartTLS: observation.StartTLSFailed},
			"STARTTLS: 28 bytes in the clear after the reply", "EHLO scan.example.org,STARTTLS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn, heard := connect(t, func(s *server) {
				s.say("%s", test.greeting)
				s.replies(test.answers)
			})
			client := &Client{HELO: "scan.example.org", StepTimeout: 5 * time.Second}
			got := *client.Session(t.Context(), conn, serverName)
			if !strings.Contains(got.Detail, test.detail) || test.detail == "" && got.Detail != "" {
				t.Errorf("the detail is %q, want %q", got.Detail, test.detail)
			}
			got.Detail = ""
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			commands := heard()
			onlyPolite(t, commands)
			if said := strings.Join(commands, ","); test.heard != "" && said != test.heard {
				t.Errorf("the server heard %q, want %q", said, test.heard)
			}
		})
	}
}

// TestStartTLS sees what the handshake and the greeting under TLS are worth.
func TestStartTLS(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour)
	for _, test := range []struct {
		name     string
		notAfter time.Time
		names    []string
		trusted  bool
		after    string // the answer to EHLO under TLS; empty: hangs up
		want     observation.Reason
		reason   observation.Reason // of the certificate
		utf8     bool
	}{
		{"good", tomorrow, []string{serverName}, true, "250-mx\r\n250 SMTPUTF8", "", "", true},
		{"no new extension", tomorrow, []string{serverName}, true, "250 mx", "", "", false},
		{"untrusted", tomorrow, []string{serverName}, false, "250 mx", "", observation.TLSUntrusted, false},
		{"expired", time.Now().Add(-time.Minute), []string{serverName}, true, "250 mx", "", observation.TLSExpired, false},
		{"another name", tomorrow, []string{"other.example"}, true, "250 mx", "", observation.TLSWrongName, false},
		{"hostile names", tomorrow, []string{"\x1b]0;owned\x07\x1b[2J" + strings.Repeat("x", 1000)}, true, "250 mx", "", observation.TLSWrongName, false},
		{"refused under TLS", tomorrow, []string{serverName}, true, "550 no", observation.StartTLSFailed, "", false},
		{"hangs up under TLS", tomorrow, []string{serverName}, true, "", observation.StartTLSFailed, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			certificate, pool := issue(t, test.notAfter, test.names...)
			conn, heard := connect(t, func(s *server) {
				s.say("220 hi")
				s.heard()
				s.say("250-mx\r\n250 STARTTLS")
				s.heard()
				s.secure(certificate)
				answers := map[string]string{}
				if test.after != "" {
					answers["EHLO"] = test.after
				}
				s.replies(answers)
			})
			client := &Client{HELO: "scan.example.org", StepTimeout: 5 * time.Second, Authorities: pool}
			if !test.trusted {
				_, client.Authorities = issue(t, tomorrow, "another authority")
			}
			got := client.Session(t.Context(), conn, serverName)
			if got.Reason != "" || got.StartTLS != test.want || got.Facts.UTF8 != test.utf8 || !got.Facts.StartTLS {
				t.Errorf("got %+v, want STARTTLS %q and SMTPUTF8 %v", got, test.want, test.utf8)
			}
			if got.TLS == nil || got.TLS.Certificate != test.reason || got.TLS.Version != "1.3" || got.TLS.Handshake == 0 || len(got.TLS.Issuer) > 255 {
				t.Errorf("the handshake showed %+v, want the certificate to be %q", got.TLS, test.reason)
			}
			commands := heard()
			onlyPolite(t, commands)
			if len(commands) < 3 || commands[1] != "STARTTLS" || commands[2] != "EHLO scan.example.org" {
				t.Errorf("the server heard %q", commands)
			}
		})
	}
}

// TestName: the client introduces itself by the name it was given, if that is
// one.
func TestName(t *testing.T) {
	for helo, want := range map[string]string{
		"scan.example.org":          "EHLO scan.example.org",
		"":                          "EHLO [127.0.0.1]",
		"two words":                 "EHLO [127.0.0.1]",
		"evil\r\nMAIL FROM:<a@b.c>": "EHLO [127.0.0.1]",
	} {
		conn, heard := connect(t, func(s *server) {
			s.say("220 hi")
			s.replies(map[string]string{"EHLO": "250 hi"})
		})
		client := &Client{HELO: helo, StepTimeout: 5 * time.Second}
		client.Session(t.Context(), conn, serverName)
		if commands := heard(); len(commands) == 0 || commands[0] != want {
			t.Errorf("HELO %q: the server heard %q, want %q", helo, commands, want)
		}
	}
}

// TestLiteral: an IPv6 address has a tag of its own in an address literal.
func TestLiteral(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "[192.0.2.1]",
		"2001:db8::1":      "[IPv6:2001:db8::1]",
		"fe80::1%eth0":     "[IPv6:fe80::1]",
		"::ffff:192.0.2.1": "[192.0.2.1]",
	} {
		ip, zone, _ := strings.Cut(addr, "%")
		conn := addressed{addr: &net.TCPAddr{IP: net.ParseIP(ip), Zone: zone, Port: 1}}
		if got := (&session{Client: &Client{}, raw: conn}).heloName(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// addressed is a connection that has an address and nothing else.
type addressed struct {
	net.Conn
	addr net.Addr
}

func (c addressed) LocalAddr() net.Addr { return c.addr }

// TestCancel: the end of the context ends a conversation that waits.
func TestCancel(t *testing.T) {
	conn, _ := connect(t, func(s *server) { s.untilGone() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := &Client{StepTimeout: time.Hour}
	if got := client.Session(ctx, conn, serverName); got.Reason != observation.Timeout {
		t.Errorf("got %+v", got)
	}
}
