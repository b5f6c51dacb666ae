package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/scanner"
	"adopt6/scanner/campaign"
	"adopt6/scanner/network"
)

func newScanCommand(a *app) *cobra.Command {
	var targets targetFlags
	var shard shardFlags
	var labFile string
	var resume string
	var skipPreflight, dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "scan [DOMAIN...]",
		Short: "Measure domains and store what was found",
		Long: `Measure every target for IPv6: addresses, name servers, web and mail that
answer over IPv6, resolution without IPv4, and DNSSEC. The observations go to
the store; 'adopt6 countries' and 'adopt6 query' read them.

Targets are the arguments, or --list, or what is piped in, or else the built-in
lists: every ccTLD and the government domains of every country. The list is
checked to its last line before the first packet leaves.

Before that, the scan finds out what this vantage can do, as 'adopt6 doctor'
does. What needs an ability that is missing is stored as unmeasured; where every
verdict would be wrong, nothing is measured.

--dry-run sends nothing and says what the scan would do: queries and connections
by operator, as the last scans in the store had them, and the time they take at
the rates set. Targets never scanned are estimated, and marked.

Targets that fail are measured once more at the end (--confirm), so that a
brief outage is not reported as broken.

A scan that is interrupted keeps what it has measured; --resume continues with
the rest.

Several machines can share a scan into one store: each gives the same list,
--vantage and --begun, and its own --shard. The rates are those of one machine.`,
		Example: `  adopt6 scan                              # the built-in lists
  adopt6 scan --country TG,SN --kind government
  adopt6 scan --list ministries.csv --vantage lome-ixp
  adopt6 scan service-public.gouv.tg gouv.tg
  adopt6 scan --dry-run --opt-out out.txt  # sends nothing
  adopt6 scan --resume                     # the last one that did not end
  adopt6 scan --shard 0/4 --begun 2026-11-24T06:00:00Z --vantage lome`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("resume") {
				if len(args) > 0 && resume == lastScan {
					resume, args = args[0], args[1:] // "--resume ID", with a blank
				}
				if len(args) > 0 || shard != (shardFlags{}) || targets.list != "" || len(targets.Countries)+len(targets.Kinds)+len(targets.Levels) > 0 {
					return misusef("--resume takes the scan's own list; give no others")
				}
			}
			if asJSON && !dryRun {
				return misusef("--json goes with --dry-run; the results of a scan are in the store: see 'adopt6 query'")
			}
			if dryRun {
				return a.dryScan(cmd, &targets, &shard, args, labFile, resume, asJSON)
			}
			a.logMessages()
			unwatch, err := a.watch()
			if err != nil {
				return err
			}
			defer unwatch()
			net, err := a.openNetwork(labFile)
			if err != nil {
				return err
			}
			targets.builtin = net.Targets
			worklist, fresh, err := a.worklist(&targets, &shard, args, resume)
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), false)
			if err != nil && fresh {
				return errors.Join(err, worklist.Remove()) // nothing began that could be resumed
			} else if err != nil {
				return a.withResume(err, worklist)
			}
			if err := a.runCampaign(cmd.Context(), s, campaign.Plan{Network: net, Worklist: worklist, SkipPreflight: skipPreflight}); err != nil {
				return a.withResume(errors.Join(err, s.Close()), worklist)
			}
			a.note("Look at it with: %[1]s countries%[2]s, or %[1]s query%[2]s 'SELECT ...'", calledAs(), a.storeFlag())
			return s.Close()
		},
	}
	targets.register(cmd)
	shard.register(cmd)
	registerPreflightFlag(cmd, &skipPreflight)
	cmd.Flags().StringVar(&labFile, "lab", "", "scan a running lab and its targets, by the `file` that 'adopt6 lab up' wrote")
	cmd.Flags().StringVar(&resume, "resume", "", "continue with a scan, by its id; the last one that did not end when no id is given")
	cmd.Flags().Lookup("resume").NoOptDefVal = lastScan
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "send nothing, and say what would be sent, to whom and for how long")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a dry run as JSON")
	registerScanFlags(cmd)
	registerWatchFlags(cmd)
	registerStoreFlags(cmd)
	return cmd
}

// lastScan stands for the newest scan that did not end.
const lastScan = "last"

// registerScanFlags adds the flags that set the scan's and the resolver's
// settings.
func registerScanFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	configs.NumberFlags(f, "workers", "confirm", "confirm-after")
	f.String("state", "", "folder for what a scan needs to resume")
	registerProbeFlags(cmd)
}

// registerProbeFlags adds the flags that set how a target is measured.
func registerProbeFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	configs.NumberFlags(f, "rate", "rate-per-server", "rate-per-operator", "target-timeout", "max-queries")
	f.String("vantage", "", "name of the vantage that the scan runs from")
	f.String("contact", "", "web page or mail `address` of the people behind the scan")
	f.String("opt-out", "", "file of domains, addresses and prefixes that nothing is sent to")
	f.String("asn-db", "", "table of autonomous systems in MaxMind DB format (.mmdb)")
	registerResolverFlags(cmd)
}

// registerPreflightFlag adds the flag that leaves the preflight out.
func registerPreflightFlag(cmd *cobra.Command, skip *bool) {
	cmd.Flags().BoolVar(skip, "skip-preflight", false, "measure without finding out first what this vantage can do")
}

// registerResolverFlags adds the flags that set the resolver's settings.
func registerResolverFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("root-hints", "", "file of root name servers in zone file form")
	f.String("trust-anchor", "", "file of DNSSEC trust anchors, DS or DNSKEY records")
	configs.NumberFlags(f, "dns-timeout", "dns-retries")
}

// openNetwork returns the Internet, or the lab that a file describes.
func (a *app) openNetwork(labFile string) (*network.Network, error) {
	if labFile != "" {
		a.unlimited()
	}
	net, err := network.Open(a.settings, labFile, currentVersion().Version)
	return net, asMisuse(err)
}

// worklist opens the work list of the scan to resume, or makes a new one, which
// is fresh.
func (a *app) worklist(chosen *targetFlags, shard *shardFlags, args []string, resume string) (w *scanner.Worklist, fresh bool, err error) {
	state, err := a.stateFolder()
	if err != nil {
		return nil, false, err
	}
	scans := filepath.Join(state, "scans")
	if resume != "" {
		w, err := openWorklist(scans, resume)
		return w, false, err
	}
	return a.newWorklist(scans, chosen, shard, args)
}

// newWorklist makes the work list of a new scan below a folder. It is not fresh
// when this machine began the same part of a shared scan before.
func (a *app) newWorklist(scans string, chosen *targetFlags, shard *shardFlags, args []string) (w *scanner.Worklist, fresh bool, err error) {
	name, targets, done, err := chosen.targets(a, args)
	if err != nil {
		return nil, false, err
	}
	defer done()
	header := scanner.Header{Scan: uuid.New(), List: chosen.Describe(name), Vantage: a.vantage(), Created: time.Now().UTC()}
	if err := shard.header(&header); err != nil {
		return nil, false, err
	}
	if w, err := scanner.OpenWorklist(filepath.Join(scans, scanFolder(header))); err == nil {
		return w, false, nil
	}
	w, err = scanner.CreateWorklist(filepath.Join(scans, scanFolder(header)), header, targets)
	switch {
	case err != nil:
		return nil, false, err
	case w.Targets == 0:
		return nil, false, errors.Join(misusef("no targets: %s has none that match", header.List), w.Remove())
	case w.Duplicates > 0:
		a.note("%s duplicate targets left out", thousands(w.Duplicates))
	}
	return w, true, nil
}

// openWorklist opens a work list by its scan's id, or the newest.
func openWorklist(scans, id string) (*scanner.Worklist, error) {
	if id != lastScan {
		if _, err := uuid.Parse(id); err != nil {
			return nil, misusef("--resume %s: not the id of a scan", id)
		}
		w, err := scanner.OpenWorklist(filepath.Join(scans, id))
		if parts, _ := filepath.Glob(filepath.Join(scans, id+"-*-of-*")); err != nil && len(parts) == 1 {
			w, err = scanner.OpenWorklist(parts[0])
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil, misusef("no scan %s is waiting to be resumed below %s; it ended, or ran with another --state", id, scans)
		}
		return w, err
	}
	folders, err := os.ReadDir(scans)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look for scans to resume: %w", err)
	}
	var newest *scanner.Worklist
	for _, f := range folders {
		w, err := scanner.OpenWorklist(filepath.Join(scans, f.Name()))
		if err == nil && (newest == nil || w.Created.After(newest.Created)) {
			newest = w
		}
	}
	if newest == nil {
		return nil, misusef("no scan is waiting to be resumed below %s", scans)
	}
	return newest, nil
}

// vantage is the configured name of this vantage, or the host's.
func (a *app) vantage() string {
	if a.settings.Scan.Vantage != "" {
		return a.settings.Scan.Vantage
	}
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}
