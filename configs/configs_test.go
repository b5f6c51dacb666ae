package configs

import (
	"fmt"
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
	NumberFlags(flags, "rate")
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
		{"a typo", "scan:\n  workres: 5\n", `adopt6.yaml:2: scan: unknown setting "workres"; did you mean "workers"?`},
		{"a key of another section", "dns:\n  rate: 5\n", `adopt6.yaml:2: dns: unknown setting "rate"; did you mean "scan.rate"?`},
		{"a key set twice", "scan:\n  rate: 5\n  rate: 6\n", "adopt6.yaml:3: scan: rate is set twice, first in line 2"},
		{"a key outside its section", "rate: 5\n", `adopt6.yaml:1: unknown setting "rate"; did you mean "scan.rate"?`},
		{"two faults", "scann:\n  rate: 1\nstore:\n  dns: x\n", `adopt6.yaml:4: store: unknown setting "dns"; did you mean "dsn"?`},
		{"a section that is a value", "scan: 5\n", "adopt6.yaml:1: scan: expected settings such as"},
		{"a list", "- scan\n", "adopt6.yaml:1: expected settings"},
		{"no YAML", "scan: [\n", "adopt6.yaml"},
		{"a word for a number", "scan:\n  workers: many\n", "scan.workers"},
		{"a number out of range", "scan:\n  workers: 0\n", "scan.workers must be 1 to 10000, is 0"},
		{"a negative rate", "scan:\n  rate: -1\n", "scan.rate must be 0 to 1000000, is -1"},
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

// TestNumbersHaveBounds sets every number to what lies just outside its bounds, in
// the file and in the environment, and to the bounds themselves.
func TestNumbersHaveBounds(t *testing.T) {
	for _, k := range keys {
		var least, most, below, above any
		var bounds string
		switch v := k.value.(type) {
		case string:
			continue
		case whole:
			least, most, below, above, bounds = v.Least, v.Most, v.Least-1, v.Most+1, v.String()
		case span:
			least, most, below, above, bounds = v.Least, v.Most, v.Least-1, v.Most+1, v.String()
		default:
			t.Fatalf("%s has a default without bounds, %v", k.name, v)
		}
		if !strings.HasSuffix(k.explained(), "; "+bounds) {
			t.Errorf("help on %s does not state its bounds: %q", k.name, k.explained())
		}
		in, name, _ := strings.Cut(k.name, ".")
		for _, value := range []any{below, above, "99999999999999999999"} {
			_, err := Load(writeConfig(t, fmt.Sprintf("%s:\n  %s: %v\n", in, name, value)), nil)
			if want := k.name + " must be "; err == nil || !strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), bounds) && value != "99999999999999999999" {
				t.Errorf("%s: %v in a file: got %v, want %q and %q", k.name, value, err, want, bounds)
			}
			t.Setenv(envName(k.name), fmt.Sprint(value))
			if _, err := Load(writeConfig(t, ""), nil); err == nil || !strings.Contains(err.Error(), k.name+" must be ") {
				t.Errorf("%s=%v: got %v", envName(k.name), value, err)
			}
			os.Unsetenv(envName(k.name))
		}
		for _, value := range []any{least, most} {
			if _, err := Load(writeConfig(t, fmt.Sprintf("%s:\n  %s: %v\n", in, name, value)), nil); err != nil {
				t.Errorf("%s: %v: %v", k.name, value, err)
			}
		}
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
		if s.values[k.name] != k.plain() {
			t.Errorf("%s: the example has %v, the default is %v", k.name, s.values[k.name], k.plain())
		}
	}
	var doc map[string]map[string]yaml.Node
	if err := yaml.Unmarshal(Example, &doc); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		section, name, _ := strings.Cut(k.name, ".")
		if _, ok := doc[section][name]; !ok {
			t.Errorf("the example lacks %s", k.name)
		}
		if bounds, isNumber := k.value.(fmt.Stringer); isNumber && !strings.Contains(string(Example), " "+bounds.String()+".\n  "+name+": ") {
			t.Errorf("the example does not end what it says of %s with its bounds, %s", k.name, bounds)
		}
	}
}

func TestValuesHidePasswords(t *testing.T) {
	t.Setenv("ADOPT6_STORE_DSN", "clickhouse://ministry:secret@db:9000/adopt6?password=secret")
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
