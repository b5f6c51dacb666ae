package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"adopt6/lists"
)

// listFormat is how a list is printed; the zero value is a table for people.
type listFormat struct{ json, csv bool }

func (f *listFormat) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "print as CSV, which --list and lists check read")
}

func (f *listFormat) check() error {
	if f.json && f.csv {
		return misusef("give --json or --csv, not both")
	}
	return nil
}

func newListsCCTLDsCommand(a *app) *cobra.Command {
	var chosen lists.Choice
	var as listFormat
	cmd := &cobra.Command{
		Use:   "cctlds",
		Short: "Print every delegated ccTLD with its country and script",
		Long: `Print every delegated country-code top-level domain, ASCII and
internationalised, with its A-label, U-label, country and script.

.eu and its forms in other scripts, and .su, belong to no country of ISO 3166-1;
.uk belongs to GB and .ac to SH.`,
		Example: `  adopt6 lists cctlds --country IN,CN
  adopt6 lists cctlds --csv`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := cmp.Or(as.check(), asMisuse(chosen.Check())); err != nil {
				return err
			}
			tlds := slices.DeleteFunc(lists.TLDs(), func(t lists.TLD) bool { return !chosen.Has(t.Target) })
			return printCCTLDs(a.out, tlds, as)
		},
	}
	cmd.Flags().StringSliceVar(&chosen.Countries, "country", nil, "only those of these countries, by ISO code (TG,SN)")
	as.register(cmd)
	return cmd
}

func printCCTLDs(w io.Writer, tlds []lists.TLD, as listFormat) error {
	var rows [][]string
	for _, t := range tlds {
		rows = append(rows, []string{t.Name, t.Unicode, t.Country, t.Alpha3, t.M49, t.Script, t.Source, t.Date})
	}
	return printList(w, as, []string{"name", "unicode", "country", "alpha3", "m49", "script", "source", "date"},
		slices.Values(rows), "%-24[1]s %-7[3]s %-6[4]s %-3[5]s  %-11[6]s %-10[8]s  %[2]s\n")
}

func newListsGovernmentsCommand(a *app) *cobra.Command {
	var chosen lists.Choice
	var as listFormat
	cmd := &cobra.Command{
		Use:   "governments",
		Short: "Print the government domains of the world",
		Long: `Print the government domains with their country, level, source and date. The
levels are central, regional, local and public-sector (a public body whose level
the source does not state).`,
		Example: `  adopt6 lists governments --country KE
  adopt6 lists governments --level central --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := cmp.Or(as.check(), asMisuse(chosen.Check())); err != nil {
				return err
			}
			rows := func(yield func([]string) bool) {
				for t := range lists.Governments() {
					if chosen.Has(t) && !yield([]string{t.Name, t.Unicode, t.Country, t.Level, t.Source, t.Date}) {
						return
					}
				}
			}
			return printList(a.out, as, []string{"name", "unicode", "country", "level", "source", "date"},
				rows, "%-7[3]s %-13[4]s %-21[5]s %-10[6]s  %[2]s\n")
		},
	}
	cmd.Flags().StringSliceVar(&chosen.Countries, "country", nil, "only those of these countries, by ISO code (TG,SN)")
	cmd.Flags().StringSliceVar(&chosen.Levels, "level", nil, "only those of these levels (central,regional)")
	as.register(cmd)
	return cmd
}

// printList prints rows as JSON objects, as CSV, or as the lines of a table
// whose format picks the columns by number.
func printList(w io.Writer, as listFormat, columns []string, rows iter.Seq[[]string], line string) error {
	switch {
	case as.json:
		return printObjects(w, columns, rows)
	case as.csv:
		out := csv.NewWriter(w)
		if err := out.Write(columns); err != nil {
			return err
		}
		for row := range rows {
			if err := out.Write(row); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	}
	heads := make([]any, len(columns))
	for i, c := range columns {
		heads[i] = strings.ToUpper(c)
	}
	if _, err := fmt.Fprintf(w, line, heads...); err != nil {
		return err
	}
	for row := range rows {
		cells := make([]any, len(row))
		for i := range row {
			cells[i] = row[i]
		}
		if _, err := fmt.Fprintf(w, line, cells...); err != nil {
			return err
		}
	}
	return nil
}

// printObjects prints rows as a JSON array of objects, one a line.
func printObjects(w io.Writer, columns []string, rows iter.Seq[[]string]) error {
	before := "[\n"
	for row := range rows {
		object := make(map[string]string, len(columns))
		for i, c := range columns {
			object[c] = row[i]
		}
		b, err := json.Marshal(object)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", before, b); err != nil {
			return err
		}
		before = ",\n"
	}
	if before == "[\n" {
		_, err := fmt.Fprintln(w, "[]")
		return err
	}
	_, err := fmt.Fprintln(w, "\n]")
	return err
}

func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func newListsCountriesCommand(a *app) *cobra.Command {
	var as listFormat
	var on string
	cmd := &cobra.Command{
		Use:   "countries",
		Short: "Print the countries with codes, names, ITU region and UN groups",
		Long: `Print the countries and territories that figures are grouped by: ISO 3166-1
and M49 codes, names in the six languages of the United Nations (as JSON or
CSV), ITU region and membership, and the groups LDC, LLDC and SIDS on a day:
states graduate. A group with a question mark is one that the country was due to
leave, which is to be confirmed.`,
		Example: `  adopt6 lists countries
  adopt6 lists countries --on 2020-12-03 --csv`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := as.check(); err != nil {
				return err
			}
			day := time.Now()
			if on != "" {
				var err error
				if day, err = time.Parse(time.DateOnly, on); err != nil {
					return misusef("--on %q is not a day such as 2026-11-24", on)
				}
			}
			return printCountries(a.out, as, day)
		},
	}
	cmd.Flags().StringVar(&on, "on", "", "day of the groups, such as 2026-11-24; today without")
	as.register(cmd)
	return cmd
}

func printCountries(w io.Writer, as listFormat, day time.Time) error {
	columns := []string{"code", "alpha3", "m49", "name_ar", "name_zh", "name_en", "name_fr", "name_ru", "name_es",
		"short_ar", "short_zh", "short_en", "short_fr", "short_ru", "short_es", "itu_region", "itu", "groups", "as_of"}
	due := make(map[string]string) // country to the group that it was due to leave
	for _, m := range lists.ToConfirm(day) {
		due[m.Country] = m.Group
	}
	rows := func(yield func([]string) bool) {
		for _, c := range lists.CountriesOn(day) {
			var groups []string
			for _, g := range []struct {
				name string
				in   bool
			}{{"LDC", c.LDC}, {"LLDC", c.LLDC}, {"SIDS", c.SIDS}} {
				if g.in && due[c.Alpha2] == strings.ToLower(g.name) {
					groups = append(groups, g.name+"?")
				} else if g.in {
					groups = append(groups, g.name)
				}
			}
			n, short := c.Names, c.Short
			if !yield([]string{c.Alpha2, c.Alpha3, c.M49, n.Ar, n.Zh, n.En, n.Fr, n.Ru, n.Es,
				short.Ar, short.Zh, short.En, short.Fr, short.Ru, short.Es, c.Region, yesNo(c.MemberState), strings.Join(groups, " "), c.AsOf}) {
				return
			}
		}
	}
	return printList(w, as, columns, rows, "%-4[1]s %-4[3]s %-4[17]s %-10[18]s %-21[16]s %[12]s\n")
}
