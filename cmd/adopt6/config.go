package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"adopt6/configs"
)

func newConfigCommand(a *app) *cobra.Command {
	var asJSON, example bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective settings and the source of each",
		Long: `Print every setting, its value and where the value came from: the built-in
default, the configuration file, an ADOPT6_* variable or a flag. Each overrides
the one before it.`,
		Example: `  adopt6 config
  ADOPT6_SCAN_RATE=100 adopt6 config --json
  adopt6 config --example > adopt6.yaml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if example {
				_, err := a.out.Write(configs.Example)
				return err
			}
			values := a.settings.Values()
			if asJSON {
				return json.NewEncoder(a.out).Encode(values)
			}
			table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
			for _, v := range values {
				fmt.Fprintf(table, "%s\t%v\t%s\n", v.Key, v.Value, v.Origin)
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().BoolVar(&example, "example", false, "print a configuration file with every setting explained")
	return cmd
}
