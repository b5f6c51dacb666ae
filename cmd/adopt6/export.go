package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/store"
)

// exportOptions are the flags of the command export.
type exportOptions struct {
	tables, countries []string
	scan, format      string
	noGuard           bool
}

// exported are the tables that leave the store when none is named.
var exported = []string{"scans", "observations", "endpoints", "indicators"}

func newExportCommand(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write tables as CSV, JSON Lines, Parquet or Arrow",
		Long: `Write tables and views of the store to files in FOLDER, each with its rows in
the order of its key, and beside them dictionary.md, which explains every
column. With "-" for the folder one table goes to standard output.

Tables: ` + strings.Join(exported, ", ") + ` unless --table says
otherwise; it takes views as well (` + "`adopt6 store schema`" + ` lists them).
--country limits all but scans, which belong to no country.

In CSV a text that a spreadsheet would take for a formula, because it begins
with = + - @ or a tab, gets a single quotation mark before it: titles, banners
and names come from the network. --no-formula-guard leaves it as it is. Bytes
that are not UTF-8 are replaced in every format.

Parquet and Arrow are written by the embedded engine and by servers reached
over http://; the native protocol (clickhouse://) has CSV and JSON Lines.`,
		Example: `  adopt6 export ./out
  adopt6 export ./out --format parquet --scan latest --country TG,CI
  adopt6 export - --table latest_observations --format jsonl | jq .domain`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.export(cmd.Context(), args[0], o)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringSliceVar(&o.tables, "table", exported, "tables and views to write")
	cmd.Flags().StringVar(&o.format, "format", "csv", "csv, jsonl, parquet or arrow")
	cmd.Flags().StringVar(&o.scan, "scan", "", "only this scan: its id, the start of its id, or latest")
	cmd.Flags().StringSliceVar(&o.countries, "country", nil, "only these countries (ISO 3166-1 alpha-2)")
	cmd.Flags().BoolVar(&o.noGuard, "no-formula-guard", false, "leave texts in CSV that a spreadsheet would compute")
	return cmd
}

func (a *app) export(ctx context.Context, folder string, o exportOptions) (err error) {
	wanted, err := o.wanted()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if o.scan != "" {
		scan, err := chooseScan(ctx, s, o.scan)
		if err != nil {
			return err
		}
		wanted.Scan = scan.ID
	}
	tables, err := chooseTables(ctx, s, o.tables)
	if err != nil {
		return err
	}
	if folder == "-" {
		return a.exportToOutput(ctx, s, tables, wanted)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder for the files: %w", err)
	}
	for _, table := range tables {
		wanted.Table = table
		file := filepath.Join(folder, table.Name+wanted.Format.Extension)
		size, err := a.exportFile(ctx, s, wanted, file)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.errOut, "%s: %.1f MB\n", file, float64(size)/1e6)
	}
	return writeExportDictionary(filepath.Join(folder, "dictionary.md"), tables, wanted)
}

// wanted checks the flags.
func (o exportOptions) wanted() (store.Export, error) {
	format := slices.IndexFunc(store.ExportFormats, func(f store.ExportFormat) bool { return f.Name == strings.ToLower(o.format) })
	if format < 0 {
		return store.Export{}, misusef("unknown format %q: csv, jsonl, parquet or arrow", o.format)
	}
	e := store.Export{Format: store.ExportFormats[format]}
	e.Guard = e.Format.Name == "csv" && !o.noGuard
	if err := checkCountries(o.countries); err != nil {
		return e, err
	}
	e.Countries = o.countries
	return e, nil
}

// chooseTables describes the tables and views that were named.
func chooseTables(ctx context.Context, s *store.Store, names []string) ([]store.Relation, error) {
	all, err := s.Schema(ctx)
	if err != nil {
		return nil, err
	}
	var chosen []store.Relation
	for _, name := range names {
		i := slices.IndexFunc(all, func(r store.Relation) bool { return r.Name == name })
		if i < 0 {
			var known []string
			for _, r := range all {
				known = append(known, r.Name)
			}
			return nil, misusef("unknown table %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func (a *app) exportToOutput(ctx context.Context, s *store.Store, tables []store.Relation, e store.Export) error {
	if len(tables) != 1 {
		return misusef("standard output takes one table; name it with --table")
	}
	out := a.out
	if _, onTerminal := terminal.Size(a.out); onTerminal {
		if e.Format.Name == "parquet" || e.Format.Name == "arrow" {
			return misusef("%s is binary: send it to a file", e.Format.Name)
		}
		out = terminal.Printable(a.out)
	}
	e.Table = tables[0]
	return asExportMisuse(s.Export(ctx, e, out))
}

// asExportMisuse marks errors that other flags avoid.
func asExportMisuse(err error) error {
	if refused := new(store.UnexportableError); errors.As(err, &refused) {
		return asMisuse(err)
	}
	return err
}

// exportFile writes one table. The file has its name only when it is whole.
func (a *app) exportFile(ctx context.Context, s *store.Store, e store.Export, name string) (size int64, err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-")
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(file.Name()) // fails once it has its name
	out := &countingWriter{w: file}
	if err := s.Export(ctx, e, out); err != nil {
		return 0, errors.Join(asExportMisuse(fmt.Errorf("export %s: %w", e.Table.Name, err)), file.Close())
	}
	if err = errors.Join(file.Chmod(0o644), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", name, err)
	}
	return out.n, nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// writeExportDictionary explains what lies beside it.
func writeExportDictionary(name string, tables []store.Relation, e store.Export) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# Data dictionary\n\nExported by adopt6 %s on %s as %s", currentVersion().Version, time.Now().UTC().Format(time.DateOnly), e.Format.Name)
	if e.Scan != uuid.Nil {
		fmt.Fprintf(&text, ", scan %s", e.Scan)
	}
	if len(e.Countries) > 0 {
		fmt.Fprintf(&text, ", countries %s", strings.Join(e.Countries, ", "))
	}
	text.WriteString(".\n\nTimes are UTC. Bytes that are not UTF-8 were replaced by U+FFFD.")
	if e.Guard {
		text.WriteString(" A text that begins\nwith = + - @ a tab or a carriage return has a single quotation mark before it, so\nthat no spreadsheet computes it.")
	}
	text.WriteString("\n")
	if err := store.WriteDictionary(&text, tables); err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write the data dictionary: %w", err)
	}
	return nil
}
