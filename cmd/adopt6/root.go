package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/scanner/metrics"
)

// app is what every command shares: the standard streams and, once a command
// runs, the settings.
type app struct {
	in          io.Reader
	out, errOut io.Writer
	configFile  string
	settings    *configs.Settings
	log         *slog.Logger // where messages become records; nil: they are printed
	live        *metrics.Set // the scans that run, for whoever watches; may be nil
}

// helpWidth is the width in columns that help is wrapped to.
const helpWidth = 80

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "adopt6",
		Short:         "Measure the transition of ccTLDs and government domains to IPv6",
		Args:          cobra.ArbitraryArgs,
		RunE:          unknownCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			a.settings, err = configs.Load(a.configFile, cmd.Flags())
			return asMisuse(err)
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misusef("%w (see: %s --help)", err, cmd.CommandPath())
	})
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages |", fmt.Sprintf(".FlagUsagesWrapped %d |", helpWidth)))
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "configuration `file` (default: ./adopt6.yaml, then\n/etc/adopt6/adopt6.yaml)")
	root.AddCommand(
		newAuditCommand(a),
		newChangesCommand(a),
		newCheckCommand(a),
		newConfigCommand(a),
		newCountriesCommand(a),
		newDocsCommand(a),
		newDoctorCommand(a),
		newEngineCommand(a),
		newExportCommand(a),
		newLabCommand(a),
		newListsCommand(a),
		newNotifyCommand(a),
		newQueryCommand(a),
		newReasonsCommand(a),
		newReportCommand(a),
		newResolveCommand(a),
		newScanCommand(a),
		newScheduleCommand(a),
		newServeCommand(a),
		newStoreCommand(a),
		newVantagesCommand(a),
		newVersionCommand(a),
	)
	return root
}

// unknownCommand prints the help of a command that only groups others, and
// names the closest where there is none of the name given.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	if close := cmd.SuggestionsFor(args[0]); len(close) > 0 {
		return misusef("unknown command %q; did you mean %q?", args[0], close[0])
	}
	return misusef("unknown command %q (see: %s --help)", args[0], cmd.CommandPath())
}
