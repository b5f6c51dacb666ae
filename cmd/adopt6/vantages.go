package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/configs"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// vantagesFlags are the flags of the command vantages.
type vantagesFlags struct {
	scans, countries []string
	service          string
	agree            int
	json             bool
}

func newVantagesCommand(a *app) *cobra.Command {
	var f vantagesFlags
	cmd := &cobra.Command{
		Use:   "vantages",
		Short: "Compare what different vantages found of the same domains",
		Long: `Compare scans of different vantages, per country and domain: what works from one
and not from another.

Without --scan the newest finished scan of each vantage is taken. Of each
country it prints the share that each vantage found to work, the share that
works from at least --agree of them, with its 95% interval (Wilson), and every
domain on which they differ. What a vantage could not measure is neither for nor
against it.`,
		Example: `  adopt6 vantages
  adopt6 vantages --country TG --service web_v6 --agree 2
  adopt6 vantages --scan 4f0c --scan 9a12 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.vantages(cmd.Context(), f) },
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringSliceVar(&f.scans, "scan", nil, "scans to compare, by id or the start of it (default: the newest of\neach vantage)")
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "only these countries, by ISO code (TG,SN)")
	cmd.Flags().StringVar(&f.service, "service", "web_v6", "what to compare: "+strings.Join(observation.Services(), ", "))
	configs.IntFlag(cmd.Flags(), &f.agree, "agree", 0, 1000, "how many vantages must find the same, more than half with 0")
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	return cmd
}

func (a *app) vantages(ctx context.Context, f vantagesFlags) error {
	service := slices.Index(observation.Services(), f.service)
	if service < 0 {
		return misusef("--service %s: expected one of %s", f.service, strings.Join(observation.Services(), ", "))
	}
	if err := checkCountries(f.countries); err != nil {
		return err
	}
	comparison, err := a.compareVantages(ctx, f, service)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(a.out, comparison)
	}
	return comparison.Print(a.out)
}

func (a *app) compareVantages(ctx context.Context, f vantagesFlags, service int) (c pages.Vantages, err error) {
	s, err := a.openStore(ctx, true)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	scans, err := vantageScans(ctx, s, f.scans)
	if err != nil {
		return c, err
	}
	c = pages.Vantages{Service: f.service, Agree: f.agree, Countries: []pages.CountryVantages{}}
	var ids []uuid.UUID
	for _, scan := range scans {
		c.Scans, ids = append(c.Scans, pages.NameScan(scan)), append(ids, scan.ID)
	}
	switch {
	case len(scans) < 2:
		return c, misusef("there is nothing to compare: the store has finished scans of %d vantage; name scans with --scan", len(scans))
	case f.agree < 0 || f.agree > len(scans):
		return c, misusef("--agree %d: there are %d vantages", f.agree, len(scans))
	case f.agree == 0:
		c.Agree = len(scans)/2 + 1
	}
	for seen, err := range s.SeenBy(ctx, ids, f.countries...) {
		if err != nil {
			return c, err
		}
		c.Add(&seen, service)
	}
	c.Bound()
	return c, nil
}

// vantageScans returns the scans that are named, or the newest finished one of
// each vantage, the oldest first.
func vantageScans(ctx context.Context, s *store.Store, named []string) ([]store.ScanInfo, error) {
	var scans []store.ScanInfo
	for _, name := range named {
		scan, err := chooseScan(ctx, s, name)
		if err != nil {
			return nil, err
		}
		scans = append(scans, scan)
	}
	if len(named) > 0 {
		return scans, nil
	}
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return nil, err
		}
		if scan.Finished.IsZero() {
			continue
		}
		scans = slices.DeleteFunc(scans, func(earlier store.ScanInfo) bool { return earlier.Vantage == scan.Vantage })
		scans = append(scans, scan)
	}
	return scans, nil
}
