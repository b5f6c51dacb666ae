package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The password of a server comes from a file or the environment, and is in no
// output.
func TestPasswordOfTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("of the file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "adopt6.yaml")
	if err := os.WriteFile(settings, []byte("store:\n  dsn: clickhouse://scanner@127.0.0.1:1\n  password_file: "+file+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{in: strings.NewReader(""), out: new(strings.Builder), errOut: new(strings.Builder)}
	root := newRootCommand(a)
	root.SetArgs([]string{"config", "--config", settings})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of the file", "of the environment", ""} {
		if want != "of the file" {
			t.Setenv(passwordVariable, want)
		}
		if cfg, err := a.storeConfig(); err != nil || cfg.Password != want {
			t.Errorf("password %q, error %v, want %q", cfg.Password, err, want)
		}
	}
	code, out, errOut := runMain("store", "info", "--config", settings)
	if code != 1 || strings.Contains(out+errOut, "of the file") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	os.Unsetenv(passwordVariable)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := runMain("store", "info", "--config", settings); code != exitMisuse || !strings.Contains(errOut, "store.password_file") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}
