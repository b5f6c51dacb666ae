package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"adopt6/store"
	"adopt6/store/indicator"
)

// newDocsCommand writes the reference that is checked in below docs/commands,
// the pages about the store's schema and the indicators, and the man pages that
// packages carry.
func newDocsCommand(a *app) *cobra.Command {
	var out, format string
	cmd := &cobra.Command{
		Use:    "docs",
		Short:  "Write the reference of commands, of the store's schema or of the indicators",
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch format {
			case "schema":
				return a.writeSchemaPage(cmd.Context(), out)
			case "indicators":
				return writeIndicatorsPage(out)
			}
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
			return misusef("unknown format %q: markdown, man, schema or indicators", format)
		},
	}
	cmd.Flags().StringVar(&out, "out", "docs/commands", "folder to write to; a file for schema and indicators")
	cmd.Flags().StringVar(&format, "format", "markdown", "markdown, man, schema or indicators")
	return cmd
}

// writeIndicatorsPage writes the page about the indicators to a file.
func writeIndicatorsPage(file string) error {
	page := new(bytes.Buffer)
	if err := indicator.WritePage(page); err != nil {
		return err
	}
	if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the page about the indicators: %w", err)
	}
	return nil
}

const schemaIntroduction = `# Schema

Every table and view of the store, as ` + "`make docs`" + ` reads them from a fresh one.
[store.md](store.md) says how they are kept, [cookbook.md](cookbook.md) how to
ask them, and ` + "`adopt6 store schema`" + ` prints the same of your own store.

Rows of a table with the same sorting key are one row. One that was sent twice
lies there twice until ClickHouse has merged its parts, so say FINAL after the
table's name; the views do. Views show the newest *finished* scan of each kind of
targets and country. An empty text, an empty list and the time 1970-01-01 stand
for "none", as each column says.
`

// writeSchemaPage describes the tables and views of a new store in a file.
func (a *app) writeSchemaPage(ctx context.Context, file string) error {
	folder, err := os.MkdirTemp("", "adopt6-schema-")
	if err != nil {
		return fmt.Errorf("make a folder for a store: %w", err)
	}
	defer os.RemoveAll(folder)
	a.settings.Store.Path, a.settings.Store.DSN = filepath.Join(folder, "store"), ""
	s, err := a.openStore(ctx, false)
	if err != nil {
		return err
	}
	list, err := s.Schema(ctx)
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	page := bytes.NewBufferString(schemaIntroduction)
	if err := store.WriteDictionary(page, list); err != nil {
		return err
	}
	if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the page about the schema: %w", err)
	}
	return nil
}
