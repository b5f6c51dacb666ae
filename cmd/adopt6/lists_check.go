package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/lists"
)

// listCheck are the flags of adopt6 lists check.
type listCheck struct {
	json, rows bool
	frame      bool
	most       int
	fix        string
}

func newListsCheckCommand(a *app) *cobra.Command {
	var o listCheck
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Check lists of your own, with file and line of every error",
		Long: `Check lists of domains before a scan reads them: what becomes of each row,
every error with file, line and how to fix it, and at the end the targets by
country and role. - is standard input.

A list is UTF-8 text: one domain in each line, or CSV separated by commas,
semicolons or tabs. Lines that begin with # are comments. A header names the
columns, in any of the six languages of the United Nations: name (or domain,
URL, website), country, level, roles, organisation, sector, tags, kind, source,
date; without one they are name, country, level. The host of a web address
counts as its name. Where no country is given, the country of the top-level
domain counts; .gov and .mil are the United States'.

--fix writes the rows that are taken to a new file, each under the name that
is measured, and keeps the others in it as comments that say why.

The exit code is 2 when a list has an error. Duplicates are found among the
first four million names.`,
		Example: `  adopt6 lists check domains.csv
  adopt6 lists check --fix corrected.csv domains.csv
  adopt6 lists check --frame togo.csv
  cut -d, -f2 register.csv | adopt6 lists check -`,
		Args: minArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if o.frame {
				return a.checkFrames(files)
			}
			if o.fix != "" && len(files) > 1 {
				return misusef("--fix is for one list at a time")
			}
			var reports []lists.Report
			for _, file := range files {
				report, err := a.checkList(file, o)
				if err != nil {
					return err
				}
				reports = append(reports, report)
			}
			return a.printReports(reports, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&o.rows, "rows", false, "print every row, also those that are taken as they are written")
	cmd.Flags().BoolVar(&o.frame, "frame", false, "check states' own rows of the frame (see lists frame --country)")
	cmd.Flags().StringVar(&o.fix, "fix", "", "write the corrected list to this new file")
	o.most = 20
	configs.IntFlag(cmd.Flags(), &o.most, "max-errors", 1, 100_000, "stop reading a list after this many errors")
	return cmd
}

func (a *app) checkList(file string, o listCheck) (lists.Report, error) {
	in, name := a.in, "standard input"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return lists.Report{}, misusef("open list: %w", err)
		}
		defer f.Close()
		in, name = f, file
	}
	if o.fix == "" {
		return lists.Check(in, name, o.most, func(row lists.CheckedRow) error { return a.printRow(name, row, o) })
	}
	fixed, err := newFixedList(o.fix)
	if err != nil {
		return lists.Report{}, err
	}
	report, err := lists.Check(in, name, maxFixed, func(row lists.CheckedRow) error {
		return errors.Join(fixed.add(row), a.printRow(name, row, o))
	})
	return report, errors.Join(err, fixed.close())
}

// printRow says what becomes of a row, unless that is plain or an error, which
// is printed with the others.
func (a *app) printRow(file string, row lists.CheckedRow, o listCheck) error {
	plain := row.Outcome == lists.Taken && !o.rows
	if plain || o.json || row.Outcome == lists.Refused || row.Outcome == lists.Duplicate {
		return nil
	}
	t := row.Target
	line := fmt.Sprintf("%s:%d: %s: %s", file, row.Line, row.Outcome, t.Unicode)
	if row.Why != "" {
		line += ", " + row.Why
	}
	if row.Outcome == lists.Taken {
		line = strings.Join(strings.Fields(fmt.Sprintf("%s, %s %s %s %s", line, t.Country, t.Kind, t.Level, t.Roles)), " ")
	}
	_, err := fmt.Fprintln(a.out, line)
	return err
}

// printReports prints what was found; its error says that something was.
func (a *app) printReports(reports []lists.Report, o listCheck) error {
	bad := slices.DeleteFunc(slices.Clone(reports), func(r lists.Report) bool { return len(r.Errors) == 0 })
	var verdict error
	switch {
	case len(bad) == 1 && bad[0].More:
		verdict = misusef("%s has %d errors or more; the rest was not read", bad[0].File, len(bad[0].Errors))
	case len(bad) == 1 && o.fix != "":
		verdict = misusef("%s has errors: %d; %s has the other rows", bad[0].File, len(bad[0].Errors), o.fix)
	case len(bad) == 1:
		verdict = misusef("%s has errors: %d", bad[0].File, len(bad[0].Errors))
	case len(bad) > 1:
		verdict = misusef("%d of %d lists have errors", len(bad), len(reports))
	}
	if o.json {
		return errors.Join(printJSON(a.out, reports), verdict)
	}
	for _, r := range reports {
		for _, e := range r.Errors {
			fmt.Fprintln(a.errOut, e)
		}
		for _, w := range r.Warnings {
			fmt.Fprintln(a.errOut, w)
		}
		if len(r.Unread) > 0 {
			fmt.Fprintf(a.errOut, "%s: note: columns that are not read: %q\n", r.File, r.Unread)
		}
		if r.Targets > 0 && !r.More {
			a.printByCountry(r)
		}
		if len(r.Errors) == 0 {
			fmt.Fprintf(a.out, "%s: ok: %d targets, %d countries%s\n", r.File, r.Targets, r.Countries, ofNone(r.NoCountry))
		}
	}
	return verdict
}

// printByCountry prints the targets of a list by country and role.
func (a *app) printByCountry(r lists.Report) {
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COUNTRY\tTARGETS\tROLES\tTARGETS BY ROLE")
	for _, c := range r.ByCountry {
		country := c.Country
		if country == "" {
			country = "none"
		}
		var roles []string
		for _, role := range lists.Roles() {
			if n := c.Roles[role.Code]; n > 0 {
				roles = append(roles, fmt.Sprintf("%s %d", role.Code, n))
			}
		}
		fmt.Fprintf(table, "%s\t%d\t%d of %d\t%s\n", country, c.Targets, len(roles), len(lists.Roles()), strings.Join(roles, ", "))
	}
	table.Flush()
}

// ofNone warns of targets that no country's figures will hold.
func ofNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d targets of no country", n)
}
