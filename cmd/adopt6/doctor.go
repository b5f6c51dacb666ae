package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/store"
	"adopt6/store/engine"
)

func newDoctorCommand(a *app) *cobra.Command {
	var labFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check what can be measured from here, and how to fix the rest",
		Long: `Check what a scan from this vantage could measure: IPv6 and IPv4, DNS over UDP
and TCP, mail over port 25, a correct clock, answers that are not forged,
the store and the machine. Each line says what was seen; where something is
missing, what follows for a scan and how to fix it.

'adopt6 scan' makes the same checks before anything else. What needs an ability
that is missing is stored as unmeasured. With a clock that is wrong or a port
53 that is hijacked every verdict would be wrong, and no scan runs.

Port 25 is tried at the mail exchangers that scan.smtp_check names, else at
those of a few domains of the built-in lists: one connection each, and QUIT.

The exit code is 0 when a scan can measure everything, and 1 when something is
missing or wrong; the last line says which.`,
		Example: `  adopt6 doctor
  adopt6 doctor --json
  ADOPT6_SCAN_SMTP_CHECK=mx1.example.org,mx2.example.net adopt6 doctor`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			net, err := a.openNetwork(labFile)
			if err != nil {
				return err
			}
			found, err := a.doctor(cmd.Context(), net)
			if err != nil {
				return err
			}
			if asJSON {
				if err := json.NewEncoder(a.out).Encode(doctorPage{len(found.Missing()) == 0, len(found.Stops()) == 0, found.Capabilities, found.Checks}); err != nil {
					return err
				}
			} else {
				pages.Doctor(a.out, found, filepath.Base(calledAs()))
			}
			return found.Verdict()
		},
	}
	cmd.Flags().StringVar(&labFile, "lab", "", "check a running lab, by the `file` that 'adopt6 lab up' wrote")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	configs.NumberFlags(cmd.Flags(), "workers")
	cmd.Flags().String("state", "", "folder for what a scan needs to resume")
	registerResolverFlags(cmd)
	registerStoreFlags(cmd)
	return cmd
}

// doctorPage is the JSON form.
type doctorPage struct {
	Complete     bool                     `json:"complete"` // everything can be measured
	Correct      bool                     `json:"correct"`  // what is measured will be right
	Capabilities observation.Capabilities `json:"capabilities"`
	Checks       []preflight.Check        `json:"checks"`
}

// doctor makes all checks.
func (a *app) doctor(ctx context.Context, net *network.Network) (*preflight.Result, error) {
	resolver, err := net.Resolver(a.settings, net.Rates(a.settings))
	if err != nil {
		return nil, err
	}
	defer resolver.Close()
	folders, err := a.writtenFolders()
	if err != nil {
		return nil, err
	}
	found, err := net.Preflight(ctx, a.settings, resolver, firstTargets(net.Targets), folders)
	if err != nil {
		return nil, err
	}
	found.Checks = append(found.Checks, a.checkStore(ctx), a.checkContact(net), a.checkConfig())
	return found, nil
}

// firstTargets yields a lab's targets, or one domain of each country of the
// built-in lists.
func firstTargets(targets iter.Seq[lists.Target]) iter.Seq2[lists.Target, error] {
	everyCountry := targets != nil
	if targets == nil {
		targets = lists.Default()
	}
	return func(yield func(lists.Target, error) bool) {
		last := ""
		for t := range targets {
			if t.Kind == lists.CCTLD || t.Country == last && !everyCountry {
				continue
			}
			last = t.Country
			if !yield(t, nil) {
				return
			}
		}
	}
}

// storeTimeout is the longest that opening the store may take.
const storeTimeout = 20 * time.Second

// checkStore opens the store as a reader. It makes and fetches nothing.
func (a *app) checkStore(ctx context.Context) preflight.Check {
	check := preflight.Check{Name: "store", Title: "Store", Effect: "A scan could not keep what it finds."}
	told := func(status observation.Status, seen, fix string) preflight.Check {
		check.Status, check.Seen, check.Fix = status, seen, fix
		return check
	}
	config, err := a.storeConfig()
	if err != nil {
		return told(observation.Broken, err.Error(), "Fix the settings of the store.")
	}
	if config.DSN == "" && config.Library == "" {
		if _, err := engine.Locate(""); err != nil {
			check.Effect = "The first scan fetches it, some 165 MB, before it begins."
			return told(observation.Absent, "the embedded ClickHouse engine is not on this machine", calledAs()+" store fetch-engine")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	config.ReadOnly = true
	s, err := store.Open(ctx, config)
	if none := new(store.MissingError); errors.As(err, &none) {
		check.Effect = ""
		return told(observation.OK, "none yet; the first scan makes it in "+none.Where, "")
	}
	if err != nil {
		return told(observation.Broken, err.Error(), "See that the store's folder or server can be reached; 'adopt6 store info' says more.")
	}
	info, err := s.Info(ctx)
	if err = errors.Join(err, s.Close()); err != nil {
		return told(observation.Broken, err.Error(), "See 'adopt6 store info'.")
	}
	check.Effect = ""
	return told(observation.OK, fmt.Sprintf("%s ClickHouse %s with %d scans in %s", info.Engine, info.Version, len(info.Scans), info.Where), "")
}

// checkConfig says where the settings come from. Wrong ones end the program
// before it gets here.
func (a *app) checkConfig() preflight.Check {
	var set []string
	for _, v := range a.settings.Values() {
		if v.Value != v.Default {
			set = append(set, fmt.Sprintf("%s (%s)", v.Key, v.Origin))
		}
	}
	seen := "every setting is at its default"
	if len(set) > 0 {
		seen = "set: " + strings.Join(set, ", ")
	}
	return preflight.Check{Name: "config", Title: "Settings", Status: observation.OK, Seen: seen}
}
