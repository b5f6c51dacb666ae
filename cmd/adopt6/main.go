// Command adopt6 measures the transition of ccTLDs and government domains to
// IPv6.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"adopt6/lists"
)

// Exit codes, the same for every command.
const (
	exitFailure = 1 // what was asked could not be done
	exitMisuse  = 2 // what was asked makes no sense: flags, arguments, input files
)

func main() {
	// net/http logs faults of servers with the standard logger; a scan records
	// them.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCommand(&app{in: in, out: out, errOut: errOut})
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errOut, "adopt6:", err)
	misuse, fault := new(misuseError), new(lists.LineError)
	if errors.As(err, &misuse) || errors.As(err, &fault) {
		return exitMisuse
	}
	return exitFailure
}

// misuseError marks an error in what the user asked for.
type misuseError struct{ error }

func (e *misuseError) Unwrap() error { return e.error }

// misusef returns an error that ends the program with exit code 2.
func misusef(format string, args ...any) error {
	return &misuseError{fmt.Errorf(format, args...)}
}

// asMisuse marks err, when there is one, as an error in what the user asked for.
func asMisuse(err error) error {
	if err == nil {
		return nil
	}
	return &misuseError{err}
}

// noArgs, minArgs and exactArgs are cobra's argument checks with exit code 2.
func noArgs(cmd *cobra.Command, args []string) error { return asMisuse(cobra.NoArgs(cmd, args)) }

func minArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return asMisuse(cobra.MinimumNArgs(n)(cmd, args))
	}
}

func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return asMisuse(cobra.ExactArgs(n)(cmd, args))
	}
}
