package main

import (
	"github.com/spf13/cobra"

	"adopt6/store/engine"
)

// newEngineCommand is how adopt6 starts itself as the embedded engine's
// process. It reads no settings: its parent has.
func newEngineCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               engine.ChildCommand,
		Short:             "Serve the embedded ClickHouse engine to the adopt6 that started this",
		Hidden:            true,
		Args:              noArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return engine.ServeChild(cmd.Context(), a.in, a.out)
		},
	}
}
