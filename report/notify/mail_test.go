package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailbox is a mail server for one test.
type mailbox struct {
	server  *smtp.Server
	port    int
	roots   *x509.CertPool
	refuse  *smtp.SMTPError // of RCPT
	hangUp  bool            // at the mail
	mu      sync.Mutex
	mails   []string
	to      []string
	users   []string
	secured []bool // of each mail: whether the connection had TLS
}

// newMailbox starts a server with the given security, which has a certificate
// for 127.0.0.1 and ::1.
func newMailbox(t *testing.T, security Security) *mailbox {
	t.Helper()
	issuer := httptest.NewTLSServer(nil)
	defer issuer.Close()
	box := &mailbox{roots: x509.NewCertPool()}
	box.roots.AddCert(issuer.Certificate())
	box.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{box, c}, nil }))
	box.server.Domain, box.server.ErrorLog = "mail.example.org", log.New(io.Discard, "", 0)
	box.server.AllowInsecureAuth = security == NoTLS
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box.port = listener.Addr().(*net.TCPAddr).Port
	config := &tls.Config{Certificates: issuer.TLS.Certificates}
	switch security {
	case StartTLS:
		box.server.TLSConfig = config
	case ImplicitTLS:
		listener = tls.NewListener(listener, config)
	}
	var served sync.WaitGroup
	served.Go(func() { _ = box.server.Serve(listener) })
	t.Cleanup(func() {
		box.server.Close()
		served.Wait()
	})
	return box
}

// channel sends to the mailbox.
func (b *mailbox) channel(t *testing.T, change func(*MailServer)) *Mail {
	t.Helper()
	server := MailServer{Host: "127.0.0.1", Port: b.port, Security: StartTLS, User: "adopt6", Password: "pass word", Roots: b.roots}
	change(&server)
	m, err := NewMail(server, "Adopt6 Lomé <adopt6@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type mailSession struct {
	box *mailbox
	c   *smtp.Conn
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "pass word" {
			return smtp.ErrAuthFailed
		}
		s.box.mu.Lock()
		defer s.box.mu.Unlock()
		s.box.users = append(s.box.users, user)
		return nil
	}), nil
}

func (s *mailSession) Reset()                               {}
func (s *mailSession) Logout() error                        { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.box.refuse != nil {
		return s.box.refuse
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.to = append(s.box.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	if s.box.hangUp {
		return s.c.Conn().Close()
	}
	text, err := io.ReadAll(r)
	_, secured := s.c.TLSConnectionState()
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails, s.box.secured = append(s.box.mails, string(text)), append(s.box.secured, secured)
	return err
}

// TestMail sends by each kind of connection, and reads the mail as a program of
// mail does.
func TestMail(t *testing.T) {
	t.Parallel()
	for _, security := range []Security{StartTLS, ImplicitTLS, NoTLS} {
		box := newMailbox(t, security)
		m := box.channel(t, func(s *MailServer) {
			if s.Security = security; security == NoTLS {
				s.User, s.Password = "", ""
			}
		})
		e := entry(t, "ar")
		if err := m.Deliver(t.Context(), e); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		if len(box.mails) != 1 || box.secured[0] != (security != NoTLS) || len(box.users) != 1 && security != NoTLS || box.to[0] != "ops@example.org" {
			t.Fatalf("%s: %d mails, with TLS %v, users %v, to %v", security, len(box.mails), box.secured, box.users, box.to)
		}
		message, err := netmail.ReadMessage(strings.NewReader(box.mails[0]))
		if err != nil {
			t.Fatal(err)
		}
		decoder := new(mime.WordDecoder)
		subject, err := decoder.DecodeHeader(message.Header.Get("Subject"))
		if err != nil || subject != e.Message.Subject || !strings.Contains(subject, "تغيرات") {
			t.Errorf("%s: the subject is %q: %v", security, subject, err)
		}
		from, err := message.Header.AddressList("From")
		if err != nil || from[0].Name != "Adopt6 Lomé" {
			t.Errorf("%s: it is from %v: %v", security, from, err)
		}
		for header, want := range map[string]string{
			"Auto-Submitted": "auto-generated", "Content-Language": "ar", "Mime-Version": "1.0", "To": "<ops@example.org>",
			"Message-Id": "<" + e.ID + "@example.org>", "Date": "Sun, 08 Nov 2026 06:00:00 +0000",
		} {
			if got := message.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", security, header, got, want)
			}
		}
		checkParts(t, message, e.Message)
	}
}

// checkParts reads the plain text and the HTML of a mail.
func checkParts(t *testing.T, message *netmail.Message, want Message) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("it is %s: %v", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for _, expected := range []struct{ kind, text string }{{"text/plain; charset=UTF-8", want.Text}, {"text/html; charset=UTF-8", want.HTML}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || part.Header.Get("Content-Type") != expected.kind || strings.ReplaceAll(string(text), "\r\n", "\n") != expected.text {
			t.Errorf("the part %s is\n%s", part.Header.Get("Content-Type"), text)
		}
	}
}

// TestMailRefused meets servers that cannot be trusted, and those that take no
// mail: for now, or for good.
func TestMailRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want string
		server     Security
		change     func(*MailServer)
		refuse     *smtp.SMTPError
		final      bool
	}{
		{"a certificate that nobody vouches for", "certificate", StartTLS, func(s *MailServer) { s.Roots = nil }, nil, false},
		{"the same with implicit TLS", "certificate", ImplicitTLS, func(s *MailServer) { s.Security, s.Roots = ImplicitTLS, nil }, nil, false},
		{"a certificate of another name", "certificate", StartTLS, func(s *MailServer) { s.Host = "localhost" }, nil, false},
		{"no STARTTLS", "STARTTLS", NoTLS, func(*MailServer) {}, nil, false},
		{"a wrong password", "535", StartTLS, func(s *MailServer) { s.Password = "guess" }, nil, false},
		{"greylisting", "451", StartTLS, func(*MailServer) {}, &smtp.SMTPError{Code: 451, Message: "try again"}, false},
		{"no such user", "550", StartTLS, func(*MailServer) {}, &smtp.SMTPError{Code: 550, Message: "no such user\x1b[31m"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			box := newMailbox(t, test.server)
			box.refuse = test.refuse
			err := box.channel(t, test.change).Deliver(t.Context(), entry(t, "en"))
			refused := new(RefusedError)
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &refused) != test.final {
				t.Errorf("got %v", err)
			}
			if len(box.mails) > 0 || err != nil && strings.Contains(err.Error(), "pass word") {
				t.Errorf("%d mails, error %v", len(box.mails), err)
			}
		})
	}
}

// TestMailHungUp loses the connection in the middle of the mail, which is tried
// again later.
func TestMailHungUp(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, StartTLS)
	box.hangUp = true
	err := box.channel(t, func(*MailServer) {}).Deliver(t.Context(), entry(t, "en"))
	if refused := new(RefusedError); err == nil || errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

// TestMailEndsWithItsContext meets a server that says nothing.
func TestMailEndsWithItsContext(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var accepted sync.WaitGroup
	accepted.Go(func() {
		if conn, err := listener.Accept(); err == nil {
			cancel()
			_, _ = io.Copy(io.Discard, conn) // until the sender gives up
			conn.Close()
		}
	})
	box := &mailbox{port: listener.Addr().(*net.TCPAddr).Port}
	if err := box.channel(t, func(*MailServer) {}).Deliver(ctx, entry(t, "en")); err == nil {
		t.Error("a silent server took the mail")
	}
	accepted.Wait()
}

func TestMailSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server MailServer
		ok     bool
	}{
		{MailServer{Host: "smtp.example.org", Security: StartTLS, User: "u"}, true},
		{MailServer{Host: "127.0.0.1", Security: NoTLS}, true},
		{MailServer{Host: "smtp.example.org", Security: NoTLS}, false},
		{MailServer{Host: "127.0.0.1", Security: NoTLS, User: "u"}, false},
		{MailServer{Host: "smtp.example.org", Security: "ssl"}, false},
	} {
		if err := test.server.Check(); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test.server, err)
		}
	}
	for address, ok := range map[string]bool{"a@example.org": true, "Anna <a@example.org>": true, "a": false, "a@example.org\r\nBcc: b@example.org": false, "": false} {
		if err := CheckAddress(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
