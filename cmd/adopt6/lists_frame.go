package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
)

func newListsFrameCommand(a *app) *cobra.Command {
	var countries []string
	var as listFormat
	cmd := &cobra.Command{
		Use:   "frame",
		Short: "Print which roles of government are known in which state",
		Long: `Print the frame: the same 36 roles of central government (ministries,
parliament, central bank, gazette ...) in each of the 193 Member States of the
United Nations, and which of them a host is known for. It is what a scan takes
by default, so that states compare.

  #  a host is known            -  the state has no such body
  ~  known by a former name     .  unknown

With --country it prints every role of those states as CSV, what is known and
what is missing, for someone there to correct and complete: lists check --frame
reads it back, and scan --frame uses it instead of what is built in.`,
		Example: `  adopt6 lists frame
  adopt6 lists frame --country TG > togo.csv
  adopt6 lists check --frame togo.csv
  adopt6 scan --frame togo.csv`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := cmp.Or(as.check(), checkCountries(countries)); err != nil {
				return err
			}
			if len(countries) == 0 && !as.json && !as.csv {
				return a.printFrameMatrix()
			}
			if len(countries) == 0 {
				countries = lists.FrameCountries()
			}
			as.csv = !as.json
			return a.printFrame(countries, as)
		},
	}
	cmd.Flags().StringSliceVar(&countries, "country", nil, "every role of these states, as CSV to fill in (TG,SN)")
	as.register(cmd)
	return cmd
}

// printFrame prints every role of some states, the unknown ones included.
func (a *app) printFrame(countries []string, as listFormat) error {
	rows := func(yield func([]string) bool) {
		for _, country := range countries {
			for _, r := range frameForm(country) {
				role, _ := lists.RoleByCode(r.Role)
				if !yield([]string{r.Country, r.Role, string(r.Status), r.Host, r.Body, r.Source, r.Record, r.Date, r.Checked, r.Note,
					role.Names.En, role.Counts, role.DoesNotCount}) {
					return
				}
			}
		}
	}
	return printList(a.out, as, append(slices.Clone(lists.FrameColumns), "role_name", "counts", "does_not_count"), rows, "")
}

// frameForm is what is known of each role; nothing, for a country or territory
// that the frame does not cover.
func frameForm(country string) []lists.FrameRow {
	if rows := lists.FrameOf(country); rows != nil {
		return rows
	}
	var rows []lists.FrameRow
	for _, role := range lists.Roles() {
		rows = append(rows, lists.FrameRow{Country: country, Role: role.Code, Status: lists.RoleUnknown})
	}
	return rows
}

// frameSigns are the signs of the matrix.
var frameSigns = map[lists.RoleStatus]string{
	lists.RoleFound: "#", lists.RoleRenamed: "~", lists.RoleAbsent: "-", lists.RoleDropped: ".", lists.RoleUnknown: ".",
}

// printFrameMatrix prints a line for each state and a column for each role.
func (a *app) printFrameMatrix() error {
	roles := lists.Roles()
	tens, ones := "", ""
	for i := range roles {
		tens += strings.Replace(fmt.Sprint((i+1)/10), "0", " ", 1)
		ones += fmt.Sprint((i + 1) % 10)
	}
	fmt.Fprintf(a.out, "%-30s %s\n%-30s %s  FOUND\n", "", tens, "STATE", ones)
	byRole := make([]int, len(roles))
	ten, twenty := 0, 0
	for _, country := range lists.FrameCountries() {
		found, line := 0, ""
		for i, r := range lists.FrameOf(country) {
			line += frameSigns[r.Status]
			if r.Status.Known() {
				found++
				byRole[i]++
			}
		}
		c, _ := lists.CountryByCode(country)
		fmt.Fprintf(a.out, "%s %-27s %s  %2d of %d\n", country, terminal.Cut(c.Names.En, 27), line, found, len(roles))
		ten, twenty = ten+atLeast(found, 10), twenty+atLeast(found, 20)
	}
	fmt.Fprintf(a.out, "\nROLE%51s\n", "STATES")
	for i, r := range roles {
		fmt.Fprintf(a.out, "%2d  %-44s %6d\n", i+1, r.Names.En, byRole[i])
	}
	_, err := fmt.Fprintf(a.out, "\n%d states have 10 roles or more, %d have 20.\n", ten, twenty)
	return err
}

func atLeast(n, least int) int {
	if n >= least {
		return 1
	}
	return 0
}

// readFrameFiles reads states' own rows of the frame. Its errors are those of
// independent of who wrote the files.
func readFrameFiles(files []string) (own []lists.FrameRow, err error) {
	for _, file := range files {
		rows, faults, err := readFrameFile(file)
		if err != nil {
			return nil, err
		}
		if len(faults) > 0 {
			return nil, asMisuse(faults[0])
		}
		own = append(own, rows...)
	}
	return own, nil
}

// mostFrameErrors is how many errors of a file of the frame are reported.
const mostFrameErrors = 20

func readFrameFile(file string) ([]lists.FrameRow, []*lists.LineError, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, misusef("open frame: %w", err)
	}
	defer f.Close()
	rows, faults, err := lists.ReadFrame(f, file, mostFrameErrors)
	if fault := new(lists.LineError); errors.As(err, &fault) {
		return rows, append(faults, fault), nil
	}
	return rows, faults, err
}

// checkFrames checks states' own rows of the frame.
func (a *app) checkFrames(files []string) error {
	bad := 0
	for _, file := range files {
		rows, faults, err := readFrameFile(file)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			fmt.Fprintln(a.errOut, fault)
		}
		if len(faults) > 0 {
			bad++
			continue
		}
		known, absent := make(map[string]int), make(map[string]int)
		for _, r := range rows {
			if r.Status == lists.RoleAbsent {
				absent[r.Country]++
			} else {
				known[r.Country]++
			}
		}
		var parts []string
		for _, country := range lists.Countries() {
			if n, none := known[country.Alpha2], absent[country.Alpha2]; n+none > 0 {
				parts = append(parts, fmt.Sprintf("%s has %d of %d roles, %d that it lacks", country.Alpha2, n, len(lists.Roles()), none))
			}
		}
		fmt.Fprintf(a.out, "%s: ok: %s\n", file, strings.Join(parts, "; "))
	}
	if bad > 0 {
		return misusef("%d of %d files have errors", bad, len(files))
	}
	return nil
}

func newListsExplainCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain HOST...",
		Short: "Say why a host is on the built-in lists, or why not",
		Long: `Say of each host which built-in list has it, from which source and record, and
what it counts for; or why it is on none: a suffix, a machine, below the name of
the same body, turned down when the frame was reviewed, or in no source.`,
		Example: `  adopt6 lists explain gov.uk
  adopt6 lists explain https://www.kormany.hu/ mail.gov`,
		Args: minArgs(1),
		RunE: func(_ *cobra.Command, hosts []string) error {
			explained := make(map[string][]string)
			for _, host := range hosts {
				facts, err := lists.Explain(host)
				if err != nil {
					return asMisuse(err)
				}
				explained[host] = facts
				if !asJSON {
					fmt.Fprint(a.out, indentEach(facts))
				}
			}
			if asJSON {
				return printJSON(a.out, explained)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// indentEach puts each sentence on its own line.
func indentEach(facts []string) string { return strings.Join(facts, "\n") + "\n" }

// newListsSuffixesCommand prints the government suffixes.
func newListsSuffixesCommand(a *app) *cobra.Command {
	var chosen lists.Choice
	var as listFormat
	cmd := &cobra.Command{
		Use:   "suffixes",
		Short: "Print the domains below which governments register names",
		Long: `Print the government suffixes, such as gov.tg, gouv.fr and go.jp. They are zones
and seldom sites: whether they are signed, and whether two of their name servers
answer over IPv6, holds for every name below.`,
		Example: `  adopt6 lists suffixes --country KE,UG
  adopt6 lists suffixes --csv`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := cmp.Or(as.check(), asMisuse(chosen.Check())); err != nil {
				return err
			}
			rows := func(yield func([]string) bool) {
				for t := range lists.Suffixes() {
					if chosen.Has(t) && !yield([]string{t.Name, t.Unicode, t.Country, t.Source, t.Date}) {
						return
					}
				}
			}
			return printList(a.out, as, []string{"name", "unicode", "country", "source", "date"}, rows, "%-24[1]s %-7[3]s %-21[4]s %[5]s\n")
		},
	}
	cmd.Flags().StringSliceVar(&chosen.Countries, "country", nil, "only those of these countries, by ISO code (TG,SN)")
	as.register(cmd)
	return cmd
}
