package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newDocsCommand writes the reference that is checked in below docs/commands,
// and the man pages that packages carry.
func newDocsCommand(*app) *cobra.Command {
	var out, format string
	cmd := &cobra.Command{
		Use:    "docs",
		Short:  "Write the command reference as Markdown or man pages",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("create folder for the reference: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // no date: the same commands give the same files
			switch format {
			case "markdown":
				return doc.GenMarkdownTree(root, out)
			case "man":
				return doc.GenManTree(root, &doc.GenManHeader{Title: "ADOPT6", Section: "1", Source: "adopt6"}, out)
			}
			return misusef("unknown format %q: markdown or man", format)
		},
	}
	cmd.Flags().StringVar(&out, "out", "docs/commands", "folder to write to")
	cmd.Flags().StringVar(&format, "format", "markdown", "markdown or man")
	return cmd
}
