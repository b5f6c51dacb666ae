package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/campaign"
	"adopt6/scanner/lab"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
)

func newLabRunCommand(a *app) *cobra.Command {
	var skipPreflight bool
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Start a lab, scan it, and compare what was found with the truth",
		Long: `Start the scenario's servers, scan its targets as 'adopt6 scan' would, store
the observations, and compare every verdict with the truth that the scenario
states. No packet leaves the machine. Rates have no limit unless you set one.

SCENARIO is the name of a built-in one, see 'adopt6 lab list', or a file.`,
		Example: `  adopt6 lab run demo
  adopt6 lab run testdata/scenarios/refused.yaml --store /tmp/lab`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scenario, err := lab.Open(args[0])
			if err != nil {
				return asMisuse(err)
			}
			a.unlimited()
			return a.labRun(cmd, scenario, skipPreflight)
		},
	}
	registerPreflightFlag(cmd, &skipPreflight)
	registerScanFlags(cmd)
	registerStoreFlags(cmd)
	return cmd
}

// unlimited lifts the rates that protect other people's servers and what
// chance asks for, where the user has not chosen any: a lab fails on purpose.
func (a *app) unlimited() {
	set := a.settings
	if set.Origin("scan.rate") == "default" {
		set.Scan.Rate = 0
	}
	if set.Origin("scan.rate_per_server") == "default" {
		set.Scan.RatePerServer = 0
	}
	if set.Origin("scan.rate_per_operator") == "default" {
		set.Scan.RatePerOperator = 0
	}
	if set.Origin("scan.confirm") == "default" {
		set.Scan.Confirm = 0
	}
}

func (a *app) labRun(cmd *cobra.Command, scenario *lab.Scenario, skipPreflight bool) error {
	ctx := cmd.Context()
	l, err := lab.Start(scenario)
	if err != nil {
		return fmt.Errorf("start lab: %w", err)
	}
	defer l.Close()
	net, err := network.InLab(l, a.settings, currentVersion().Version)
	if err != nil {
		return asMisuse(err)
	}
	state, err := a.stateFolder()
	if err != nil {
		return err
	}
	header := scanner.Header{Scan: uuid.New(), List: "lab " + scenario.Name, Vantage: "lab", Created: time.Now().UTC()}
	worklist, err := scanner.CreateWorklist(filepath.Join(state, "scans", header.Scan.String()), header, lists.Each(l.Targets()))
	if err != nil {
		return err
	}
	var judge labJudge
	s, err := a.openStore(ctx, false)
	if err == nil {
		defer s.Close()
		err = a.runCampaign(ctx, s, campaign.Plan{Network: net, Worklist: worklist, SkipPreflight: skipPreflight,
			Watch: func(o *observation.Observation) { judge.compare(l, o) }})
	}
	if err != nil { // the lab ends with this command, so nothing could be resumed
		return errors.Join(err, worklist.Remove())
	}
	table, err := loadCountryTable(ctx, s, header.Scan.String(), nil)
	if err != nil {
		return err
	}
	if err := table.Print(a.out); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nEverything here is simulated: the figures say nothing about these countries.\nThe data lies in %s; look with:\n", a.whereStore())
	fmt.Fprintf(a.out, "  %s query%s \\\n    'SELECT domain, web_v6, web_v6_reason FROM observations LIMIT 5'\n", calledAs(), a.storeFlag())
	return judge.report(a)
}

// labJudge collects where a scan and the truth differ.
type labJudge struct {
	stated      int
	differences []string
}

// maxDifferences is how many differences are printed.
const maxDifferences = 20

// compare is called for one observation after another.
func (j *labJudge) compare(l *lab.Lab, o *observation.Observation) {
	truth, ok := l.Truth(o.Target.Name)
	if !ok {
		return
	}
	j.stated++
	j.differences = append(j.differences, truth.Differences(o)...)
}

func (j *labJudge) report(a *app) error {
	if len(j.differences) == 0 {
		fmt.Fprintf(a.errOut, "All verdicts on %s domains are those that the scenario states.\n", terminal.Thousands(int64(j.stated)))
		return nil
	}
	for _, line := range j.differences[:min(len(j.differences), maxDifferences)] {
		fmt.Fprintln(a.errOut, line)
	}
	return fmt.Errorf("%d verdicts differ from the truth of the scenario", len(j.differences))
}

// calledAs is what a user types to run this program again.
func calledAs() string {
	if strings.ContainsRune(os.Args[0], os.PathSeparator) && !filepath.IsAbs(os.Args[0]) {
		return os.Args[0]
	}
	return "adopt6"
}

// whereStore names the store for people.
func (a *app) whereStore() string {
	if a.settings.Store.DSN != "" {
		return "the ClickHouse server"
	}
	cfg, err := a.storeConfig()
	if err != nil {
		return "the store"
	}
	return cfg.Path
}

// storeFlag is what to add to a command so that it finds the same store.
func (a *app) storeFlag() string {
	if a.settings.Origin("store.path") == "--store" {
		return " --store " + a.settings.Store.Path
	}
	return ""
}
