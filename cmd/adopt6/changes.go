package main

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
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
compared, and what one of the scans could not measure is not a change.

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
	cmd.Flags().StringVar(&f.from, "from", "previous", "earlier scan, by its id or the start of it; or previous, the last of\nthe same list and vantage before the other")
	cmd.Flags().StringVar(&f.to, "to", "latest", "later scan, by its id or the start of it; or latest, the last that\nwas finished")
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "only these countries, by ISO code (TG,SN)")
	cmd.Flags().BoolVar(&f.all, "all", false, "print also changes that may be flaps")
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON, flaps included and marked")
	return cmd
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
	return list.Print(a.out, f.all)
}

func (a *app) loadChanges(ctx context.Context, f changesFlags) (list pages.Changes, err error) {
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
	list = pages.Changes{From: pages.NameScan(from), To: pages.NameScan(to), List: []observation.Change{}}
	if list.Compared, err = s.Compare(ctx, from.ID, to.ID); err != nil {
		return list, err
	}
	for c, err := range s.Changes(ctx, from.ID, to.ID, f.countries...) {
		if err != nil {
			return list, err
		}
		list.List = append(list.List, c)
	}
	return list, nil
}
