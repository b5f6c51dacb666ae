package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func scanFlags(args ...string) *pflag.FlagSet {
	flags := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	flags.Int("rate", 0, "")
	if err := flags.Parse(args); err != nil {
		panic(err)
	}
	return flags
}

// TestPrecedence sets one key in every place and takes the places away from
// the strongest to the weakest.
func TestPrecedence(t *testing.T) {
	file := writeConfig(t, "scan:\n  rate: 2\n")
	t.Setenv("ADOPT6_SCAN_RATE", "3")
	check := func(name string, s *Settings, err error, want int, origin string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if s.Scan.Rate != want || s.origins["scan.rate"] != origin {
			t.Errorf("%s: got %d from %s, want %d from %s", name, s.Scan.Rate, s.origins["scan.rate"], want, origin)
		}
	}
	s, err := Load(file, scanFlags("--rate=4"))
	check("flag", s, err, 4, "--rate")
	s, err = Load(file, scanFlags())
	check("environment", s, err, 3, "ADOPT6_SCAN_RATE")
	os.Unsetenv("ADOPT6_SCAN_RATE")
	s, err = Load(file, scanFlags())
	check("file", s, err, 2, file)
	s, err = Load(writeConfig(t, ""), scanFlags())
	check("default", s, err, 500, "default")
}

func TestLoadRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a typo", "scan:\n  workres: 5\n", `adopt6.yaml:2: unknown setting "scan.workres"; did you mean "scan.workers"?`},
		{"a key outside its section", "rate: 5\n", `adopt6.yaml:1: unknown setting "rate"; did you mean "scan.rate"?`},
		{"two faults", "scann:\n  rate: 1\nstore:\n  dns: x\n", `adopt6.yaml:4: unknown setting "store.dns"; did you mean "store.dsn"?`},
		{"a section that is a value", "scan: 5\n", "adopt6.yaml:1: scan is a section, not a setting"},
		{"a list", "- scan\n", "adopt6.yaml:1: expected settings"},
		{"no YAML", "scan: [\n", "adopt6.yaml"},
		{"a word for a number", "scan:\n  workers: many\n", "scan.workers"},
		{"a number out of range", "scan:\n  workers: 0\n", "scan.workers must be more than 0, is 0"},
		{"a negative rate", "scan:\n  rate: -1\n", "scan.rate must not be negative, is -1"},
		{"a duration without unit", "dns:\n  timeout: 5x\n", "dns.timeout"},
		{"a header in the contact", "scan:\n  contact: \"x)\\r\\nHost: y\"\n", "scan.contact"},
		{"a host without a domain", "scan:\n  helo: scanner\n", "scan.helo"},
		{"no address", "store:\n  dsn: localhost\n", "store.dsn"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(writeConfig(t, test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestLoadRefusesAnUnknownVariable(t *testing.T) {
	t.Setenv("ADOPT6_SCAN_RATES", "5")
	_, err := Load("", nil)
	if err == nil || !strings.Contains(err.Error(), "ADOPT6_SCAN_RATES; did you mean ADOPT6_SCAN_RATE?") {
		t.Errorf("got %v", err)
	}
}

// TestExampleHoldsEveryDefault keeps the example file true.
func TestExampleHoldsEveryDefault(t *testing.T) {
	s, err := Load(writeConfig(t, string(Example)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if s.values[k.name] != k.value {
			t.Errorf("%s: the example has %v, the default is %v", k.name, s.values[k.name], k.value)
		}
	}
	var doc map[string]map[string]any
	if err := yaml.Unmarshal(Example, &doc); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		section, name, _ := strings.Cut(k.name, ".")
		if _, ok := doc[section][name]; !ok {
			t.Errorf("the example lacks %s", k.name)
		}
	}
}

func TestValuesHidePasswords(t *testing.T) {
	t.Setenv("ADOPT6_STORE_DSN", "clickhouse://ministry:secret@db:9000/adopt6")
	s, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range s.Values() {
		if text, ok := v.Value.(string); ok && strings.Contains(text, "secret") {
			t.Errorf("%s shows the password: %s", v.Key, text)
		}
	}
	if s.Scan.Timeout != 2*time.Minute {
		t.Errorf("scan.timeout is %s", s.Scan.Timeout)
	}
}
