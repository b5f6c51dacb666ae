package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/store"
)

// pruneOptions are the flags of the command store prune.
type pruneOptions struct {
	keep                    string
	figures, dryRun, asJSON bool
}

func newStorePruneCommand(a *app) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune --keep SPAN",
		Short: "Drop old months of observations",
		Long: `Drop the observations and endpoints of old months, and with them the history of
domains, as whole partitions, at once and for good. --keep 24m keeps this month
and the 24 before it, 2y as many.

The list of scans and the indicators remain, so that time series continue;
--figures drops them as well. The month of the newest scan always remains.
--dry-run prints what would go.`,
		Example: `  adopt6 store prune --keep 24m --dry-run
  adopt6 store prune --keep 5y --figures`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.keep == "" {
				return misusef("say how long to keep observations: --keep 24m")
			}
			before, err := store.ParseKeep(o.keep, time.Now())
			if err != nil {
				return misusef("--keep: %w", err)
			}
			return a.prune(cmd.Context(), before, o)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&o.keep, "keep", "", "how long to keep observations: 24m for months, 2y for years")
	cmd.Flags().BoolVar(&o.figures, "figures", false, "drop the scans and indicators of those months too")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be dropped, and drop nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print as JSON")
	return cmd
}

func (a *app) prune(ctx context.Context, before time.Time, o pruneOptions) (err error) {
	s, err := a.openStore(ctx, o.dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	tables := store.RawTables
	if o.figures {
		tables = store.AllTables
	}
	list, err := s.Partitions(ctx, tables, before)
	if err == nil && !o.dryRun {
		err = s.Drop(ctx, list)
	}
	if err != nil {
		return err
	}
	if o.asJSON {
		return json.NewEncoder(a.out).Encode(struct {
			Before  time.Time         `json:"before"`
			Dropped bool              `json:"dropped"`
			Months  []store.Partition `json:"partitions"`
		}{before, !o.dryRun, append([]store.Partition{}, list...)})
	}
	return a.printPruned(list, before, o.dryRun)
}

func (a *app) printPruned(list []store.Partition, before time.Time, dryRun bool) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(a.out, "Nothing is older than %s.\n", before.Format("January 2006"))
		return err
	}
	out := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "MONTH\tTABLE\tROWS\tMB ON DISK\n")
	var size uint64
	for _, p := range list {
		fmt.Fprintf(out, "%s\t%s\t%s\t%.1f\n", p.Month.Format("2006-01"), p.Table, terminal.Thousands(int64(p.Rows)), float64(p.Bytes)/1e6)
		size += p.Bytes
	}
	if err := out.Flush(); err != nil {
		return err
	}
	what := "Dropped: %.1f MB.\n"
	if dryRun {
		what = "Nothing was dropped; without --dry-run %.1f MB would go.\n"
	}
	_, err := fmt.Fprintf(a.out, what, float64(size)/1e6)
	return err
}
