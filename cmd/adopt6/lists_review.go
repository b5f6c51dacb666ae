package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/scanner/observation"
	"adopt6/store"
)

func newListsReviewCommand(a *app) *cobra.Command {
	var as listFormat
	var to string
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Propose rows of a list that two scans found dead",
		Long: `Print the hosts that did not exist, or had no address at all, in a scan and in
the one before it of the same list and vantage, with what the built-in lists say
of each. They are proposals: look whether the body has moved before you take a
row off your list. Nothing is removed from any list.`,
		Example: `  adopt6 lists review
  adopt6 lists review --csv > dead.csv`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := as.check(); err != nil {
				return err
			}
			return a.reviewLists(cmd.Context(), to, as)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&to, "to", "latest", "later of the two scans, by its id or the start of it; or latest")
	as.register(cmd)
	return cmd
}

func (a *app) reviewLists(ctx context.Context, later string, as listFormat) (err error) {
	s, err := a.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	to, err := chooseScan(ctx, s, later)
	if err != nil {
		return err
	}
	from, err := report.Previous(ctx, s, to)
	if err != nil {
		return err
	}
	if from.ID == uuid.Nil {
		return misusef("there is no scan of the same list and vantage before %s: one scan alone proposes nothing", to.ID)
	}
	before, err := deadHosts(ctx, s, from.ID)
	if err != nil {
		return err
	}
	after, err := deadHosts(ctx, s, to.ID)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if first, dead := before[name]; dead {
			now := after[name]
			rows = append(rows, []string{name, now.country, first.why, now.why, from.Started.Format("2006-01-02"), to.Started.Format("2006-01-02"), listedAs(name)})
		}
	}
	if len(rows) == 0 && !as.json && !as.csv {
		_, err := fmt.Fprintf(a.out, "No host was dead on %s and on %s.\n", from.Started.Format("2006-01-02"), to.Started.Format("2006-01-02"))
		return err
	}
	return printList(a.out, as, []string{"name", "country", "before", "now", "from", "to", "listed"}, slices.Values(rows), "%-32[1]s %-7[2]s %-11[4]s %[7]s\n")
}

// deadHost is a target that cannot be reached.
type deadHost struct{ country, why string }

// deadHosts returns what a scan found dead, by name.
func deadHosts(ctx context.Context, s *store.Store, scan uuid.UUID) (map[string]deadHost, error) {
	dead := make(map[string]deadHost)
	for o, err := range s.Observations(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if why := deadReason(&o); why != "" && o.Target.Kind != lists.CCTLD {
			dead[o.Target.Name] = deadHost{o.Target.Country, why}
		}
	}
	return dead, nil
}

// deadReason says why a target cannot be reached; it is empty for one that has an
// address in either family, or whose name servers could not be asked.
func deadReason(o *observation.Observation) string {
	switch {
	case o.DNS.Reason == observation.NXDomain || o.DNSV4.Reason == observation.NXDomain:
		return "nxdomain"
	case len(o.A)+len(o.AAAA)+len(o.WWWA)+len(o.WWWAAAA) == 0 && (o.DNS.Status == observation.OK || o.DNSV4.Status == observation.OK):
		return "no_address"
	}
	return ""
}

// listedAs says which built-in lists have a name.
func listedAs(name string) string {
	var found []string
	for t := range lists.FrameTargets() {
		if t.Name == name {
			found = append(found, "frame: "+t.Roles)
		}
	}
	for t := range lists.Governments() {
		if t.Name == name {
			found = append(found, t.Level)
		}
	}
	return strings.Join(found, "; ")
}
