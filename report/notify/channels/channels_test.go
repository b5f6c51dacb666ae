package channels

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/configs"
	"adopt6/report/notify"
)

// TestPrepareRefuses names file, line and fix of what is wrong.
func TestPrepareRefuses(t *testing.T) {
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
		{"folder: nowhere", "is not a folder; make it"},
		{"to: nobody, from: a@example.org, server: 'smtp.example.org:587'", `to: "nobody" is not an address of e-mail`},
		{"to: b@example.org, from: a@example.org, server: smtp.example.org", "server: \"smtp.example.org\" is not a host and a port"},
		{"to: b@example.org, from: a@example.org, server: 'smtp.example.org:25', security: none", "security: security none is for a server on this machine"},
		{"to: b@example.org, from: a, server: 'smtp.example.org:587'", `from: "a" is not a sender`},
	} {
		config := filepath.Join(dir, "adopt6.yaml")
		if err := os.WriteFile(config, []byte("notify:\n  - {name: a, "+test.channel+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		settings, err := configs.Load(config, nil)
		if err == nil {
			_, err = new(Sender).Prepare(settings.Notify)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.channel, err)
		}
	}
}

// TestNamed chooses channels by name, and says which there are.
func TestNamed(t *testing.T) {
	t.Parallel()
	all := []Channel{{Settings: configs.Channel{Name: "noc"}}, {Settings: configs.Channel{Name: "archive"}}}
	if got, err := Named(all, nil); err != nil || len(got) != 2 {
		t.Errorf("without names: %d channels, %v", len(got), err)
	}
	if got, err := Named(all, []string{"archive"}); err != nil || len(got) != 1 || got[0].Settings.Name != "archive" {
		t.Errorf("by name: %v, %v", got, err)
	}
	if _, err := Named(all, []string{"nok"}); err == nil || !strings.Contains(err.Error(), "has noc, archive") {
		t.Errorf("by a wrong name: %v", err)
	}
}
