package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"adopt6/scanner"
	"adopt6/scanner/probe"
)

func newReasonsCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reasons [TOKEN...]",
		Short: "Explain the reasons that stand beside verdicts",
		Long: `Print every reason that a verdict can carry, what it means and what the
operator can do about it; or only those named.`,
		Example: `  adopt6 reasons no_ns_aaaa timeout
  adopt6 reasons --json`,
		RunE: func(_ *cobra.Command, tokens []string) error {
			reasons, err := chosenReasons(tokens)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(reasons)
			}
			for _, r := range reasons {
				fmt.Fprintf(a.out, "%s\n%s", r.Reason, indent(r.Text))
				if r.Fix != "" {
					fmt.Fprint(a.out, indent("Fix: "+r.Fix))
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func chosenReasons(tokens []string) ([]scanner.ReasonInfo, error) {
	all := probe.Reasons()
	if len(tokens) == 0 {
		return all, nil
	}
	var chosen []scanner.ReasonInfo
	for _, token := range tokens {
		found := false
		for _, r := range all {
			if string(r.Reason) == token {
				chosen, found = append(chosen, r), true
			}
		}
		if !found {
			return nil, misusef("unknown reason %q; `adopt6 reasons` lists all", token)
		}
	}
	return chosen, nil
}

// indent wraps text at 78 columns, each line indented by four.
func indent(text string) string {
	const width = 78
	line, out := "   ", ""
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width {
			out += line + "\n"
			line = "   "
		}
		line += " " + word
	}
	return out + line + "\n"
}
