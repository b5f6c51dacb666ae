package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/report/notify"
)

// TestNotifyRefuses names file, line and fix of what is wrong.
func TestNotifyRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for file, text := range map[string]string{"secret": "secret", "good": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ channel, want string }{
		{"webhook: http://hooks.example.org/, secret_file: good", "adopt6.yaml:2: webhook: use https"},
		{"webhook: https://hooks.example.org/, secret_file: secret", "secret_file: a signing secret is whsec_"},
		{"webhook: https://hooks.example.org/, secret_file: none", "no such file"},
		{"file: x, language: tlh", `language: "tlh" is none of ar, zh`},
		{"file: x, countries: [XX]", "countries: "},
		{"file: x, see: javascript:alert(1)", "see: "},
		{"file: x, most: 100000", fmt.Sprintf("most: expected a whole number, 1 to %d; found", notify.MostChanges)},
		{"folder: nowhere", "is no folder; make it"},
		{"to: nobody, from: a@example.org, server: 'smtp.example.org:587'", `to: "nobody" is not an address of e-mail`},
		{"to: b@example.org, from: a@example.org, server: smtp.example.org", "server: \"smtp.example.org\" is no host and port"},
		{"to: b@example.org, from: a@example.org, server: 'smtp.example.org:25', security: none", "security: security none is for a server on this machine"},
		{"to: b@example.org, from: a, server: 'smtp.example.org:587'", `from: "a" is not a sender`},
	} {
		config := filepath.Join(dir, "adopt6.yaml")
		if err := os.WriteFile(config, []byte("notify:\n  - {name: a, "+test.channel+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errOut := runMain("notify", "test", "--config", config); code != exitMisuse || !strings.Contains(errOut, test.want) {
			t.Errorf("%s: exit %d, %s", test.channel, code, errOut)
		}
	}
	if code, _, errOut := runMain("notify", "flush"); code != exitMisuse || !strings.Contains(errOut, `add a list "notify:"`) {
		t.Errorf("without channels: exit %d, %s", code, errOut)
	}
}
