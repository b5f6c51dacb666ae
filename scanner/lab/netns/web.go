//go:build linux

package netns

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// WebServer is what one web server shows at its addresses.
type WebServer struct {
	Addrs []netip.Addr
	// Certificate is a file with the chain and the key, in PEM form; without
	// one there is no HTTPS.
	Certificate string
	Page        string // HTML
	Redirect    string // instead of the page: where visitors of HTTPS are sent
}

// StartNginx starts an nginx for servers, with its files in dir, and returns
// when it listens. Plain HTTP redirects to HTTPS where there is any.
func StartNginx(ctx context.Context, dir string, servers []WebServer) (*Process, error) {
	conf := filepath.Join(dir, "conf")
	text, err := nginxConfig(dir, servers)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	p, err := launch(dir, "/usr/sbin/nginx", "-p", dir, "-c", conf, "-e", filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	// It listens at all addresses before it serves the first.
	if err := p.listens(ctx, netip.AddrPortFrom(servers[0].Addrs[0], 80)); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

func nginxConfig(dir string, servers []WebServer) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `daemon off;
master_process off;
pid %[1]s/pid;
events { }
http {
  access_log off;
  server_tokens off;
  default_type text/html;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
`, dir)
	for i, s := range servers {
		root := filepath.Join(dir, fmt.Sprintf("site%d", i))
		if err := os.MkdirAll(root, 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(root, "index.html"), []byte(s.Page), 0o644); err != nil {
			return "", err
		}
		show := fmt.Sprintf("root %s; index index.html;", root)
		plain := show
		if s.Certificate != "" {
			plain = "return 301 https://$host$request_uri;"
		}
		fmt.Fprintf(&b, "  server {\n%s    location / { %s }\n  }\n", listen(s.Addrs, "80"), plain)
		if s.Certificate == "" {
			continue
		}
		if s.Redirect != "" {
			show = fmt.Sprintf("return 302 %s;", s.Redirect)
		}
		fmt.Fprintf(&b, "  server {\n%s    ssl_certificate %[2]s;\n    ssl_certificate_key %[2]s;\n    location / { %[3]s }\n  }\n",
			listen(s.Addrs, "443 ssl http2"), s.Certificate, show)
	}
	b.WriteString("}\n")
	return b.String(), nil
}

func listen(addrs []netip.Addr, port string) string {
	var b strings.Builder
	for _, addr := range addrs {
		host := addr.String()
		if addr.Is6() {
			host = "[" + host + "]"
		}
		fmt.Fprintf(&b, "    listen %s:%s;\n", host, port)
	}
	return b.String()
}
