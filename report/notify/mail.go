package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Security is how a connection to a mail server is kept secret.
type Security string

// The ways. The server's certificate is verified with both.
const (
	StartTLS    Security = "starttls" // before the mail, RFC 3207; usually port 587
	ImplicitTLS Security = "tls"      // from the first byte, RFC 8314; usually port 465
	NoTLS       Security = "none"     // to this machine alone
)

// MailServer is the one that takes mails.
type MailServer struct {
	Host           string
	Port           int
	Security       Security
	User, Password string         // empty for no authentication
	Roots          *x509.CertPool // who signs its certificate; nil are those of the system
	HELO           string         // name of this machine; the system's when empty
}

// Check refuses settings that would send mail or a password in the clear.
func (s *MailServer) Check() error {
	switch s.Security {
	case StartTLS, ImplicitTLS:
	case NoTLS:
		if !isLoopback(s.Host) {
			return errors.New("security none is for a server on this machine (127.0.0.1, ::1, localhost); use starttls or tls")
		}
		if s.User != "" {
			return errors.New("security none would send the password in the clear; use starttls or tls")
		}
	default:
		return fmt.Errorf("security is starttls, tls or none, not %q", s.Security)
	}
	return nil
}

// Mail sends digests by SMTP.
type Mail struct {
	server MailServer
	from   string
}

// NewMail returns a channel that sends from an address, by a server.
func NewMail(server MailServer, from string) (*Mail, error) {
	if err := server.Check(); err != nil {
		return nil, err
	}
	m := mail.NewMsg()
	if err := m.From(from); err != nil {
		return nil, fmt.Errorf("%q is not a sender; write an address such as adopt6@example.org, or Adopt6 <adopt6@example.org>", from)
	}
	return &Mail{server: server, from: from}, nil
}

// CheckAddress refuses what is not an address of e-mail.
func CheckAddress(address string) error {
	if err := mail.NewMsg().To(address); err != nil {
		return fmt.Errorf("%q is not an address of e-mail: %w", address, err)
	}
	return nil
}

// mailTime is the longest that one command of SMTP may take.
const mailTime = 30 * time.Second

// Deliver implements [Channel].
func (m *Mail) Deliver(ctx context.Context, e Entry) error {
	message, err := m.message(e)
	if err != nil {
		return &RefusedError{err}
	}
	// The client closes a connection that it gives up before the session.
	delivery, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := mail.NewClient(m.server.Host, m.options(delivery)...)
	if err != nil {
		return fmt.Errorf("prepare the mail: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil // a farewell that fails takes nothing back
	}
	err = fmt.Errorf("send the mail to %s by %s: %w", clean(e.Receiver, maxName), net.JoinHostPort(m.server.Host, strconv.Itoa(m.server.Port)), err)
	if refused := new(mail.SendError); errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &RefusedError{err}
	}
	return err
}

// options are those of a client whose connection is closed when delivery ends.
func (m *Mail) options(delivery context.Context) []mail.Option {
	config := &tls.Config{ServerName: m.server.Host, RootCAs: m.server.Roots, MinVersion: tls.VersionTLS12}
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		if m.server.Security == ImplicitTLS {
			conn, err = (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, network, address)
		} else {
			conn, err = dialer.DialContext(ctx, network, address)
		}
		if err == nil {
			context.AfterFunc(delivery, func() { _ = conn.Close() })
		}
		return conn, err
	}
	options := []mail.Option{
		mail.WithPort(m.server.Port), mail.WithTimeout(mailTime), mail.WithTLSConfig(config), mail.WithDialContextFunc(dial),
	}
	switch m.server.Security {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case ImplicitTLS:
		options = append(options, mail.WithSSL())
	case NoTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.server.HELO != "" {
		options = append(options, mail.WithHELO(m.server.HELO))
	}
	if m.server.User != "" {
		options = append(options, mail.WithUsername(m.server.User), mail.WithPassword(m.server.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return options
}

// message writes an entry as a mail to one receiver.
func (m *Mail) message(e Entry) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.from), message.To(e.Receiver)); err != nil {
		return nil, fmt.Errorf("prepare the mail: %w", err)
	}
	sender, err := netmail.ParseAddress(m.from)
	if err != nil {
		return nil, fmt.Errorf("prepare the mail: %w", err)
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	message.Subject(clean(e.Message.Subject, maxDetail))
	message.SetMessageIDWithValue(e.ID + "@" + domain)
	message.SetDateWithValue(e.Created)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notes
	message.SetGenHeader("Content-Language", e.Message.Lang)
	message.SetBodyString(mail.TypeTextPlain, e.Message.Text)
	message.AddAlternativeString(mail.TypeTextHTML, e.Message.HTML)
	return message, nil
}
