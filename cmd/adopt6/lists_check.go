package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/lists"
)

func newListsCheckCommand(a *app) *cobra.Command {
	var asJSON bool
	var most int
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Check lists of your own, with file and line of every error",
		Long: `Check lists of domains before a scan reads them, and print every error with
file, line and how to mend it. - is standard input.

A list is UTF-8 text: one domain in each line, or CSV separated by commas,
semicolons or tabs. Lines that begin with # are comments. A header names the
columns (name or domain, country, level, kind, source, date); without one they
are name, country, level. Where no country is given, the country of the
top-level domain counts; .gov and .mil are the United States'.

The exit code is 2 when a list has an error. Duplicates are found among the
first four million names.`,
		Example: `  adopt6 lists check domains.csv
  cut -d, -f2 register.csv | adopt6 lists check -`,
		Args: minArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			var reports []lists.Report
			for _, file := range files {
				report, err := a.checkList(file, most)
				if err != nil {
					return err
				}
				reports = append(reports, report)
			}
			return a.printReports(reports, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	most = 20
	configs.IntFlag(cmd.Flags(), &most, "max-errors", 1, 100_000, "stop reading a list after this many errors")
	return cmd
}

func (a *app) checkList(file string, most int) (lists.Report, error) {
	if file == "-" {
		return lists.Check(a.in, "standard input", most)
	}
	f, err := os.Open(file)
	if err != nil {
		return lists.Report{}, misusef("open list: %w", err)
	}
	defer f.Close()
	return lists.Check(f, file, most)
}

// printReports prints what was found; its error says that something was.
func (a *app) printReports(reports []lists.Report, asJSON bool) error {
	bad := slices.DeleteFunc(slices.Clone(reports), func(r lists.Report) bool { return len(r.Errors) == 0 })
	var verdict error
	switch {
	case len(bad) == 1 && bad[0].More:
		verdict = misusef("%s has %d errors or more; the rest was not read", bad[0].File, len(bad[0].Errors))
	case len(bad) == 1:
		verdict = misusef("%s has errors: %d", bad[0].File, len(bad[0].Errors))
	case len(bad) > 1:
		verdict = misusef("%d of %d lists have errors", len(bad), len(reports))
	}
	if asJSON {
		return errors.Join(printJSON(a.out, reports), verdict)
	}
	for _, r := range reports {
		for _, e := range r.Errors {
			fmt.Fprintln(a.errOut, e)
		}
		if len(r.Errors) == 0 {
			fmt.Fprintf(a.out, "%s: ok: %d targets, %d countries%s\n", r.File, r.Targets, r.Countries, ofNone(r.NoCountry))
		}
	}
	return verdict
}

// ofNone warns of targets that no country's figures will hold.
func ofNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d targets of no country", n)
}
