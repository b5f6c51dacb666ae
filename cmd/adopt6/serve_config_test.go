package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestMisuseOfServe(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"serve.listen":   {"--listen", "8080"},
		"go together":    {"--tls-cert", "x.pem"},
		"serve.log":      {"--log", "xml"},
		"serve.tls_cert": {"--tls-cert", filepath.Join(dir, "x.pem"), "--tls-key", filepath.Join(dir, "y.pem"), "--listen", "127.0.0.1:0"},
		"must be 0 to ":  {"--rate-per-client", "-1"},
	} {
		code, _, errOut := runMain(append([]string{"serve", "--store", filepath.Join(dir, "store")}, args...)...)
		if code != exitMisuse || !strings.Contains(errOut, want) {
			t.Errorf("%v: exit %d with %q, want %q", args, code, errOut, want)
		}
	}
	t.Setenv("ADOPT6_SERVE_PROXIES", "0.0.0.0/0")
	if code, _, errOut := runMain("serve", "--store", filepath.Join(dir, "store")); code != exitMisuse || !strings.Contains(errOut, "believe everybody") {
		t.Errorf("everybody as a proxy: exit %d with %q", code, errOut)
	}
}
