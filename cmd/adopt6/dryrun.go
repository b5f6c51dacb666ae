package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/forecast"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// searchedScans is how many finished scans are searched for targets, the newest
// first.
const searchedScans = 10

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
	page := pages.DryRun{List: w.List, Scans: scans, Simulated: net.Simulated(), Forecast: plan.Forecast()}
	if asJSON {
		return printJSON(a.out, page)
	}
	return page.Print(a.out)
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
