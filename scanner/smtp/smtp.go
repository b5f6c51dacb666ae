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

// Client holds the settings of sessions with mail servers. StepTimeout must be set.
type Client struct {
	// HELO is the name in EHLO. Where it is empty, or not one that can stand
	// there, it is the address literal of the connection's own end (RFC 5321
	// section 4.1.3).
	HELO string
	// StepTimeout is the wait for each whole reply and for the handshake, so
	// that a server which drips gains nothing. A conversation takes at most
	// sessionSteps of them.
	StepTimeout time.Duration
	// Authorities judge certificates; nil: those of the system.
	Authorities *x509.CertPool
	// Now is the clock that certificates are judged by; nil: time.Now.
	Now func() time.Time
}

// sessionSteps bounds a conversation, in steps.
const sessionSteps = 3

// goodbye is the wait for the reply to QUIT, which changes nothing any more.
const goodbye = time.Second

// Session is what a conversation showed.
type Session struct {
	// Facts are of the greeting and of the extensions; those offered only
	// after STARTTLS count as well.
	Facts observation.SMTPFacts
	// Reason says why the server did not greet and answer EHLO; empty when it
	// did.
	Reason observation.Reason
	// StartTLS says why there is no TLS: NoStartTLS or StartTLSFailed; empty
	// when the handshake succeeded, whatever the certificate, and where Reason
	// is not empty.
	StartTLS observation.Reason
	TLS      *observation.TLSFacts // nil without a handshake
	// Detail is what a reader of Reason or StartTLS wants to know besides, at
	// most 255 bytes. It is from the network.
	Detail string
}

// Session greets the server at the other end of conn, whose name is host, and
// closes conn. When ctx ends the conversation does, with the reason Timeout.
func (c *Client) Session(ctx context.Context, conn net.Conn, host string) *Session {
	defer conn.Close()
	t := &session{
		Client: c, ctx: ctx, host: host, raw: conn, conn: conn, in: bufio.NewReaderSize(conn, maxLine),
		until: time.Now().Add(sessionSteps * c.StepTimeout), seen: new(Session),
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	t.run()
	t.seen.Detail = short(t.seen.Detail)
	return t.seen
}

// session is a Session in progress.
type session struct {
	*Client
	ctx       context.Context
	host      string
	raw, conn net.Conn // conn is raw, or TLS above it
	in        *bufio.Reader
	until     time.Time // end of the whole conversation
	seen      *Session
}

func (t *session) run() {
	if !t.greeting() {
		return
	}
	extensions, ok := t.hello()
	if !ok {
		return
	}
	t.seen.Facts.UTF8 = extensions.offers("SMTPUTF8")
	t.seen.Facts.StartTLS = extensions.offers("STARTTLS")
	t.seen.StartTLS = observation.NoStartTLS
	if t.seen.Facts.StartTLS && !t.startTLS() {
		return
	}
	t.quit()
}

// greeting waits for the server to speak (RFC 5321 section 3.1).
func (t *session) greeting() bool {
	r, err := t.hear()
	if err != nil {
		t.fail("greeting", err)
		return false
	}
	t.seen.Facts.Code, t.seen.Facts.Banner = r.code, short(r.text())
	return t.accepted("", r)
}

// accepted says whether a reply is positive, and keeps the reason when not.
// Without a step the reply is the greeting, which the facts hold.
func (t *session) accepted(step string, r reply) bool {
	switch {
	case positive(r):
		return true
	case r.kind() == 4:
		t.seen.Reason = observation.SMTPDeferred
	case r.kind() == 5, r.code == closing: // 554, or 521 of a host that takes no mail (RFC 7504)
		t.seen.Reason = observation.SMTPRejected
	default: // 3: a question, where none can be
		t.seen.Reason = observation.SMTPMalformed
	}
	if step != "" {
		t.seen.Detail = fmt.Sprintf("%s: %d %s", step, r.code, r.text())
	}
	t.quit()
	return false
}

// closing is the reply of a server that ends the session, whatever it was
// asked (RFC 5321 section 4.2.3).
const closing = 221

// positive says whether a reply lets the session continue.
func positive(r reply) bool { return r.kind() == 2 && r.code != closing }

// hello introduces the client. A server that does not know EHLO is asked with
// HELO (RFC 5321 section 3.2), and has no extensions.
func (t *session) hello() (reply, bool) {
	r, err := t.ask("EHLO " + t.name())
	if err != nil {
		t.fail("EHLO", err)
		return reply{}, false
	}
	if r.kind() != 5 {
		return r, t.accepted("EHLO", r)
	}
	old, err := t.ask("HELO " + t.name())
	if err != nil {
		t.fail("HELO", err)
		return reply{}, false
	}
	if !t.accepted("HELO", old) {
		return reply{}, false
	}
	t.seen.Detail = fmt.Sprintf("HELO taken, EHLO refused: %d %s", r.code, r.text())
	return reply{code: old.code}, true
}

// startTLS turns to TLS and asks for the extensions again (RFC 3207). False
// says that there is no conversation left to end.
func (t *session) startTLS() bool {
	t.seen.StartTLS = observation.StartTLSFailed
	r, err := t.ask("STARTTLS")
	switch {
	case err != nil:
		t.note("STARTTLS", err)
		return false
	case r.code != 220:
		t.seen.Detail = fmt.Sprintf("STARTTLS: %d %s", r.code, r.text())
		return true
	case t.in.Buffered() > 0:
		// What was sent in the clear must not pass for something said under
		// TLS: the class of CVE-2011-0411.
		t.seen.Detail = fmt.Sprintf("STARTTLS: %d bytes in the clear behind the reply", t.in.Buffered())
		return false
	}
	if err := t.handshake(); err != nil {
		t.note("handshake", err)
		return false
	}
	r, err = t.ask("EHLO " + t.name())
	switch {
	case err != nil:
		t.note("EHLO after STARTTLS", err)
		return false
	case !positive(r):
		t.seen.Detail = fmt.Sprintf("EHLO after STARTTLS: %d %s", r.code, r.text())
		return true
	}
	t.seen.StartTLS = ""
	t.seen.Facts.UTF8 = t.seen.Facts.UTF8 || r.offers("SMTPUTF8")
	return true
}

func (t *session) handshake() error {
	if err := t.wait(t.StepTimeout); err != nil {
		return err
	}
	begun := time.Now()
	secure := tls.Client(t.raw, certificate.Config(t.host))
	if err := secure.HandshakeContext(t.ctx); err != nil {
		return err
	}
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	took := time.Since(begun)
	t.seen.TLS = certificate.Judge(secure.ConnectionState(), t.host, t.Authorities, now())
	t.seen.TLS.Handshake = took
	t.conn = secure
	t.in.Reset(secure)
	return nil
}

// quit ends the session in order, so that the server's log shows no broken
// connection.
func (t *session) quit() {
	if t.wait(min(goodbye, t.StepTimeout)) == nil && t.say("QUIT") == nil {
		_, _ = readReply(t.in)
	}
}

// ask sends a command and reads the reply.
func (t *session) ask(command string) (reply, error) {
	if err := t.wait(t.StepTimeout); err != nil {
		return reply{}, err
	}
	if err := t.say(command); err != nil {
		return reply{}, err
	}
	return readReply(t.in)
}

// hear reads a reply that nothing was asked for.
func (t *session) hear() (reply, error) {
	if err := t.wait(t.StepTimeout); err != nil {
		return reply{}, err
	}
	return readReply(t.in)
}

func (t *session) say(command string) error {
	_, err := io.WriteString(t.conn, command+"\r\n")
	return err
}

// wait gives the next step its time.
func (t *session) wait(step time.Duration) error {
	until := time.Now().Add(step)
	if until.After(t.until) {
		until = t.until
	}
	if err := t.raw.SetDeadline(until); err != nil {
		return err
	}
	// The context may have ended, and moved the deadline, just before.
	return t.ctx.Err()
}

// name is how the client introduces itself.
func (t *session) name() string {
	if validName(t.HELO) {
		return t.HELO
	}
	local, err := netip.ParseAddrPort(t.raw.LocalAddr().String())
	if err != nil {
		return "[127.0.0.1]" // a connection without addresses, such as a pipe
	}
	addr := local.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return "[" + addr.String() + "]"
	}
	return "[IPv6:" + addr.String() + "]"
}

// validName says whether a text can stand behind EHLO: a host name, or an
// address literal.
func validName(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f
	})
}

// fail keeps the reason for which the conversation ended.
func (t *session) fail(step string, err error) {
	t.seen.Reason = reasonOf(err)
	t.note(step, err)
}

// note keeps what went wrong and when, in words that hold no addresses.
func (t *session) note(step string, err error) {
	said := err.Error()
	operation := new(net.OpError)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		said = "nothing more in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		said = "the connection was closed"
	case errors.As(err, &operation):
		said = operation.Err.Error()
	}
	t.seen.Detail = step + ": " + said
}

// reasonOf names the reason for an error of a connection.
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
