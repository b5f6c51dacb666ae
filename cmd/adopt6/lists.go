package main

import (
	"fmt"
	"io"
	"iter"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"adopt6/lists"
)

func newListsCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lists",
		Short: "Show the built-in lists of domains, and check your own",
		Long: `Show what the built-in lists hold: every delegated ccTLD, the frame (the same 36
roles of government in each Member State of the United Nations), government
domains of the world, government suffixes, and the countries that figures are
grouped by.

A scan that names no targets takes the ccTLDs and the frame, and where the frame
has no rows the government domains of level central. The other levels are
regional, local and public-sector (a public body whose level the source does
not state).`,
		Example: `  adopt6 lists
  adopt6 lists frame --country KE
  adopt6 lists governments --country KE --level central
  adopt6 lists governments --country KE --csv > kenya.csv
  adopt6 lists check kenya.csv`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			o := newListOverview()
			if asJSON {
				return printJSON(a.out, o)
			}
			return o.print(a.out)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.AddCommand(
		newListsCCTLDsCommand(a),
		newListsCheckCommand(a),
		newListsCountriesCommand(a),
		newListsExplainCommand(a),
		newListsFrameCommand(a),
		newListsGovernmentsCommand(a),
		newListsReviewCommand(a),
		newListsSourcesCommand(a),
		newListsSuffixesCommand(a),
	)
	return cmd
}

// listOverview counts what the built-in lists hold.
type listOverview struct {
	Lists     []listCount   `json:"lists"`
	Countries int           `json:"countries"`
	Sources   []sourceCount `json:"sources"`
}

type listCount struct {
	List      string     `json:"list"`
	Kind      lists.Kind `json:"kind"`
	Level     string     `json:"level"`
	Rows      int        `json:"rows"`
	Countries int        `json:"countries"`
	Default   string     `json:"default"` // whether it is part of a scan that names no targets
	in        map[string]bool
}

type sourceCount struct {
	lists.Source
	Rows      int `json:"rows"`
	Countries int `json:"countries"`
	in        map[string]bool
}

func newListOverview() listOverview {
	o := listOverview{Countries: len(lists.Countries()), Lists: []listCount{
		{List: "cctlds", Kind: lists.CCTLD, Default: "yes"},
		{List: "frame", Kind: lists.Government, Level: lists.LevelCentral, Default: "yes"},
		{List: "governments", Kind: lists.Government, Level: lists.LevelCentral, Default: "where the frame has no rows"},
		{List: "governments", Kind: lists.Government, Level: lists.LevelRegional, Default: "no"},
		{List: "governments", Kind: lists.Government, Level: lists.LevelLocal, Default: "no"},
		{List: "governments", Kind: lists.Government, Level: lists.LevelPublicSector, Default: "no"},
		{List: "suffixes", Kind: lists.Suffix, Default: "no"},
	}}
	for i := range o.Lists {
		o.Lists[i].in = make(map[string]bool)
	}
	for _, s := range lists.Sources() {
		o.Sources = append(o.Sources, sourceCount{Source: s, in: make(map[string]bool)})
	}
	for list, targets := range map[string]iter.Seq[lists.Target]{
		"cctlds": lists.CCTLDs(), "frame": lists.FrameTargets(), "governments": lists.Governments(), "suffixes": lists.Suffixes(),
	} {
		for t := range targets {
			o.count(list, t)
		}
	}
	return o
}

func (o *listOverview) count(list string, t lists.Target) {
	for i := range o.Lists {
		if l := &o.Lists[i]; l.List == list && l.Level == t.Level {
			l.Rows++
			countOnce(l.in, t.Country, &l.Countries)
		}
	}
	for i := range o.Sources {
		if s := &o.Sources[i]; s.ID == t.Source {
			s.Rows++
			countOnce(s.in, t.Country, &s.Countries)
		}
	}
}

func countOnce(seen map[string]bool, country string, n *int) {
	if country != "" && !seen[country] {
		seen[country] = true
		*n++
	}
}

func (o *listOverview) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LIST\tLEVEL\tROWS\tCOUNTRIES\tSCANNED BY DEFAULT")
	for _, l := range o.Lists {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", l.List, l.Level, l.Rows, l.Countries, l.Default)
	}
	fmt.Fprintf(table, "countries\t\t%d\n\n", o.Countries)
	fmt.Fprintln(table, "SOURCE\tDATE\tROWS\tCOUNTRIES\tLICENCE")
	for _, s := range o.Sources {
		if s.Rows > 0 {
			fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s%s\n", s.ID, s.Date, s.Rows, s.Countries, s.Licence, staleMark(s.Source))
		}
	}
	return table.Flush()
}

// staleMark says that a source is so old that its rows need another look.
func staleMark(s lists.Source) string {
	if s.Stale {
		return ", stale"
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func newListsSourcesCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "Print where the built-in lists come from, with licence and date",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			o := newListOverview()
			if asJSON {
				return printJSON(a.out, o.Sources)
			}
			for _, s := range o.Sources {
				_, err := fmt.Fprintf(a.out, "%s (%s, %s%s)\n    %s\n    %s\n    Used for %s.\n    To refresh:\n    %s\n",
					s.ID, s.Licence, s.Date, staleMark(s.Source), s.Title, s.Origin, s.Use, s.Refresh)
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
