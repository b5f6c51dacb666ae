// Package smtp holds one polite conversation with a mail server and says what
// the server showed: its greeting, its extensions, and what STARTTLS is worth.
//
// In: an open connection, the name of the server and how long to wait. Out:
// facts, and the reason why the conversation failed where it did. It never
// dials, names no sender or recipient, sends no mail and never logs in, and
// what a server sends costs it a bounded amount of memory and time.
package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"adopt6/scanner/certificate"
	"adopt6/scanner/observation"
)

// Client holds the settings of sessions with mail servers. StepTimeout must be
// set.
type Client struct {
	// HELO is the name in EHLO. When it is empty or not valid there, EHLO has
	// the address literal of the connection's local address (RFC 5321 section
	// 4.1.3).
	HELO string
	// StepTimeout is the wait for each whole reply and for the handshake, so
	// that a server which sends byte by byte gains nothing. A session takes at
	// most sessionSteps of them.
	StepTimeout time.Duration
	// Authorities judge certificates; nil: those of the system.
	Authorities *x509.CertPool
	// Now is the clock that certificates are judged by; nil: time.Now.
	Now func() time.Time
}

// sessionSteps bounds a session, in units of StepTimeout.
const sessionSteps = 3

// goodbye is how long to wait for the reply to QUIT, which affects no result.
const goodbye = time.Second

// Session is the result of a session.
type Session struct {
	// Facts are taken from the greeting and the extensions, including those
	// offered only after STARTTLS.
	Facts observation.SMTPFacts
	// Reason says why the server did not greet and answer EHLO; empty when it
	// did.
	Reason observation.Reason
	// StartTLS says why there is no TLS: NoStartTLS or StartTLSFailed; empty
	// when the handshake succeeded, whatever the certificate, and where Reason
	// is not empty.
	StartTLS observation.Reason
	TLS      *observation.TLSFacts // nil without a handshake
	// Detail is the evidence for Reason or StartTLS, at most 255 bytes. It is
	// from the network.
	Detail string
}

// Session greets the server at the other end of conn, whose name is host, and
// closes conn. When ctx ends, so does the session, with the reason Timeout.
func (c *Client) Session(ctx context.Context, conn net.Conn, host string) *Session {
	defer conn.Close()
	s := &session{
		Client: c, ctx: ctx, host: host, raw: conn, conn: conn, in: bufio.NewReaderSize(conn, maxLine),
		deadline: time.Now().Add(sessionSteps * c.StepTimeout), result: new(Session),
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	s.run()
	s.result.Detail = short(s.result.Detail)
	return s.result
}

// session is a session in progress.
type session struct {
	*Client
	ctx       context.Context
	host      string
	raw, conn net.Conn // conn is raw, or TLS above it
	in        *bufio.Reader
	deadline  time.Time // of the whole session
	result    *Session
}

func (s *session) run() {
	if !s.greeting() {
		return
	}
	extensions, ok := s.hello()
	if !ok {
		return
	}
	s.result.Facts.UTF8 = extensions.offers("SMTPUTF8")
	s.result.Facts.StartTLS = extensions.offers("STARTTLS")
	s.result.StartTLS = observation.NoStartTLS
	if s.result.Facts.StartTLS && !s.startTLS() {
		return
	}
	s.quit()
}

// greeting waits for the server to speak (RFC 5321 section 3.1).
func (s *session) greeting() bool {
	r, err := s.readUnasked()
	if err != nil {
		s.fail("greeting", err)
		return false
	}
	s.result.Facts.Code, s.result.Facts.Banner = r.code, short(r.text())
	return s.accepted("", r)
}

// accepted reports whether a reply is positive, and keeps the reason when it is
// not. An empty step means the greeting, which the facts already hold.
func (s *session) accepted(step string, r reply) bool {
	switch {
	case positive(r):
		return true
	case r.kind() == 4:
		s.result.Reason = observation.SMTPDeferred
	case r.kind() == 5, r.code == closing: // 554, or 521 of a host that takes no mail (RFC 7504)
		s.result.Reason = observation.SMTPRejected
	default: // 3: a question, where none can be
		s.result.Reason = observation.SMTPMalformed
	}
	if step != "" {
		s.result.Detail = fmt.Sprintf("%s: %d %s", step, r.code, r.text())
	}
	s.quit()
	return false
}

// closing is the reply of a server that ends the session, whatever it was
// asked (RFC 5321 section 4.2.3).
const closing = 221

// positive says whether a reply lets the session continue.
func positive(r reply) bool { return r.kind() == 2 && r.code != closing }

// hello introduces the client. A server that does not know EHLO is sent HELO
// (RFC 5321 section 3.2), and has no extensions.
func (s *session) hello() (reply, bool) {
	r, err := s.command("EHLO " + s.heloName())
	if err != nil {
		s.fail("EHLO", err)
		return reply{}, false
	}
	if r.kind() != 5 {
		return r, s.accepted("EHLO", r)
	}
	old, err := s.command("HELO " + s.heloName())
	if err != nil {
		s.fail("HELO", err)
		return reply{}, false
	}
	if !s.accepted("HELO", old) {
		return reply{}, false
	}
	s.result.Detail = fmt.Sprintf("HELO accepted, EHLO refused: %d %s", r.code, r.text())
	return reply{code: old.code}, true
}

// startTLS switches to TLS and asks for the extensions again (RFC 3207). False
// means that there is no session left to end with QUIT.
func (s *session) startTLS() bool {
	s.result.StartTLS = observation.StartTLSFailed
	r, err := s.command("STARTTLS")
	switch {
	case err != nil:
		s.recordDetail("STARTTLS", err)
		return false
	case r.code != 220:
		s.result.Detail = fmt.Sprintf("STARTTLS: %d %s", r.code, r.text())
		return true
	case s.in.Buffered() > 0:
		// What was sent in the clear must not be taken for a reply under TLS
		// (the class of CVE-2011-0411).
		s.result.Detail = fmt.Sprintf("STARTTLS: %d bytes in the clear after the reply", s.in.Buffered())
		return false
	}
	if err := s.handshake(); err != nil {
		s.recordDetail("handshake", err)
		return false
	}
	r, err = s.command("EHLO " + s.heloName())
	switch {
	case err != nil:
		s.recordDetail("EHLO after STARTTLS", err)
		return false
	case !positive(r):
		s.result.Detail = fmt.Sprintf("EHLO after STARTTLS: %d %s", r.code, r.text())
		return true
	}
	s.result.StartTLS = ""
	s.result.Facts.UTF8 = s.result.Facts.UTF8 || r.offers("SMTPUTF8")
	return true
}

func (s *session) handshake() error {
	if err := s.setDeadline(s.StepTimeout); err != nil {
		return err
	}
	begun := time.Now()
	secure := tls.Client(s.raw, certificate.Config(s.host))
	if err := secure.HandshakeContext(s.ctx); err != nil {
		return err
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	handshake := time.Since(begun)
	s.result.TLS = certificate.Judge(secure.ConnectionState(), s.host, s.Authorities, now())
	s.result.TLS.Handshake = handshake
	s.conn = secure
	s.in.Reset(secure)
	return nil
}

// quit ends the session politely, so that the server logs no broken connection.
func (s *session) quit() {
	if s.setDeadline(min(goodbye, s.StepTimeout)) == nil && s.send("QUIT") == nil {
		_, _ = readReply(s.in)
	}
}

// command sends a command and reads the reply.
func (s *session) command(command string) (reply, error) {
	if err := s.setDeadline(s.StepTimeout); err != nil {
		return reply{}, err
	}
	if err := s.send(command); err != nil {
		return reply{}, err
	}
	return readReply(s.in)
}

// readUnasked reads a reply that no command asked for.
func (s *session) readUnasked() (reply, error) {
	if err := s.setDeadline(s.StepTimeout); err != nil {
		return reply{}, err
	}
	return readReply(s.in)
}

func (s *session) send(command string) error {
	_, err := io.WriteString(s.conn, command+"\r\n")
	return err
}

// setDeadline sets the deadline of the next step.
func (s *session) setDeadline(step time.Duration) error {
	until := time.Now().Add(step)
	if until.After(s.deadline) {
		until = s.deadline
	}
	if err := s.raw.SetDeadline(until); err != nil {
		return err
	}
	// The context may have ended, and moved the deadline, just before.
	return s.ctx.Err()
}

// heloName returns the name with which the client introduces itself.
func (s *session) heloName() string {
	if validName(s.HELO) {
		return s.HELO
	}
	local, err := netip.ParseAddrPort(s.raw.LocalAddr().String())
	if err != nil {
		return "[127.0.0.1]" // a connection without addresses, such as a pipe
	}
	addr := local.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return "[" + addr.String() + "]"
	}
	return "[IPv6:" + addr.String() + "]"
}

// validName reports whether a text is valid after EHLO, as a host name or an
// address literal.
func validName(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f
	})
}

// fail records why the session ended.
func (s *session) fail(step string, err error) {
	s.result.Reason = reasonOf(err)
	s.recordDetail(step, err)
}

// recordDetail records which step failed and how, in words without addresses.
func (s *session) recordDetail(step string, err error) {
	detail := err.Error()
	operation := new(net.OpError)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		detail = "no further data in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		detail = "the connection was closed"
	case errors.As(err, &operation):
		detail = operation.Err.Error()
	}
	s.result.Detail = step + ": " + detail
}

// reasonOf returns the reason that an error of a connection stands for.
func reasonOf(err error) observation.Reason {
	switch {
	case errors.Is(err, errMalformed):
		return observation.SMTPMalformed
	case errors.Is(err, errTooLarge):
		return observation.ResponseTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled), errors.Is(err, syscall.ETIMEDOUT):
		return observation.Timeout
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return observation.Unreachable
	}
	return observation.TCPReset // reset, or closed without a word
}

// short bounds a text from the network.
func short(s string) string { return s[:min(len(s), 255)] }
