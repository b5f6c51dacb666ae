//go:build linux

package netns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// MailServer is what a mail server shows at its addresses.
type MailServer struct {
	Addrs []netip.Addr
	Name  string
	// Certificate is a file with the key and the chain, in PEM form; without
	// one there is no STARTTLS.
	Certificate string
	// Reject turns every client away with 554.
	Reject bool
}

// StartPostfix starts a Postfix that takes no mail, with its files in dir, and
// returns when it listens. It must be started by root, because its parts give
// up the rights that they do not need, and dir and those above it be open to
// everybody.
func StartPostfix(ctx context.Context, dir string, servers []MailServer) (*Process, error) {
	if os.Getuid() != 0 || os.Getenv(inside) == "" {
		return nil, fmt.Errorf("start Postfix: it needs root's rights and a network namespace")
	}
	if err := postfixFiles(dir, servers); err != nil {
		return nil, fmt.Errorf("prepare Postfix: %w", err)
	}
	p, err := launch(dir, "/usr/lib/postfix/sbin/master", "-c", dir, "-d")
	if err != nil {
		return nil, err
	}
	// It listens at all addresses before it serves the first.
	if err := p.listens(ctx, netip.AddrPortFrom(servers[0].Addrs[0], 25)); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// postfixFiles writes the settings and the folders that Postfix wants to find.
func postfixFiles(dir string, servers []MailServer) error {
	owner, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	queue, data := filepath.Join(dir, "queue"), filepath.Join(dir, "data")
	folders := []string{data}
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "public", "saved", "trace"} {
		folders = append(folders, filepath.Join(queue, name))
	}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.Chown(folder, uid, 0); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(queue, "pid"), 0o755); err != nil {
		return err
	}
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %s
data_directory = %s
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_delay_reject = no
maillog_file = %s
maillog_file_prefixes = %s
`, queue, data, filepath.Join(dir, "mail.log"), dir)
	if err := os.WriteFile(filepath.Join(dir, "main.cf"), []byte(main), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "master.cf"), []byte(postfixServices(servers)), 0o644)
}

// postfixServices returns Postfix's table of services: one for each address,
// and those that they lean on.
func postfixServices(servers []MailServer) string {
	var b strings.Builder
	for _, s := range servers {
		for _, addr := range s.Addrs {
			host := addr.String()
			if addr.Is6() {
				host = "[" + host + "]"
			}
			fmt.Fprintf(&b, "%s:25 inet n - n - - smtpd\n  -o myhostname=%s\n", host, s.Name)
			if s.Certificate != "" {
				fmt.Fprintf(&b, "  -o smtpd_tls_security_level=may\n  -o smtpd_tls_chain_files=%s\n", s.Certificate)
			}
			if s.Reject {
				b.WriteString("  -o smtpd_client_restrictions=reject\n")
			}
		}
	}
	b.WriteString(`tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
postlog unix-dgram n - n - 1 postlogd
`)
	return b.String()
}
