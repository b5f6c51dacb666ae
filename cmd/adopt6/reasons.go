package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/report/words"
	"adopt6/scanner/observation"
)

func newReasonsCommand(a *app) *cobra.Command {
	var lang string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reasons [TOKEN...]",
		Short: "Explain the reasons of verdicts",
		Long: `Print every reason that a verdict can carry, what it means and what the
operator can do about it; or only those named. --lang chooses the language: ar,
zh, en, fr, ru or es.`,
		Example: `  adopt6 reasons no_ns_aaaa timeout
  adopt6 reasons --lang fr no_ns_aaaa
  adopt6 reasons --json`,
		RunE: func(_ *cobra.Command, tokens []string) error {
			if err := checkLanguage(lang); err != nil {
				return err
			}
			reasons, err := chosenReasons(lang, tokens)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(reasons)
			}
			for _, r := range reasons {
				fmt.Fprintf(a.out, "%s\n%s", r.Reason, terminal.Indent(r.Text))
				if r.Fix != "" {
					fmt.Fprint(a.out, terminal.Indent(fmt.Sprintf(words.Texts()["reasons.fix"].In(lang), r.Fix)))
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// checkLanguage refuses what is none of the six languages.
func checkLanguage(lang string) error {
	if !slices.Contains(words.Languages, lang) {
		return misusef("--lang %s: there is no such language; there are %s", lang, strings.Join(words.Languages, ", "))
	}
	return nil
}

func chosenReasons(lang string, tokens []string) ([]observation.ReasonInfo, error) {
	all := observation.ReasonsIn(lang)
	if len(tokens) == 0 {
		return all, nil
	}
	var chosen []observation.ReasonInfo
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
