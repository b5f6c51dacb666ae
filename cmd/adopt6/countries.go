package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/store"
	"adopt6/store/indicator"
)

func newCountriesCommand(a *app) *cobra.Command {
	var chosen countryChoice
	var asJSON, asCSV bool
	cmd := &cobra.Command{
		Use:   "countries",
		Short: "Print the indicators of a scan by country",
		Long: `Print, for every country and kind of target, how many domains were measured and
what share of them works over IPv6, with its 95% interval (Wilson score). The
interval says how far chance alone could move the share if the listed domains
were a random draw; it knows nothing of how the list was chosen.

What could not be measured from here is neither for nor against a country. Where
it is more than 10%, the lowest and the highest share that it could make stand
in place of the share, "34-55% ?", and what the vantage could not see at all
has no figure. ccTLDs are a census, "1 of 1", without interval.

Countries are in the order of their names: the table does not rank them. Fewer
than 10 domains are counted, "2 of 7": a share of so few compares with nothing.

--country prints every indicator of one country with its definition; --csv and
--json give every number.`,
		Example: `  adopt6 countries
  adopt6 countries --country TG
  adopt6 countries --scan 4f0c --csv > countries.csv`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && asCSV {
				return misusef("give --json or --csv, not both")
			}
			table, err := a.countryTable(cmd.Context(), chosen)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return table.WriteJSON(a.out)
			case asCSV:
				return table.WriteCSV(a.out)
			case len(chosen.countries) > 0:
				return table.PrintDetails(a.out)
			}
			return table.Print(a.out)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&chosen.scan, "scan", "latest", "scan, by its id or the start of it; or latest, the last that was finished")
	cmd.Flags().StringSliceVar(&chosen.countries, "country", nil, "only these countries, by ISO code (TG,SN), in full")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON, every indicator")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print as CSV, a line per country, kind and indicator")
	return cmd
}

type countryChoice struct {
	scan      string
	countries []string
}

func (a *app) countryTable(ctx context.Context, chosen countryChoice) (table pages.Countries, err error) {
	if err := checkCountries(chosen.countries); err != nil {
		return table, err
	}
	s, err := a.openStore(ctx, true)
	if err != nil {
		return table, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return loadCountryTable(ctx, s, chosen.scan, chosen.countries)
}

// loadCountryTable reads the indicators of a scan, for the given countries or,
// without any, for all.
func loadCountryTable(ctx context.Context, s *store.Store, scan string, countries []string) (table pages.Countries, err error) {
	if table.Scan, err = chooseScan(ctx, s, scan); err != nil {
		return table, err
	}
	if table.Rows, err = indicator.Load(ctx, s, table.Scan.ID); err != nil {
		return table, err
	}
	if len(countries) > 0 {
		table.Rows = slices.DeleteFunc(table.Rows, func(r store.IndicatorRow) bool { return !slices.Contains(countries, r.Country) })
	}
	table.Sort()
	return table, nil
}

// chooseScan finds a scan by its id, the start of its id, or as the latest that
// was finished; without a finished one, as the latest of all.
func chooseScan(ctx context.Context, s *store.Store, want string) (store.ScanInfo, error) {
	var latest, finished, found store.ScanInfo
	matches := 0
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return latest, err
		}
		latest = scan
		if !scan.Finished.IsZero() {
			finished = scan
		}
		if strings.HasPrefix(scan.ID.String(), strings.ToLower(want)) {
			found = scan
			matches++
		}
	}
	switch {
	case latest.ID == uuid.Nil:
		return latest, errors.New("the store holds no scan yet; `adopt6 scan` makes one")
	case want == "latest" && finished.ID != uuid.Nil:
		return finished, nil
	case want == "latest":
		return latest, nil
	case matches == 0:
		return found, misusef("--scan %s: the store has no such scan; `adopt6 store info` lists them", want)
	case matches > 1:
		return found, misusef("--scan %s: %d scans begin so; give more of the id", want, matches)
	}
	return found, nil
}
