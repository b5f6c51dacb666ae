package main

import (
	"io"

	"github.com/spf13/cobra"

	"adopt6/configs"
)

// app is what every command shares: the standard streams and, once a command
// runs, the settings.
type app struct {
	in          io.Reader
	out, errOut io.Writer
	configFile  string
	settings    *configs.Settings
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "adopt6",
		Short:         "Measure the transition of ccTLDs and government domains to IPv6",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			a.settings, err = configs.Load(a.configFile, cmd.Flags())
			return asMisuse(err)
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misusef("%w (see: %s --help)", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "configuration file (default: ./adopt6.yaml, then /etc/adopt6/adopt6.yaml)")
	root.AddCommand(
		newAuditCommand(a),
		newConfigCommand(a),
		newCountriesCommand(a),
		newDocsCommand(a),
		newEngineCommand(a),
		newLabCommand(a),
		newListsCommand(a),
		newQueryCommand(a),
		newReasonsCommand(a),
		newResolveCommand(a),
		newScanCommand(a),
		newStoreCommand(a),
		newVersionCommand(a),
	)
	return root
}
