package configs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestChannels(t *testing.T) {
	file := writeConfig(t, `scan:
  rate: 5
notify:
  - name: noc
    webhook: https://hooks.example.org/adopt6
    secret_file: webhook.secret
    countries: [tg, SN]
    confirm_scans: 2
  - name: minister
    to: [a@example.org, b@example.org]
    from: adopt6@example.org
    server: smtp.example.org:587
    user: adopt6
    password_file: /etc/adopt6/smtp.password
    language: fr
`)
	s, err := Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	noc, minister := s.Notify[0], s.Notify[1]
	if noc.SecretFile != filepath.Join(filepath.Dir(file), "webhook.secret") || !slices.Equal(noc.Countries, []string{"TG", "SN"}) ||
		noc.ConfirmScans != 2 || noc.Most != defaultMost || noc.Language != "en" || noc.Where("webhook") != file+":5" {
		t.Errorf("the webhook is %+v", noc)
	}
	if !slices.Equal(minister.To, []string{"a@example.org", "b@example.org"}) || minister.PasswordFile != "/etc/adopt6/smtp.password" ||
		minister.ConfirmScans != 1 || minister.Security != "starttls" || minister.Where("to") != file+":10" || minister.Where("see") != file+":9" {
		t.Errorf("the mail is %+v", minister)
	}
}

func TestChannelsAreRefused(t *testing.T) {
	const line = "notify:\n  - {name: a, file: x"
	for _, test := range []struct{ name, text, want string }{
		{"no list", "notify:\n  name: a\n", `adopt6.yaml:2: notify: expected a list`},
		{"a typo", line + ", langauge: fr}\n", `adopt6.yaml:2: notify: unknown setting "langauge"; did you mean "language"?`},
		{"no settings", "notify:\n  - a\n", `adopt6.yaml:2: notify: expected settings`},
		{"no name", "notify:\n  - file: x\n", `adopt6.yaml:2: name: "" is not a name`},
		{"two of a name", line + "}\n  - {name: a, file: y}\n", `adopt6.yaml:3: name: there are two channels "a"`},
		{"two ways", line + ", folder: y}\n", `adopt6.yaml:2: notify: set one of webhook, to, file and folder; 2 are set`},
		{"no secret", "notify:\n  - {name: a, webhook: 'https://x.example/'}\n", `secret_file`},
		{"no server", "notify:\n  - {name: a, to: x@example.org}\n", `mail needs "from"`},
		{"a user without password", line + ", user: u}\n", `user and password_file go together`},
		{"scans", line + ", confirm_scans: 3}\n", `confirm_scans: expected a whole number, 1 to 2; found "3"`},
		{"no changes", line + ", most: 0}\n", `most: expected a whole number, 1 to 5000; found "0"`},
		{"a type", line + ", most: many}\n", `most`},
	} {
		if _, err := Load(writeConfig(t, test.text), nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
