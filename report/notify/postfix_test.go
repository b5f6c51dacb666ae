//go:build linux && !alone

package notify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"adopt6/scanner/lab/netns"
)

// The ports are Postfix's because it has a network namespace of its own.
const (
	startTLSPort    = 587
	implicitTLSPort = 465
)

// postfix is a Postfix that takes mail of example.test, and puts it into inbox.
type postfix struct {
	dir   string
	roots *x509.CertPool
}

// startPostfix starts one in folders of its own. Postfix wants to be started by
// root, because its parts give up the rights that they do not need.
func startPostfix(t *testing.T) *postfix {
	t.Helper()
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatalf("Postfix is not installed (Debian package postfix): %v", err)
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		t.Fatal(err)
	}
	p := &postfix{dir: t.TempDir(), roots: x509.NewCertPool()}
	if err := os.Chmod(filepath.Dir(p.dir), 0o755); err != nil { // its parts are other accounts
		t.Fatal(err)
	}
	for _, folder := range strings.Fields("data box queue/active queue/bounce queue/corrupt queue/defer queue/deferred queue/flush queue/hold queue/incoming queue/private queue/public queue/saved queue/trace queue/maildrop queue/pid") {
		folder = filepath.Join(p.dir, folder)
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.Chown(folder, uid, 0)); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{
		"chain.pem": p.certificate(t),
		"main.cf": strings.NewReplacer("{dir}", p.dir, "{uid}", owner.Uid, "{gid}", owner.Gid).Replace(`compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtpd_peername_lookup = no
virtual_mailbox_domains = example.test
virtual_mailbox_base = {dir}/box
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {dir}/chain.pem
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
`),
		"master.cf": fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`, startTLSPort, implicitTLSPort),
	} {
		if err := os.WriteFile(filepath.Join(p.dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	master := exec.Command("/usr/lib/postfix/sbin/master", "-c", p.dir, "-d")
	master.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = master.Process.Signal(syscall.SIGTERM) // it ends its parts; what it says of that is irrelevant
		_ = master.Wait()
	})
	p.until(t, "Postfix listens", func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(implicitTLSPort)))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return p
}

// until waits for something that Postfix does.
func (p *postfix) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(p.dir, "mail.log"))
			t.Fatalf("waited in vain until %s:\n%s", what, log)
		case <-ticker.C:
		}
	}
}

// certificate makes one for 127.0.0.1, which vouches for itself.
func (p *postfix) certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.roots.AppendCertsFromPEM(public)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})) + string(public)
}

// TestPostfix sends by a mail server that we did not write, with STARTTLS and
// with TLS from the first byte, and reads what arrived in the box.
func TestPostfix(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	p := startPostfix(t)
	e := entry(t, "fr")
	e.Receiver = "Ana <ana@example.test>"
	for _, server := range []MailServer{
		{Host: "127.0.0.1", Port: startTLSPort, Security: StartTLS, Roots: p.roots},
		{Host: "127.0.0.1", Port: implicitTLSPort, Security: ImplicitTLS, Roots: p.roots},
	} {
		m, err := NewMail(server, "adopt6@example.test")
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Deliver(t.Context(), e); err != nil {
			t.Errorf("%s: %v", server.Security, err)
		}
		stranger := e
		stranger.Receiver = "bo@example.net"
		refused := new(RefusedError)
		if err := m.Deliver(t.Context(), stranger); !errors.As(err, &refused) || !strings.Contains(err.Error(), "Relay access denied") {
			t.Errorf("%s: to a stranger: %v", server.Security, err)
		}
	}
	var mails []string
	p.until(t, "two mails are in the box", func() bool {
		mails, _ = filepath.Glob(filepath.Join(p.dir, "box", "inbox", "new", "*"))
		return len(mails) == 2
	})
	for _, file := range mails {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		message, err := netmail.ReadMessage(f)
		if err != nil {
			t.Fatal(err)
		}
		if to := message.Header.Get("Delivered-To"); to != "ana@example.test" || !strings.Contains(message.Header.Get("Received"), "SMTPS") || message.Header.Get("X-Mailer") != "" {
			t.Errorf("the header is %v", message.Header)
		}
		checkParts(t, message, e.Message)
		f.Close()
	}
}
