package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// changesFlags are the flags of the command changes.
type changesFlags struct {
	from, to  string
	countries []string
	all, json bool
}

func newChangesCommand(a *app) *cobra.Command {
	var f changesFlags
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "Print what was gained, lost and broken between two scans",
		Long: `Print, per domain, which services over IPv6 differ between two scans and why:

  gained  it works now, or works in part and did not before
  lost    it was published and is no longer
  broken  it is published and fails now, or works in part only

Services are name servers (dns_v6), web (web_v6), mail (mail_v6), resolution
without IPv4 (v6_only) and DNSSEC (dnssec). Only domains in both scans are
compared, and what one of the scans could not measure is no change.

A failure counts when it was there each time that the scan measured the domain
(see 'adopt6 scan --confirm'). Changes that rest on one which came and went, or
was measured once, may be flaps: --all prints them too.`,
		Example: `  adopt6 changes
  adopt6 changes --from 4f0c --to latest --country TG,SN
  adopt6 changes --json | jq '.changes[] | select(.news == "lost")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.changes(cmd.Context(), f) },
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&f.from, "from", "previous", "earlier scan, by its id or the begin of it; or previous, the last of\nthe same list and vantage before the other")
	cmd.Flags().StringVar(&f.to, "to", "latest", "later scan, by its id or the begin of it; or latest, the last that\nwas finished")
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "only these countries, by ISO code (TG,SN)")
	cmd.Flags().BoolVar(&f.all, "all", false, "print also changes that may be flaps")
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON, flaps included and marked")
	return cmd
}

// changeList is what differs between two scans.
type changeList struct {
	From     scanName             `json:"from"`
	To       scanName             `json:"to"`
	Compared observation.Compared `json:"domains"`
	Changes  []observation.Change `json:"changes"`
}

// scanName is a scan as people tell it from others.
type scanName struct {
	ID      uuid.UUID `json:"scan"`
	Started string    `json:"started"` // UTC, RFC 3339
	List    string    `json:"list"`
	Vantage string    `json:"vantage"`
}

func nameScan(s store.ScanInfo) scanName {
	return scanName{s.ID, s.Started.UTC().Format("2006-01-02T15:04:05Z"), s.List, s.Vantage}
}

func (a *app) changes(ctx context.Context, f changesFlags) error {
	if err := checkCountries(f.countries); err != nil {
		return err
	}
	list, err := a.loadChanges(ctx, f)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(a.out, list)
	}
	return list.print(a.out, f.all)
}

func (a *app) loadChanges(ctx context.Context, f changesFlags) (list changeList, err error) {
	s, err := a.openStore(ctx, true)
	if err != nil {
		return list, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	to, err := chooseScan(ctx, s, f.to)
	if err != nil {
		return list, err
	}
	var from store.ScanInfo
	if f.from == "previous" {
		from, err = report.Previous(ctx, s, to)
		if err == nil && from.ID == uuid.Nil {
			err = misusef("there is no scan of the same list and vantage before %s; name one with --from (`adopt6 store info` lists them)", to.ID)
		}
	} else {
		from, err = chooseScan(ctx, s, f.from)
	}
	if err != nil {
		return list, err
	}
	if !from.Started.Before(to.Started) {
		return list, misusef("--from %s: that scan is not earlier than the one of --to", f.from)
	}
	list = changeList{From: nameScan(from), To: nameScan(to), Changes: []observation.Change{}}
	if list.Compared, err = s.Compare(ctx, from.ID, to.ID); err != nil {
		return list, err
	}
	for c, err := range s.Changes(ctx, from.ID, to.ID, f.countries...) {
		if err != nil {
			return list, err
		}
		list.Changes = append(list.Changes, c)
	}
	return list, nil
}

// print writes the list for people, with an explanation of every reason in it.
func (l *changeList) print(out io.Writer, all bool) error {
	w := bufio.NewWriter(terminal.Printable(out))
	fmt.Fprintf(w, "From %s (scan %.8s) to %s (scan %.8s)\nVantage: %s\n", l.From.Started[:10], l.From.ID, l.To.Started[:10], l.To.ID, l.To.Vantage)
	fmt.Fprintf(w, "%s domains are in both scans, %s in the earlier only, %s in the later only.\n",
		terminal.Thousands(int64(l.Compared.Common)), terminal.Thousands(int64(l.Compared.OnlyBefore)), terminal.Thousands(int64(l.Compared.OnlyAfter)))
	counts := make(map[observation.News]int)
	flaps, place, domain := 0, "", ""
	var reasons []string
	for _, c := range l.Changes {
		if c.Flapping {
			if flaps++; !all {
				continue
			}
		} else {
			counts[c.News]++
		}
		if at := countryHeading(c); at != place {
			fmt.Fprintf(w, "\n%s\n", at)
			place, domain = at, ""
		}
		if c.Domain != domain {
			fmt.Fprintf(w, "  %s\n", c.Domain)
			domain = c.Domain
		}
		line := fmt.Sprintf("    %-6s  %-8s %s -> %s", c.News, c.Service, c.Before, c.After)
		if c.Reason != "" {
			if line += "  "; c.News == observation.Gained && c.After == "ok" {
				line += "was "
			}
			line += string(c.Reason)
			reasons = append(reasons, string(c.Reason))
		}
		if c.Flapping {
			line += "  (may be a flap)"
		}
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "\n%d gained, %d lost, %d broken.\n", counts[observation.Gained], counts[observation.Lost], counts[observation.Failed])
	switch {
	case flaps > 0 && all:
		fmt.Fprintf(w, "%d more may be flaps.\n", flaps)
	case flaps > 0:
		fmt.Fprintf(w, "%d more may be flaps; --all prints them.\n", flaps)
	}
	explainReasons(w, reasons)
	return w.Flush()
}

func countryHeading(c observation.Change) string {
	name := c.CountryName
	if name == "" {
		name = "No country"
	}
	return fmt.Sprintf("%s, %s", name, c.Kind)
}

// explainReasons says what each of the tokens stands for.
func explainReasons(w io.Writer, tokens []string) {
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	if len(tokens) > 0 {
		fmt.Fprintln(w)
	}
	for _, r := range observation.Reasons() {
		if slices.Contains(tokens, string(r.Reason)) {
			fmt.Fprintf(w, "%s\n%s", r.Reason, terminal.Indent(r.Text))
		}
	}
}
