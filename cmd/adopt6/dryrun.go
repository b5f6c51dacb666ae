package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/forecast"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/store"
)

const (
	// searchedScans is how many finished scans are searched for targets,
	// the newest first.
	searchedScans = 10
	// shownOperators and shownCountries are how many a page has.
	shownOperators = 20
	shownCountries = 20
)

// dryRunPage is the JSON form.
type dryRunPage struct {
	List      string `json:"list"`
	Scans     int    `json:"scans"`     // in the store that knew some of the targets
	Simulated bool   `json:"simulated"` // of a lab
	forecast.Forecast
}

// targetKey names a target in every scan.
type targetKey struct {
	domain string
	kind   lists.Kind
}

// dryRun says what a scan would send, and sends nothing.
func (a *app) dryRun(ctx context.Context, net *network.Network, w *scanner.Worklist, asJSON bool) error {
	loads, scans, err := a.knownLoads(ctx, net, w)
	if err != nil {
		return err
	}
	caps := net.Caps(a.settings)
	limits := forecast.Limits{Caps: caps, Workers: a.settings.Scan.Workers}
	if net.ASN != nil {
		limits.Name = func(addr netip.Addr) string {
			_, name, _ := net.ASN(addr)
			return name
		}
	}
	plan := forecast.New(limits)
	for p, err := range w.Pending(w.OtherShards()) {
		if err != nil {
			return err
		}
		load := loads[targetKey{p.Target.Name, p.Target.Kind}]
		switch {
		case net.OptOut.Covers(p.Target.Name):
			plan.OptOut()
		case load != nil:
			plan.Add(p.Target, withoutOptedOut(net, load))
		default:
			plan.Add(p.Target, nil)
		}
	}
	page := dryRunPage{List: w.List, Scans: scans, Simulated: net.Simulated(), Forecast: plan.Forecast()}
	if asJSON {
		return printJSON(a.out, page)
	}
	return page.print(a.out)
}

// withoutOptedOut returns a load without the addresses that nothing is sent to.
func withoutOptedOut(n *network.Network, l *observation.Load) *observation.Load {
	refused := n.OptOut.List.HasAddr
	kept := *l
	kept.Servers = slices.DeleteFunc(slices.Clone(l.Servers), refused)
	kept.Connections = make(map[netip.Addr]uint64)
	for addr, made := range l.Connections {
		if !refused(addr) {
			kept.Connections[addr] = made
		}
	}
	return &kept
}

// knownLoads looks the targets of a work list up in the newest finished scans.
// A store that is not there knows none. Scans of labs and of the Internet know
// nothing of each other.
func (a *app) knownLoads(ctx context.Context, net *network.Network, w *scanner.Worklist) (loads map[targetKey]*observation.Load, used int, err error) {
	loads = make(map[targetKey]*observation.Load)
	wanted := make(map[targetKey]bool)
	for p, err := range w.Pending(w.OtherShards()) {
		if err != nil {
			return nil, 0, err
		}
		wanted[targetKey{p.Target.Name, p.Target.Kind}] = true
	}
	s, err := a.openStore(ctx, true)
	if none := new(store.MissingError); errors.As(err, &none) {
		return loads, 0, nil
	} else if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var scans []store.ScanInfo
	for scan, err := range s.Scans(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if !scan.Finished.IsZero() && scan.Simulated == net.Simulated() {
			scans = append(scans, scan)
		}
	}
	slices.Reverse(scans)
	for _, scan := range scans[:min(len(scans), searchedScans)] {
		found := false
		for t, err := range s.Loads(ctx, scan.ID) {
			if err != nil {
				return nil, 0, err
			}
			key := targetKey{t.Domain, t.Kind}
			if wanted[key] && loads[key] == nil {
				loads[key], found = &t.Load, true
			}
		}
		if found {
			used++
		}
		if len(loads) == len(wanted) {
			break
		}
	}
	return loads, used, nil
}

// dryScan makes a dry run of the scan that the same flags would start.
func (a *app) dryScan(cmd *cobra.Command, targets *targetFlags, shard *shardFlags, args []string, labFile, resume string, asJSON bool) error {
	if resume != "" {
		return misusef("--dry-run is for new scans; --resume sends what is left of one")
	}
	net, err := a.openNetwork(labFile)
	if err != nil {
		return err
	}
	targets.builtin = net.Targets
	w, remove, err := a.dryWorklist(targets, shard, args)
	if err != nil {
		return err
	}
	return errors.Join(a.dryRun(cmd.Context(), net, w, asJSON), remove())
}

// dryWorklist makes the work list of a scan in a folder of its own, which the
// returned function removes.
func (a *app) dryWorklist(chosen *targetFlags, shard *shardFlags, args []string) (*scanner.Worklist, func() error, error) {
	folder, err := os.MkdirTemp("", "adopt6-dry-run-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder for the list: %w", err)
	}
	w, _, err := a.newWorklist(folder, chosen, shard, args)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(folder))
	}
	return w, func() error { return os.RemoveAll(folder) }, nil
}

func (p *dryRunPage) print(w io.Writer) error {
	fmt.Fprintf(w, "Dry run of %s: nothing was sent.\n\n", p.List)
	known := fmt.Sprintf("%s measured before, in %s of the store", terminal.Thousands(int64(p.Known)), terminal.Plural(p.Scans, "scan"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "Targets\t%s\t%s\n", terminal.Thousands(int64(p.Targets)), known)
	if p.Estimated > 0 {
		fmt.Fprintf(t, "\t%s\testimated by the medians of their kind\n", terminal.Thousands(int64(p.Estimated)))
	}
	fmt.Fprintf(t, "\t%s\topted out by the list; TXT records are not asked now\n", terminal.Thousands(int64(p.OptedOut)))
	if p.OptedOutBefore > 0 {
		fmt.Fprintf(t, "\t%s\topted out the last time; they are asked once more\n", terminal.Thousands(int64(p.OptedOutBefore)))
	}
	fmt.Fprintf(t, "Queries\t%s\t%s of them estimated\n", terminal.Thousands(int64(p.Queries)), terminal.Thousands(int64(p.ByEstimate.Queries)))
	fmt.Fprintf(t, "Connections\t%s\t%s of them estimated\n", terminal.Thousands(int64(p.Connections)), terminal.Thousands(int64(p.ByEstimate.Connections)))
	for i, l := range p.Limits {
		label, note := "", ""
		if i == 0 {
			label, note = "Time", ", what holds it up most"
		}
		if l.At != "" {
			note += "; most goes to " + l.At
		}
		fmt.Fprintf(t, "%s\t%s\tby %s %d%s\n", label, roughly(l.Seconds), l.Setting, l.Value, note)
	}
	if len(p.Limits) == 0 {
		fmt.Fprintf(t, "Time\tno limit is set\t\n")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(w, "\n", terminal.Wrap("Failures are measured again on top of this (--confirm). Queries are shared out evenly among the name servers of a target; those of registries and of the root answer some of them.", pages.PageWidth), "\n\n")
	p.printOperators(w)
	return p.printCountries(w)
}

func (p *dryRunPage) printOperators(w io.Writer) {
	if len(p.Operators) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "Operator\tAddresses\tQueries\tConnections\tName")
	for _, o := range p.Operators[:min(len(p.Operators), shownOperators)] {
		name := []rune(o.Name)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", o.ID, terminal.Thousands(int64(o.Addresses)), terminal.Thousands(int64(o.Queries)), terminal.Thousands(int64(o.Connections)),
			string(name[:min(len(name), 24)]))
	}
	t.Flush()
	if more := len(p.Operators) - shownOperators; more > 0 {
		fmt.Fprintf(w, "and %s more; --json has all\n", terminal.Thousands(int64(more)))
	}
	fmt.Fprintln(w)
}

func (p *dryRunPage) printCountries(w io.Writer) error {
	most := slices.Clone(p.Countries)
	slices.SortStableFunc(most, func(x, y forecast.Count) int { return cmp.Compare(y.Targets, x.Targets) })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "Country\tKind\tTargets")
	for _, c := range most[:min(len(most), shownCountries)] {
		fmt.Fprintf(t, "%s\t%s\t%s\n", cmp.Or(c.Country, "none"), c.Kind, terminal.Thousands(int64(c.Targets)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(most) - shownCountries; more > 0 {
		fmt.Fprintf(w, "and %s more; --json has all\n", terminal.Thousands(int64(more)))
	}
	return nil
}

// roughly is a duration as people say it.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return "below 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
