package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestNumbersHaveBounds walks through the flags of all commands: one that takes a
// number states its bounds in help and refuses what lies outside, with exit code 2.
func TestNumbersHaveBounds(t *testing.T) {
	t.Parallel()
	numbers := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			switch f.Value.Type() {
			case "bool", "string", "stringSlice", "stringArray":
				return
			}
			numbers++
			bounded, ok := f.Value.(interface{ Range() (least, most string) })
			if !ok {
				t.Errorf("%s --%s is of type %s, without bounds", cmd.CommandPath(), f.Name, f.Value.Type())
				return
			}
			least, most := bounded.Range()
			for _, bound := range []string{least, most} {
				if err := f.Value.Set(bound); err != nil {
					t.Errorf("%s --%s %s: %v", cmd.CommandPath(), f.Name, bound, err)
				}
			}
			path := strings.Fields(cmd.CommandPath())[1:]
			for _, outside := range []string{"-1" + strings.TrimLeft(least, "-"), most[:1] + most, "999999999999999999999"} {
				code, _, errOut := runMain(append(path, "--"+f.Name+"="+outside)...)
				if code != exitMisuse || !strings.Contains(errOut, f.Usage[strings.LastIndex(f.Usage, "; ")+2:]) {
					t.Errorf("%s --%s=%s: exit %d, %s", cmd.CommandPath(), f.Name, outside, code, errOut)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(&app{}))
	if numbers < 30 {
		t.Errorf("only %d flags are numbers", numbers)
	}
}
