package smtp

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const serverName = "mx.example.net"

// server is a mail server that does what a test tells it to.
type server struct {
	net.Conn
	in       *bufio.Reader
	commands *[]string
}

// heard waits for a command and keeps it; empty when the client has left.
func (s *server) heard() string {
	line, err := s.in.ReadString('\n')
	if err != nil {
		return ""
	}
	line = strings.TrimRight(line, "\r\n")
	*s.commands = append(*s.commands, line)
	return line
}

func (s *server) say(format string, args ...any) { fmt.Fprintf(s, format+"\r\n", args...) }

// replies answers every command by its first word, and hangs up after QUIT or
// a command that it has no answer to.
func (s *server) replies(answers map[string]string) {
	for {
		command, _, _ := strings.Cut(s.heard(), " ")
		answer, ok := answers[command]
		if !ok {
			if command == "QUIT" {
				s.say("221 bye")
			}
			return
		}
		s.say("%s", answer)
	}
}

// secure answers STARTTLS and continues with TLS.
func (s *server) secure(certificate tls.Certificate) {
	s.say("220 go ahead")
	conn := tls.Server(s.Conn, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if conn.Handshake() == nil {
		s.Conn = conn
		s.in.Reset(conn)
	}
}

// connect runs a server for one conversation. heard returns the commands once
// the server has ended.
func connect(t *testing.T, serve func(*server)) (client net.Conn, heard func() []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	var ended sync.WaitGroup
	dialled := make(chan struct{}) // a reset must not meet the client while it dials
	ended.Go(func() {
		defer listener.Close()
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		<-dialled
		serve(&server{Conn: conn, in: bufio.NewReader(conn), commands: &commands})
	})
	client, err = net.Dial("tcp", listener.Addr().String())
	close(dialled)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); ended.Wait() })
	return client, func() []string { ended.Wait(); return commands }
}

// untilGone holds the connection until the client leaves it.
func (s *server) untilGone() { _, _ = io.Copy(io.Discard, s.in) }

// issue makes a certificate for names, signed by itself, and the pool that
// trusts it.
func issue(t *testing.T, notAfter time.Time, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: notAfter, DNSNames: names,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if notAfter.Before(template.NotBefore) {
		template.NotBefore = notAfter.Add(-time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// onlyPolite fails the test if a command is one that a measurement must not
// send.
func onlyPolite(t *testing.T, commands []string) {
	t.Helper()
	for _, command := range commands {
		verb, _, _ := strings.Cut(command, " ")
		if !slices.Contains([]string{"EHLO", "HELO", "STARTTLS", "QUIT"}, verb) {
			t.Errorf("the client said %q", command)
		}
	}
}
