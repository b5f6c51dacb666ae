package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// runAsProgram makes the test binary behave as adopt6 itself, for tests that
// need a process of their own and for the embedded engine's child.
const runAsProgram = "RUN_AS_ADOPT6"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		main()
		return
	}
	os.Setenv(runAsProgram, "yes")
	os.Exit(m.Run())
}

// program returns a command that runs adopt6 in a process of its own. Its
// output is in the two buffers.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, out, errOut *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, errOut = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Stdout, cmd.Stderr = out, errOut
	return cmd, out, errOut
}

// mustRun runs adopt6 and returns what it wrote to standard output.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	cmd, out, errOut := program(t, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("adopt6 %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut)
	}
	return out.String()
}

func TestMisuseOfCommands(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"scna"}, `unknown command "scna"; did you mean "scan"?`},
		{[]string{"store", "inof"}, `unknown command "inof"`},
		{[]string{"scan", "--wrokers", "5"}, "unknown flag: --wrokers (see: adopt6 scan --help)"},
		{[]string{"scan", "--workers", "0"}, `invalid argument "0" for "--workers" flag: must be 1 to 10000`},
		{[]string{"version", "--config", "nowhere.yaml"}, "nowhere.yaml"},
		{[]string{"reasons", "no_such_reason"}, `unknown reason "no_such_reason"`},
		{[]string{"reasons", "--lang", "klingon"}, "--lang klingon: there is no such language; there are ar, zh"},
		{[]string{"docs", "--format", "html", "--out", t.TempDir()}, `unknown format "html"`},
	} {
		code, _, errOut := runMain(test.args...)
		if code != exitMisuse || !strings.Contains(errOut, test.want) {
			t.Errorf("%v: exit %d with %q, want %d with %q", test.args, code, errOut, exitMisuse, test.want)
		}
	}
}

// TestReasonsInALanguage reads a reason as text, no line wider than a terminal,
// and as JSON.
func TestReasonsInALanguage(t *testing.T) {
	t.Parallel()
	code, out, errOut := runMain("reasons", "--lang", "fr", "large_answer_fails")
	if code != 0 || !strings.HasPrefix(out, "large_answer_fails\n    Une grande réponse du serveur de noms ") || !strings.Contains(out, "\n    Correction\u00a0: Laisser ") {
		t.Errorf("exit %d with %q and %q", code, out, errOut)
	}
	for line := range strings.Lines(out) {
		if utf8.RuneCountInString(line) > helpWidth {
			t.Errorf("a line is wider than %d columns: %s", helpWidth, line)
		}
	}
	if _, out, _ := runMain("reasons", "--lang", "fr", "--json", "no_https"); !strings.Contains(out, `"Text":"Le site n’a pas de HTTPS."`) {
		t.Errorf("as JSON it is %s", out)
	}
}

func runMain(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// TestHelpFits keeps every help text within 80 columns.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	root := newRootCommand(&app{})
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			return // cobra's own
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.UsageString()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
		if cmd.Runnable() && !cmd.Hidden && cmd.Short == "" {
			t.Errorf("%s has no short help", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}
