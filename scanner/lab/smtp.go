package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// listenSMTP opens the listener of SMTP.
func (l *Lab) listenSMTP() error {
	config := listenConfig(false)
	listener, err := config.Listen(context.Background(), "tcp4", "0.0.0.0:0")
	if err != nil {
		return fmt.Errorf("listen for port 25: %w", err)
	}
	l.ports.SMTP = uint16(listener.Addr().(*net.TCPAddr).Port)
	l.serveTCP(listener, l.serveSMTP)
	return nil
}

// smtpIdle is how long a client may think.
const smtpIdle = 15 * time.Second

// smtpSession is one dialogue of RFC 5321, as far as a measurement goes: it
// greets, names its extensions, starts TLS and ends. Mail is refused.
type smtpSession struct {
	lab    *Lab
	view   *view
	conn   net.Conn
	in     *bufio.Reader
	mail   Mail
	name   string // of the host
	faults faultSet
	secure bool
}

func (l *Lab) serveSMTP(conn *net.TCPConn, v *view) {
	if l.onContact != nil {
		l.contact(v, 25, "tcp", conn.RemoteAddr().(*net.TCPAddr).AddrPort(), nil)
	}
	if l.linkFault(conn, v, 25) {
		return
	}
	far := l.lagging(conn, v, 25)
	s := &smtpSession{lab: l, view: v, conn: far, in: bufio.NewReaderSize(far, 1024), faults: l.layerFaults(v, smtpLayer, 25)}
	s.mail, s.name = l.world.mailOf(v)
	s.mail.StartTLS = s.mail.StartTLS && !s.faults.has("smtp_no_starttls")
	if s.greet() {
		for s.step() {
		}
	}
}

// smtpSteps are the steps of a dialogue whose reply a fault can be about.
var smtpSteps = []string{"greeting", "EHLO", "HELO", "STARTTLS", "QUIT"}

// otherwise replies to a step as the faults of the step say; done is false
// where they leave the reply as it is. A reply of 221 or 421 ends the session.
func (s *smtpSession) otherwise(step string) (done, more bool) {
	for _, f := range s.faults {
		if f.Step != step {
			continue
		}
		if f.Do == "smtp_late" && !s.lab.wait(f.Delay) {
			return true, false
		}
		if f.Do == "smtp_says" {
			more = s.reply("%s", f.Text) && !strings.HasPrefix(f.Text, "221") && !strings.HasPrefix(f.Text, "421")
			return true, more
		}
	}
	return false, false
}

func (s *smtpSession) greet() bool {
	if done, more := s.otherwise("greeting"); done {
		return more
	}
	switch {
	case s.faults.has("smtp_reject"):
		s.reply("554 %s takes no connections", s.name)
		return false
	case s.faults.has("smtp_no_service"):
		s.reply("521 %s does not accept mail", s.name)
		return false
	case s.faults.has("smtp_defer"):
		s.reply("421 %s is busy", s.name)
		return false
	case s.faults.has("smtp_garbage"):
		s.reply("SSH-2.0-simulated")
		return false
	case s.faults.has("smtp_escape"):
		return s.reply("220 \x1b[2J\x1b]0;owned\x07%s\x00", s.name)
	case s.faults.has("smtp_long_banner"):
		fault, _ := s.faults.find("smtp_long_banner")
		if _, err := io.WriteString(s.conn, "220 "); err != nil {
			return false
		}
		chunk := strings.Repeat("banner ", 1<<10)
		for sent := 0; sent < fault.Bytes; sent += len(chunk) {
			if _, err := io.WriteString(s.conn, chunk); err != nil {
				return false
			}
		}
		return s.reply("")
	}
	banner := s.mail.Banner
	if banner == "" {
		banner = s.name + " ESMTP simulated"
	}
	return s.reply("220 %s", banner)
}

// step answers one command; false ends the session.
func (s *smtpSession) step() bool {
	if s.conn.SetReadDeadline(time.Now().Add(smtpIdle)) != nil {
		return false
	}
	line, err := s.in.ReadSlice('\n')
	if err != nil {
		return false
	}
	command, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(string(line))), " ")
	if done, more := s.otherwise(command); done {
		return more
	}
	switch command {
	case "EHLO":
		if s.faults.has("smtp_no_ehlo") {
			return s.reply("502 unknown command")
		}
		return s.extensions()
	case "HELO", "NOOP", "RSET":
		return s.reply("250 %s", s.name)
	case "STARTTLS":
		return s.startTLS()
	case "QUIT":
		s.reply("221 %s closes", s.name)
		return false
	case "MAIL", "RCPT", "DATA":
		return s.reply("550 this is a simulation and takes no mail")
	}
	return s.reply("500 unknown command")
}

func (s *smtpSession) extensions() bool {
	if fault, ok := s.faults.find("smtp_endless"); ok {
		chunk := strings.Repeat("250-X-ENDLESS\r\n", 1<<9)
		for sent := 0; sent < fault.Bytes; sent += len(chunk) {
			if _, err := io.WriteString(s.conn, chunk); err != nil {
				return false
			}
		}
	}
	lines := []string{s.name + " greets you", "PIPELINING", "8BITMIME"}
	if s.mail.StartTLS && !s.secure {
		lines = append(lines, "STARTTLS")
	}
	if s.mail.SMTPUTF8 {
		lines = append(lines, "SMTPUTF8")
	}
	for _, line := range lines[:len(lines)-1] {
		if !s.reply("250-%s", line) {
			return false
		}
	}
	return s.reply("250 %s", lines[len(lines)-1])
}

func (s *smtpSession) startTLS() bool {
	if !s.mail.StartTLS || s.secure {
		return s.reply("502 STARTTLS is not offered")
	}
	if !s.reply("220 go ahead") {
		return false
	}
	faults := s.lab.layerFaults(s.view, tlsLayer, 25)
	switch {
	case s.faults.has("smtp_starttls_bad"), faults.has("tls_none"):
		_, _ = io.WriteString(s.conn, "no TLS here\r\n")
		return false
	case faults.has("tls_hang"):
		<-s.lab.gone(s.conn)
		return false
	}
	secure := tls.Server(s.conn, s.lab.tlsConfig(faults, s.name))
	if secure.Handshake() != nil {
		return false
	}
	s.conn, s.secure = secure, true
	s.in.Reset(secure)
	return true
}

func (s *smtpSession) reply(format string, args ...any) bool {
	text := []byte(fmt.Sprintf(format, args...) + "\r\n")
	if fault, ok := s.faults.find("smtp_slow"); ok {
		return s.lab.drip(s.conn, text, fault.Delay)
	}
	_, err := s.conn.Write(text)
	return err == nil
}
